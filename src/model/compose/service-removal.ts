import { type Change, type Edit, isEdit } from '../../finding.ts';
import {
  type ComposeFile,
  deleteEntry,
  deleteShown,
  insertEntries,
  insertItems,
  replaceValue,
  valueAt,
} from '../../parse/compose.ts';
import { type ComposeStep, inSequence } from '../../parse/compose-sequence.ts';
import type { Dependency, Service } from '../service.ts';
import type { Stack } from '../stack.ts';
import { healthOf } from '../store/health.ts';
import { edgeIn, onlyUsedBy, SECTIONS } from './service-references.ts';

/** The compose side of a removal: splices by file, files that would be left empty, or why it cannot be done. */
export type Removal =
  | { readonly changes: readonly Change[]; readonly gone: readonly string[] }
  | { readonly manual: string };

/** Edits of one file to make before the services go. */
export interface FileSteps {
  readonly file: ComposeFile;
  readonly steps: readonly ComposeStep[];
}

/**
 * Takes services out of every file of their projects, with the edges to them and what only they used. `first` are edits to make
 * on the way, `more` are steps that come after those.
 */
export function removeServices(
  stack: Stack,
  removed: readonly Service[],
  first: readonly Change[],
  more: readonly FileSteps[],
): Removal {
  const projects = [...new Set(removed.map(({ project }) => project))];
  const files = [
    ...new Map(projects.flatMap((each) => [...each.files, ...each.overlays]).map((file) => [file.path, file])).values(),
  ];
  const others = stack.services.filter(
    (service) =>
      !removed.includes(service) &&
      files.some(({ path }) => service.definitions.some(({ file }) => file.path === path)),
  );
  const names = [...new Set(removed.map(({ name }) => name))];
  const unused = SECTIONS.map((section) => [section, onlyUsedBy(files, removed, others, section)] as const);
  const changes: Change[] = [
    ...first.filter((change) => !isEdit(change) || !files.some(({ path }) => path === change.path)),
  ];
  const gone: string[] = [];
  for (const file of files) {
    const own = first.filter((change): change is Edit => isEdit(change) && change.path === file.path);
    const steps: ComposeStep[] = [
      ...(own.length > 0 ? [(): readonly Edit[] => own] : []),
      ...more.filter((each) => each.file.path === file.path).flatMap((each) => each.steps),
      ...names.flatMap((name) => inheritedEdges(stack, others, removed, name, file)),
      ...names.flatMap((name) => edgeSteps(file, name)),
      ...names
        .filter((name) => valueAt(file.root, 'services', name))
        .map(
          (name): ComposeStep =>
            (now) =>
              deleteEntry(now, ['services', name]),
        ),
      ...unused.flatMap(([section, list]) =>
        list.map(
          (name): ComposeStep =>
            (now) =>
              deleteEntry(now, [section, name]) ?? [],
        ),
      ),
    ];
    if (steps.length === 0) continue;
    const edit = inSequence(file, steps);
    if (edit && (edit.text !== '' || edit.start < edit.end)) changes.push(edit);
    if (edit) continue;
    if (own.length > 0 || !holdsOnly(file, names))
      return {
        manual: `${file.path} shares it through an anchor, or spells it in a way that a splice cannot take out`,
      };
    gone.push(file.path);
  }
  return { changes, gone };
}

/** A step for each edge that a file shows, anchors included; each looks anew, since the one before has moved the text. */
function edgeSteps(file: ComposeFile, name: string): ComposeStep[] {
  const services = valueAt(file.root, 'services');
  const most = services?.kind === 'map' && edgeIn(file, name) ? services.entries.length : 0;
  return Array.from(
    { length: most },
    (): ComposeStep => (now) => {
      const at = edgeIn(now, name);
      return at ? deleteShown(now, at) : [];
    },
  );
}

/** A file whose services are the removed ones and edges to them, with nothing else that counts. */
function holdsOnly(file: ComposeFile, names: readonly string[]): boolean {
  const services = valueAt(file.root, 'services');
  const sections = file.root?.own.map(({ key }) => String(key.value)) ?? [];
  if (services?.kind !== 'map' || sections.some((key) => !/^(?:services|version|name)$|^x-/.test(key))) return false;
  return services.own.every(({ key, value }) => {
    if (names.includes(String(key.value))) return true;
    const edges = valueAt(value, 'depends_on');
    const left =
      edges?.kind === 'map'
        ? edges.own.map((entry) => String(entry.key.value))
        : edges?.kind === 'seq'
          ? edges.items.map(({ value: item }) => (item.kind === 'scalar' ? String(item.value) : ''))
          : [''];
    return value.kind === 'map' && value.own.length === 1 && left.every((each) => names.includes(each));
  });
}

/** What waited for a removed service waited for its databases too: those edges stay where the service uses the database. */
function inheritedEdges(
  stack: Stack,
  others: readonly Service[],
  removed: readonly Service[],
  name: string,
  file: ComposeFile,
): ComposeStep[] {
  return others.flatMap((service): ComposeStep[] => {
    const edge = service.dependsOn.find((each) => each.name === name && each.part.file.path === file.path);
    const from = removed.find((each) => each.name === name && each.project === service.project);
    if (!edge || !from || edge.part.shared) return [];
    const uses = stack.view(service).stores.map(({ store }) => store.service.name);
    const kept = from.dependsOn.filter(
      (each) => uses.includes(each.name) && !service.dependsOn.some((own) => own.name === each.name),
    );
    return kept.length === 0 ? [] : [(now) => withEdges(stack, service, now, edge, kept)];
  });
}

function withEdges(
  stack: Stack,
  service: Service,
  file: ComposeFile,
  edge: Dependency,
  kept: readonly Dependency[],
): readonly Edit[] | undefined {
  const { path } = edge.part;
  const node = valueAt(file.root, ...path);
  const lines = kept.flatMap((each) => [`${each.name}:`, `  condition: ${conditionOf(stack, service, each)}`]);
  if (node?.kind === 'map') return insertEntries(file, path, lines);
  if (node?.kind !== 'seq') return undefined;
  if (node.items.length === 1 && kept.some((each) => each.condition !== 'service_started'))
    return replaceValue(file, path, lines);
  return insertItems(
    file,
    path,
    kept.map((each) => each.name),
  );
}

function conditionOf(stack: Stack, service: Service, edge: Dependency): string {
  const target = stack.neighbours(service).find((other) => other.name === edge.name);
  const inVain = edge.condition === 'service_healthy' && target && healthOf(stack.view(target)) === 'no';
  return inVain ? 'service_started' : edge.condition;
}
