import type { Change } from '../../src/finding.ts';
import { lineEnd, lineStart } from '../../src/lines.ts';
import type { DotenvFile } from '../../src/parse/dotenv.ts';

/** Takes variables out of an env file, with the comments that only they have. */
export function withoutVariables({ path, text, entries }: DotenvFile, names: ReadonlySet<string>): readonly Change[] {
  const gone = entries.filter(({ name }) => names.has(name));
  const spans = gone.map(({ lines }) => {
    const start = commentsStart(text, lines.start);
    const block = blockAround(text, lines.start);
    const rest = entries.filter((entry) => entry.at.start >= block.start && entry.at.start < block.end);
    if (rest.every(({ name }) => names.has(name))) return block;
    const heads = start === block.start && rest[0]?.lines.start === lines.start;
    return { start: heads ? lines.start : start, end: lines.end };
  });
  const distinct = spans.filter((span, index) => spans.findIndex((each) => each.start === span.start) === index);
  return distinct.map((span) => ({ path, ...span, text: '' }));
}

/** The start of the comment lines directly above a line. */
function commentsStart(text: string, line: number): number {
  let start = line;
  while (start > 0 && /^[ \t]*#/.test(text.slice(lineStart(text, start - 1), start)))
    start = lineStart(text, start - 1);
  return start;
}

/** The lines around a place up to the next blank ones, and one blank line that parts them from the others. */
function blockAround(text: string, at: number): { readonly start: number; readonly end: number } {
  const isBlank = (line: number): boolean => text.slice(line, lineEnd(text, line)).trim() === '';
  let start = lineStart(text, at);
  while (start > 0 && !isBlank(lineStart(text, start - 1))) start = lineStart(text, start - 1);
  let end = lineEnd(text, at);
  while (end < text.length && !isBlank(end)) end = lineEnd(text, end);
  if (end < text.length) return { start, end: lineEnd(text, end) };
  return { start: start > 0 ? lineStart(text, start - 1) : 0, end };
}
