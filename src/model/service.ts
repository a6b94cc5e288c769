import type { Span } from '../finding.ts';
import { type ComposeEntry, type ComposeFile, type ComposeNode, entryOf, textOf, valueAt } from '../parse/compose.ts';
import { interpolate } from '../parse/dotenv.ts';
import { folderOf, joinContainer, resolveIn } from '../repo/path.ts';
import { type ComposeProject, pathTo } from './compose/project.ts';
import type { Sources } from './sources.ts';

/** One place that contributes a key to a service. Where several do, the later one wins or is merged in. */
export interface Part {
  readonly file: ComposeFile;
  /** Keys from the file's root, for edits: `['services', 'web', 'depends_on']`, or the path of the anchor. */
  readonly path: readonly string[];
  readonly entry: ComposeEntry;
  readonly node: ComposeNode;
  /** It comes through an anchor or `extends`: editing it changes every user. */
  readonly shared: boolean;
}

/** A text with the place where it stands; `${…}` resolved with the project's `.env` and defaults. */
export interface Located {
  readonly text: string;
  readonly at: Span;
  /** A variable had neither value nor default: `text` is not the value that Docker will see. */
  readonly unknown: boolean;
}

export interface Dependency {
  readonly name: string;
  readonly condition: 'service_started' | 'service_healthy' | 'service_completed_successfully' | string;
  /** Written as a list item or with a condition of its own. */
  readonly form: 'short' | 'long';
  readonly required: boolean;
  readonly restart: boolean;
  readonly at: Span;
  readonly part: Part;
}

export interface Mount {
  readonly kind: 'bind' | 'volume' | 'anonymous' | 'tmpfs' | 'unknown';
  /** Repository path of a bind mount (`undefined` outside the repository), or the named volume. */
  readonly source: string | undefined;
  /** Absolute container path. */
  readonly target: string;
  readonly readOnly: boolean;
  readonly at: Span;
  readonly part: Part;
}

/** What `docker build` is told: enough to read an image. */
export interface BuildPlan {
  /** Folder of the repository; `undefined` for a remote or variable context. */
  readonly context: string | undefined;
  /** Repository path of the Dockerfile, whether or not it exists; `undefined` when inline or not known. */
  readonly dockerfile: string | undefined;
  readonly target: string | undefined;
  readonly args: ReadonlyMap<string, string | undefined>;
}

export interface Build extends BuildPlan {
  readonly at: Span;
  /** Where the Dockerfile's path is written; the build's own place when it is the default. */
  readonly dockerfileAt: Span;
  readonly part: Part;
}

export interface Variable {
  readonly name: string;
  /** `undefined`: passed through from the host. */
  readonly value: Located | undefined;
  readonly at: Span;
  readonly from: 'environment' | 'env_file';
}

/** A Compose service with everything that its files, `extends` and anchors contribute. */
export interface Service {
  readonly name: string;
  readonly project: ComposeProject;
  readonly at: Span;
  /** Contributions by key, in merge order. */
  readonly parts: ReadonlyMap<string, readonly Part[]>;
  /** Where the service itself is written, in merge order: project files first, then overlays. */
  readonly definitions: readonly {
    readonly file: ComposeFile;
    readonly path: readonly string[];
    readonly entry: ComposeEntry;
    readonly overlay: boolean;
  }[];
  readonly image: Located | undefined;
  readonly build: Build | undefined;
  readonly dependsOn: readonly Dependency[];
  readonly mounts: readonly Mount[];
  readonly environment: ReadonlyMap<string, Variable>;
  /** An env file that is named but cannot be seen: the environment may hold more. */
  readonly hiddenEnvironment: boolean;
  readonly ports: readonly Located[];
  readonly profiles: readonly string[];
  readonly networkMode: string | undefined;
  /** Containers of this service: `deploy.replicas` or `scale`; 1 when not given, `undefined` when variable. */
  readonly replicas: number | undefined;
  readonly workingDir: Located | undefined;
  readonly healthcheck: Part | undefined;
}

