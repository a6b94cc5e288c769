import type { Dockerfile } from '../../parse/dockerfile.ts';
import { folderOf } from '../../repo/path.ts';
import { type Image, readImage } from '../image.ts';
import type { BuildPlan } from '../service.ts';
import type { Stack } from '../stack.ts';

/**
 * Every stage of a Dockerfile as an image of its own, in order; empty when the file cannot be read. It is built as the first
 * service builds it, or, when no service does, with its own folder as context.
 */
export function stageImages(stack: Stack, dockerfile: Dockerfile): readonly Image[] {
  const named = stack.builds.find((build) => build.dockerfile === dockerfile.path);
  const lone = { context: folderOf(dockerfile.path), dockerfile: dockerfile.path, target: undefined, args: new Map() };
  const plan: BuildPlan = named ?? lone;
  return dockerfile.stages.flatMap(
    ({ index }) => readImage(stack.repo, stack.sources, { ...plan, target: String(index) }, () => undefined) ?? [],
  );
}
