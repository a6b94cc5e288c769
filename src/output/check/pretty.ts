import type { Level } from '../../transform.ts';
import type { Check, Problem } from '../check.ts';
import type { Palette } from '../palette.ts';
import { safetyLabel } from '../pretty.ts';
import { adviceRows, row } from '../row.ts';
import { WHY_SKIPPED } from '../skipped.ts';
import { visible } from '../visible.ts';
import { summaryOf } from './words.ts';

/** The check for a person: places on disk, what is wrong there, the proof, and what repairs it. */
export function prettyCheck(check: Check, palette: Palette): string {
  const used = check.transforms.filter((transform) => check.problems.some((each) => each.transform === transform));
  const blocks = [
    ...used.map(({ id, summary }) =>
      [
        `${palette.bold(palette.cyan(id))}  ${summary}`,
        ...check.problems.filter((each) => each.transform.id === id).map((each) => problemText(each, palette)),
      ].join('\n\n'),
    ),
    ...check.errors.map(({ transform, message }) => `${palette.red('failed')}: ${transform.id}: ${visible(message)}`),
    ...check.notices.map(({ path, line, message, hint }) => {
      const place = palette.bold(visible(line === undefined ? path : `${path}:${line}`));
      return `${palette.red('could not be read')}: ${place}  ${visible(message)}\n    ${visible(hint)}`;
    }),
    palette.bold(summaryOf(check)),
  ];
  return `${blocks.join('\n\n')}\n`;
}

function problemText({ at, level, message, evidence, fix, skipped, advice }: Problem, palette: Palette): string {
  const because = evidence.map(({ at: place, says }, index) =>
    row(
      palette,
      index === 0 ? 'because' : '',
      `${palette.dim(`${visible(place.path)}:${place.start.line}:`)} ${visible(says)}`,
    ),
  );
  const left = skipped === 'no fix' || skipped === undefined ? '' : ` (left alone: ${WHY_SKIPPED[skipped]})`;
  return [
    `  ${palette.bold(`${visible(at.path)}:${at.start.line}:${at.start.column}`)}  ${label(level, palette)}  ${visible(message)}`,
    ...because,
    ...(fix ? [row(palette, 'repair', `${visible(fix.title)} ${safetyLabel(palette, fix.safety)}${left}`)] : []),
    ...adviceRows(advice, (label, text) => row(palette, label, text)),
  ].join('\n');
}

function label(level: Level, palette: Palette): string {
  if (level === 'error') return palette.red(level);
  return level === 'warning' ? palette.yellow(level) : palette.dim(level);
}