/** The services of a project, in the order of their first definition. */
export function readServices(project: ComposeProject, sources: Sources): readonly Service[] {
  const names = new Set(project.files.flatMap((file) => keysOf(valueAt(file.root, 'services'))));
  return [...names].flatMap((name) => readService(project, name, sources) ?? []);
}

function readService(project: ComposeProject, name: string, sources: Sources): Service | undefined {
  const definitions = [...project.files, ...project.overlays].flatMap((file) => {
    const entry = entryOf(valueAt(file.root, 'services'), name);
    const overlay = !project.files.includes(file);
    return entry ? [{ file, path: ['services', name], entry, overlay }] : [];
  });
  const first = definitions[0];
  if (!first) return undefined;
  const parts = new Map<string, Part[]>();
  for (const { file, entry, overlay } of definitions)
    if (!overlay) collect(parts, file, entry.value, ['services', name], Boolean(entry.value.aliasAt), sources, 0);
  const resolve = (node: ComposeNode | undefined): Located | undefined => locate(node, project);
  const mapping = (key: string) => entriesByName(parts.get(key) ?? []);
  const env = environmentOf(parts, project, sources);
  return {
    name,
    project,
    at: first.entry.key.at,
    parts,
    definitions,
    image: resolve(last(parts, 'image')?.node),
    build: buildOf(parts, resolve),
    dependsOn: dependenciesOf(parts),
    mounts: mountsOf(parts, project),
    ...env,
    ports: (parts.get('ports') ?? []).flatMap((part) =>
      itemsOf(part.node).flatMap((node) => resolve(node.kind === 'map' ? valueAt(node, 'target') : node) ?? []),
    ),
    profiles: (parts.get('profiles') ?? []).flatMap((part) => itemsOf(part.node).flatMap((node) => textOf(node) ?? [])),
    networkMode: resolve(last(parts, 'network_mode')?.node)?.text,
    replicas: replicasOf(mapping('deploy').get('replicas')?.node ?? last(parts, 'scale')?.node, resolve),
    workingDir: resolve(last(parts, 'working_dir')?.node),
    healthcheck: last(parts, 'healthcheck'),
  };
}

/** Adds the keys of one definition, the service that it extends first. `!reset` drops and `!override` replaces what came before. */
function collect(
  parts: Map<string, Part[]>,
  file: ComposeFile,
  node: ComposeNode,
  path: readonly string[],
  shared: boolean,
  sources: Sources,
  depth: number,
): void {
  if (node.kind !== 'map' || depth > 10) return;
  const base = extendedBy(file, node, sources);
  if (base) collect(parts, base.file, base.node, base.path, true, sources, depth + 1);
  for (const entry of node.entries) {
    const key = String(entry.key.value);
    if (key === 'extends') continue;
    const viaAnchor = entry.merged || shared || Boolean(entry.value.aliasAt);
    const at = entry.merged || shared ? (pathTo(file.root, entry.at) ?? [...path, key]) : [...path, key];
    const part: Part = { file, path: at, entry, node: entry.value, shared: viaAnchor };
    if (entry.value.tag === '!reset') parts.delete(key);
    else if (entry.value.tag === '!override') parts.set(key, [part]);
    else parts.set(key, [...(parts.get(key) ?? []), part]);
  }
}

function extendedBy(
  file: ComposeFile,
  node: ComposeNode,
  sources: Sources,
): { file: ComposeFile; node: ComposeNode; path: readonly string[] } | undefined {
  const value = valueAt(node, 'extends');
  const name = textOf(value?.kind === 'map' ? valueAt(value, 'service') : value);
  if (name === undefined) return undefined;
  const path = textOf(valueAt(value?.kind === 'map' ? value : undefined, 'file'));
  const resolved = path === undefined ? file.path : resolveIn(folderOf(file.path), path);
  const other = resolved === undefined ? undefined : sources.compose(resolved);
  const found = valueAt(other?.root, 'services', name);
  return other && found && found !== node ? { file: other, node: found, path: ['services', name] } : undefined;
}

const last = (parts: ReadonlyMap<string, readonly Part[]>, key: string): Part | undefined => parts.get(key)?.at(-1);
const keysOf = (node: ComposeNode | undefined): string[] =>
  node?.kind === 'map' ? node.entries.map((entry) => String(entry.key.value)) : [];
