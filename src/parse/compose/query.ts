import type { ComposeEntry, ComposeNode, ComposeScalar } from '../compose.ts';

/** A key as text, the way Compose's messages and other files name it. */
export const keyName = (key: ComposeScalar): string =>
  typeof key.value === 'string' ? key.value : key.source || String(key.value);

/** The own (or merged) entry of a mapping by key. */
export const entryOf = (node: ComposeNode | undefined, key: string): ComposeEntry | undefined =>
  node?.kind === 'map' ? node.entries.find((entry) => keyName(entry.key) === key) : undefined;

/** The value under a chain of keys (in a sequence: indexes such as `'0'`), `undefined` when a link is missing. */
export const valueAt = (node: ComposeNode | undefined, ...keys: readonly string[]): ComposeNode | undefined => {
  let at = node;
  for (const key of keys) {
    if (at?.kind === 'seq') at = /^\d+$/.test(key) ? at.items[Number(key)]?.value : undefined;
    else at = entryOf(at, key)?.value;
  }
  return at;
};

/** A scalar's value as text (`true` → "true", `08080` → "8080"); `undefined` for null and for collections. */
export const textOf = (node: ComposeNode | undefined): string | undefined => {
  if (node?.kind !== 'scalar' || node.value === null) return undefined;
  const tooBigForNumber =
    typeof node.value === 'number' && !Number.isSafeInteger(node.value) && /^[1-9]\d*$/.test(node.source);
  return tooBigForNumber ? node.source : String(node.value);
};

/** The effective keys of a mapping, own ones first; empty for anything else. */
export const keysOf = (node: ComposeNode | undefined): readonly string[] =>
  node?.kind === 'map' ? node.entries.map((entry) => keyName(entry.key)) : [];
