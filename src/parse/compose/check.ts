import type { Edit, Span } from '../../finding.ts';
import { splice } from '../../splice.ts';
import type { ComposeFile, ComposeNode } from '../compose.ts';
import { keyName } from './query.ts';
import { readCompose } from './yaml-spans.ts';

/** A tree of values without positions, to compare a file before and after an edit. */
export type Plain = string | number | boolean | null | readonly Plain[] | ReadonlyMap<string, Plain>;

/** The values of a node, aliases and merges followed. */
export const plainOf = (node: ComposeNode): Plain => {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'seq') return node.items.map((item) => plainOf(item.value));
  return new Map(node.entries.map((entry) => [keyName(entry.key), plainOf(entry.value)]));
};

/** The values of a node without the part that stands at `gone`, wherever aliases and merges show it. */
export const plainWithout = (node: ComposeNode, gone: Span): Plain => {
  const stays = ({ at }: { readonly at: Span }): boolean => at.start !== gone.start || at.end !== gone.end;
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'seq') return node.items.filter(stays).map((item) => plainWithout(item.value, gone));
  return new Map(
    node.entries.filter(stays).map((entry) => [keyName(entry.key), plainWithout(entry.value, gone)] as const),
  );
};

/** What `change` makes of the value at `path`; `undefined` from `change` removes it. `undefined` when the path leads nowhere. */
export const plainWith = (
  plain: Plain,
  path: readonly string[],
  change: (value: Plain) => Plain | undefined,
): Plain | undefined => {
  const [key, ...rest] = path;
  if (key === undefined) return change(plain);
  if (isList(plain)) {
    const child = plain[Number(key)];
    if (child === undefined) return undefined;
    const changed = plainWith(child, rest, change);
    return plain.flatMap((item, index) => (index !== Number(key) ? [item] : changed === undefined ? [] : [changed]));
  }
  if (!(plain instanceof Map)) return undefined;
  const child: Plain | undefined = plain.get(key);
  if (child === undefined) return undefined;
  const changed = plainWith(child, rest, change);
  const copy = new Map<string, Plain>(plain);
  if (changed === undefined) copy.delete(key);
  else copy.set(key, changed);
  return copy;
};

/** The edits in order, if the file they make reads without a problem and holds exactly `expected`. */
export const checked = (
  file: ComposeFile,
  edits: readonly Edit[],
  expected: Plain | undefined,
): readonly Edit[] | undefined => {
  if (expected === undefined || edits.length === 0) return undefined;
  const sorted = [...edits].sort((a, b) => a.start - b.start || a.end - b.end);
  const text = splice(file.text, sorted);
  if (typeof text !== 'string') return undefined;
  const after = readCompose(file.path, text);
  if (after.problems.length > 0 || after.duplicates.length > file.duplicates.length) return undefined;
  return after.root && samePlain(plainOf(after.root), expected) ? sorted : undefined;
};

const isList = (plain: Plain): plain is readonly Plain[] => Array.isArray(plain);

const samePlain = (a: Plain, b: Plain): boolean => {
  if (isList(a))
    return isList(b) && a.length === b.length && a.every((item, index) => samePlain(item, b[index] ?? null));
  if (a instanceof Map) {
    if (!(b instanceof Map) || a.size !== b.size) return false;
    return [...a].every(([key, value]) => b.has(key) && samePlain(value, b.get(key) ?? null));
  }
  return Object.is(a, b);
};
