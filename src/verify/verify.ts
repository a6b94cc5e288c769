import { mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import { secretsOf } from '../model/secret/known.ts';
import { maskOf } from '../model/secret/mask.ts';
import type { Repo } from '../repo/repo.ts';
import { realRoot } from '../repo/scan.ts';
import { probeCache } from './cache-probe.ts';
import { type Leftover, removeRun, sweep } from './cleanup.ts';
import { composeEnv, readConfig, sourceOf } from './config.ts';
import type { Stack } from './docker.ts';
import { type ImageResult, type Progress, prepareImages } from './images.ts';
import { type Observation, type Patience, startAndObserve } from './observe.ts';
import { environmentOf, isMap, isolated, type Json, type JsonMap, selected, servicesOf, without } from './project.ts';
import { LABEL, projectPrefix, type RunRecord, register } from './registry.ts';
import type { ServiceResult, Side, SideResult, Verification } from './verdict.ts';
import { addSecrets, tellable } from './words.ts';
import { applyTo, copyFolder, copyRepository, mountFor, pathFor, type Workspace } from './workspace.ts';

/** What is verified, and how. */
export interface VerifyRequest extends Patience {
  readonly root: string;
  readonly before: Repo;
  readonly after: Repo;
  /** Just these services and what they need; all when empty. */
  readonly services: readonly string[];
  readonly buildOnly: boolean;
  readonly afterOnly: boolean;
  readonly signal: AbortSignal;
  readonly progress: (side: Side, event: Parameters<Progress>[0]) => void;
  /** Called while a side is up, or is as far up as it came. */
  readonly whileUp?: (side: Side, stack: Stack, result: SideResult) => Promise<void>;
}

/** What a verification found, and what it could not remove. */
export interface Verified {
  readonly verification: Verification;
  readonly leftover: Leftover;
}

/**
 * Builds, starts and watches a repository as it is and as it would be; everything that was made is removed, whatever happens.
 * Expects an engine (`checkEngine`).
 */
export async function verify(request: VerifyRequest): Promise<Verified> {
  const root = realRoot(request.root);
  const record = await register((id) => join(realpathSync(tmpdir()), projectPrefix(id)));
  let verification: Verification;
  try {
    mkdirSync(record.folder, { mode: 0o700 });
    verification = await bothSides({ folder: record.folder, root }, record, request);
  } catch (error) {
    await removeRun(record);
    throw error;
  }
  return { verification, leftover: await removeRun(record) };
}

async function bothSides(workspace: Workspace, record: RunRecord, request: VerifyRequest): Promise<Verification> {
  // Both sides get the same made-up values.
  const values = new Map<string, string>();
  const trial = { workspace, record, request, values };
  if (request.afterOnly) return { after: await oneSide('after', trial) };
  const before = await oneSide('before', trial);
  const after = await oneSide('after', trial);
  return { before, after };
}

interface Trial {
  readonly workspace: Workspace;
  readonly record: RunRecord;
  readonly request: VerifyRequest;
  readonly values: Map<string, string>;
}

async function oneSide(side: Side, trial: Trial): Promise<SideResult> {
  const { workspace, record, request, values } = trial;
  const start = Date.now();
  const copy = copyFolder(workspace, side);
  const project = `${projectPrefix(record.id)}-${side}`;
  const disguise = { copy, folder: workspace.folder, project };
  const own = secretsOf(request[side]);
  const secrets = { anywhere: new Set(own.anywhere), inPlace: new Set(own.inPlace) };
  let mask = maskOf(secrets);
  const words = (text: string): string => tellable(text, disguise, mask);
  const progress: Progress = ({ kind, text }) => request.progress(side, { kind, text: words(text) });
  const unread = copyRepository(workspace, side);
  if (side === 'after') applyTo(copy, request.before, request.after);
  progress({ kind: 'milestone', text: 'reading the Compose files' });
  const repo = request[side];
  const source = sourceOf(repo);
  const reading = await readConfig(copy, source, project, values, request.signal);
  for (const value of values.values()) secrets.anywhere.add(value);
  mask = maskOf(secrets);
  const copied = unread.map((path) => `${path} cannot be read, and is not part of the copy`);
  const told = (result: Pick<SideResult, 'services' | 'stopped'>, notes: readonly string[]): SideResult => ({
    services: result.services.map((service) => ({
      ...service,
      ...(service.reason !== undefined && { reason: words(service.reason) }),
    })),
    ...(result.stopped !== undefined && { stopped: words(result.stopped) }),
    notes: [...copied, ...notes].map(words),
    seconds: (Date.now() - start) / 1000,
  });
  if ('refused' in reading) return told({ services: [], stopped: reading.refused }, reading.notes);

  const chosen = request.services.length > 0 ? selected(reading.config, request.services) : reading.config;
  if (servicesOf(chosen).size === 0 && side === 'after') throw noSuchService(request.services, reading.config);
  for (const service of servicesOf(chosen).values()) addSecrets(secrets, environmentOf(service));
  mask = maskOf(secrets);
  const { config, notes } = isolated(rebased(chosen, workspace, side), {
    project,
    label: { name: LABEL, value: record.id },
    hostPath: (path) => mountFor(workspace, side, path),
  });
  const folder = source.kind === 'compose' ? join(copy, source.folder) : copy;
  const stack: Stack = {
    project,
    file: join(workspace.folder, `${side}.json`),
    folder,
    env: composeEnv(folder, values),
  };
  const allNotes = [...reading.notes, ...notes];
  try {
    writeProject(stack, config);
    const images = await prepareImages(stack, config, progress, request.signal);
    const observed = await startWhatIsThere(stack, config, images, request, progress);
    await request.whileUp?.(side, stack, told(observed, allNotes));
    await sweep(record.id, ['container']);
    const built = [...servicesOf(config)]
      .filter(([name, service]) => service['build'] !== undefined && images.get(name)?.state === undefined)
      .map(([name]) => name);
    writeProject(stack, config);
    const cached = await probeCache(stack, copy, repo, config, built, progress, request.signal);
    const services = observed.services.map((service) => withImage(service, images.get(service.name), cached));
    return told({ ...observed, services }, allNotes);
  } finally {
    // The next side shall have the whole machine.
    await sweep(record.id, ['container', 'network', 'volume', 'image']);
  }
}

const writeProject = (stack: Stack, config: JsonMap): void =>
  writeFileSync(stack.file, JSON.stringify(config, undefined, 2), { mode: 0o600 });

/** As `docker compose up` does it: an image that cannot be built stops everything; what is only out of reach is left out. */
async function startWhatIsThere(
  stack: Stack,
  config: JsonMap,
  images: ReadonlyMap<string, ImageResult>,
  request: VerifyRequest,
  progress: Progress,
): Promise<Observation> {
  const names = [...servicesOf(config).keys()];
  const withState = (name: string): ServiceResult | undefined => {
    const { state, reason } = images.get(name) ?? {};
    return state && { name, state, ...(reason !== undefined && { reason }) };
  };
  const failed = names.flatMap((name) => withState(name) ?? []).filter(({ state }) => state !== 'unavailable');
  if (request.buildOnly) return { services: names.map((name) => withState(name) ?? { name, state: 'built' as const }) };
  if (failed.length > 0) {
    const why = failed.map(
      ({ name, state }) => `the image of ${name} ${state === 'not built' ? 'cannot be built' : 'is not there'}`,
    );
    return {
      services: names.map((name) => withState(name) ?? { name, state: 'not started' as const }),
      stopped: why.join(', '),
    };
  }
  const unavailable = names.flatMap((name) => withState(name) ?? []);
  const rest = names.filter((name) => withState(name) === undefined);
  if (rest.length === 0) return { services: unavailable };
  writeProject(
    stack,
    without(
      config,
      unavailable.map(({ name }) => name),
    ),
  );
  const observed = await startAndObserve(stack, rest, request, progress, request.signal);
  return { ...observed, services: [...observed.services, ...unavailable] };
}

function withImage(
  service: ServiceResult,
  image: ImageResult | undefined,
  cached: ReadonlyMap<string, boolean>,
): ServiceResult {
  const installCached = cached.get(service.name);
  return {
    ...service,
    ...(image?.imageBytes !== undefined && { imageBytes: image.imageBytes }),
    ...(installCached !== undefined && { installCached }),
  };
}

/** Build contexts, secrets and configs of the user's own folders, where they lie outside of the copy. */
function rebased(config: JsonMap, workspace: Workspace, side: Side): JsonMap {
  const path = (value: Json | undefined): Json | undefined =>
    typeof value === 'string' && value.startsWith('/') ? pathFor(workspace, side, value) : value;
  const files = (stores: Json | undefined): Json | undefined =>
    isMap(stores)
      ? Object.fromEntries(
          Object.entries(stores).map(([name, each]) => [
            name,
            isMap(each) && each['file'] !== undefined ? { ...each, file: path(each['file']) } : each,
          ]),
        )
      : stores;
  const services = [...servicesOf(config)].map(([name, service]) => {
    const { build } = service;
    return [
      name,
      isMap(build) ? { ...service, build: { ...build, context: path(build['context']) } } : service,
    ] as const;
  });
  return {
    ...config,
    services: Object.fromEntries(services),
    ...(config['secrets'] !== undefined && { secrets: files(config['secrets']) }),
    ...(config['configs'] !== undefined && { configs: files(config['configs']) }),
  };
}

function noSuchService(asked: readonly string[], config: JsonMap): UserError {
  const names = [...servicesOf(config).keys()];
  if (asked.length === 0) return new UserError('The Compose file has no services', 'There is nothing to start.');
  return new UserError(`There is no service ${asked.join(', ')}`, `The services are: ${names.join(', ')}.`);
}
