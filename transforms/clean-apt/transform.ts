import type { Finding } from '../../src/finding.ts';
import { runScript } from '../../src/model/image/apt.ts';
import { stageImages } from '../../src/model/image/stage-images.ts';
import type { Image } from '../../src/model/image.ts';
import type { Stack } from '../../src/model/stack.ts';
import type { Dockerfile } from '../../src/parse/dockerfile.ts';
import { defineTransform } from '../../src/transform.ts';
import { keptLists } from './lists.ts';
import { loneUpdate } from './lone-update.ts';
import { recommended } from './recommends.ts';

/** Installs with apt what is asked for and no more, and removes the package lists in the layer that fetched them. */
export default defineTransform({
  id: 'clean-apt',
  group: 'hygiene',
  summary: 'Install without recommended packages, and remove the package lists in the same layer',
  *find(stack) {
    for (const path of stack.dockerfiles) {
      const dockerfile = stack.sources.dockerfile(path);
      if (!dockerfile || dockerfile.problems.length > 0 || dockerfile.escape === '`') continue;
      yield* findIn(stack, dockerfile);
    }
  },
});

function* findIn(stack: Stack, dockerfile: Dockerfile): Iterable<Finding> {
  const images = stageImages(stack, dockerfile);
  if (images.length < dockerfile.stages.length) return;
  for (const image of images) {
    if (!hasPosixShell(image)) continue;
    for (const instruction of image.stage.instructions) {
      const script = runScript(instruction);
      if (!script) continue;
      const scene = { stack, dockerfile, images, image, instruction, script };
      yield* recommended(scene);
      yield* loneUpdate(scene) ?? keptLists(scene);
    }
  }
}

const hasPosixShell = (image: Image): boolean =>
  image.layers.every(
    ({ instruction }) => instruction.keyword !== 'SHELL' || /(?:^|\/)(?:ba|da|a)?sh$/.test(instruction.exec?.[0] ?? ''),
  );
