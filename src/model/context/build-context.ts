import type { Span } from '../../finding.ts';
import type { Dockerfile } from '../../parse/dockerfile.ts';
import { within } from '../../repo/path.ts';
import { contextCopies, type ImageCopy } from '../image/files.ts';
import { type Image, readImage } from '../image.ts';
import { lonePlans } from '../lone-build.ts';
import type { BuildPlan } from '../service.ts';
import type { Stack } from '../stack.ts';

/** One Dockerfile that is built from a context. */
export interface ContextUser {
  readonly dockerfile: Dockerfile;
  readonly at: Span;
  /** Every stage, each as an image of its own. */
  readonly stages: readonly Image[];
  /** The ignore file that its build reads: its own, or the context's. It need not exist. */
  readonly ignoreFile: string;
}

/** A folder that builds send to Docker, with all that is built from it. */
export interface BuildContext {
  readonly folder: string;
  readonly users: readonly ContextUser[];
  /** Dockerfiles that no service names and that somebody may build from here. */
  readonly possible: readonly ContextUser[];
  /** False when one of its builds cannot be read, so that nobody knows what that needs. */
  readonly complete: boolean;
}

/** The build contexts of a repository, by folder. A Dockerfile that no service names is built as people would: from where its sources are. */
export function buildContexts(stack: Stack): readonly BuildContext[] {
  const found = new Map<string, { users: ContextUser[]; complete: boolean }>();
  const at = (folder: string): { users: ContextUser[]; complete: boolean } => {
    const context = found.get(folder) ?? { users: [], complete: true };
    found.set(folder, context);
    return context;
  };
  const seen = new Set<string>();
  for (const build of stack.builds) {
    if (build.context === undefined) continue;
    const key = `${build.context}\0${build.dockerfile}\0${JSON.stringify([...build.args])}`;
    if (seen.has(key)) continue;
    seen.add(key);
    const user = userOf(stack, build, build.at);
    if (user) at(build.context).users.push(user);
    else at(build.context).complete = false;
  }
  const named = new Set(stack.builds.map(({ dockerfile }) => dockerfile));
  const lone = stack.dockerfiles.filter((path) => !named.has(path));
  for (const path of lone) {
    const dockerfile = stack.sources.dockerfile(path);
    const [plan] = dockerfile && dockerfile.problems.length === 0 ? lonePlans(stack, dockerfile) : [];
    const user = plan && userOf(stack, plan, { path, start: 0, end: 0 });
    if (user && plan.context !== undefined) at(plan.context).users.push(user);
  }
  return [...found]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([folder, context]) => ({ folder, ...context, possible: possibleUsers(stack, folder, lone) }));
}

const possibleUsers = (stack: Stack, folder: string, lone: readonly string[]): readonly ContextUser[] =>
  lone
    .filter((path) => within(folder, path) !== undefined)
    .flatMap((path) => {
      const plan: BuildPlan = { context: folder, dockerfile: path, target: undefined, args: new Map() };
      return userOf(stack, plan, { path, start: 0, end: 0 }) ?? [];
    });

function userOf(stack: Stack, plan: BuildPlan, at: Span): ContextUser | undefined {
  const dockerfile = plan.dockerfile === undefined ? undefined : stack.sources.dockerfile(plan.dockerfile);
  if (!dockerfile || dockerfile.problems.length > 0) return undefined;
  const stages = dockerfile.stages.flatMap(
    ({ index }) => readImage(stack.repo, stack.sources, { ...plan, target: String(index) }, () => undefined) ?? [],
  );
  const own = `${dockerfile.path}.dockerignore`;
  const shared = plan.context === '' ? '.dockerignore' : `${plan.context}/.dockerignore`;
  return { dockerfile, at, stages, ignoreFile: stack.repo.has(own) ? own : shared };
}

/** A COPY or ADD from the context in the stage that it is written in, with its layer's number. */
export interface OwnCopy extends ImageCopy {
  readonly index: number;
}

/** What a stage itself copies from the context. */
export function ownCopies(stack: Stack, image: Image): readonly OwnCopy[] {
  return image.layers.flatMap((layer, index) =>
    layer.dockerfile === image.dockerfile && layer.instruction.stage === image.stage.index
      ? contextCopies(stack.repo, image.layers, index).map((copy) => ({ ...copy, index }))
      : [],
  );
}

/** Copies of whole folders that bring a path of the repository along, whether it exists or not. */
export const bringing = (copies: readonly OwnCopy[], path: string): readonly OwnCopy[] =>
  copies.filter((copy) => copy.folder && within(copy.source, path));

/** What COPY, ADD and bind mounts of a stage's own instructions name in the context, as written there: relative, whether it exists or not. */
export const namedSources = (image: Image): readonly string[] =>
  image.layers
    .filter(({ dockerfile, instruction }) => dockerfile === image.dockerfile && instruction.stage === image.stage.index)
    .flatMap(({ instruction, expand }) => {
      const isCopy = /^(?:COPY|ADD)$/.test(instruction.keyword);
      const fromElsewhere = instruction.flags.some(({ name }) => name === 'from');
      const mounted = instruction.flags.flatMap(({ name, value = '' }) =>
        name === 'mount' && !/(?:^|,)from=/.test(value) ? (/(?:^|,)(?:source|src)=([^,]+)/.exec(value)?.[1] ?? []) : [],
      );
      const copied = isCopy && !fromElsewhere ? instruction.words.slice(0, -1).map(({ text }) => text) : [];
      return [...copied, ...mounted].map((word) =>
        expand(word)
          .replace(/^(?:\.?\/)+/, '')
          .replace(/\/?\*?$/, ''),
      );
    })
    .filter((word) => word !== '' && word !== '.');
