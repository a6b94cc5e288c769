import type { ImageLayer } from '../../src/model/image/layer.ts';
import { assignmentsOf, copyOf } from '../../src/parse/dockerfile.ts';
import { joinContainer, within } from '../../src/repo/path.ts';
import { type CopiedFile, copiesContext, type StageFiles, targetFolders } from './copies.ts';
import { firstLine } from './described.ts';
import { copyLines } from './manifest-copy.ts';
import { betweenRun, type RunParts } from './run.ts';

/** An install below the code: the indexes of its layer and of the COPYs above it. */
export interface Site {
  readonly first: number;
  readonly broad: readonly number[];
  readonly run: number;
  readonly parts: RunParts;
  readonly manifests: ReadonlySet<string>;
}

/** The layers that go below the install: the code and what handles it; or why they cannot. */
export function movedWith(
  files: StageFiles,
  { first, broad, run, parts, manifests }: Site,
): { readonly layers: readonly number[] } | { readonly why: string } | 'blocked' {
  const layers: number[] = [];
  const code = broad.flatMap((index) => targetFolders(files, index));
  const ecosystem = parts.installs[0]?.ecosystem ?? 'python';
  for (let index = first; index < run; index += 1) {
    const { instruction } = files.layers[index] as ImageLayer;
    if (broad.includes(index)) {
      layers.push(index);
      continue;
    }
    if (instruction.keyword === 'RUN') {
      const between = betweenRun(files, index, code, ecosystem, manifests);
      if (between === 'blocks') return 'blocked';
      if (between === 'follows the code') {
        layers.push(index);
        continue;
      }
    }
    const why = layers.map((each) => conflict(files, each, index)).find((each) => each !== undefined);
    if (why !== undefined) return { why };
  }
  return { layers };
}

/** Why `moved` cannot go below `stays`. */
function conflict(files: StageFiles, moved: number, stays: number): string | undefined {
  const a = files.layers[moved] as ImageLayer;
  const b = files.layers[stays] as ImageLayer;
  const isRun = a.instruction.keyword === 'RUN';
  const named = `\`${firstLine(a.instruction)}\` would have to move below \`${firstLine(b.instruction)}\``;
  const after = (files.layers[stays + 1] as ImageLayer).workdir;
  switch (b.instruction.keyword) {
    case 'WORKDIR':
      return after !== a.workdir && (isRun || !a.expand(copyOf(a.instruction)?.destination.text ?? '').startsWith('/'))
        ? `${named}, which changes the folder that it works in`
        : undefined;
    case 'USER':
    case 'SHELL':
      return isRun ? `${named}, which changes how it runs` : undefined;
    case 'ENV':
    case 'ARG': {
      const source = a.dockerfile.text.slice(a.instruction.at.start, a.instruction.at.end);
      return assignmentsOf(b.instruction).some(({ name }) => new RegExp(`\\$\\{?${name}\\b`).test(source))
        ? `${named}, which changes what it says`
        : undefined;
    }
    case 'COPY':
    case 'ADD':
      return isRun
        ? undefined
        : overwrites(files, moved, stays)
          ? `${named}, which puts other files in the same place`
          : undefined;
    default:
      return undefined;
  }
}

function overwrites(files: StageFiles, moved: number, stays: number): boolean {
  const mine = files.copied(moved);
  const theirs = files.copied(stays);
  if (theirs.length > 0)
    return theirs.some((file) => mine.some((other) => other.target === file.target && other.path !== file.path));
  const layer = files.layers[stays] as ImageLayer;
  const destination = copyOf(layer.instruction)?.destination.text;
  if (destination === undefined) return true;
  const target = joinContainer(layer.workdir, layer.expand(destination));
  if (
    mine.some(
      (file) =>
        file.target === target ||
        (within(target, file.target) !== undefined && !targetFolders(files, moved).includes(target)),
    )
  )
    return true;
  return copiesContext(files.layers[moved]) && targetFolders(files, moved).some((folder) => folder === target);
}

export function manifestLines(
  files: StageFiles,
  { run, parts }: Site,
  moved: readonly number[],
): { readonly text: readonly string[] } | { readonly why: string } {
  const needed = parts.installs.flatMap(({ reading }) => (reading.kind === 'install' ? reading.reads : []));
  const missing = needed.filter((file) => moved.includes(file.layer) && !remains(files, file, run, moved));
  const homes = new Set([
    ...needed.map(({ target }) => target.slice(0, target.lastIndexOf('/')) || '/'),
    (files.layers[run] as ImageLayer).workdir,
  ]);
  const lost = parts.installs.find(
    ({ command }) =>
      ![...homes].some(
        (home) => command.cwd !== undefined && within(command.cwd === '/' ? '' : command.cwd, home) !== undefined,
      ),
  );
  if (lost) return { why: `${lost.command.cwd ?? 'its folder'} only exists once the code is copied` };
  return copyLines(files, missing);
}

/** Another COPY that stays brings the same file to the same place. */
const remains = (files: StageFiles, file: CopiedFile, run: number, moved: readonly number[]): boolean =>
  files.layers
    .slice(0, run)
    .some(
      (_, index) =>
        !moved.includes(index) &&
        files.copied(index).some((other) => other.target === file.target && other.path === file.path),
    );
