import { lstatSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';

/** The git repository that a folder lies in. */
export interface GitPlace {
  /** The top of the working tree, absolute. */
  readonly top: string;
  /** The folder below `top`, `/`-separated; `''` at the top. */
  readonly prefix: string;
  /** Git's own folder for this working tree. */
  readonly gitDir: string;
  /** The folder that all working trees of the repository share; the same as `gitDir` but in a linked worktree. */
  readonly commonDir: string;
}

/** The git repository around a folder (absolute, without symbolic links), found upwards; `undefined` without git. */
export function gitPlace(folder: string): GitPlace | undefined {
  for (let top = folder; ; top = dirname(top)) {
    const gitDir = gitDirAt(join(top, '.git'));
    if (gitDir)
      return { top, prefix: relative(top, folder).split(sep).join('/'), gitDir, commonDir: commonDirOf(gitDir) };
    if (dirname(top) === top) return undefined;
  }
}

/** True for a folder that is the top of a git working tree, however broken. */
export const hasGit = (folder: string): boolean =>
  lstatSync(join(folder, '.git'), { throwIfNoEntry: false }) !== undefined;

/** `.git` itself, or what a `.git` file of a worktree or submodule names; only if it looks like git's folder. */
function gitDirAt(path: string): string | undefined {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (!stats || stats.isSymbolicLink()) return undefined;
  if (stats.isDirectory()) return looksLikeGit(path) ? path : undefined;
  const named =
    stats.isFile() && stats.size < 10_000 ? /^gitdir: ([^\n]+)\n*$/.exec(readFileSync(path, 'utf8'))?.[1] : undefined;
  if (named === undefined) return undefined;
  const gitDir = resolve(dirname(path), named);
  return looksLikeGit(gitDir) ? gitDir : undefined;
}

const looksLikeGit = (folder: string): boolean =>
  isFile(join(folder, 'HEAD')) && (isFolder(join(folder, 'objects')) || isFile(join(folder, 'commondir')));

function commonDirOf(gitDir: string): string {
  const path = join(gitDir, 'commondir');
  return isFile(path) ? resolve(gitDir, readFileSync(path, 'utf8').trim()) : gitDir;
}

const isFile = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false })?.isFile() === true;

const isFolder = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
