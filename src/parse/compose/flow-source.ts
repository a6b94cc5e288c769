import type { ComposeMap, ComposeNode } from '../compose.ts';

/** A value on one line, in flow style; `padding` stands inside its braces. `undefined` where only block style can write it. */
const flowSource = (node: ComposeNode, padding: string): string | undefined => {
  if (node.aliasAt || node.anchor !== undefined || node.tag !== undefined) return undefined;
  if (node.kind === 'scalar') return /literal|folded/.test(node.style) ? undefined : node.source;
  if (node.kind === 'map') {
    const entries = flowEntries(node, padding);
    return entries === undefined ? undefined : `{${padding}${entries}${padding}}`;
  }
  const items = node.items.map(({ value }) => flowSource(value, padding));
  return items.includes(undefined) ? undefined : `[${items.join(', ')}]`;
};

/** The entries of a mapping as they stand between the braces of another one. */
export const flowEntries = (map: ComposeMap, padding: string): string | undefined => {
  const entries = map.own.map(({ key, value }) => {
    const source = flowSource(value, padding);
    return source === undefined ? undefined : `${key.source}:${source === '' ? '' : ` ${source}`}`;
  });
  return entries.includes(undefined) ? undefined : entries.join(', ');
};

/** What the file writes inside the braces of a flow mapping: `{ a: b }` or `{a: b}`. */
export const paddingOf = (text: string, { at, own }: ComposeMap): string =>
  /\s/.test(text[at.start + 1] ?? ' ') || own.length === 0 ? ' ' : '';
