import {
  chmodSync,
  chownSync,
  copyFileSync,
  type Dirent,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  type Stats,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { deltas } from '../repo/delta.ts';
import { encode } from '../repo/encoding.ts';
import { codeOf } from '../repo/file-system.ts';
import type { Repo } from '../repo/repo.ts';
import type { HostPath } from './project.ts';
import type { Side } from './verdict.ts';

/** The temporary folder of a run, and the repository that it copies. */
export interface Workspace {
  readonly folder: string;
  /** The user's repository, absolute, without symbolic links. */
  readonly root: string;
}

/** One copy of the repository. It lies as deep as the original, so that `../` means what it meant. */
export const copyFolder = ({ folder, root }: Workspace, side: Side): string => join(folder, side, root);

/** Never copied: what `git`, a package manager or an interpreter makes, and no build of a clean clone has. */
const LEFT_OUT: ReadonlySet<string> = new Set(['.git', 'node_modules', '__pycache__', '.venv']);

/** Copies the repository as it lies on disk, `.env` and all; answers the paths that cannot be read. */
export function copyRepository(workspace: Workspace, side: Side): readonly string[] {
  const unread: string[] = [];
  mkdirSync(dirname(copyFolder(workspace, side)), { recursive: true, mode: 0o700 });
  copyInto(workspace.root, copyFolder(workspace, side), '', unread);
  return unread;
}

function copyInto(from: string, to: string, path: string, unread: string[]): void {
  const stats = lstatSync(from);
  const entries = entriesOf(from);
  mkdirSync(to, { recursive: true });
  if (!entries) unread.push(path);
  for (const entry of entries ?? []) {
    if (LEFT_OUT.has(entry.name) || existsSync(join(from, entry.name, 'pyvenv.cfg'))) continue;
    const inner = path === '' ? entry.name : `${path}/${entry.name}`;
    if (entry.isDirectory()) copyInto(join(from, entry.name), join(to, entry.name), inner, unread);
    else if (!copyEntry(entry, join(from, entry.name), join(to, entry.name))) unread.push(inner);
  }
  keepAccess(to, stats);
}

function entriesOf(folder: string): readonly Dirent[] | undefined {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
    return undefined;
  }
}

/** Sockets and pipes mean nothing in a copy. */
function copyEntry(entry: Dirent, from: string, to: string): boolean {
  try {
    if (entry.isSymbolicLink()) symlinkSync(readlinkSync(from), to);
    if (!entry.isFile()) return true;
    copyFileSync(from, to);
    keepAccess(to, lstatSync(from));
    return true;
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
    return false;
  }
}

/** Containers that do not run as root see the owners that they see in the user's own folder. */
function keepAccess(path: string, { mode, uid, gid }: Stats): void {
  if (process.getuid?.() === 0) chownSync(path, uid, gid);
  chmodSync(path, mode & 0o7777);
}

/** Brings a copy of `before` to what `after` says. */
export function applyTo(folder: string, before: Repo, after: Repo): void {
  for (const { path, from, after: file } of deltas(before, after)) {
    for (const gone of file ? [from] : [path]) if (gone !== undefined) unlinkSync(join(folder, gone));
    if (!file) continue;
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), encode(file.text, file.encoding));
    chmodSync(join(folder, path), file.mode);
  }
}

/** Where a path that Compose worked out in a copy lies on the user's machine. */
export function originalPath(workspace: Workspace, side: Side, path: string): string {
  const top = join(workspace.folder, side);
  return path.startsWith(`${top}/`) ? path.slice(top.length) : path;
}

/** The path to use instead of one that Compose worked out: in the copy when the repository holds it, else the user's own. */
export function pathFor(workspace: Workspace, side: Side, path: string): string {
  const original = originalPath(workspace, side, path);
  const { root } = workspace;
  return original === root || original.startsWith(`${root}/`) ? join(workspace.folder, side, original) : original;
}

/** Bind mounts: of the copy, or read-only of what lies outside; sockets and missing folders become empty ones. */
export function mountFor(workspace: Workspace, side: Side, path: string): HostPath {
  const real = pathFor(workspace, side, path);
  if (real.startsWith(`${workspace.folder}/`)) return { path: real, readOnly: false };
  const stats = statSync(real, { throwIfNoEntry: false });
  if (stats?.isFile() || stats?.isDirectory())
    return { path: real, readOnly: true, note: `${real} lies outside of the repository and is mounted read-only` };
  const stand = join(workspace.folder, 'outside', side, real);
  mkdirSync(stand, { recursive: true });
  const why = stats ? 'is not a file or folder, and is not passed on' : 'is not there';
  return { path: stand, readOnly: false, note: `${real} ${why}: an empty folder is mounted` };
}
