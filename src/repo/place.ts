import { createHash } from 'node:crypto';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { UserError } from '../errors.ts';
import type { FileSystem } from './file-system.ts';
import { gitPlace } from './git-dir.ts';
import { realRoot } from './scan.ts';

/** Where writes to a root happen, and where what is needed to take them back is kept. */
export interface Place {
  /** The top of the git repository, or the root itself without git; absolute. Journals name paths from here. */
  readonly base: string;
  /** The root below `base`; `''` when they are the same. */
  readonly prefix: string;
  /** The folder for journals and backups, outside of what `scan` lists. */
  readonly state: string;
}

/** One place for every root in a git repository; outside of git one for each root, below `$XDG_STATE_HOME`. */
export function placeOf(root: string): Place {
  const folder = realRoot(root);
  const git = gitPlace(folder);
  if (git) return { base: git.top, prefix: git.prefix, state: join(git.gitDir, 'dockfix') };
  return {
    base: folder,
    prefix: '',
    state: join(stateFolder(), createHash('sha256').update(folder).digest('hex').slice(0, 16)),
  };
}

/** Where dockfix keeps what outlives a call: below `$XDG_STATE_HOME`, or where that is by default. */
export function stateFolder(): string {
  const home = process.env['XDG_STATE_HOME'];
  return join(home !== undefined && isAbsolute(home) ? home : join(homedir(), '.local', 'state'), 'dockfix');
}

/** The root's folder below the top of its git repository, `/`-separated; `''` at the top and without git. */
export const gitPrefix = (root: string): string => gitPlace(realRoot(root))?.prefix ?? '';

/** Makes the state folder, readable by its owner alone: it keeps copies of `.env` files. */
export function makeState(fs: FileSystem, place: Place): void {
  const meta = fs.look(place.state);
  if (meta?.kind === 'folder') return;
  if (meta)
    throw new UserError(`${place.state} is not a folder`, 'Remove it: dockfix keeps its undo information there.');
  makeFolders(fs, place.state);
}

function makeFolders(fs: FileSystem, folder: string): void {
  if (fs.look(dirname(folder)) === undefined) makeFolders(fs, dirname(folder));
  fs.makeFolder(folder, 0o700);
}
