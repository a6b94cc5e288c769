import type { Change, Edit } from '../../src/finding.ts';
import { eolOf, lineStart } from '../../src/lines.ts';
import type { Dependency, Part, Service } from '../../src/model/service.ts';
import {
  type ComposeFile,
  deleteEntry,
  deleteItems,
  entryOf,
  indentStep,
  insertEntries,
  replaceValue,
  textOf,
  valueAt,
} from '../../src/parse/compose.ts';
import { type ComposeStep, inSequence } from '../../src/parse/compose-sequence.ts';

/** An edge as it should be; `condition` undefined: as it is. */
export interface Wanted {
  readonly name: string;
  readonly edge: Dependency | undefined;
  readonly condition: string | undefined;
  readonly optional: boolean;
}

/**
 * The splices that turn a service's `depends_on` into the wanted edges, each file on its own: what is not wanted goes, conditions
 * are set, new edges come last. A list becomes a mapping only where a condition is needed. `undefined` when no safe splice does it.
 */
export function rewriteEdges(
  service: Service,
  dropped: readonly Dependency[],
  wanted: readonly Wanted[],
): readonly Change[] | undefined {
  const parts = [...new Set(service.dependsOn.map((edge) => edge.part))];
  const added = wanted.filter(({ edge }) => !edge);
  const home = parts.findLast((part) => !part.shared) ?? parts.at(-1);
  const changes: Change[] = [];
  for (const part of parts) {
    const gone = dropped.filter((edge) => edge.part === part);
    const changed = wanted.filter(
      ({ edge, condition, optional }) => edge?.part === part && (condition !== undefined || optional),
    );
    const extra = part === home ? added : [];
    if (gone.length + changed.length + extra.length === 0) continue;
    const edit = rewritePart(part, gone, changed, extra);
    if (!edit) return undefined;
    changes.push(edit);
  }
  if (home || added.length === 0) return changes;
  const definition = service.definitions[0];
  const lines = ['depends_on:', ...added.flatMap(entryLines).map((line) => `  ${line}`)];
  const edits = definition && insertEntries(definition.file, definition.path, lines);
  return edits ? [...changes, ...edits] : undefined;
}

const entryLines = ({ name, condition, optional }: Wanted): string[] => [
  `${name}:`,
  `  condition: ${condition ?? 'service_started'}`,
  ...(optional ? ['  required: false'] : []),
];

function rewritePart(
  part: Part,
  gone: readonly Dependency[],
  changed: readonly Wanted[],
  extra: readonly Wanted[],
): Edit | undefined {
  const { file, path, node } = part;
  const names = node.kind === 'seq' ? node.items.map(({ value }) => textOf(value) ?? '') : [];
  const total = node.kind === 'map' ? node.entries.length : names.length;
  if (gone.length === total && extra.length === 0) return inSequence(file, [(now) => deleteEntry(now, path)]);
  if (node.kind === 'map') return inSequence(file, mapSteps(path, gone, changed, extra));
  const drop: ComposeStep = (now) => {
    const seq = valueAt(now.root, ...path);
    const indexes =
      seq?.kind === 'seq'
        ? seq.items.flatMap(({ value }, index) => (gone.some((edge) => edge.name === textOf(value)) ? [index] : []))
        : [];
    return deleteItems(now, path, indexes);
  };
  if (changed.length + extra.length === 0) return inSequence(file, [drop]);
  const kept = names.filter((name) => !gone.some((edge) => edge.name === name));
  if (kept.length === 0) return inSequence(file, [(now) => replaceValue(now, path, extra.flatMap(entryLines))]);
  const toMap: ComposeStep = (now) => listToMap(now, path, new Map(changed.map((want) => [want.name, want])));
  return inSequence(file, [
    ...(gone.length > 0 ? [drop] : []),
    toMap,
    ...extra.map(
      (want): ComposeStep =>
        (now) =>
          insertEntries(now, path, entryLines(want)),
    ),
  ]);
}

function mapSteps(
  path: readonly string[],
  gone: readonly Dependency[],
  changed: readonly Wanted[],
  extra: readonly Wanted[],
): ComposeStep[] {
  const set =
    (name: string, key: string, value: string): ComposeStep =>
    (now) =>
      entryOf(valueAt(now.root, ...path, name), key)
        ? replaceValue(now, [...path, name, key], value)
        : insertEntries(now, [...path, name], [`${key}: ${value}`]);
  return [
    ...extra.map(
      (want): ComposeStep =>
        (now) =>
          insertEntries(now, path, entryLines(want)),
    ),
    ...changed.flatMap(({ name, condition, optional }) => [
      ...(condition === undefined ? [] : [set(name, 'condition', condition)]),
      ...(optional ? [set(name, 'required', 'false')] : []),
    ]),
    ...gone.map(
      ({ name }): ComposeStep =>
        (now) =>
          deleteEntry(now, [...path, name]),
    ),
  ];
}

/** Turns a list of names into a mapping, item by item, so that comments stay with their item. */
function listToMap(
  file: ComposeFile,
  path: readonly string[],
  wanted: ReadonlyMap<string, Wanted>,
): readonly Edit[] | undefined {
  const entry = entryOf(valueAt(file.root, ...path.slice(0, -1)), path.at(-1) ?? '');
  const seq = entry?.value;
  if (!entry || seq?.kind !== 'seq') return undefined;
  const want = (name: string): Wanted =>
    wanted.get(name) ?? { name, edge: undefined, condition: undefined, optional: false };
  const names = seq.items.map(({ value }) => textOf(value) ?? '');
  if (seq.flow || seq.aliasAt)
    return replaceValue(
      file,
      path,
      names.flatMap((name) => entryLines(want(name))),
    );
  const eol = eolOf(file.text);
  const step = ' '.repeat(indentStep(file));
  const keyColumn = entry.key.at.start - lineStart(file.text, entry.key.at.start);
  return seq.items.map(({ at, value }): Edit => {
    const start = lineStart(file.text, at.start);
    const dash = file.text.slice(start, at.start);
    const indent = dash.length > keyColumn ? dash : dash + step;
    const [head, ...rest] = entryLines(want(textOf(value) ?? ''));
    const tail = /^[^\n\r]*/.exec(file.text.slice(at.end))?.[0] ?? '';
    return {
      path: file.path,
      start,
      end: at.end + tail.length,
      text: [`${indent}${head}${tail}`, ...rest.map((line) => `${indent}${line.replace(/^ {2}/, step)}`)].join(eol),
    };
  });
}