const itemsOf = (node: ComposeNode): ComposeNode[] =>
  node.kind === 'seq'
    ? node.items.map((item) => item.value)
    : node.kind === 'scalar' && node.value !== null
      ? [node]
      : [];

function locate(node: ComposeNode | undefined, project: ComposeProject): Located | undefined {
  const text = textOf(node);
  if (node === undefined || text === undefined) return undefined;
  const result = interpolate(text, (name) => project.variables.get(name));
  return { text: result.text, at: node.aliasAt ?? node.at, unknown: result.missing.length > 0 };
}

/** Merges mappings (and lists of `name` or `name=value`) by name; later parts win. */
function entriesByName(
  parts: readonly Part[],
): Map<
  string,
  { readonly node: ComposeNode | undefined; readonly at: Span; readonly part: Part; readonly listed: boolean }
> {
  const found = new Map<string, { node: ComposeNode | undefined; at: Span; part: Part; listed: boolean }>();
  for (const part of parts) {
    if (part.node.kind === 'map')
      for (const entry of part.node.entries)
        found.set(String(entry.key.value), { node: entry.value, at: entry.at, part, listed: false });
    if (part.node.kind === 'seq')
      for (const item of part.node.items) {
        const text = textOf(item.value);
        if (text !== undefined)
          found.set(text.split('=')[0] ?? text, { node: item.value, at: item.at, part, listed: true });
      }
  }
  return found;
}

function dependenciesOf(parts: ReadonlyMap<string, readonly Part[]>): Dependency[] {
  return [...entriesByName(parts.get('depends_on') ?? [])].map(([name, { node, at, part, listed }]) => ({
    name,
    condition: (listed ? undefined : textOf(valueAt(node, 'condition'))) ?? 'service_started',
    form: listed ? 'short' : 'long',
    required: listed || textOf(valueAt(node, 'required')) !== 'false',
    restart: !listed && textOf(valueAt(node, 'restart')) === 'true',
    at,
    part,
  }));
}

