import type { Edit } from '../../src/finding.ts';
import {
  type ComposeFile,
  type ComposeNode,
  deleteEntry,
  deleteItems,
  entryOf,
  insertEntries,
  replaceValue,
  textOf,
  valueAt,
} from '../../src/parse/compose.ts';
import { type ComposeStep, inSequence, throughAnchors } from '../../src/parse/compose-sequence.ts';
import { listToMap } from './list-to-map.ts';
import type { Wanted } from './plan.ts';
import { namesIn, type Place } from './sharing.ts';

/** What is to be done at one place. */
export interface Rewriting {
  readonly gone: readonly string[];
  readonly changed: readonly Wanted[];
  readonly extra: readonly Wanted[];
}

/** An edge in long form, as unindented YAML lines. */
export const entryLines = ({ name, edge, condition, optional }: Wanted): string[] => [
  `${name}:`,
  `  condition: ${condition ?? edge?.condition ?? 'service_started'}`,
  ...(optional || edge?.required === false ? ['  required: false'] : []),
  ...(edge?.restart ? ['  restart: true'] : []),
];

/** One splice that rewrites a `depends_on`. A list becomes a mapping only where an edge needs more than its name. */
export function rewritePart(
  { file, path, isAnchor }: Place,
  node: ComposeNode,
  rewriting: Rewriting,
): Edit | undefined {
  const steps = stepsFor(path, node, rewriting);
  return inSequence(file, isAnchor ? steps.map(throughAnchors) : steps);
}

function stepsFor(path: readonly string[], node: ComposeNode, { gone, changed, extra }: Rewriting): ComposeStep[] {
  const left = namesIn(node).filter((name) => !gone.includes(name));
  if (left.length === 0 && extra.length === 0) return [(file) => deleteEntry(file, path)];
  if (left.length === 0) return [(file) => replaceValue(file, path, extra.flatMap(entryLines))];
  const insert = extra.map(
    (want): ComposeStep =>
      (file) =>
        insertEntries(file, path, entryLines(want)),
  );
  if (node.kind === 'map')
    return [
      ...insert,
      ...changed.flatMap((want) => setEntry(path, want)),
      ...gone.map((name) => dropEntry(path, name)),
    ];
  const drop = gone.length > 0 ? [dropItems(path, gone)] : [];
  const toMap: ComposeStep = (file) => listToMap(file, path, new Map(changed.map((want) => [want.name, want])));
  return changed.length + extra.length > 0 ? [...drop, toMap, ...insert] : drop;
}

const dropItems =
  (path: readonly string[], gone: readonly string[]): ComposeStep =>
  (file) =>
    deleteItems(file, path, indexesOf(file, path, gone));

function indexesOf(file: ComposeFile, path: readonly string[], names: readonly string[]): readonly number[] {
  const seq = valueAt(file.root, ...path);
  return seq?.kind === 'seq'
    ? seq.items.flatMap(({ value }, index) => (names.includes(textOf(value) ?? '') ? [index] : []))
    : [];
}

const dropEntry =
  (path: readonly string[], name: string): ComposeStep =>
  (file) =>
    deleteEntry(file, [...path, name]);

/** Sets what an edge in long form needs; one without a body gets it whole. */
function setEntry(path: readonly string[], want: Wanted): ComposeStep[] {
  const at = [...path, want.name];
  const set =
    (key: string, value: string): ComposeStep =>
    (file) =>
      entryOf(valueAt(file.root, ...at), key)
        ? replaceValue(file, [...at, key], value)
        : insertEntries(file, at, [`${key}: ${value}`]);
  return [
    ...(want.condition === undefined ? [] : [set('condition', want.condition)]),
    ...(want.optional ? [set('required', 'false')] : []),
  ];
}
