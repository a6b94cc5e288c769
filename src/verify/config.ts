import { randomBytes } from 'node:crypto';
import { copyFileSync, existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { UserError } from '../errors.ts';
import { isComposePath } from '../model/compose/project.ts';
import { folderOf, nameOf } from '../repo/path.ts';
import type { Repo } from '../repo/repo.ts';
import { docker } from './docker.ts';
import type { JsonMap } from './project.ts';

const DEFAULT_NAMES = ['compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml'];
const EXAMPLES = ['.example', '.sample', '.dist', '.template'];
const MOST_VARIABLES = 60;

/** What a side's stack is read from. */
export type Source =
  | { readonly kind: 'compose'; readonly folder: string; readonly file?: string }
  /** A repository with a Dockerfile and no Compose file is one service. */
  | { readonly kind: 'dockerfile' };

/** Finds what `docker compose up` would read in a repository: at its top, else the only place that has a Compose file. */
export function sourceOf(repo: Repo): Source {
  const files = repo.paths.filter((path) => isComposePath(repo, path));
  const mains = files.filter((path) => DEFAULT_NAMES.includes(nameOf(path)));
  const candidates = mains.length > 0 ? mains : files;
  const names = /^COMPOSE_FILE=/m.test(repo.read('.env') ?? '');
  if (names || candidates.some((path) => mains.length > 0 && folderOf(path) === ''))
    return { kind: 'compose', folder: '' };
  const folders = new Set(candidates.map(folderOf));
  const [first] = candidates;
  if (first === undefined) {
    if (repo.has('Dockerfile')) return { kind: 'dockerfile' };
    throw new UserError('There is no Compose file to start', 'Name the folder that holds one: dockfix verify <path>');
  }
  if (folders.size > 1 || (mains.length === 0 && candidates.length > 1))
    throw new UserError(
      `There are several Compose files to choose from: ${candidates.join(', ')}`,
      'Name the folder of one of them: dockfix verify <path>; or name the file in .env: COMPOSE_FILE=<file>',
    );
  const folder = folderOf(first);
  return mains.length > 0 ? { kind: 'compose', folder } : { kind: 'compose', folder, file: nameOf(first) };
}

/** What Compose makes of a folder, or its words when it rejects it. */
export type Reading =
  | { readonly config: JsonMap; readonly notes: readonly string[] }
  | { readonly refused: string; readonly notes: readonly string[] };

/** Variables that would lead Compose to other files or names than those of the copy. */
export const composeEnv = (
  folder: string,
  values: ReadonlyMap<string, string>,
): Readonly<Record<string, string | undefined>> => ({
  ...Object.fromEntries(values),
  COMPOSE_FILE: undefined,
  COMPOSE_PROJECT_NAME: undefined,
  PWD: folder,
});

/**
 * Asks Compose. Where it misses values, those of the example file are used, as the people who clone the repository are told
 * to do; a variable that is required and has none gets a made-up value, which `values` keeps for the other side.
 */
export async function readConfig(
  folder: string,
  source: Source,
  project: string,
  values: Map<string, string>,
  signal: AbortSignal,
): Promise<Reading> {
  if (source.kind === 'dockerfile')
    return { config: { services: { app: { build: { context: folder, dockerfile: 'Dockerfile' } } } }, notes: [] };
  const cwd = join(folder, source.folder);
  const file = source.file === undefined ? [] : ['-f', source.file];
  const notes: string[] = [];
  for (let round = 0; ; round += 1) {
    const argv = ['compose', '-p', project, ...file, 'config', '--format', 'json'];
    const { code, stdout, stderr } = await docker(argv, {
      cwd,
      env: composeEnv(cwd, values),
      signal,
      timeoutMs: 60_000,
    });
    if (missesValues(stderr) && useExample(join(cwd, '.env'), notes)) continue;
    if (code === 0) return { config: JSON.parse(stdout) as JsonMap, notes };
    const [, envFile] = /env file (\S+) not found/.exec(stderr) ?? [];
    if (envFile !== undefined && useExample(envFile, notes)) continue;
    const [, name] = /required variable (\w+) is missing a value/.exec(stderr) ?? [];
    if (name === undefined || values.has(name) || round > MOST_VARIABLES) return { refused: lastWords(stderr), notes };
    values.set(name, madeUp(name));
    notes.push(`${name} is required and has no value: one was made up`);
  }
}

const missesValues = (stderr: string): boolean =>
  /variable is not set|required variable \w+ is missing a value/.test(stderr);

/** Puts the example in the place of an env file that is missing. */
function useExample(path: string, notes: string[]): boolean {
  const undotted = join(dirname(path), basename(path).replace(/^\./, ''));
  const example = EXAMPLES.flatMap((end) => [path + end, undotted + end]).find((each) => existsSync(each));
  if (existsSync(path) || example === undefined) return false;
  copyFileSync(example, path);
  notes.push(`${basename(path)} is missing: ${basename(example)} was used in its place`);
  return true;
}

/** Fit for passwords, keys and URLs; a number where the name asks for one. */
const madeUp = (name: string): string =>
  /PORT$/i.test(name)
    ? String(20_000 + (randomBytes(2).readUInt16BE() % 20_000))
    : `v${randomBytes(16).toString('hex')}`;

/** The last line of Compose that is not a warning. */
const lastWords = (stderr: string): string =>
  stderr
    .split('\n')
    .filter((line) => line.trim() !== '' && !/level=warning/.test(line))
    .at(-1)
    ?.trim() ?? 'docker compose config failed';
