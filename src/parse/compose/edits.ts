import type { Edit, Span } from '../../finding.ts';
import type { ComposeEntry, ComposeFile, ComposeMap, ComposeNode, ComposeSeq } from '../compose.ts';
import { checked, type Plain, plainOf, plainWith, plainWithout } from './check.ts';
import { flowEntries, paddingOf } from './flow-source.ts';
import { firstSection, insertion } from './insertion.ts';
import { layoutOf, relayout } from './layout.ts';
import { isShared, type Link, linksAt, linksTo, partsOf } from './place.ts';
import { entryOf, keyName, valueAt } from './query.ts';
import { removal } from './removal.ts';
import { replaceByLines, replaceByScalar } from './replacement.ts';
import { readCompose } from './yaml-spans.ts';

export { indentStep } from './layout.ts';
export { quoteScalar } from './quote-scalar.ts';

/**
 * Deletes an entry (`path` = keys from the root, an index such as `'0'` for an item of a sequence). When it was the only
 * one, its parents that would be left empty go too, but never the last of `services` or of the file.
 * `undefined`: it cannot be done by a safe splice (missing, merged, anchored and aliased elsewhere …).
 */
export const deleteEntry = (file: ComposeFile, path: readonly string[]): readonly Edit[] | undefined => {
  const links = linksTo(file, path);
  const link = links?.at(-1);
  if (!links || !link || !file.root) return undefined;
  const depth = emptiedDepth(links);
  const target = links[depth];
  if (!target) return undefined;
  return removed(
    file,
    target,
    new Set([target.index]),
    plainWith(plainOf(file.root), path.slice(0, depth + 1), () => undefined),
  );
};

/**
 * Deletes an entry or item by where it stands (`at` of the part), also inside an anchored node: it goes wherever the file shows it.
 * Parents that would be left empty go too. `undefined` when an anchor would go that an alias still names, or a hidden key would show.
 */
export const deleteShown = (file: ComposeFile, at: Span): readonly Edit[] | undefined => {
  const links = linksAt(file, at);
  const target = links?.[emptiedDepth(links)];
  if (!file.root || !target) return undefined;
  return removed(file, target, new Set([target.index]), plainWithout(file.root, target.part.at));
};

/** Deletes items of the sequence at `path` by index; when none is left the sequence's entry (and emptied parents) goes too. */
export const deleteItems = (
  file: ComposeFile,
  path: readonly string[],
  indexes: readonly number[],
): readonly Edit[] | undefined => {
  const seq = editable(file, path);
  const gone = new Set(indexes);
  if (seq?.kind !== 'seq' || !file.root || gone.size === 0 || [...gone].some((index) => !seq.items[index]))
    return undefined;
  if (gone.size === seq.items.length) return deleteEntry(file, path);
  const [link] = partsOf(seq).map((part): Link => ({ parent: seq, part, index: 0 }));
  const expected = plainWith(plainOf(file.root), path, (value) =>
    Array.isArray(value) ? value.filter((_, index) => !gone.has(index)) : undefined,
  );
  return link && removed(file, link, gone, expected);
};

/**
 * Inserts `lines` (unindented YAML lines of one or more entries) as the last entries of the mapping at `path`, or after
 * the entry `after`. The lines take on the file's indentation, or stand on one line in flow style. Works where the value is
 * null or `{}`. `undefined` also when a key exists already, own or merged.
 */
export const insertEntries = (
  file: ComposeFile,
  path: readonly string[],
  lines: readonly string[],
  after?: string,
): readonly Edit[] | undefined => {
  const added = snippet(lines);
  if (file.problems.length > 0 || added?.kind !== 'map') return undefined;
  if (!file.root)
    return path.length > 0 || after !== undefined
      ? undefined
      : checked(file, firstSection(file, lines), plainOf(added));
  const target = editable(file, path);
  if (!target || added.entries.some((entry) => entryOf(target, keyName(entry.key)))) return undefined;
  const expected = plainWith(plainOf(file.root), path, (value) => merged(value, plainOf(added)));
  if (target.kind === 'map' && target.own.length > 0) {
    const index = after === undefined ? target.own.length - 1 : ownIndex(target, after);
    const inFlow = target.flow ? inBraces(file, lines, added, target) : undefined;
    const laidOut = target.flow ? [inFlow].filter((line) => line !== undefined) : relayout(lines, layoutOf(file));
    return check(file, insertion(file, target, index, laidOut), expected);
  }
  const owner = linksTo(file, path)?.at(-1);
  const isEmpty = target.kind === 'map' || (target.kind === 'scalar' && target.value === null);
  if (!isEmpty || after !== undefined || !isEntry(owner?.part)) return undefined;
  if (!owner.parent.flow) return check(file, replaceByLines(file.text, owner.part, lines, layoutOf(file)), expected);
  const inFlow = inBraces(file, lines, added, owner.parent);
  return inFlow === undefined
    ? undefined
    : check(file, replaceByScalar(file.text, owner.part, `{ ${inFlow} }`), expected);
};

