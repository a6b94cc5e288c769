import { html, type Markup } from '../../markup.ts';
import type { Size } from './layout.ts';

/** A line of text in a graph. */
export interface TextLine {
  /** Shown as it is: control characters are visible already. */
  readonly text: string;
  /** In pixels. */
  readonly size: number;
  readonly kind: string;
}

/** What a character of a monospaced font takes, as a share of its size: the widest in use takes 0.62. */
const CHARACTER = 0.63;
const LINE = 1.4;

/** Letters of these blocks have the width of a Latin one in the fonts that people have. */
const NARROW = /^[\u0020-\u052f\u2013\u2014\u2022\u2026\u2212]$/;
const MARK = /^(?:\p{M}|\p{Cf})$/u;

/** How many Latin letters have room where this text stands; rather too many. */
function columns(text: string): number {
  let count = 0;
  for (const character of text) count += MARK.test(character) ? 0 : NARROW.test(character) ? 1 : 2;
  return count;
}

/** The room that lines of text take below each other. */
export const sizeOf = (lines: readonly TextLine[]): Size => ({
  width: Math.ceil(Math.max(0, ...lines.map(({ text, size }) => columns(text) * size * CHARACTER))),
  height: Math.ceil(lines.reduce((height, { size }) => height + size * LINE, 0)),
});

/** Lines below each other around or from `x`, the first one's top at `y`. */
export function textLines(
  lines: readonly TextLine[],
  at: { readonly x: number; readonly y: number; readonly anchor: 'start' | 'middle' | 'end' },
): readonly Markup[] {
  let top = at.y;
  return lines.map((line) => {
    const baseline = top + line.size;
    top += line.size * LINE;
    return html`<text class="${line.kind}" x="${round(at.x)}" y="${round(baseline)}" text-anchor="${at.anchor}" font-size="${line.size}"${fitted(line)}>${line.text}</text>`;
  });
}

/** Other scripts come from other fonts, whose widths nobody knows: they are made to fit. */
const fitted = ({ text, size }: TextLine): Markup | undefined =>
  /^[\u0020-\u007e\u2026\u2192]*$/.test(text)
    ? undefined
    : html` textLength="${round(columns(text) * size * 0.6)}" lengthAdjust="spacingAndGlyphs"`;

/** A text in at most `most` lines of so many letters, broken where words and path segments end; what does not fit ends in an ellipsis. */
export function wrapped(text: string, letters: number, most: number): readonly string[] {
  const lines: string[] = [];
  let rest = text.trim();
  while (columns(rest) > letters && lines.length < most - 1) {
    const cut = breakBefore(rest, letters);
    lines.push(rest.slice(0, cut).trimEnd());
    rest = rest.slice(cut).trimStart();
  }
  if (columns(rest) > letters) rest = `${rest.slice(0, fittingEnd(rest, letters - 1))}\u2026`;
  return rest === '' ? lines : [...lines, rest];
}

/** The last place in the first `letters` columns behind a blank or a mark; else where they end. */
function breakBefore(text: string, letters: number): number {
  const end = fittingEnd(text, letters);
  const last = Math.max(...[' ', '/', '-', '_', '.', ':', ','].map((mark) => text.lastIndexOf(mark, end - 1) + 1));
  return last > end / 3 ? last : end;
}

/** Where the first `letters` columns end, never within a character. */
function fittingEnd(text: string, letters: number): number {
  let [end, used] = [0, 0];
  for (const character of text) {
    used += columns(character);
    if (used > letters) break;
    end += character.length;
  }
  return Math.max(end, 1);
}

/** Numbers of a drawing, to a tenth of a pixel. */
export const round = (value: number): number => Math.round(value * 10) / 10;
