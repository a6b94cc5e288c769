import type { Span } from '../../finding.ts';
import { type ComposeFile, type ComposeMap, type ComposeNode, entryOf, textOf, valueAt } from '../../parse/compose.ts';
import { folderOf, nameOf, resolveIn } from '../../repo/path.ts';
import type { Repo } from '../../repo/repo.ts';
import type { Sources } from '../sources.ts';

/** The files that one `docker compose up` reads together. */
export interface ComposeProject {
  /** Folder of the first file; Compose resolves relative paths against it. */
  readonly folder: string;
  /** In merge order: the base, its override, included files. */
  readonly files: readonly ComposeFile[];
  /** Files that only make sense together with `files` (`-f base -f this`): they change along with it. */
  readonly overlays: readonly ComposeFile[];
  /** Variables for `${…}`: the `.env` beside the base file. */
  readonly variables: ReadonlyMap<string, string | undefined>;
}

const BASE_NAMES = ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml'];
const OVERRIDE = /^(?:docker-)?compose\.override\.ya?ml$/i;
const NAMED = /^(?:docker-)?(?:compose|stack)(?:[._-][\w.-]+)?\.ya?ml$/i;
const NEVER = /(?:^|\/)(?:\.github|\.gitlab|\.circleci|node_modules|templates)\//;

/** True for files that are Compose files by name, or by a top-level `services` mapping of containers. */
export function isComposePath(repo: Repo, path: string): boolean {
  if (!/\.ya?ml$/i.test(path) || NEVER.test(`/${path}`)) return false;
  if (NAMED.test(nameOf(path))) return true;
  if (path.split('/').length > 3) return false;
  const text = repo.read(path);
  return (
    text !== undefined &&
    /^["']?services["']?[ \t]*:[ \t]*(?:#.*)?\r?$/m.test(text) &&
    /^[ \t]+(?:image|build)[ \t]*:/m.test(text)
  );
}

/** Groups the repository's Compose files into projects as `docker compose` would load them. */
export function composeProjects(
  repo: Repo,
  sources: Sources,
): { projects: readonly ComposeProject[]; broken: readonly ComposeFile[] } {
  const files = repo.paths.filter((path) => isComposePath(repo, path)).flatMap((path) => sources.compose(path) ?? []);
  const usable = files.filter((file) => file.problems.length === 0 && isMap(valueAt(file.root, 'services')));
  const included = new Set(usable.flatMap((file) => includesOf(file, sources).map((other) => other.path)));
  const projects: ComposeProject[] = [];
  for (const folder of new Set(usable.map((file) => folderOf(file.path)))) {
    const here = usable.filter(
      (file) => folderOf(file.path) === folder && !included.has(file.path) && !isTemplate(file, usable),
    );
    projects.push(...projectsIn(folder, here, sources));
  }
  return { projects, broken: files.filter((file) => file.problems.length > 0) };
}

/** A file whose services others extend (`common.yml`) and that holds no stack of its own: nobody starts it. */
function isTemplate(file: ComposeFile, all: readonly ComposeFile[]): boolean {
  if (BASE_NAMES.includes(nameOf(file.path)) || servicesOf(file).some((each) => entryOf(each, 'depends_on')))
    return false;
  return all.some(
    (other) =>
      other !== file &&
      servicesOf(other).some((each) => {
        const path = textOf(valueAt(each, 'extends', 'file'));
        return path !== undefined && resolveIn(folderOf(other.path), path) === file.path;
      }),
  );
}

const servicesOf = (file: ComposeFile): readonly ComposeNode[] => {
  const services = valueAt(file.root, 'services');
  return isMap(services) ? services.entries.map(({ value }) => value) : [];
};

function projectsIn(folder: string, here: readonly ComposeFile[], sources: Sources): ComposeProject[] {
  const variables = variablesOf(folder, sources);
  const base = BASE_NAMES.flatMap((name) => here.filter((file) => nameOf(file.path) === name))[0];
  const override = here.find((file) => OVERRIDE.test(nameOf(file.path)));
  const rest = here.filter((file) => file !== base && file !== override);
  const standalone = rest.filter((file) => !base || !isOverlay(file, base));
  const project = (files: readonly ComposeFile[], overlays: readonly ComposeFile[]): ComposeProject => ({
    folder,
    files: [...files, ...files.flatMap((file) => includesOf(file, sources))],
    overlays,
    variables,
  });
  const main = base
    ? [
        project(
          override ? [base, override] : [base],
          rest.filter((file) => !standalone.includes(file)),
        ),
      ]
    : [];
  return [...main, ...standalone.map((file) => project([file], []))];
}

/** An overlay leaves to the base what a container is made from. */
function isOverlay(file: ComposeFile, base: ComposeFile): boolean {
  const services = valueAt(file.root, 'services');
  if (!isMap(services)) return false;
  return services.entries.some(
    ({ key, value }) =>
      entryOf(valueAt(base.root, 'services'), String(key.value)) !== undefined &&
      !['image', 'build', 'extends'].some((name) => entryOf(value, name)),
  );
}

function includesOf(file: ComposeFile, sources: Sources): ComposeFile[] {
  const include = valueAt(file.root, 'include');
  if (include?.kind !== 'seq') return [];
  const paths = include.items.flatMap(({ value }) => {
    const path = value.kind === 'map' ? valueAt(value, 'path') : value;
    return path?.kind === 'seq' ? path.items.map((item) => textOf(item.value)) : [textOf(path)];
  });
  return paths.flatMap((path) => {
    const resolved = path === undefined ? undefined : resolveIn(folderOf(file.path), path);
    return (resolved !== undefined && resolved !== file.path && sources.compose(resolved)) || [];
  });
}

function variablesOf(folder: string, sources: Sources): ReadonlyMap<string, string | undefined> {
  const file = sources.dotenv(folder === '' ? '.env' : `${folder}/.env`);
  return new Map((file?.entries ?? []).map((entry) => [entry.name, entry.value]));
}

/** The keys from the root to the node that stands at `at`, without going through aliases. */
export function pathTo(root: ComposeMap | undefined, at: Span): readonly string[] | undefined {
  if (!root) return undefined;
  for (const entry of root.entries) {
    if (entry.merged || entry.value.aliasAt) continue;
    const key = String(entry.key.value);
    if (entry.at.start === at.start && entry.at.end === at.end) return [key];
    if (entry.value.kind !== 'map' || at.start < entry.at.start || at.end > entry.at.end) continue;
    const rest = pathTo(entry.value, at);
    if (rest) return [key, ...rest];
  }
  return undefined;
}

const isMap = (node: { kind: string } | undefined): node is ComposeMap => node?.kind === 'map';
