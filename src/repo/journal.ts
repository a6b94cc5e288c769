import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { UserError } from '../errors.ts';
import { type Access, codeOf } from './file-system.ts';
import { folderOf } from './path.ts';

/** A regular file at one moment. */
export interface Version extends Access {
  readonly sha256: string;
}

/** What happens to one path, given from the place's base. `null` means that there is no file. */
export interface Entry {
  readonly path: string;
  readonly before: Version | null;
  readonly after: Version | null;
}

/** A folder, from the place's base, and the mode that it has or gets (`null`: as the system makes folders). */
export interface Folder {
  readonly path: string;
  readonly mode: number | null;
}

/** All that has to be known to take a write back, during it or later. */
export interface Journal {
  readonly id: string;
  readonly kind: 'write' | 'undo';
  /** The root that was written to, below the place's base. */
  readonly prefix: string;
  readonly process: { readonly pid: number; readonly started: string };
  readonly entries: readonly Entry[];
  /** Folders that did not exist, parents first. */
  readonly makes: readonly Folder[];
  /** Folders that go when nothing is left in them, children first. */
  readonly drops: readonly Folder[];
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** A name that no two writes share. */
export const newId = (): string => randomBytes(8).toString('hex');

/** Where the next or the former version of an entry stands during a write: in the same folder, so that a rename moves it. */
export const beside = (journal: Journal, index: number, which: 'new' | 'old'): string => {
  const folder = folderOf(journal.entries[index]?.path ?? '');
  return `${folder === '' ? '' : `${folder}/`}.dockfix-${journal.id}-${index}.${which}`;
};

/** Which run of which program this is; a process id alone comes back. */
export const thisProcess = (): Journal['process'] => ({ pid: process.pid, started: startOf(process.pid) });

/** True while another process is still at this write. */
export const isAlive = ({ pid, started }: Journal['process']): boolean => isRunning(pid) && startOf(pid) === started;

/** True when another process has this id now. */
export function isRunning(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EPERM') return true;
    if (codeOf(error) === 'ESRCH') return false;
    throw error;
  }
}

/** When a process started, in the kernel's own count; `''` where there is no /proc. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
    return '';
  }
}

/** Reads a journal. It may have come with an unpacked archive, so nothing in it is taken on trust. */
export function parseJournal(bytes: Uint8Array, name: string): Journal {
  const damaged = new UserError(`${name} is damaged`, 'Move it away; it holds copies of the files as they were.');
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    if (error instanceof SyntaxError) throw damaged;
    throw error;
  }
  if (!isJournal(value)) throw damaged;
  return value;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

const isNumber = (value: unknown): value is number => Number.isInteger(value) && Number(value) >= 0;

/** True for a path that stays below its base and out of git's own folder. */
export const isInside = (path: unknown): path is string =>
  typeof path === 'string' &&
  !path.includes('\0') &&
  path
    .split('/')
    .every((segment) => segment !== '' && segment !== '.' && segment !== '..' && segment.toLowerCase() !== '.git');

const isOwner = (value: unknown): boolean =>
  value === null || (isObject(value) && isNumber(value['uid']) && isNumber(value['gid']));

const isVersion = (value: unknown): value is Version | null =>
  value === null ||
  (isObject(value) && typeof value['sha256'] === 'string' && isNumber(value['mode']) && isOwner(value['owner']));

const isEntry = (value: unknown): value is Entry =>
  isObject(value) && isInside(value['path']) && isVersion(value['before']) && isVersion(value['after']);

const isFolder = (value: unknown): value is Folder =>
  isObject(value) && isInside(value['path']) && (value['mode'] === null || isNumber(value['mode']));

const isProcess = (value: unknown): boolean =>
  isObject(value) && isNumber(value['pid']) && typeof value['started'] === 'string';

function isJournal(value: unknown): value is Journal {
  if (!isObject(value)) return false;
  const { id, kind, prefix, process: by, entries, makes, drops } = value;
  return (
    typeof id === 'string' &&
    /^[0-9a-f]{16}$/.test(id) &&
    (kind === 'write' || kind === 'undo') &&
    (prefix === '' || isInside(prefix)) &&
    isProcess(by) &&
    Array.isArray(entries) &&
    entries.every(isEntry) &&
    Array.isArray(makes) &&
    makes.every(isFolder) &&
    Array.isArray(drops) &&
    drops.every(isFolder)
  );
}
