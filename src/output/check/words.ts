import { counted } from '../../words.ts';
import { type Check, fails, type Problem } from '../check.ts';
import { WHY_SKIPPED } from '../skipped.ts';
import { visible } from '../visible.ts';

/** What a problem is, what repairs it and what a person has to do, one sentence or two a line, safe to show. */
export function linesOf({ message, fix, skipped, advice }: Problem): readonly string[] {
  const left = skipped ? `left alone: ${WHY_SKIPPED[skipped]}` : undefined;
  const repair = fix && `Repair (${fix.safety}): ${visible(fix.title)}${left === undefined ? '' : `; ${left}`}`;
  return [
    visible(message),
    ...(repair ? [repair] : []),
    ...(advice === undefined ? [] : advice.split('\n').map(visible)),
  ];
}

/** How many problems there are, and what follows from that. */
export function summaryOf({ problems }: Check): string {
  const failing = problems.filter(fails);
  const notes = problems.length - failing.length;
  const repaired = failing.filter(({ skipped }) => !skipped).length;
  const rest = notes === 0 ? '' : ` ${counted(notes, 'note')} for information.`;
  if (failing.length === 0) return `No problems.${rest}`;
  const left = failing.length - repaired;
  const split = [
    ...(repaired > 0 ? [`${repaired} repaired by dockfix apply`] : []),
    ...(left > 0 ? [`${left} left to a person`] : []),
  ];
  return `${counted(failing.length, 'problem')}: ${split.join(', ')}.${rest}`;
}
