import type { Span } from '../../finding.ts';
import type { ComposeFile, ComposeNode } from '../../parse/compose.ts';
import { entryOf, keysOf, textOf, valueAt } from '../../parse/compose.ts';
import { escapeRegExp } from '../../pattern.ts';
import type { Service } from '../service.ts';
import type { Stack } from '../stack.ts';

/** Keys by which a service borrows from another one. */
const BORROWS = ['links', 'volumes_from', 'network_mode', 'pid', 'ipc', 'external_links'];

/** Where another service uses one in a way that its removal would break, as a clause. */
export function borrowsFrom(stack: Stack, removed: readonly Service[], service: Service): string | undefined {
  const word = new RegExp(`(?:^|[^\\w.-])${escapeRegExp(service.name)}(?=$|[^\\w.-])`);
  const rest = stack.services.filter((other) => !removed.includes(other));
  for (const other of rest) {
    if (extendsFrom(other, service)) return `${other.name} takes parts of the definition of ${service.name} over`;
    if (other.project !== service.project) continue;
    for (const key of BORROWS)
      for (const { node, file } of other.parts.get(key) ?? [])
        if (word.test(file.text.slice(node.at.start, node.at.end)))
          return `${other.name} names ${service.name} under ${key}`;
    const build = other.build?.part;
    if (build?.file.text.slice(build.node.at.start, build.node.at.end).includes(`service:${service.name}`))
      return `${other.name} is built from ${service.name}`;
  }
  return undefined;
}

/** True when a service takes parts of another one's definition over (`extends`). */
export const extendsFrom = (other: Service, service: Service): boolean =>
  other !== service &&
  [...other.parts.values()]
    .flat()
    .some(
      (part) =>
        part.shared &&
        part.path[0] === 'services' &&
        part.path[1] === service.name &&
        (other.name !== service.name || other.project !== service.project) &&
        service.definitions.some(({ file }) => file.path === part.file.path) &&
        !other.definitions.some(({ file, path }) => file.path === part.file.path && path[1] === part.path[1]),
    );

/** The names under a top-level section that a service's own keys use. */
function namesUsed(node: ComposeNode | undefined, section: string): readonly string[] {
  const value = valueAt(node, section);
  if (value?.kind === 'map') return section === 'networks' ? keysOf(value) : [];
  if (value?.kind !== 'seq') return [];
  return value.items.flatMap(({ value: item }) => {
    if (item.kind === 'map') return textOf(valueAt(item, 'source')) ?? [];
    const text = textOf(item) ?? '';
    if (section !== 'volumes') return [text];
    return /^[A-Za-z0-9][\w.-]*:/.test(text) ? [text.slice(0, text.indexOf(':'))] : [];
  });
}

/** Top-level sections whose entries services share. */
export const SECTIONS = ['volumes', 'networks', 'secrets', 'configs'] as const;

/** Names of a top-level section that nothing but the removed services uses. */
export function onlyUsedBy(
  files: readonly ComposeFile[],
  removed: readonly Service[],
  others: readonly Service[],
  section: (typeof SECTIONS)[number],
): readonly string[] {
  const of = (services: readonly Service[]): ReadonlySet<string> =>
    new Set(
      services.flatMap((service) => [
        ...service.definitions.flatMap(({ entry }) => namesUsed(entry.value, section)),
        ...(service.parts.get(section) ?? []).flatMap((part) => namesUsed(asMap(part.node, section), section)),
        ...(service.build && service.build.part.node.kind === 'map' ? namesUsed(service.build.part.node, section) : []),
      ]),
    );
  const kept = of(others);
  const declared = new Set(files.flatMap((file) => keysOf(valueAt(file.root, section))));
  return [...of(removed)].filter((name) => !kept.has(name) && declared.has(name) && name !== 'default');
}

/** A part's value as if it stood under its key again. */
const asMap = (value: ComposeNode, key: string): ComposeNode => {
  const scalar = { kind: 'scalar', at: value.at, value: key, source: key, style: 'plain' } as const;
  const entry = { key: scalar, value, at: value.at, merged: false };
  return { kind: 'map', at: value.at, flow: false, own: [entry], entries: [entry] };
};

/** The place of the first edge to a service that a file still shows: an entry or an item of some service's `depends_on`. */
export function edgeIn(file: ComposeFile, name: string): Span | undefined {
  const services = valueAt(file.root, 'services');
  for (const { key, value } of services?.kind === 'map' ? services.entries : []) {
    if (String(key.value) === name) continue;
    const edges = valueAt(value, 'depends_on');
    const found =
      edges?.kind === 'map'
        ? entryOf(edges, name)?.at
        : edges?.kind === 'seq'
          ? edges.items.find((item) => textOf(item.value) === name)?.at
          : undefined;
    if (found) return found;
  }
  return undefined;
}
