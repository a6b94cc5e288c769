import { buildFailure, isOutOfReach } from './build-log.ts';
import { compose, docker, type Ran, type Stack } from './docker.ts';
import { type JsonMap, servicesOf } from './project.ts';
import type { ServiceResult } from './verdict.ts';

/** Tells what is going on: milestones stay, details may be overwritten by the next one. */
export type Progress = (event: { readonly kind: 'milestone' | 'detail'; readonly text: string }) => void;

/** What became of a service's image. Without a state it is there. */
export type ImageResult = Pick<ServiceResult, 'reason' | 'imageBytes'> & {
  readonly state?: 'not built' | 'no image' | 'unavailable';
};

const BUILD_MS = 30 * 60_000;
const PLAIN = { BUILDKIT_PROGRESS: 'plain', DOCKER_BUILDKIT: '1', COMPOSE_BAKE: 'false' };

/** Builds or pulls what every service needs, one at a time, so that each has its own answer. */
export async function prepareImages(
  stack: Stack,
  config: JsonMap,
  progress: Progress,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, ImageResult>> {
  const results = new Map<string, ImageResult>();
  // Services that are built come first: others may use their images.
  const services = [...servicesOf(config)].sort(([, a], [, b]) => Number('build' in b) - Number('build' in a));
  for (const [name, service] of services) {
    const isBuilt = service['build'] !== undefined;
    const image = String(service['image'] ?? '');
    if (!isBuilt && (await sizeOf(image, signal)) === undefined) {
      progress({ kind: 'milestone', text: `pulling ${image} for ${name}` });
      const failed = pullFailure(await docker(['pull', image], { signal, timeoutMs: BUILD_MS }), image);
      if (failed) results.set(name, failed);
    } else if (isBuilt) {
      progress({ kind: 'milestone', text: `building ${name}` });
      const failed = failureOf(await build(stack, name, progress, signal, () => false));
      if (failed) results.set(name, failed);
    }
    const imageBytes = await sizeOf(image, signal);
    if (!results.has(name)) results.set(name, imageBytes === undefined ? {} : { imageBytes });
  }
  return results;
}

/** Builds one service with plain progress. `stopAt` sees each line, and ends the build by answering true. */
export function build(
  stack: Stack,
  service: string,
  progress: Progress,
  signal: AbortSignal,
  stopAt: (line: string) => boolean,
): Promise<Ran> {
  return compose(stack, ['build', service], {
    env: { ...stack.env, ...PLAIN },
    signal,
    timeoutMs: BUILD_MS,
    onLine: (line) => {
      const [, step] = /^#\d+ (\[.*)$/.exec(line) ?? [];
      if (step !== undefined && !step.startsWith('[internal]')) progress({ kind: 'detail', text: step });
      return stopAt(line);
    },
  });
}

function failureOf({ code, stdout, stderr, timedOut }: Ran): ImageResult | undefined {
  if (code === 0) return undefined;
  if (timedOut) return { state: 'not built', reason: `it took longer than ${BUILD_MS / 60_000} minutes` };
  const output = `${stdout}\n${stderr}`;
  const reason = buildFailure(output) ?? 'the build failed';
  return isOutOfReach(reason)
    ? { state: 'unavailable', reason: `its base image cannot be pulled: ${reason}` }
    : { state: 'not built', reason };
}

function pullFailure({ code, stderr }: Ran, image: string): ImageResult | undefined {
  if (code === 0) return undefined;
  const reason = `image ${image} cannot be pulled: ${stderr.trim().split('\n').at(-1) ?? ''}`;
  return { state: isOutOfReach(stderr) ? 'unavailable' : 'no image', reason };
}

async function sizeOf(image: string, signal: AbortSignal): Promise<number | undefined> {
  const { code, stdout } = await docker(['image', 'inspect', '-f', '{{.Size}}', image], { signal, timeoutMs: 30_000 });
  return code === 0 ? Number(stdout.trim()) : undefined;
}