function buildOf(
  parts: ReadonlyMap<string, readonly Part[]>,
  resolve: (node: ComposeNode | undefined) => Located | undefined,
): Build | undefined {
  const all = parts.get('build') ?? [];
  const part = all.at(-1);
  if (!part) return undefined;
  const find = (key: string): ComposeNode | undefined =>
    all.map((each) => valueAt(each.node.kind === 'map' ? each.node : undefined, key)).findLast(Boolean);
  const contextNode = all
    .map((each) => (each.node.kind === 'scalar' ? each.node : valueAt(each.node, 'context')))
    .findLast(Boolean);
  const context = resolve(contextNode) ?? { text: '.', at: part.entry.at, unknown: false };
  const folder =
    context.unknown || /^[\w+.-]+:\/\/|^git@|\.git(?:#|$)/.test(context.text)
      ? undefined
      : resolveIn(folderOf(part.file.path), context.text);
  const dockerfile = resolve(find('dockerfile'));
  const name = dockerfile?.text ?? 'Dockerfile';
  const args = [...entriesByName(all.flatMap((each) => argsPart(each)))];
  return {
    context: folder,
    dockerfile:
      folder === undefined || dockerfile?.unknown || find('dockerfile_inline') ? undefined : resolveIn(folder, name),
    target: resolve(find('target'))?.text,
    args: new Map(
      args.map(([key, { node, listed }]) => [
        key,
        listed ? resolve(node)?.text.split('=').slice(1).join('=') : resolve(node)?.text,
      ]),
    ),
    at: part.entry.at,
    dockerfileAt: dockerfile?.at ?? part.entry.at,
    part,
  };
}

function argsPart(part: Part): Part[] {
  const entry = entryOf(part.node.kind === 'map' ? part.node : undefined, 'args');
  return entry ? [{ ...part, entry, node: entry.value, path: [...part.path, 'args'] }] : [];
}

function mountsOf(parts: ReadonlyMap<string, readonly Part[]>, project: ComposeProject): Mount[] {
  const byTarget = new Map<string, Mount>();
  for (const part of parts.get('volumes') ?? [])
    for (const node of part.node.kind === 'seq' ? part.node.items.map((item) => item.value) : []) {
      const mount = node.kind === 'map' ? longMount(node, part, project) : shortMount(node, part, project);
      if (mount) byTarget.set(mount.target, mount);
    }
  return [...byTarget.values()];
}

function longMount(node: ComposeNode, part: Part, project: ComposeProject): Mount | undefined {
  const read = (key: string) => locate(valueAt(node, key), project)?.text;
  const target = read('target');
  if (target === undefined) return undefined;
  const type = read('type') ?? 'volume';
  const source = read('source');
  const kind =
    type === 'bind' || type === 'tmpfs'
      ? type
      : type !== 'volume'
        ? 'unknown'
        : source === undefined
          ? 'anonymous'
          : 'volume';
  const folder = folderOf(part.file.path);
  return {
    kind,
    source: kind === 'bind' && source !== undefined ? resolveIn(folder, source) : source,
    target: joinContainer('/', target),
    readOnly: read('read_only') === 'true',
    at: node.at,
    part,
  };
}

/** Short syntax: `[source:]target[:mode]`. `${VAR:-./x}` is resolved before the colons count. */
function shortMount(node: ComposeNode, part: Part, project: ComposeProject): Mount | undefined {
  const value = locate(node, project);
  if (!value) return undefined;
  const [first = '', second, mode] = value.text.split(':');
  const at = node.at;
  const readOnly = Boolean(mode?.split(',').includes('ro'));
  if (second === undefined)
    return { kind: 'anonymous', source: undefined, target: joinContainer('/', first), readOnly, at, part };
  const target = joinContainer('/', second);
  if (value.unknown) return { kind: 'unknown', source: undefined, target, readOnly, at, part };
  if (!/^[./~]/.test(first)) return { kind: 'volume', source: first, target, readOnly, at, part };
  return { kind: 'bind', source: resolveIn(folderOf(part.file.path), first), target, readOnly, at, part };
}

function environmentOf(
  parts: ReadonlyMap<string, readonly Part[]>,
  project: ComposeProject,
  sources: Sources,
): { environment: ReadonlyMap<string, Variable>; hiddenEnvironment: boolean } {
  const environment = new Map<string, Variable>();
  let hiddenEnvironment = false;
  for (const part of parts.get('env_file') ?? [])
    for (const node of itemsOf(part.node).concat(part.node.kind === 'map' ? [part.node] : [])) {
      const named = locate(node.kind === 'map' ? valueAt(node, 'path') : node, project);
      const path = named && !named.unknown ? resolveIn(folderOf(part.file.path), named.text) : undefined;
      const file = path === undefined ? undefined : sources.dotenv(path);
      if (!file) hiddenEnvironment = true;
      for (const entry of file?.entries ?? []) {
        const raw = entry.value;
        const resolved =
          raw === undefined || entry.quote === "'"
            ? undefined
            : interpolate(raw, (name) => environment.get(name)?.value?.text ?? project.variables.get(name));
        const value =
          raw === undefined
            ? undefined
            : { text: resolved?.text ?? raw, at: entry.valueAt, unknown: (resolved?.missing.length ?? 0) > 0 };
        environment.set(entry.name, { name: entry.name, value, at: entry.at, from: 'env_file' });
      }
    }
  for (const [name, { node, at, listed }] of entriesByName(parts.get('environment') ?? [])) {
    const located = locate(node, project);
    const passed = listed ? !located?.text.includes('=') : located === undefined;
    const value =
      passed || !located
        ? undefined
        : listed
          ? { ...located, text: located.text.slice(located.text.indexOf('=') + 1) }
          : located;
    environment.set(name, { name, value, at, from: 'environment' });
  }
  return { environment, hiddenEnvironment };
}

function replicasOf(
  node: ComposeNode | undefined,
  resolve: (node: ComposeNode | undefined) => Located | undefined,
): number | undefined {
  if (!node) return 1;
  const value = resolve(node);
  return value && !value.unknown && /^\d+$/.test(value.text) ? Number(value.text) : undefined;
}
