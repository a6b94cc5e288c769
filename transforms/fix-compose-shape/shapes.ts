import type { Change, Span } from '../../src/finding.ts';
import {
  type ComposeEntry,
  type ComposeFile,
  type ComposeMap,
  type ComposeNode,
  keysOf,
  quoteScalar,
  replaceValue,
  textOf,
  valueAt,
} from '../../src/parse/compose.ts';

/** A value that Compose rejects: its own words, and the same meaning in the shape that it takes. */
export interface WrongShape {
  readonly at: Span;
  /** Compose's words, without the file's name. */
  readonly words: string;
  readonly means: string;
  /** `undefined` when the meaning is not plain or the place cannot be changed. */
  readonly changes: readonly Change[] | undefined;
  readonly title: string;
}

/** What an empty value of a key has to be. */
const EMPTY: Readonly<Record<string, '{}' | '[]'>> = {
  environment: '{}',
  depends_on: '[]',
  volumes: '[]',
  networks: '[]',
};
const EMPTY_SECTIONS = ['volumes', 'networks', 'secrets', 'configs'];

/** The wrong shapes of a file whose YAML can be read. */
export function wrongShapes(file: ComposeFile): readonly WrongShape[] {
  const sections = EMPTY_SECTIONS.flatMap((key) => empty(file.root, key, key, '{}'));
  const services = valueAt(file.root, 'services');
  if (services?.kind !== 'map') return sections;
  return [
    ...services.entries.flatMap(({ key, value }) => {
      const name = String(key.value);
      if (value.kind !== 'map' || value.aliasAt) return [];
      return [
        ...Object.entries(EMPTY).flatMap(([each, shape]) => empty(value, each, `services.${name}.${each}`, shape)),
        ...dependencies(file, name, own(value, 'depends_on')),
        ...variables(name, own(value, 'environment')),
      ];
    }),
    ...sections,
  ];
}

/** An entry that stands in the mapping itself: what a merge brings in is judged at its anchor. */
const own = (map: ComposeMap, key: string): ComposeEntry | undefined =>
  map.own.findLast((entry) => entry.key.value === key && !entry.value.aliasAt);

function empty(map: ComposeNode | undefined, key: string, path: string, shape: '{}' | '[]'): readonly WrongShape[] {
  const entry = map?.kind === 'map' ? own(map, key) : undefined;
  const node = entry?.value;
  if (!entry || node?.kind !== 'scalar' || node.value !== null || node.source !== '' || node.anchor || node.tag)
    return [];
  const { path: file, end } = entry.at;
  return [
    {
      at: entry.at,
      words: `${path} must be a ${shape === '{}' ? 'mapping' : 'list'}`,
      means: 'the key has no value',
      changes: [{ path: file, start: end, end, text: ` ${shape}` }],
      title: `Give ${key} an empty value`,
    },
  ];
}

function dependencies(file: ComposeFile, service: string, entry: ComposeEntry | undefined): readonly WrongShape[] {
  const node = entry?.value;
  if (!entry || !node) return [];
  const path = `services.${service}.depends_on`;
  if (node.kind === 'map')
    return node.own.flatMap(({ key, value, at }): WrongShape[] => {
      if (value.aliasAt || value.anchor || !isBare(value)) return [];
      const name = String(key.value);
      const gap = file.text.slice(key.at.end, at.end);
      const title = `Wait for ${name} to be started`;
      const inserted = value.kind === 'map' ? undefined : ' { condition: service_started }';
      const changes: Change[] =
        value.kind === 'map'
          ? [{ ...value.at, text: '{ condition: service_started }' }]
          : gap.trimEnd() === ':'
            ? [{ path: at.path, start: at.end, end: at.end, text: inserted ?? '' }]
            : [];
      const words =
        value.kind === 'map' ? `${path}.${name} condition is required` : `${path}.${name} must be a mapping`;
      return [
        { at, words, means: `${name} has no condition`, changes: changes.length > 0 ? changes : undefined, title },
      ];
    });
  if (node.kind !== 'seq') return [];
  const wrong = node.items.findIndex(({ value }) => value.kind !== 'scalar');
  if (wrong < 0) return [];
  const lines = node.items.map(({ value }) => dependencyLines(value));
  const plain =
    lines.every((each) => each !== undefined) && !/(?:^|\s)#/.test(file.text.slice(node.at.start, node.at.end));
  const names = node.items.flatMap(({ value }) => (value.kind === 'map' ? keysOf(value) : (textOf(value) ?? [])));
  const once = new Set(names).size === names.length;
  return [
    {
      at: node.items[wrong]?.at ?? entry.at,
      words: `${path}.${wrong} must be a string`,
      means: 'a list holds names alone; conditions need a mapping',
      changes:
        plain && once
          ? replaceValue(
              file,
              ['services', service, 'depends_on'],
              lines.flatMap((each) => each ?? []),
            )
          : undefined,
      title: `Write depends_on of ${service} as a mapping`,
    },
  ];
}

/** `{}` or nothing. */
const isBare = (node: ComposeNode): boolean =>
  (node.kind === 'map' && node.own.length === 0) ||
  (node.kind === 'scalar' && node.value === null && node.source === '');

/** One item of a list as entries of a mapping. */
function dependencyLines(item: ComposeNode): readonly string[] | undefined {
  const started = '  condition: service_started';
  if (item.aliasAt) return undefined;
  if (item.kind === 'scalar') {
    const name = textOf(item);
    return name === undefined ? undefined : [`${quoteScalar(name)}:`, started];
  }
  if (item.kind !== 'map' || item.own.length === 0) return undefined;
  // `- base: condition: x` with the condition one level too high says the same.
  const all = item.own.map(({ key, value }) => {
    if (value.aliasAt) return undefined;
    if (isBare(value)) return [`${key.source}:`, started];
    if (value.kind !== 'map' || value.own.some((each) => each.value.kind !== 'scalar' || each.value.aliasAt))
      return undefined;
    const inner = value.own.map(
      (each) => `  ${each.key.source}: ${each.value.kind === 'scalar' ? each.value.source : ''}`,
    );
    return [`${key.source}:`, ...inner, ...(keysOf(value).includes('condition') ? [] : [started])];
  });
  return all.every((each) => each !== undefined) ? all.flatMap((each) => each ?? []) : undefined;
}

/** `- NAME: value` in a list of `NAME=value`. */
function variables(service: string, entry: ComposeEntry | undefined): readonly WrongShape[] {
  const node = entry?.value;
  if (node?.kind !== 'seq') return [];
  return node.items.flatMap(({ value, at }, index): WrongShape[] => {
    if (value.kind !== 'map') return [];
    const [only, ...others] = value.own;
    const text =
      only?.value.kind === 'scalar' && only.value.value !== null && !only.value.aliasAt
        ? textOf(only.value)
        : undefined;
    // A number or truth value is written as it stands, so that `0755` and `yes` stay what they are.
    const written =
      text !== undefined && only?.value.kind === 'scalar' && only.value.style === 'plain' ? only.value.source : text;
    const plain = only && others.length === 0 && written !== undefined && !/[\r\n]/.test(written) && !node.flow;
    return [
      {
        at,
        words: `services.${service}.environment.[${index}]: unexpected type map[string]interface {}`,
        means: 'a list holds NAME=value; this item is a mapping',
        changes: plain ? [{ ...value.at, text: quoteScalar(`${String(only.key.value)}=${written}`) }] : undefined,
        title: `Write ${only ? String(only.key.value) : 'the variable'} as NAME=value`,
      },
    ];
  });
}
