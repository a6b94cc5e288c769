import { copyOf, type Dockerfile } from '../parse/dockerfile.ts';
import { folderOf } from '../repo/path.ts';
import { contextCopies } from './image/files.ts';
import { readImage } from './image.ts';
import type { BuildPlan, Service } from './service.ts';
import { type ServiceView, type Stack, viewOfImage } from './stack.ts';

/** The plain `docker build` of a Dockerfile that no service names: from its own folder or from the root, wherever it finds what it copies. */
export function lonePlans(stack: Stack, dockerfile: Dockerfile): readonly BuildPlan[] {
  return [...new Set([folderOf(dockerfile.path), ''])]
    .map((context): BuildPlan => ({ context, dockerfile: dockerfile.path, target: undefined, args: new Map() }))
    .filter((plan) => hasSources(stack, dockerfile, plan));
}

/** Every COPY from the context finds something. */
const hasSources = (stack: Stack, dockerfile: Dockerfile, plan: BuildPlan): boolean =>
  dockerfile.stages.every((stage) => {
    const layers =
      readImage(stack.repo, stack.sources, { ...plan, target: String(stage.index) }, () => undefined)?.layers ?? [];
    return layers.every((layer, index) => {
      const copy = copyOf(layer.instruction);
      const sources =
        copy && copy.from === undefined ? copy.sources.filter(({ text }) => !/[*?[]|:\/\//.test(text)) : [];
      return sources.length === 0 || contextCopies(stack.repo, layers, index).length > 0;
    });
  });

/** The containers that `docker run` makes of Dockerfiles that no service names, each as a service without settings. */
export function loneViews(stack: Stack): readonly ServiceView[] {
  const named = new Set(stack.builds.map(({ dockerfile }) => dockerfile));
  return stack.dockerfiles
    .filter((path) => !named.has(path))
    .flatMap((path) => {
      const dockerfile = stack.sources.dockerfile(path);
      const [plan] = dockerfile && dockerfile.problems.length === 0 ? lonePlans(stack, dockerfile) : [];
      const image = plan && readImage(stack.repo, stack.sources, plan, () => undefined);
      return image ? [viewOfImage(stack.repo, stack.sources, plainService(path), image)] : [];
    });
}

const plainService = (path: string): Service => ({
  name: `the container of ${path}`,
  project: { folder: folderOf(path), files: [], overlays: [], variables: new Map() },
  at: { path, start: 0, end: 0 },
  parts: new Map(),
  definitions: [],
  image: undefined,
  build: undefined,
  dependsOn: [],
  mounts: [],
  environment: new Map(),
  hiddenEnvironment: false,
  ports: [],
  profiles: [],
  networkMode: undefined,
  replicas: 1,
  workingDir: undefined,
  healthcheck: undefined,
});
