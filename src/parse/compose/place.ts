import type { Span } from '../../finding.ts';
import { lineEnd, lineStart } from '../../lines.ts';
import type { ComposeEntry, ComposeFile, ComposeItem, ComposeMap, ComposeNode, ComposeSeq } from '../compose.ts';
import { columnOf } from './layout.ts';
import { entryOf } from './query.ts';
import { textLineStart } from './yaml-lines.ts';

/** One link of a path: a part of a collection, by its place among the parts that stand in the file. */
export interface Link {
  readonly parent: ComposeMap | ComposeSeq;
  readonly part: ComposeEntry | ComposeItem;
  readonly index: number;
}

/** The parts of a collection as they stand in the file. */
export const partsOf = (parent: ComposeMap | ComposeSeq): readonly (ComposeEntry | ComposeItem)[] =>
  parent.kind === 'map' ? parent.own : parent.items;

/** Where a value stands in the file: an alias at its `*name`. */
export const placeOf = (node: ComposeNode): Span => node.aliasAt ?? node.at;

/** True if an alias elsewhere shows the node too, so that an edit inside would change both. */
export const isShared = (file: ComposeFile, node: ComposeNode): boolean =>
  node.aliasAt !== undefined ||
  (node.anchor !== undefined &&
    file.aliases.some(({ target }) => target.start === node.at.start && target.end === node.at.end));

/** The links from the root to the part at `path`; `undefined` when one is missing, merged in, or stands in a shared node. */
export const linksTo = (file: ComposeFile, path: readonly string[]): readonly Link[] | undefined => {
  const links: Link[] = [];
  let node: ComposeNode | undefined = file.root;
  for (const key of path) {
    if (!node || node.kind === 'scalar' || isShared(file, node)) return undefined;
    const part: ComposeEntry | ComposeItem | undefined =
      node.kind === 'map' ? entryOf(node, key) : node.items[indexOf(key)];
    const index = part ? partsOf(node).indexOf(part) : -1;
    if (!part || index < 0) return undefined;
    links.push({ parent: node, part, index });
    node = part.value;
  }
  return links;
};

/** The links from the root to the part that stands at `at`, shared or not; aliases are not followed. */
export const linksAt = (file: ComposeFile, at: Span): readonly Link[] | undefined => {
  const search = (node: ComposeNode | undefined, above: readonly Link[]): readonly Link[] | undefined => {
    if (!node || node.kind === 'scalar' || node.aliasAt) return undefined;
    for (const [index, part] of partsOf(node).entries()) {
      if (part.at.start > at.start || part.at.end < at.end) continue;
      const links = [...above, { parent: node, part, index }];
      return part.at.start === at.start && part.at.end === at.end ? links : search(part.value, links);
    }
    return undefined;
  };
  return search(file.root, []);
};

const indexOf = (key: string): number => (/^\d+$/.test(key) ? Number(key) : -1);

/** Just past the `:` of an entry; `undefined` for a `? key` or a flow key without a colon. */
export const colonEnd = (text: string, entry: ComposeEntry): number | undefined => {
  if (text[entry.at.start] === '?') return undefined;
  const colon = /[ \t]*:/y;
  colon.lastIndex = entry.key.at.end;
  return colon.test(text) ? colon.lastIndex : undefined;
};

/** True if the line at `offset` holds nothing but white space. */
export const isBlankLine = (text: string, offset: number): boolean =>
  text.slice(textLineStart(text, offset), lineEnd(text, offset)).trim() === '';

/** The column of a comment that has the line at `offset` for itself. */
export const commentColumn = (text: string, offset: number): number | undefined =>
  /^[ \t]*#/.exec(text.slice(textLineStart(text, offset), lineEnd(text, offset)))?.[0].length;

/** The end of a block part's lines together with the comments below that are indented deeper than it: they are about its inside. */
export const extentEnd = (text: string, at: Span): number => {
  const column = columnOf(text, at.start);
  let end = lineEnd(text, at.end);
  for (let line = end; line < text.length; line = lineEnd(text, line)) {
    const comment = commentColumn(text, line);
    if (comment !== undefined && comment - 1 > column) end = lineEnd(text, line);
    else if (!isBlankLine(text, line)) break;
  }
  return end;
};

/** Where the comment lines begin that stand directly above a line at the same column, not reaching above `floor`. */
export const commentsStart = (text: string, line: number, column: number, floor: number): number => {
  const top = Math.max(floor, textLineStart(text, 0));
  let start = line;
  while (start > top) {
    const above = lineStart(text, start - 1);
    if (above < floor || commentColumn(text, above) !== column + 1) break;
    start = textLineStart(text, above);
  }
  return start;
};
