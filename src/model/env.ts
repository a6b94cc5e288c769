import type { Evidence } from '../finding.ts';
import { joinContainer } from '../repo/path.ts';
import { lookupsIn, writtenIn } from './env/calls.ts';
import { demandsOf, isCheckedInPlace, listedNames } from './env/checks.ts';
import { prefixedReads } from './env/flask.ts';
import { isGuarded } from './env/guard.ts';
import { helperReads } from './env/helper-reads.ts';
import { libraryReads, loadsIn } from './env/libraries.ts';
import { loadsDotenv, nodeReads } from './env/node.ts';
import type { EnvFileLoad, EnvRead } from './env/read.ts';
import { settingsReads } from './env/settings.ts';
import { type StartingCode, startingCode } from './env/start.ts';
import type { PythonPath } from './python-app.ts';
import type { ServiceView, Stack } from './stack.ts';

/** What a service's process reads from its environment. */
export interface ServiceEnv {
  readonly reads: readonly EnvRead[];
  readonly loads: readonly EnvFileLoad[];
}

/** The variables that the source of a service's process reads, and the files that it loads by itself. */
export function envOf(stack: Stack, view: ServiceView): ServiceEnv {
  const code = startingCode(stack, view);
  if (!code) {
    const load = { file: '.env', override: false, at: view.service.at };
    return { reads: nodeReads(stack, view), loads: loadsDotenv(stack, view) ? [load] : [] };
  }
  const settings = settingsReads(code, view.python);
  const written = new Set(code.modules.flatMap((module) => [...writtenIn(module)]));
  const reads = [...pythonReads(code, view.python), ...settings.reads].map((read) =>
    written.has(read.name) ? { ...read, need: 'optional' as const } : read,
  );
  return { reads, loads: [...code.modules.flatMap(loadsIn), ...settings.loads] };
}

function pythonReads(code: StartingCode, python: PythonPath): readonly EnvRead[] {
  return code.modules.flatMap((module) => [
    ...lookupsIn(module).map((lookup): EnvRead => {
      const { name, at, fallback } = lookup;
      const certain = code.runs(module, lookup.statement, lookup.scope);
      const inPlace = isCheckedInPlace(module, lookup, code);
      const says = `the source reads ${name}`;
      const raises = { at, says: `os.environ["${name}"] raises KeyError when it is missing` };
      const demands =
        lookup.kind === 'subscript'
          ? certain && !isGuarded(module, lookup)
            ? [raises]
            : []
          : fallback
            ? []
            : [...(inPlace ? [inPlace] : demandsOf({ module, lookup }, code, python))];
      const evidence = demands[0]?.at.start === at.start ? demands : [{ at, says }, ...demands];
      return {
        name,
        names: [name],
        anyCase: false,
        at,
        need: demands.length > 0 ? 'required' : 'optional',
        fallback: fallback?.string === undefined ? undefined : { text: fallback.string, at: fallback.at },
        evidence,
      };
    }),
    ...listedNames(module, code).map(({ name, at, check }): EnvRead => {
      const evidence = [
        { at, says: `${name} is on the list of required variables` },
        { at: check, says: 'the process stops when one of them is missing' },
      ];
      return { name, names: [name], anyCase: false, at, need: 'required', fallback: undefined, evidence };
    }),
    ...libraryReads(module, code, python),
    ...helperReads(module, code, python),
    ...prefixedReads(module, code),
  ]);
}

/** Whether a process gets a variable. */
export type Provision =
  | { readonly is: 'yes'; readonly evidence: readonly Evidence[] }
  | { readonly is: 'no' }
  | { readonly is: 'unknown' };

/** Where a service gets one of several names from: Compose, its env files, the image, its scripts, a file that the process loads. */
export function provisionOf(stack: Stack, view: ServiceView, env: ServiceEnv, read: EnvRead): Provision {
  const wanted = new Set(read.names.map((name) => (read.anyCase ? name.toUpperCase() : name)));
  const isWanted = (name: string): boolean => wanted.has(read.anyCase ? name.toUpperCase() : name);
  const { service, startup } = view;
  for (const { name, at } of service.environment.values())
    if (isWanted(name)) return { is: 'yes', evidence: [{ at, says: `${service.name} gets ${name}` }] };
  for (const [name, { at }] of view.image?.env ?? [])
    if (isWanted(name)) return { is: 'yes', evidence: [{ at, says: `the image sets ${name}` }] };
  for (const { assignments, at } of startup.commands)
    for (const { name } of assignments)
      if (isWanted(name)) return { is: 'yes', evidence: [{ at, says: `the command sets ${name}` }] };
  if (mayBeSetByScript(stack, view, wanted)) return { is: 'unknown' };
  for (const load of env.loads) {
    const found = loaded(stack, view, load, isWanted);
    if (found.is !== 'no') return found;
  }
  return service.hiddenEnvironment || !startup.complete || !isPublicBase(view.image?.base)
    ? { is: 'unknown' }
    : { is: 'no' };
}

