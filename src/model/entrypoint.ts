import type { Change, Evidence } from '../finding.ts';
import { folderOf, nameOf, within } from '../repo/path.ts';
import { extendScript } from './entrypoint/extension.ts';
import { environmentWords, linesToRun, linesToWait, titleFor, toolOf } from './entrypoint/start-script.ts';
import { wireScript } from './entrypoint/wiring.ts';
import { isIgnoredByDocker } from './image/files.ts';
import type { Image } from './image.ts';
import type { ServiceView, Stack } from './stack.ts';
import { titleOf } from './store/wait.ts';
import { type Store, storeOf } from './store.ts';

/** One more thing to do before the server starts. */
export interface StartStep {
  readonly kind: 'migrate' | 'init';
  /** The command as an argv; it is quoted for the script that it goes into. */
  readonly argv: readonly string[];
}

/** What has to change so that a service's container does `steps`, in order, once its stores answer, and then starts its server. */
export type EntrypointPlan =
  | { readonly changes: readonly Change[]; readonly title: string; readonly evidence: readonly Evidence[] }
  | { readonly manual: string };

export interface EntrypointRequest {
  readonly view: ServiceView;
  /** Stores to wait for, bounded in time; those that the existing script waits for already are left out. */
  readonly waitFor: readonly Store[];
  readonly steps: readonly StartStep[];
}

/**
 * Extends the service's own start script (the steps go in before its server starts), or writes one and wires it for this service alone:
 * in the Dockerfile when no other service runs the image, else in Compose. Never replaces a script.
 * Steps that the script runs already are left out. `manual` says why it cannot be done by a splice.
 */
export function planEntrypoint(stack: Stack, request: EntrypointRequest): EntrypointPlan {
  const { view } = request;
  const { main, complete } = view.startup;
  if (!main || !complete) return { manual: `not everything that ${view.service.name} runs at start can be seen` };
  const steps = request.steps.filter((step) => !runsAlready(view, step)).map((step) => inEnvironment(view, step));
  const named = request.waitFor.length > 0 || request.steps.length === 0;
  const todo = { ...request, steps, waitFor: named ? request.waitFor : databasesStartedFirst(stack, view) };
  const script = main.script === undefined ? undefined : stack.sources.shell(main.script);
  if (script) return extendScript(stack, todo, request.steps, script, main);
  const nothing = request.steps.length > 0 ? steps.length === 0 : request.waitFor.length === 0;
  if (nothing) return { changes: [], title: titleFor(todo), evidence: [] };
  return writeScript(stack, todo);
}

/** The databases that Compose starts before a service: where no address can be seen, they are what its steps need. */
const databasesStartedFirst = (stack: Stack, { service }: ServiceView): readonly Store[] =>
  stack
    .neighbours(service)
    .filter(({ name }) => service.dependsOn.some((edge) => edge.name === name))
    .flatMap((other) => storeOf(other) ?? [])
    .filter(({ kind }) => /^(?:postgres|mysql|mariadb|mongo)$/.test(kind));

/** A migration of the same tool, conditional or not, or the very same command. */
function runsAlready(view: ServiceView, step: StartStep): boolean {
  const tool = toolOf(step);
  return view.startup.commands.some(({ argv, program }) =>
    tool === undefined
      ? argv.join('\0') === step.argv.join('\0')
      : program.role === 'migration' && program.name === tool,
  );
}

/** A step runs in the environment that the server is started in. */
function inEnvironment(view: ServiceView, step: StartStep): StartStep {
  const words = environmentWords(view);
  return words.length === 0 || step.argv[0] === words[0] ? step : { ...step, argv: [...words, ...step.argv] };
}

function writeScript(stack: Stack, request: EntrypointRequest): EntrypointPlan {
  const { view, waitFor, steps } = request;
  const { image, service } = view;
  if (!image)
    return {
      manual: `${service.name} runs an image that is not built from this repository, so no script can be copied into it`,
    };
  const waits = linesToWait(view, waitFor);
  if ('manual' in waits) return waits;
  const runs = linesToRun(stack, view, steps, '');
  if ('manual' in runs) return runs;
  const text = [
    '#!/bin/sh',
    `# ${describe(request)}`,
    'set -e',
    '',
    ...waits.lines,
    ...(runs.lines.length > 0 ? [...runs.lines, ''] : []),
    'exec "$@"',
    '',
  ].join('\n');
  const place = scriptPlace(stack, image, service.name, text);
  if (!place)
    return {
      manual: `${image.dockerfile.path}.dockerignore or .dockerignore keeps every fitting place for a script out of the image`,
    };
  const wiring = wireScript(stack, view, image, place.path);
  if ('manual' in wiring) return wiring;
  const creation: readonly Change[] = place.exists ? [] : [{ path: place.path, create: text, mode: 0o755 }];
  return { changes: [...creation, ...wiring.changes], title: titleFor(request), evidence: wiring.evidence };
}

function describe({ view, waitFor, steps }: EntrypointRequest): string {
  const waits = waitFor.length > 0 ? [`wait for ${waitFor.map(titleOf).join(' and ')}`] : [];
  const migrates = steps.some(({ kind }) => kind === 'migrate') ? ['migrate'] : [];
  const initialises = steps.some(({ kind }) => kind === 'init') ? ['initialise'] : [];
  return `Start of ${view.service.name}: ${[...waits, ...migrates, ...initialises].join(', ')}, then hand over to the server.`;
}

/** Where a new script goes: beside the Docker files, in the build context, under a free name; one with the same text is used as it is. */
function scriptPlace(
  stack: Stack,
  image: Image,
  service: string,
  text: string,
): { path: string; exists: boolean } | undefined {
  const context = image.build.context;
  if (context === undefined) return undefined;
  const own = folderOf(image.dockerfile.path);
  const beside = own !== context && within(context, own) !== undefined ? [own] : [];
  const docker = [context, 'docker'].filter(Boolean).join('/');
  const folders = [...beside, ...(stack.repo.hasFolder(docker) ? [docker] : []), context];
  const names = ['entrypoint.sh', `${service}-entrypoint.sh`, `${service}-start.sh`, `start-${service}.sh`];
  const paths = folders
    .map((folder) => names.map((name) => [folder, name].filter(Boolean).join('/')))
    .flatMap((inFolder) => inFolder.find((path) => !stack.repo.has(path) || stack.repo.read(path) === text) ?? []);
  const path = paths.find(
    (each) =>
      !stack.repo.linkAt(each) &&
      !isIgnoredByDocker(stack.sources, context, image.dockerfile, within(context, each) ?? nameOf(each)),
  );
  return path === undefined ? undefined : { path, exists: stack.repo.has(path) };
}
