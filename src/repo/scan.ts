import {
  closeSync,
  constants,
  type Dirent,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import { decode } from './encoding.ts';
import { codeOf } from './file-system.ts';
import { hasGit } from './git-dir.ts';
import { rulesAt, rulesBelow } from './ignore-rules.ts';
import { Repo, type RepoFile, type Unread } from './repo.ts';
import { type Tree, type TreeEntry, walk } from './walk.ts';

/** Files of more bytes are not read as text. */
export const MAX_FILE_SIZE = 10_000_000;
const BINARY_PROBE = 8192;

/**
 * The snapshot of a working tree, listed now and read when asked. `Repo.unread` names what could not be listed; a file
 * that is too large, binary or not readable is listed, and `Repo.file` says why there is no text.
 */
export function scan(root: string): Repo {
  const folder = realRoot(root);
  const load = (path: string): RepoFile | Unread => loadFile(folder, path);
  return new Repo({ ...walk(treeOnDisk(folder), rulesAt(folder)), load }, new Map());
}

function treeOnDisk(folder: string): Tree {
  const root = folder === '/' ? '' : folder;
  return {
    name: folder,
    root,
    entries: (path) => readdirSync(`${root}/${path}`, { withFileTypes: true }).map(entryOf),
    target: (path) => readlinkSync(`${root}/${path}`),
    isApart: (path) =>
      hasGit(`${root}/${path}`) || statSync(`${root}/${path}/pyvenv.cfg`, { throwIfNoEntry: false }) !== undefined,
    rulesBelow: (above, path) => rulesBelow(above, `${root}/${path}`),
  };
}

function entryOf(entry: Dirent): TreeEntry {
  const kind = entry.isSymbolicLink() ? 'link' : entry.isDirectory() ? 'folder' : entry.isFile() ? 'file' : 'other';
  return { name: entry.name, kind };
}

/** The root as an absolute path without symbolic links; a `UserError` when it is no folder that can be read. */
export function realRoot(root: string): string {
  try {
    const folder = realpathSync(root);
    if (!statSync(folder).isDirectory())
      throw new UserError(`${root} is not a folder`, 'Name the folder of a repository.');
    readdirSync(folder);
    return folder;
  } catch (error) {
    if (error instanceof UserError) throw error;
    if (codeOf(error) === 'ENOENT') throw new UserError(`${root} does not exist`, 'Name the folder of a repository.');
    throw new UserError(`${root} cannot be read (${codeOf(error)})`, 'Check the permissions of the folder.');
  }
}

/** Reads a file without following a link that has taken its place. */
function loadFile(root: string, path: string): RepoFile | Unread {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(join(root, path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) return { path, reason: 'it is not a regular file' };
    if (stats.size > MAX_FILE_SIZE) return tooLarge(path);
    return fileOf(path, readFileSync(descriptor), stats.mode & 0o100 ? 0o755 : 0o644);
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
    return { path, reason: `it cannot be read (${codeOf(error)})` };
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** Why there is no text of a file of more than `MAX_FILE_SIZE` bytes. */
export const tooLarge = (path: string): Unread => ({
  path,
  reason: `it is larger than ${MAX_FILE_SIZE / 1_000_000} MB`,
});

/** Bytes as a file of text, or why they are none. */
export function fileOf(path: string, bytes: Uint8Array, mode: RepoFile['mode']): RepoFile | Unread {
  if (bytes.subarray(0, BINARY_PROBE).includes(0)) return { path, reason: 'it is binary' };
  return { ...decode(bytes), mode };
}
