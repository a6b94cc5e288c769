import type { Finding } from '../../src/finding.ts';
import { contextCopies } from '../../src/model/image/files.ts';
import { type Image, readImage } from '../../src/model/image.ts';
import type { ServiceView, Stack } from '../../src/model/stack.ts';
import { copyOf, type Dockerfile } from '../../src/parse/dockerfile.ts';
import { folderOf } from '../../src/repo/path.ts';
import { defineTransform } from '../../src/transform.ts';
import { isUndisturbed } from './at-run-time.ts';
import { divide, partsOf } from './divide.ts';

/** Installs with the compilers in a stage of its own, and runs in one that has only what the process loads. */
export default defineTransform({
  id: 'slim-runtime',
  group: 'hygiene',
  summary: 'Build Python packages in a stage of its own, so that the image that runs has no compilers',
  *find(stack) {
    for (const path of stack.dockerfiles) {
      const dockerfile = stack.sources.dockerfile(path);
      if (!dockerfile || dockerfile.problems.length > 0 || dockerfile.escape === '`') continue;
      const views = stack.services
        .filter((service) => service.build?.dockerfile === path)
        .map((service) => stack.view(service));
      const finding = findIn(stack, dockerfile, views);
      if (finding) yield finding;
    }
  },
});

function findIn(stack: Stack, dockerfile: Dockerfile, views: readonly ServiceView[]): Finding | undefined {
  const [stage] = dockerfile.stages;
  if (!stage || dockerfile.stages.length !== 1 || stage.name !== undefined) return undefined;
  const image = views.length > 0 ? views[0]?.image : loneImage(stack, dockerfile);
  if (!image || image.layers.some((layer) => layer.dockerfile !== dockerfile)) return undefined;
  if (views.some((view) => view.service.build?.target !== undefined)) return undefined;
  const names = new Set(views.flatMap(({ service }) => service.image?.text ?? []));
  if (stack.dockerfiles.some((path) => stack.sources.dockerfile(path)?.stages.some(({ base }) => names.has(base))))
    return undefined;
  const parts = partsOf(stack, image);
  return parts && isUndisturbed(stack, image, views) ? divide(image, parts) : undefined;
}

/** Without a service: built in its own folder, when that has everything that it copies. */
function loneImage(stack: Stack, dockerfile: Dockerfile): Image | undefined {
  const plan = { context: folderOf(dockerfile.path), dockerfile: dockerfile.path, target: undefined, args: new Map() };
  const image = readImage(stack.repo, stack.sources, plan, () => undefined);
  const isWhole = image?.layers.every(
    ({ instruction }, index) => !copyOf(instruction) || contextCopies(stack.repo, image.layers, index).length > 0,
  );
  return isWhole ? image : undefined;
}
