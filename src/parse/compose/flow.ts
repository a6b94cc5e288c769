import type { Edit, Span } from '../../finding.ts';
import { lineEnd } from '../../lines.ts';
import { columnOf } from './layout.ts';
import { commentsStart } from './place.ts';
import { textLineStart } from './yaml-lines.ts';

/** Where the comma after a flow part stands; `undefined` if the closing bracket comes first. */
export const commaAfter = (text: string, end: number): number | undefined => {
  const gap = /(?:\s+|#[^\n]*)*/y;
  gap.lastIndex = end;
  gap.test(text);
  return text[gap.lastIndex] === ',' ? gap.lastIndex : undefined;
};

/** Takes some (not all) parts out of a `[…]` or `{…}` with the commas that separated them. */
export const flowRemoval = (text: string, spans: readonly Span[], removed: ReadonlySet<number>): readonly Edit[] => {
  const lastKept = spans.reduce((last, _, index) => (removed.has(index) ? last : index), -1);
  const kept = spans[lastKept];
  const last = spans.at(-1);
  if (!kept || !last) return [];
  const edits: Edit[] = [];
  const cut = (start: number, end: number): number => edits.push({ path: last.path, start, end, text: '' });
  const isTail = (index: number): boolean => index > lastKept;
  const keptComma = commaAfter(text, kept.end);
  const finalComma = commaAfter(text, last.end);
  const isOneLine = !text.slice(kept.end, last.end).includes('\n');
  if (lastKept < spans.length - 1 && keptComma !== undefined) {
    if (isOneLine)
      cut(finalComma === undefined ? kept.end : keptComma + 1, finalComma === undefined ? last.end : finalComma + 1);
    else if (finalComma === undefined) cut(keptComma, keptComma + 1);
  }
  spans.forEach((at, index) => {
    if (!removed.has(index) || (isTail(index) && isOneLine)) return;
    const comma = commaAfter(text, at.end);
    const end = comma === undefined ? at.end : comma + 1;
    const next = spans[index + 1];
    const alone = aloneOnLines(text, at.start, end);
    if (alone) cut(commentsStart(text, alone.start, columnOf(text, at.start), 0), alone.end);
    else if (next && !text.slice(end, next.start).includes('\n')) cut(at.start, next.start);
    else cut(at.start, end);
  });
  return edits;
};

const aloneOnLines = (
  text: string,
  start: number,
  end: number,
): { readonly start: number; readonly end: number } | undefined => {
  const lines = { start: textLineStart(text, start), end: lineEnd(text, end) };
  const before = text.slice(lines.start, start).trim();
  return before === '' && /^\s*(#.*)?\s*$/.test(text.slice(end, lines.end)) ? lines : undefined;
};

/** Adds `source` as a part after the one at `index` of a flow collection that is not empty. */
export const flowInsertion = (
  text: string,
  spans: readonly Span[],
  index: number,
  source: string,
  eol: string,
): readonly Edit[] => {
  const at = spans[index];
  if (!at) return [];
  const comma = commaAfter(text, at.end);
  const after = comma === undefined ? at.end : comma + 1;
  const insert = (offset: number, inserted: string): Edit => ({
    path: at.path,
    start: offset,
    end: offset,
    text: inserted,
  });
  if (!aloneOnLines(text, at.start, after)) {
    return [insert(after, comma === undefined ? `, ${source}` : ` ${source},`)];
  }
  const indent = text.slice(textLineStart(text, at.start), at.start);
  const line = `${indent}${source}${comma === undefined ? '' : ','}${eol}`;
  return [...(comma === undefined ? [insert(at.end, ',')] : []), insert(lineEnd(text, after), line)];
};
