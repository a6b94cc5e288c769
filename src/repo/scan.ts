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
import { type IgnoreRules, isIgnored, rulesAt, rulesBelow } from './ignore-rules.ts';
import { Repo, type RepoFile, type Unread } from './repo.ts';

const MAX_FILE_SIZE = 10_000_000;
const MAX_PATHS = 200_000;
const MAX_DEPTH = 64;
const BINARY_PROBE = 8192;
const NEVER_ENTERED: ReadonlySet<string> = new Set(['node_modules', '__pycache__']);

/** What a walk has found so far; paths relative to the root. */
interface Walk {
  readonly root: string;
  readonly paths: string[];
  readonly ignored: Set<string>;
  readonly links: Map<string, string>;
  readonly unread: Unread[];
}

/**
 * The snapshot of a working tree, listed now and read when asked. `Repo.unread` names what could not be listed; a file
 * that is too large, binary or not readable is listed, and `Repo.file` says why there is no text.
 */
export function scan(root: string): Repo {
  const folder = realRoot(root);
  const walk: Walk = {
    root: folder === '/' ? '' : folder,
    paths: [],
    ignored: new Set(),
    links: new Map(),
    unread: [],
  };
  enter(walk, '', rulesAt(folder));
  const { paths, ignored, links, unread } = walk;
  const load = (path: string): RepoFile | Unread => loadFile(folder, path);
  return new Repo({ paths, ignored, links, unread, load }, new Map());
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

function enter(walk: Walk, folder: string, rules: IgnoreRules | undefined): void {
  const absolute = folder === '' ? walk.root || '/' : `${walk.root}/${folder}`;
  for (const entry of readdirSync(absolute, { withFileTypes: true })) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    try {
      addEntry(walk, path, entry, rules);
    } catch (error) {
      if (codeOf(error) === undefined) throw error;
      walk.unread.push({ path, reason: `it cannot be read (${codeOf(error)})` });
    }
  }
}

function addEntry(walk: Walk, path: string, entry: Dirent, rules: IgnoreRules | undefined): void {
  if (entry.name === '.git') return;
  // Node answers names that are not UTF-8 with U+FFFD in them: such a name cannot be opened again.
  if (entry.name.includes('\ufffd')) walk.unread.push({ path, reason: 'its name is not UTF-8' });
  else if (entry.isSymbolicLink()) walk.links.set(path, readlinkSync(`${walk.root}/${path}`));
  else if (entry.isDirectory()) enterBelow(walk, path, entry.name, rules);
  else if (entry.isFile()) addFile(walk, path, entry.name, rules);
}

function enterBelow(walk: Walk, path: string, name: string, rules: IgnoreRules | undefined): void {
  const absolute = `${walk.root}/${path}`;
  if (NEVER_ENTERED.has(name) || isIgnored(rules, absolute, true)) return;
  if (hasGit(absolute) || statSync(`${absolute}/pyvenv.cfg`, { throwIfNoEntry: false })) return;
  if (path.split('/').length > MAX_DEPTH)
    walk.unread.push({ path, reason: `it lies more than ${MAX_DEPTH} folders deep` });
  else enter(walk, path, rulesBelow(rules, absolute));
}

function addFile(walk: Walk, path: string, name: string, rules: IgnoreRules | undefined): void {
  if (isIgnored(rules, `${walk.root}/${path}`, false)) {
    if (!/^\.env(?:\..+)?$|\.env$/.test(name)) return;
    walk.ignored.add(path);
  }
  walk.paths.push(path);
  if (walk.paths.length > MAX_PATHS)
    throw new UserError(`${walk.root} holds more than ${MAX_PATHS} files`, 'Name the folder of one project.');
}

/** Reads a file without following a link that has taken its place. */
function loadFile(root: string, path: string): RepoFile | Unread {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(join(root, path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) return { path, reason: 'it is not a regular file' };
    if (stats.size > MAX_FILE_SIZE) return { path, reason: `it is larger than ${MAX_FILE_SIZE / 1_000_000} MB` };
    const bytes = readFileSync(descriptor);
    if (bytes.subarray(0, BINARY_PROBE).includes(0)) return { path, reason: 'it is binary' };
    return { ...decode(bytes), mode: stats.mode & 0o100 ? 0o755 : 0o644 };
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
    return { path, reason: `it cannot be read (${codeOf(error)})` };
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
