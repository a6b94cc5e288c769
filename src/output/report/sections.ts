import { counted } from '../../words.ts';
import type { Report, ReportProblem } from '../report.ts';
import { isNote } from './problems.ts';

/** Problems that stand side by side, are of one kind and show in the same way belong in one section. */
export function sectionsOf(problems: readonly ReportProblem[]): readonly (readonly ReportProblem[])[] {
  const sections: ReportProblem[][] = [];
  for (const problem of problems) {
    const last = sections.at(-1)?.at(-1);
    const same = last?.transform === problem.transform && last.shows === problem.shows && !last.left === !problem.left;
    if (same) sections.at(-1)?.push(problem);
    else sections.push([problem]);
  }
  return sections;
}

/** How many problems there are and what became of them, in a sentence or two. */
export function summaryOf({ problems, notices, errors, selection }: Report): string {
  const real = problems.filter((problem) => !isNote(problem));
  const left = real.filter((problem) => problem.left).length;
  const repaired = real.length - left;
  const notes = problems.length - real.length;
  const command = ['dockfix apply --write', ...(selection ?? [])].join(' ');
  const split = [
    ...(repaired > 0 ? [`${repaired} repaired by \`${command}\``] : []),
    ...(left > 0 ? [`${left} for a person`] : []),
  ];
  const unread = notices.length + errors.length;
  return [
    real.length === 0
      ? 'No problems were found: there is nothing to do.'
      : `${counted(real.length, 'problem')}: ${split.join(', ')}.`,
    ...(notes > 0 ? [`${counted(notes, 'note')} for information.`] : []),
    ...(unread > 0 ? [`${counted(unread, 'thing')} could not be read or run, see the end.`] : []),
  ].join(' ');
}
