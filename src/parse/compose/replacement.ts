import type { Edit } from '../../finding.ts';
import { eolOf, lineContentEnd, lineEnd } from '../../lines.ts';
import type { ComposeEntry } from '../compose.ts';
import { columnOf, type Layout, relayout } from './layout.ts';
import { colonEnd, extentEnd, placeOf } from './place.ts';

/** Puts lines where a line begins: with line ends like the file's, and none at the end of a text that has none. */
export const linesAt = (text: string, offset: number, indent: number, lines: readonly string[]): string => {
  const eol = eolOf(text);
  const block = lines.map((line) => (line === '' ? '' : ' '.repeat(indent) + line)).join(eol);
  return offset > 0 && text[offset - 1] !== '\n' ? eol + block : block + eol;
};

/** A value's lines as they stand under a key at column 0. */
export const valueLines = (lines: readonly string[], layout: Layout): readonly string[] =>
  relayout(['key:', ...lines.map((line) => (line === '' ? '' : `  ${line}`))], layout).slice(1);

/** Gives an entry a one-line value. The comment on its line stays, comments inside a block value go with it. */
export const replaceByScalar = (text: string, entry: ComposeEntry, source: string): readonly Edit[] | undefined => {
  const colon = colonEnd(text, entry);
  if (colon === undefined) return undefined;
  const path = entry.at.path;
  const { start, end } = placeOf(entry.value);
  if (!text.slice(colon, start).includes('\n')) {
    const gap = start === colon || !/\s/.test(text[start - 1] ?? '') ? ' ' : '';
    return [{ path, start, end, text: gap + source }];
  }
  const header = propertiesEnd(text, colon);
  const old = oldLines(text, colon, extentEnd(text, entry.at));
  return [
    { path, start: header, end: header, text: ` ${source}` },
    { path, ...old, text: '' },
  ];
};

/** Gives an entry of a block mapping a value on lines of its own. The comment on the key's line stays. */
export const replaceByLines = (
  text: string,
  entry: ComposeEntry,
  lines: readonly string[],
  layout: Layout,
): readonly Edit[] | undefined => {
  const colon = colonEnd(text, entry);
  if (colon === undefined) return undefined;
  const path = entry.at.path;
  const { start, end } = placeOf(entry.value);
  const indent = columnOf(text, entry.key.at.start);
  const block = valueLines(lines, layout);
  if (text.slice(colon, start).includes('\n')) {
    const from = lineEnd(text, colon);
    const until = lineEnd(text, end);
    const replacement = linesAt(text, from, indent, block);
    const endsOpen = until === text.length && !text.endsWith('\n');
    return [{ path, start: from, end: until, text: endsOpen ? replacement.replace(/\r?\n$/, '') : replacement }];
  }
  const at = lineEnd(text, end);
  const edits: Edit[] = [{ path, start: at, end: at, text: linesAt(text, at, indent, block) }];
  if (end > start) edits.unshift({ path, start: text.slice(0, start).trimEnd().length, end, text: '' });
  return edits;
};

/** Just past the anchor and tag that stand after a colon. */
const propertiesEnd = (text: string, colon: number): number => {
  const properties = /(?:[ \t]+[&!]\S*)*/y;
  properties.lastIndex = colon;
  properties.test(text);
  return properties.lastIndex;
};

const oldLines = (text: string, colon: number, end: number): { readonly start: number; readonly end: number } =>
  end === text.length && !text.endsWith('\n')
    ? { start: lineContentEnd(text, colon), end }
    : { start: lineEnd(text, colon), end };
