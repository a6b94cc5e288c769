import type { Dockerfile, DockerInstruction } from '../../parse/dockerfile.ts';
import { copyOf } from '../../parse/dockerfile.ts';
import { readShell } from '../../parse/shell.ts';
import { escapeRegExp } from '../../pattern.ts';
import { joinContainer, resolveIn, within } from '../../repo/path.ts';
import type { Repo } from '../../repo/repo.ts';
import type { Sources } from '../sources.ts';
import type { ContainerFile, ImageLayer } from './layer.ts';

/** A COPY or ADD from the build context, with absolute destination. */
export interface ImageCopy {
  readonly instruction: DockerInstruction;
  readonly dockerfile: Dockerfile;
  /** Repository path of a source (file or folder); a source with a wildcard is expanded. */
  readonly source: string;
  readonly folder: boolean;
  /** Container path of the file, or of the folder's contents. */
  readonly target: string;
}

/** The simulated files of an image. */
export interface ImageFiles {
  /** What stands at an absolute container path. */
  readonly at: (target: string, layers: readonly ImageLayer[]) => ContainerFile;
  /** Container paths under which a repository path is found, the last COPY first. */
  readonly placesOf: (path: string, layers: readonly ImageLayer[]) => readonly string[];
}

/** Answers where files are by walking the layers from the last to the first. `stageLayers` gives the layers of an earlier stage. */
export function imageFiles(
  repo: Repo,
  sources: Sources,
  stageLayers: (name: string) => readonly ImageLayer[] | undefined,
): ImageFiles {
  const sent = (layer: ImageLayer, path: string): boolean => {
    const relative = layer.context === undefined ? undefined : within(layer.context, path);
    return relative !== undefined && !isIgnoredByDocker(sources, layer.context ?? '', layer.dockerfile, relative);
  };
  const inCopies = (layers: readonly ImageLayer[], index: number, target: string): ContainerFile | undefined => {
    const layer = layers[index];
    if (!layer) return undefined;
    for (const copy of contextCopies(repo, layers, index)) {
      const rest = copy.folder ? within(copy.target, target) : copy.target === target ? '' : undefined;
      if (rest === undefined) continue;
      const path = copy.folder ? [copy.source, rest].filter(Boolean).join('/') : copy.source;
      if (repo.has(path) && sent(layer, path)) return { kind: 'repo', path, at: layer.instruction.at };
    }
    return undefined;
  };
  const inStage = (layer: ImageLayer, from: string, target: string): ContainerFile | undefined => {
    const copy = copyOf(layer.instruction);
    const stage = stageLayers(from);
    for (const source of copy?.sources ?? []) {
      const destination = joinContainer(layer.workdir, layer.expand(copy?.destination.text ?? ''));
      const rest = within(destination, target);
      if (rest === undefined) continue;
      if (!stage) return { kind: 'unknown', why: `it may come from ${from}` };
      const origin = joinContainer('/', layer.expand(source.text));
      const isFile = rest === '' || rest === origin.slice(origin.lastIndexOf('/') + 1);
      const found = at(isFile ? origin : joinContainer(origin, rest), stage);
      if (found.kind !== 'absent') return found;
    }
    return undefined;
  };
  const at = (target: string, layers: readonly ImageLayer[]): ContainerFile => {
    let doubt: string | undefined;
    for (let index = layers.length - 1; index >= 0; index -= 1) {
      const layer = layers[index];
      if (!layer) continue;
      if (layer.instruction.keyword === 'RUN') {
        const effect = effectOfRun(layer.instruction, layer.workdir, target);
        if (effect === 'removes') return { kind: 'absent' };
        if (effect === 'unknown') doubt ??= layer.instruction.script;
        continue;
      }
      const from = copyOf(layer.instruction)?.from;
      const found = from === undefined ? inCopies(layers, index, target) : inStage(layer, from, target);
      if (found) return found;
    }
    if (doubt === undefined) return { kind: 'absent' };
    return { kind: 'unknown', why: `a RUN may create it: ${doubt.slice(0, 80)}` };
  };
  const placesOf = (path: string, layers: readonly ImageLayer[]): readonly string[] =>
    layers
      .flatMap((layer, index) =>
        contextCopies(repo, layers, index).flatMap((copy) => {
          const rest = copy.folder ? within(copy.source, path) : copy.source === path ? '' : undefined;
          if (rest === undefined || !sent(layer, path)) return [];
          return [copy.folder ? joinContainer(copy.target, rest) : copy.target];
        }),
      )
      .reverse();
  return { at, placesOf };
}

/** Copies by layer; a layer's copies depend on those of the layers before it. */
const knownCopies = new WeakMap<readonly ImageLayer[], Map<number, readonly ImageCopy[]>>();

