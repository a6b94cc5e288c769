import type { Edit, Span } from '../../finding.ts';
import { lineEnd, lineStart } from '../../lines.ts';
import type { ComposeMap, ComposeSeq } from '../compose.ts';
import { flowRemoval } from './flow.ts';
import { columnOf } from './layout.ts';
import { commentColumn, commentsStart, extentEnd, isBlankLine, partsOf } from './place.ts';
import { textLineStart } from './yaml-lines.ts';

/**
 * The edits that take some (not all) parts out of a collection.
 *
 * Comments go with a part when they stand directly above it at its column, or below it and deeper than it.
 * They stay when a blank line or another column separates them, when they open the file, and when they look
 * like a banner (a line of `---`, `===`, `###` …) and the next part follows without a blank line or comment of its own.
 * `tidy` also removes the blank lines that would otherwise be doubled or left at an end.
 */
export const removal = (
  text: string,
  parent: ComposeMap | ComposeSeq,
  removed: ReadonlySet<number>,
  tidy: boolean,
): readonly Edit[] => {
  const spans = partsOf(parent).map((part) => part.at);
  if (parent.flow) return flowRemoval(text, spans, removed);
  const edits: Edit[] = [];
  const regions: (Span & { readonly first: boolean })[] = [];
  spans.forEach((at, index) => {
    if (!removed.has(index)) return;
    const lineBegin = textLineStart(text, at.start);
    if (text.slice(lineBegin, at.start).trim() !== '') {
      edits.push(...dashLineRemoval(text, spans, index, removed));
      return;
    }
    const start = aboveStart(text, spans, index);
    const end = extentEnd(text, at);
    const last = regions.at(-1);
    if (last && text.slice(last.end, start).trim() === '') regions.splice(-1, 1, { ...last, end });
    else regions.push({ path: at.path, start, end, first: index === 0 });
  });
  for (const region of regions) edits.push({ ...(tidy ? tidied(text, region) : wholeEnd(text, region)), text: '' });
  return edits.map(({ path, start, end, text: replacement }) => ({ path, start, end, text: replacement }));
};

const aboveStart = (text: string, spans: readonly Span[], index: number): number => {
  const at = spans[index];
  if (!at) return 0;
  const line = textLineStart(text, at.start);
  const previous = spans[index - 1];
  const start = commentsStart(text, line, columnOf(text, at.start), previous ? lineEnd(text, previous.end) : 0);
  const comments = text.slice(start, line);
  if (comments === '' || /^(---)?$/.test(text.slice(0, start).trim())) return line;
  const isBanner = /^[ \t]*#+[ \t]*[-=#*~_+]{3,}/m.test(comments);
  const next = spans[index + 1];
  return isBanner && next && textLineStart(text, next.start) === extentEnd(text, at) ? line : start;
};

/** Removes the first part of a collection that begins on its item's `-` line. */
const dashLineRemoval = (
  text: string,
  spans: readonly Span[],
  index: number,
  removed: ReadonlySet<number>,
): readonly Edit[] => {
  const at = spans[index];
  const kept = spans.find((_, other) => other > index && !removed.has(other));
  const following = spans[index + 1];
  if (!at || !kept || !following) return [];
  const end = extentEnd(text, at);
  if (following === kept && text.slice(end, kept.start).trim() === '')
    return [{ path: at.path, start: at.start, end: kept.start, text: '' }];
  const dashEnd = text.slice(0, at.start).trimEnd().length;
  const lastEnd = text.slice(0, end).trimEnd().length;
  return [{ path: at.path, start: dashEnd, end: lastEnd, text: '' }];
};

/** Takes along the blank lines that separated the region from its neighbour. */
const tidied = (text: string, region: Span & { readonly first: boolean }): Span => {
  const above: number[] = [];
  for (let line = region.start; line > 0 && isBlankLine(text, line - 1); line = lineStart(text, line - 1))
    above.push(lineStart(text, line - 1));
  const below: number[] = [];
  for (let line = region.end; line < text.length && isBlankLine(text, line); line = lineEnd(text, line))
    below.push(lineEnd(text, line));
  const nothingBelow = (below.at(-1) ?? region.end) >= text.length;
  if (nothingBelow) return wholeEnd(text, { ...region, start: above.at(-1) ?? region.start });
  const opensParent =
    region.first && above.length === 0 && (region.start === 0 || commentColumn(text, region.start - 1) === undefined);
  const spare = opensParent ? below.length : Math.min(above.length, below.length);
  return { path: region.path, start: region.start, end: below[spare - 1] ?? region.end };
};

/** A region at the end of a text without final newline takes the newline before it instead. */
const wholeEnd = (text: string, { path, start, end }: Span): Span => {
  if (end < text.length || text.endsWith('\n') || start === 0) return { path, start, end };
  return { path, start: text[start - 2] === '\r' ? start - 2 : start - 1, end };
};
