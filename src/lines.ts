/** Lines of a text by UTF-16 offset. A line ends with `\n`; a preceding `\r` belongs to the line's end. */

/** Offset of the first character of the line that holds `offset`. */
export const lineStart = (text: string, offset: number): number => text.lastIndexOf('\n', offset - 1) + 1;

/** Offset just past the newline of the line that holds `offset` (the text's length on the last line). */
export const lineEnd = (text: string, offset: number): number => {
  const newline = text.indexOf('\n', offset);
  return newline < 0 ? text.length : newline + 1;
};

/** Offset of the line's end without its `\n` or `\r\n`. */
export const lineContentEnd = (text: string, offset: number): number => {
  const end = lineEnd(text, offset);
  if (text[end - 1] !== '\n') return end;
  return text[end - 2] === '\r' ? end - 2 : end - 1;
};

/** The whitespace that the line of `offset` begins with. */
export const indentAt = (text: string, offset: number): string =>
  /^[ \t]*/.exec(text.slice(lineStart(text, offset), lineContentEnd(text, offset)))?.[0] ?? '';

/** The line ending that a text uses: `\r\n` only if every line has it, so that inserted lines look like their neighbours. */
export const eolOf = (text: string): '\n' | '\r\n' =>
  text.includes('\r\n') && !/(^|[^\r])\n/.test(text) ? '\r\n' : '\n';

/** One-based line number of an offset. */
export const lineNumber = (text: string, offset: number): number => {
  let line = 1;
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) line += 1;
  return line;
};
