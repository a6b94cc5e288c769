import type { Palette } from './palette.ts';
import { visible } from './visible.ts';

/** A unified diff for a terminal: control characters are escaped, lines coloured. Not a patch any more. */
export const colouredDiff = (diff: string, palette: Palette): string =>
  diff
    .split('\n')
    .map((line) => colouredDiffLine(visible(line), palette))
    .join('\n');

/** One line of a unified diff, coloured by what it says. */
export function colouredDiffLine(line: string, palette: Palette): string {
  if (line.startsWith('@@')) return palette.cyan(line);
  if (/^(?:diff|index|---|\+\+\+|new|deleted|old|rename|similarity) /.test(line)) return palette.bold(line);
  if (line.startsWith('+')) return palette.green(line);
  return line.startsWith('-') ? palette.red(line) : line;
}
