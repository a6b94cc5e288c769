import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import type { Edit } from '../../src/finding.ts';
import {
  type ComposeFile,
  type ComposeNode,
  deleteEntry,
  deleteItems,
  insertEntries,
  insertItems,
  readCompose,
  replaceValue,
} from '../../src/parse/compose.ts';
import { Dice, type RandomDocument, randomDocument } from './compose-documents.ts';

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
type Path = readonly string[];

const RUNS = Number(process.env['COMPOSE_RUNS'] ?? 300);

const valuesOf = (text: string): Json => parse(text, { merge: true, maxAliasCount: -1 }) as Json;

const apply = (text: string, edits: readonly Edit[]): string =>
  [...edits]
    .sort((a, b) => b.start - a.start || b.end - a.end)
    .reduce((done, edit) => done.slice(0, edit.start) + edit.text + done.slice(edit.end), text);

const pathsOf = (node: ComposeNode | undefined, path: Path = []): { path: Path; node: ComposeNode }[] => {
  if (!node) return [];
  const children: [string, ComposeNode][] =
    node.kind === 'map'
      ? node.entries.map((entry) => [entry.key.value === null ? '' : String(entry.key.value), entry.value])
      : node.kind === 'seq'
        ? node.items.map((item, index) => [String(index), item.value])
        : [];
  return [{ path, node }, ...children.flatMap(([key, child]) => pathsOf(child, [...path, key]))];
};

const child = (value: Json | undefined, key: string): Json | undefined =>
  Array.isArray(value) ? value[Number(key)] : typeof value === 'object' && value !== null ? value[key] : undefined;

const at = (value: Json, path: Path): Json | undefined => path.reduce<Json | undefined>(child, value);

const set = (root: Json, path: Path, change: (value: Json) => Json): Json => {
  if (path.length === 0) return change(root);
  const copy = structuredClone(root);
  const parent = at(copy, path.slice(0, -1));
  const key = path.at(-1) ?? '';
  const changed = change(at(copy, path) ?? null);
  if (Array.isArray(parent)) parent[Number(key)] = changed;
  else if (typeof parent === 'object' && parent !== null) parent[key] = changed;
  return copy;
};

const sizeOf = (value: Json | undefined): number =>
  Array.isArray(value) ? value.length : Object.keys(value ?? {}).length;

/** What a deletion has to remove: the path, shortened while its parents would be left empty. */
const deletedPath = (root: Json, path: Path): Path => {
  let gone = path;
  while (gone.length > 0 && sizeOf(at(root, gone.slice(0, -1))) === 1) gone = gone.slice(0, -1);
  return gone;
};

const without = (root: Json, path: Path): Json =>
  set(root, path.slice(0, -1), (parent) => {
    const key = path.at(-1) ?? '';
    if (Array.isArray(parent)) return parent.filter((_, index) => index !== Number(key));
    return Object.fromEntries(Object.entries(parent ?? {}).filter(([name]) => name !== key));
  });

interface Operation {
  readonly name: string;
  readonly edits: readonly Edit[] | undefined;
  readonly expected: Json;
  /** Nodes that go, and whose comments may go with them. */
  readonly gone: readonly Path[];
  readonly mayRefuse: boolean;
}

const NESTED: readonly (readonly [readonly string[], Json])[] = [
  [['new: 1'], { new: 1 }],
  [
    ['new:', '  - a', '  - b: 1', '    c: |', '      text', '        deeper', 'other: "x"'],
    { new: ['a', { b: 1, c: 'text\n  deeper\n' }], other: 'x' },
  ],
  [['new:', '  deep:', '    er: [1]'], { new: { deep: { er: [1] } } }],
];

