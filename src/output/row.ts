import type { Palette } from './palette.ts';
import { visible } from './visible.ts';

/** One row of what is told about a finding: a dimmed label of at most eight characters, then its text. */
export const row = (palette: Palette, label: string, text: string): string =>
  `    ${palette.dim(label.padEnd(9))}${text}`;

/** Advice, which may have several lines: the label stands at the first. */
export const adviceRows = (
  advice: string | undefined,
  asRow: (label: string, text: string) => string,
): readonly string[] =>
  advice?.split('\n').map((line, index) => asRow(index === 0 ? 'advice' : '', visible(line))) ?? [];
