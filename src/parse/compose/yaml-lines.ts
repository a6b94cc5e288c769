import type { Span } from '../../finding.ts';
import { lineEnd, lineStart } from '../../lines.ts';

/** Where the line's text begins; a byte order mark is not part of the first line. */
export const textLineStart = (text: string, offset: number): number => {
  const start = lineStart(text, offset);
  return start === 0 && text.startsWith('\uFEFF') ? 1 : start;
};

/** The whole lines of a span; `undefined` when something else stands before it on its first line. */
export const wholeLines = (text: string, at: Span): Span | undefined => {
  const start = textLineStart(text, at.start);
  return /^[ \t]*$/.test(text.slice(start, at.start))
    ? { path: at.path, start, end: lineEnd(text, at.end) }
    : undefined;
};

/** Where a block scalar's content ends: without the blank lines after it, unless `+` keeps them. */
export const blockScalarEnd = (text: string, start: number, end: number): number => {
  const headerEnd = trimEnd(text, start, lineEnd(text, start));
  const keeps = /^[|>][^\s#]*\+/.test(text.slice(start, headerEnd));
  if (!keeps) return Math.max(trimEnd(text, start, end), headerEnd);
  const withoutNewline = text[end - 1] === '\n' ? end - 1 : end;
  return Math.max(text[withoutNewline - 1] === '\r' ? withoutNewline - 1 : withoutNewline, headerEnd);
};

const trimEnd = (text: string, start: number, end: number): number => {
  let at = end;
  while (at > start && /\s/.test(text[at - 1] ?? '')) at -= 1;
  return at;
};