const operation = (dice: Dice, file: ComposeFile, document: RandomDocument): Operation | undefined => {
  const root = valuesOf(file.text);
  const { path, node } = dice.pick(pathsOf(file.root));
  const kind = dice.below(6);
  const name = `${['delete', 'items', 'insert', 'scalar', 'lines', 'append'][kind]} ${path.join('.')}`;
  const last = path.at(-1);
  const inFlow = pathsOf(file.root).some(
    (other) =>
      other.node.kind !== 'scalar' &&
      other.node.flow &&
      path.length > other.path.length &&
      other.path.every((key, index) => key === path[index]),
  );
  if (kind === 0 && path.length > 0) {
    const gone = deletedPath(root, path);
    const mayRefuse = gone.length === 0 || (gone.length === 1 && gone[0] === 'services' && path.length > 1);
    return { name, edits: deleteEntry(file, path), expected: without(root, gone), gone: [gone], mayRefuse };
  }
  if (kind === 1 && node.kind === 'seq' && node.items.length > 1) {
    const indexes = node.items.map((_, index) => index).filter(() => dice.chance(40));
    if (indexes.length === 0 || indexes.length === node.items.length) return undefined;
    const expected = set(root, path, (value) => (value as Json[]).filter((_, index) => !indexes.includes(index)));
    return {
      name,
      edits: deleteItems(file, path, indexes),
      expected,
      gone: indexes.map((index) => [...path, String(index)]),
      mayRefuse: false,
    };
  }
  if (
    kind === 2 &&
    (node.kind === 'map' ||
      (node.kind === 'scalar' && node.value === null && path.length > 0 && !/^\d+$/.test(last ?? '')))
  ) {
    const [lines, added] = dice.pick(NESTED);
    const own = node.kind === 'map' ? node.own.filter((entry) => entry.key.value !== '<<') : [];
    const after = own.length > 0 && dice.chance(40) ? String(dice.pick(own).key.value) : undefined;
    const expected = set(root, path, (value) => ({
      ...(value as Record<string, Json> | null),
      ...(added as Record<string, Json>),
    }));
    const isFlow = inFlow || (node.kind === 'map' && node.flow && node.own.length > 0);
    const edits = after === undefined ? insertEntries(file, path, lines) : insertEntries(file, path, lines, after);
    return { name, edits, expected, gone: [], mayRefuse: isFlow && lines.length > 1 };
  }
  if ((kind === 3 || kind === 4) && last !== undefined && !Array.isArray(at(root, path.slice(0, -1)))) {
    const [source, value]: readonly [string | readonly string[], Json] =
      kind === 3
        ? dice.pick([
            ['new', 'new'],
            ['"x: # y"', 'x: # y'],
            ['[a, b]', ['a', 'b']],
          ])
        : dice.pick([
            [
              ['- a', '- b: 1', '  c: 2'],
              ['a', { b: 1, c: 2 }],
            ],
            [['k:', '  l: m', 'n: o'], { k: { l: 'm' }, n: 'o' }],
          ]);
    return {
      name,
      edits: replaceValue(file, path, source),
      expected: set(root, path, () => value),
      gone: [path],
      mayRefuse: kind === 4 && inFlow,
    };
  }
  if (kind === 5 && node.kind === 'seq') {
    const expected = set(root, path, (value) => [...(value as Json[]), 'new', 'two words']);
    return {
      name,
      edits: insertItems(file, path, ['new', '"two words"']),
      expected,
      gone: [],
      mayRefuse: document.hasAliases,
    };
  }
  return undefined;
};

test('random edits change the values they name, and nothing else', { timeout: 600_000 }, () => {
  const seen = { done: 0, refused: 0, shared: 0, other: 0 };
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const dice = new Dice(seed);
      const document = randomDocument(dice);
      const file = readCompose('compose.yaml', document.text);
      expect(file.problems, document.text).toEqual([]);
      let planned = operation(dice, file, document);
      for (let tries = 0; !planned && tries < 10; tries += 1) planned = operation(dice, file, document);
      if (!planned) {
        seen.other += 1;
        return;
      }
      const { name, edits, expected, gone, mayRefuse } = planned;
      const shown = `${name}\n${document.text}`;
      if (!edits) {
        expect(mayRefuse || document.hasAliases, `refused: ${shown}`).toBe(true);
        seen[mayRefuse ? 'refused' : 'shared'] += 1;
        return;
      }
      seen.done += 1;
      const after = apply(document.text, edits);
      expect(valuesOf(after), `${shown}\n=>\n${after}`).toEqual(expected);
      for (const { mark, owner } of document.comments) {
        const mayGo = gone.some((path) => path.every((key, index) => key === owner[index]));
        if (!mayGo)
          expect(after.split(mark).length, `comment ${mark} of ${owner.join('.')}: ${shown}\n=>\n${after}`).toBe(2);
        if (mayGo && name.startsWith('delete'))
          expect(after.includes(mark), `left ${mark}: ${shown}\n=>\n${after}`).toBe(false);
      }
      const blank = (text: string): number =>
        Math.max(0, ...(text.match(/(\r?\n[ \t]*(?=\r?\n))+/g) ?? []).map((run) => run.split('\n').length - 1));
      expect(blank(after), `blank lines: ${shown}\n=>\n${after}`).toBeLessThanOrEqual(
        Math.max(1, blank(document.text)),
      );
    }),
    { numRuns: RUNS, includeErrorInReport: true, endOnFailure: true },
  );
  if (RUNS > 300) console.log(seen);
});
