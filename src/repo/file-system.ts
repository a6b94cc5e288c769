import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  type Stats,
  unlinkSync,
  writeSync,
} from 'node:fs';

/** What stands at a path, links not followed. */
export interface Meta {
  readonly kind: 'file' | 'folder' | 'link' | 'other';
  /** Permission bits, all twelve. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Changes whenever the content is written or replaced by another file. */
  readonly stamp: string;
}

/** Permission bits and owner for a new file; `null` leaves the owner to the system. */
export interface Access {
  readonly mode: number;
  readonly owner: { readonly uid: number; readonly gid: number } | null;
}

/** The access that a file has now. */
export const accessOf = ({ mode, uid, gid }: Meta): Access => ({ mode, owner: { uid, gid } });

/** The file operations that a write is made of, so that a test can let any one of them fail. */
export interface FileSystem {
  readonly look: (path: string) => Meta | undefined;
  /** Reads a regular file; fails on a symbolic link. */
  readonly read: (path: string) => Uint8Array;
  readonly list: (folder: string) => readonly string[];
  /** Makes a file that does not exist yet, durable when it returns. The owner is kept where the system lets us. */
  readonly create: (path: string, bytes: Uint8Array, access: Access) => void;
  readonly link: (from: string, to: string) => void;
  readonly rename: (from: string, to: string) => void;
  readonly remove: (path: string) => void;
  /** `null` leaves the mode to the system: umask, and the group of the folder above where that is inherited. */
  readonly makeFolder: (path: string, mode: number | null) => void;
  readonly removeFolder: (path: string) => void;
  /** Makes a folder's entries durable. */
  readonly sync: (folder: string) => void;
}

/** The real file system. `flush` makes what was written to an open file or folder durable. */
export const fileSystem = (flush: (file: number) => void): FileSystem => ({
  look: (path) => {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (!stats) return undefined;
    const { mode, uid, gid, ino, size, mtimeMs } = stats;
    return { kind: kindOf(stats), mode: mode & 0o7777, uid, gid, stamp: `${ino} ${size} ${mtimeMs}` };
  },
  read: (path) =>
    withFile(openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK), (file) =>
      readFileSync(file),
    ),
  list: (folder) => readdirSync(folder),
  create: (path, bytes, { mode, owner }) =>
    withFile(openSync(path, 'wx', 0o600), (file) => {
      for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written);
      if (owner) keepOwner(file, owner.uid, owner.gid);
      fchmodSync(file, mode);
      flush(file);
    }),
  link: linkSync,
  rename: renameSync,
  remove: unlinkSync,
  makeFolder: (path, mode) => {
    mkdirSync(path);
    if (mode !== null) chmodSync(path, mode);
  },
  removeFolder: rmdirSync,
  sync: (folder) => {
    // Windows cannot open a folder.
    if (process.platform !== 'win32') withFile(openSync(folder, constants.O_RDONLY), flush);
  },
});

/** The real file system, safe against a loss of power. */
export const nodeFileSystem: FileSystem = fileSystem(fsyncSync);

function withFile<T>(file: number, use: (file: number) => T): T {
  try {
    return use(file);
  } finally {
    closeSync(file);
  }
}

/** Only root may give a file away, and some file systems know no owners: the file then belongs to who runs this. */
function keepOwner(file: number, uid: number, gid: number): void {
  try {
    fchownSync(file, uid, gid);
  } catch (error) {
    if (!['EPERM', 'EINVAL', 'ENOSYS', 'ENOTSUP'].includes(codeOf(error) ?? '')) throw error;
  }
}

function kindOf(stats: Stats): Meta['kind'] {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'folder';
  return stats.isSymbolicLink() ? 'link' : 'other';
}

/** The code of a system error, such as `EACCES`; `undefined` for any other error. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && 'syscall' in error ? String(error.code) : undefined;
}
