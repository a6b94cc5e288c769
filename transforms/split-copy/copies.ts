import { contextCopies, type ImageCopy, isIgnoredByDocker } from '../../src/model/image/files.ts';
import type { ImageLayer } from '../../src/model/image/layer.ts';
import type { Stack } from '../../src/model/stack.ts';
import { copyOf } from '../../src/parse/dockerfile.ts';
import { folderOf, joinContainer, nameOf, within } from '../../src/repo/path.ts';
import { listed } from '../../src/words.ts';

/** A repository file at its container path, and the layer that puts it there. */
export interface CopiedFile {
  readonly path: string;
  readonly target: string;
  readonly layer: number;
}

/** What a stage's layers take from the build context. */
export interface StageFiles {
  readonly layers: readonly ImageLayer[];
  /** Files that one layer copies from the context. */
  readonly copied: (layer: number) => readonly CopiedFile[];
  /** The file at a container path as the layers before `before` leave it. */
  readonly fileAt: (target: string, before: number) => CopiedFile | undefined;
  /** The same for every path below a folder. */
  readonly filesBelow: (folder: string, before: number) => readonly CopiedFile[];
  readonly read: (file: CopiedFile) => string | undefined;
}

/** Follows the context copies of a stage, `.dockerignore` applied. */
export function stageFiles(stack: Stack, layers: readonly ImageLayer[]): StageFiles {
  const known = new Map<number, readonly CopiedFile[]>();
  const copied = (layer: number): readonly CopiedFile[] => {
    let files = known.get(layer);
    if (!files) {
      files = contextCopies(stack.repo, layers, layer).flatMap((copy) => filesOf(stack, layers, layer, copy));
      known.set(layer, files);
    }
    return files;
  };
  const indexes = new Map<number, ReadonlyMap<string, CopiedFile>>();
  const inLayer = (layer: number): ReadonlyMap<string, CopiedFile> => {
    const index = indexes.get(layer) ?? new Map(copied(layer).map((file) => [file.target, file] as const));
    indexes.set(layer, index);
    return index;
  };
  return {
    layers,
    copied,
    fileAt(target, end) {
      for (let layer = end - 1; layer >= 0; layer -= 1) {
        const file = inLayer(layer).get(target);
        if (file) return file;
      }
      return undefined;
    },
    filesBelow(folder, end) {
      const found = new Map<string, CopiedFile>();
      for (let layer = 0; layer < end; layer += 1)
        for (const file of inLayer(layer).values())
          if (within(folder === '/' ? '' : folder, file.target) !== undefined) found.set(file.target, file);
      return [...found.values()];
    },
    read: (file) => stack.repo.read(file.path),
  };
}

function filesOf(stack: Stack, layers: readonly ImageLayer[], layer: number, copy: ImageCopy): readonly CopiedFile[] {
  const { context, dockerfile } = layers[layer] ?? {};
  if (context === undefined || dockerfile === undefined) return [];
  const paths = copy.folder
    ? stack.repo.paths.filter((path) => within(copy.source, path) !== undefined)
    : [copy.source];
  return paths.flatMap((path) => {
    const relative = within(context, path);
    if (relative === undefined || isIgnoredByDocker(stack.sources, context, dockerfile, relative)) return [];
    const rest = copy.folder ? (within(copy.source, path) ?? '') : '';
    return [{ path, target: rest === '' ? copy.target : joinContainer(copy.target, rest), layer }];
  });
}

const CODE =
  /\.(?:py|pyx|ipynb|js|jsx|mjs|cjs|ts|tsx|mts|cts|vue|svelte|astro|rb|erb|php|twig|go|rs|java|kt|scala|c|cc|cpp|h|cs|ex|exs|pl|sh|bash|html?|css|s[ac]ss|less|jinja2?|j2|graphql|proto)$/i;
/** Files of these names configure an install or a build tool; copying them alone before an install is a decision. */
const CONFIGURATION =
  /(?:^|\/)(?:setup\.py|conftest\.py|[\w.-]*\.config\.[cm]?[jt]s|\.[\w.-]+rc\.[cm]?js|\.pnpmfile\.cjs|build\.rs|yarn-[\d.]+\.c?js)$/;

/** True for files that people edit every day. */
export const isCode = (path: string): boolean => CODE.test(path) && !CONFIGURATION.test(path);

/** True when a layer's COPY brings in ordinary code: source files, or the whole build context. */
export function bringsCode(files: StageFiles, layer: number, manifests: ReadonlySet<string>): boolean {
  const others = files.copied(layer).filter((file) => !manifests.has(file.path));
  if (others.length === 0) return false;
  return others.some((file) => isCode(file.path)) || copiesContext(files.layers[layer]);
}

/** True for `COPY . x` and `COPY * x`. */
export const copiesContext = (layer: ImageLayer | undefined): boolean =>
  (layer && copyOf(layer.instruction)?.sources.some(({ text }) => /^(?:\.?\/?|\.\/\*|\*)$/.test(text))) ?? false;

/** Container folders into which a layer's context files go. */
export function targetFolders(files: StageFiles, layer: number): readonly string[] {
  const copy = files.layers[layer];
  if (!copy) return [];
  const all = files.copied(layer);
  const named = copyOf(copy.instruction);
  const target = named ? joinContainer(copy.workdir, copy.expand(named.destination.text)) : undefined;
  return all.length === 0 || target === undefined
    ? []
    : all.every((file) => file.target === target)
      ? [folderOf(target) || '/']
      : [target];
}

/** `a.txt`, `a.txt and b.txt`, `a.txt, b.txt and 3 more`. */
export function namesOf(paths: readonly string[]): string {
  const names = [...new Set(paths)];
  const shown = names.length > 3 ? [...names.slice(0, 2), `${names.length - 2} more`] : names;
  return listed(shown);
}

/** The bare names of paths, for titles. */
export const bareNames = (paths: readonly string[]): string => namesOf(paths.map(nameOf));