/** Whether a start script may set one of these variables: by its name, or by reading a file of them. */
export function mayBeSetByScript(stack: Stack, { startup }: ServiceView, wanted: ReadonlySet<string>): boolean {
  const scripts = startup.scripts.map(({ path }) => stack.repo.read(path) ?? '');
  const sets = new RegExp(
    `(?:^|[\\s;&])(?:${[...wanted].join('|')})=|:\\s+"?\\$\\{(?:${[...wanted].join('|')}):?=`,
    'm',
  );
  return scripts.some(
    (text) =>
      sets.test(text) ||
      /(?:^|[\s;&])(?:source|\.)\s+\S|\bxargs\b|\bexport\s+["']?\$|<\s*\S*\.env|\/run\/secrets|file_env/m.test(text),
  );
}

const PUBLIC_BASE = new RegExp(
  [
    '^(?:(?:docker\\.io|public\\.ecr\\.aws/docker)/)?(?:library/)?',
    '(?:python|pypy|node|debian|ubuntu|alpine|buildpack-deps|fedora|amazonlinux|rockylinux|almalinux|centos|golang|rust|ruby|php|nginx)(?:[:@]|$)',
    '|^(?:docker\\.io/)?(?:tiangolo|bitnami|continuumio|condaforge|mambaorg|nvidia|pytorch|tensorflow|oven|denoland)/',
    '|^(?:ghcr\\.io/astral-sh|mcr\\.microsoft\\.com|gcr\\.io/distroless|nvcr\\.io)/',
  ].join(''),
);

/** A base of one's own may set variables that nobody can see from here; a public one sets none of an application's. */
const isPublicBase = (base: string | undefined): boolean => base !== undefined && PUBLIC_BASE.test(base);

/** Whether a file that the process loads is in the container, and holds the variable. */
function loaded(
  stack: Stack,
  view: ServiceView,
  { file, at }: EnvFileLoad,
  isWanted: (name: string) => boolean,
): Provision {
  for (const place of placesOf(stack, view, file)) {
    const found = view.container.fileAt(place);
    if (found.kind === 'unknown') return { is: 'unknown' };
    const entry =
      found.kind === 'repo' ? stack.sources.dotenv(found.path)?.entries.find(({ name }) => isWanted(name)) : undefined;
    if (entry && found.kind === 'repo')
      return {
        is: 'yes',
        evidence: [
          { at, says: 'the source loads a file of variables' },
          { at: entry.at, says: `which is in the container and sets ${entry.name}` },
        ],
      };
  }
  return { is: 'no' };
}

/** Container paths where such a file may stand: the working directory, then wherever the image has a file of that name. */
function placesOf(stack: Stack, view: ServiceView, file: string | undefined): readonly string[] {
  const { workdir } = view.container;
  const name = (file ?? '.env').split('/').at(-1) ?? '.env';
  const named = workdir === undefined || file === undefined ? [] : [joinContainer(workdir, file)];
  const copied = stack.repo.paths
    .filter((path) => path === name || path.endsWith(`/${name}`))
    .flatMap((path) => view.image?.placesOf(path) ?? []);
  const mounted = view.service.mounts
    .filter(({ kind }) => kind === 'bind')
    .map(({ target }) => joinContainer(target, name));
  return [...new Set([...named, ...copied, ...mounted])];
}

/** A file that beats the environment: `load_dotenv(override=True)` of a file that is in the container. */
export function overridingFile(stack: Stack, view: ServiceView, env: ServiceEnv): Evidence | undefined {
  return env.loads
    .filter(({ override }) => override)
    .flatMap(({ file, at }) =>
      placesOf(stack, view, file).flatMap((place) =>
        view.container.fileAt(place).kind === 'repo'
          ? [{ at, says: `override=True lets ${place}, which is in the container, win over the environment` }]
          : [],
      ),
    )[0];
}