/** The context copies of one layer. https://docs.docker.com/reference/dockerfile/#copy */
export function contextCopies(repo: Repo, layers: readonly ImageLayer[], index: number): readonly ImageCopy[] {
  const known = knownCopies.get(layers) ?? new Map<number, readonly ImageCopy[]>();
  knownCopies.set(layers, known);
  const found = known.get(index) ?? copiesOfLayer(repo, layers, index);
  known.set(index, found);
  return found;
}

function copiesOfLayer(repo: Repo, layers: readonly ImageLayer[], index: number): readonly ImageCopy[] {
  const layer = layers[index];
  const copy = layer && copyOf(layer.instruction);
  if (!copy || copy.from !== undefined || layer.context === undefined) return [];
  const context = layer.context;
  const destination = layer.expand(copy.destination.text);
  const target = joinContainer(layer.workdir, destination);
  const intoFolder =
    /(?:^|\/)\.?$/.test(destination) || copy.sources.length > 1 || isFolderBefore(repo, layers, index, target);
  return copy.sources
    .flatMap(({ text }) => expandSource(repo, context, layer.expand(text)))
    .map((source) => {
      const folder = !repo.has(source);
      const name = source.slice(source.lastIndexOf('/') + 1);
      const { instruction, dockerfile } = layer;
      return {
        instruction,
        dockerfile,
        source,
        folder,
        target: folder || !intoFolder ? target : joinContainer(target, name),
      };
    });
}

/** A destination without a trailing slash is a folder when an earlier instruction made it one. */
function isFolderBefore(repo: Repo, layers: readonly ImageLayer[], index: number, target: string): boolean {
  return layers.slice(0, index + 1).some((layer, each) => {
    if (within(target, layer.workdir) !== undefined) return true;
    return (
      each < index &&
      contextCopies(repo, layers, each).some((copy) => copy.folder && within(target, copy.target) !== undefined)
    );
  });
}

/** Repository paths that a COPY source names; wildcards as Go's filepath.Match has them. */
function expandSource(repo: Repo, context: string, source: string): readonly string[] {
  const resolved = resolveIn(context, source.replace(/^\/+/, '').replace(/\/$/, '') || '.');
  if (resolved === undefined) return [];
  if (!/[*?[]/.test(source)) return repo.has(resolved) || repo.hasFolder(resolved) ? [resolved] : [];
  const pattern = new RegExp(
    `^${resolved
      .split('*')
      .map((piece) => piece.split('?').map(escapeRegExp).join('[^/]'))
      .join('[^/]*')}$`,
  );
  const folders = repo.paths.flatMap((path) => ancestors(path));
  return [...new Set([...repo.paths, ...folders])].filter((path) => pattern.test(path));
}

/** Whether the context's `.dockerignore` (or `<Dockerfile>.dockerignore`, which goes first) leaves a path out. */
export function isIgnoredByDocker(
  sources: Sources,
  context: string,
  dockerfile: Dockerfile,
  relative: string,
): boolean {
  const own = sources.dockerignore(`${dockerfile.path}.dockerignore`);
  const shared = own ?? sources.dockerignore(context === '' ? '.dockerignore' : `${context}/.dockerignore`);
  return shared?.ignores(relative) ?? false;
}

function ancestors(path: string): string[] {
  const found: string[] = [];
  for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1))
    found.push(path.slice(0, slash));
  return found;
}

/** Commands of a RUN that install or configure but never create or remove application files. */
const HARMLESS =
  /^(?:apt-get|apt|apk|yum|dnf|microdnf|pip3?|poetry|uv|pipenv|npm|npx|yarn|pnpm|corepack|set|echo|true|:|test|\[|useradd|adduser|groupadd|addgroup|usermod|chown|chmod|mkdir|export|cd|dos2unix|sed|ldconfig|locale-gen|update-ca-certificates|python3?|gem|bundle|composer|go|cargo|curl|wget|cat|ls|which|command|touch|ln|gpg|install)$/;

function effectOfRun(instruction: DockerInstruction, workdir: string, target: string): 'none' | 'removes' | 'unknown' {
  for (const command of readShell(instruction.at.path, instruction.script).commands) {
    const [name, ...rest] = command.words.map((word) => word.text);
    if (name === undefined) continue;
    const paths = rest.filter((word) => !word.startsWith('-')).map((word) => joinContainer(workdir, word));
    if ((name === 'rm' || name === 'mv') && paths.some((path) => within(path, target) !== undefined)) return 'removes';
    if (
      ['cp', 'mv', 'tar', 'unzip', 'git', 'make', 'sh', 'bash'].includes(name) ||
      !(HARMLESS.test(name) || name === 'rm')
    )
      return 'unknown';
    if (
      ['curl', 'wget', 'touch', 'ln', 'install', 'python', 'python3'].includes(name) &&
      paths.some((path) => path === target)
    )
      return 'unknown';
  }
  return 'none';
}