/** Appends items, each one YAML value on one line, to the sequence at `path`, also where its value is null or `[]`. */
export const insertItems = (
  file: ComposeFile,
  path: readonly string[],
  sources: readonly string[],
): readonly Edit[] | undefined => {
  const added = snippet(sources.map((source) => `- ${source}`));
  const target = editable(file, path);
  if (added?.kind !== 'seq' || added.items.length !== sources.length || !target || !file.root) return undefined;
  const expected = plainWith(plainOf(file.root), path, (value) => {
    const old = Array.isArray(value) ? value : [];
    return [...old, ...added.items.map((item) => plainOf(item.value))];
  });
  if (target.kind === 'seq' && target.items.length > 0) {
    const lines = target.flow ? [sources.join(', ')] : sources.map((source) => `- ${source}`);
    return check(file, insertion(file, target, target.items.length - 1, lines), expected);
  }
  const owner = linksTo(file, path)?.at(-1);
  const isEmpty = target.kind === 'seq' || (target.kind === 'scalar' && target.value === null);
  if (!isEmpty || !isEntry(owner?.part)) return undefined;
  if (owner.parent.flow)
    return check(file, replaceByScalar(file.text, owner.part, `[${sources.join(', ')}]`), expected);
  return check(
    file,
    replaceByLines(
      file.text,
      owner.part,
      sources.map((source) => `- ${source}`),
      layoutOf(file),
    ),
    expected,
  );
};

/**
 * Replaces the value of the entry at `path` by a scalar source (or any value on one line) or by lines of a block value
 * (unindented relative to the key). An anchor, a tag and the comment on the key's line stay.
 */
export const replaceValue = (
  file: ComposeFile,
  path: readonly string[],
  source: string | readonly string[],
): readonly Edit[] | undefined => {
  const link = linksTo(file, path)?.at(-1);
  const inline = typeof source === 'string';
  const value = inline ? valueAt(snippet([`key: ${source}`]), 'key') : snippet(source);
  if (!file.root || !value || !isEntry(link?.part)) return undefined;
  if (inline && source.includes('\n')) return undefined;
  if (link.part.value.aliasAt === undefined && isShared(file, link.part.value)) return undefined;
  if (!inline && link.parent.flow) {
    const padding = link.parent.kind === 'map' ? paddingOf(file.text, link.parent) : ' ';
    const inFlow = value.kind === 'map' ? inBraces(file, source, value, link.parent) : undefined;
    return inFlow === undefined ? undefined : replaceValue(file, path, `{${padding}${inFlow}${padding}}`);
  }
  const edits = inline
    ? replaceByScalar(file.text, link.part, source)
    : replaceByLines(file.text, link.part, source, layoutOf(file));
  return check(
    file,
    edits,
    plainWith(plainOf(file.root), path, () => plainOf(value)),
  );
};

/** Lines as they stand between the braces of a flow mapping; `undefined` when a comment or block text would be lost. */
const inBraces = (
  file: ComposeFile,
  lines: readonly string[],
  added: ComposeMap,
  around: ComposeMap | ComposeSeq,
): string | undefined =>
  lines.length === 1
    ? lines[0]
    : lines.some((line) => /(?:^|\s)#/.test(line))
      ? undefined
      : flowEntries(added, around.kind === 'map' ? paddingOf(file.text, around) : ' ');

const check = (
  file: ComposeFile,
  edits: readonly Edit[] | undefined,
  expected: Plain | undefined,
): readonly Edit[] | undefined => edits && checked(file, edits, expected);

/** Without its blank lines first; if those were part of a value (`|+`), with them. */
const removed = (
  file: ComposeFile,
  link: Link,
  gone: ReadonlySet<number>,
  expected: Plain | undefined,
): readonly Edit[] | undefined =>
  checked(file, removal(file.text, link.parent, gone, true), expected) ??
  checked(file, removal(file.text, link.parent, gone, false), expected);

/** How far up a deletion reaches; -1 when it would empty `services` or the file. */
const emptiedDepth = (links: readonly Link[]): number => {
  let depth = links.length - 1;
  while (depth >= 0) {
    const link = links[depth];
    if (!link || partsOf(link.parent).length > 1) break;
    depth -= 1;
  }
  const top = links[depth]?.part;
  const isEmptied = depth < links.length - 1;
  return depth === 0 && isEmptied && isEntry(top) && keyName(top.key) === 'services' ? -1 : depth;
};

/** The value at `path` if nothing but this place shows it. */
const editable = (file: ComposeFile, path: readonly string[]): ComposeNode | undefined => {
  const links = linksTo(file, path);
  const node = path.length === 0 ? file.root : links?.at(-1)?.part.value;
  return node && links && !isShared(file, node) ? node : undefined;
};

const ownIndex = (map: ComposeMap, key: string): number => map.own.findLastIndex((entry) => keyName(entry.key) === key);

const isEntry = (part: Link['part'] | undefined): part is ComposeEntry => part !== undefined && 'key' in part;

const merged = (value: Plain, added: Plain): Plain | undefined => {
  if (!(added instanceof Map) || (value !== null && !(value instanceof Map))) return undefined;
  return new Map<string, Plain>([...(value ?? []), ...added]);
};

/** What unindented lines of YAML hold; `undefined` if they don't read on their own or use tabs. */
const snippet = (lines: readonly string[]): ComposeNode | undefined => {
  if (lines.some((line) => /^ *\t|[\r\n]/.test(line))) return undefined;
  const read = readCompose('', ['key:', ...lines.map((line) => (line === '' ? '' : `  ${line}`)), ''].join('\n'));
  return read.problems.length > 0 || read.duplicates.length > 0 || read.root?.own.length !== 1
    ? undefined
    : valueAt(read.root, 'key');
};
