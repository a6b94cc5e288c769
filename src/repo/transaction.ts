import { join } from 'node:path';
import { UserError } from '../errors.ts';
import { type Access, accessOf, codeOf, type FileSystem, type Meta } from './file-system.ts';
import {
  beside,
  type Entry,
  type Folder,
  isAlive,
  isRunning,
  type Journal,
  newId,
  parseJournal,
  sha256,
  thisProcess,
  type Version,
} from './journal.ts';
import { folderOf } from './path.ts';
import { makeState, type Place } from './place.ts';

/*
 * How a write is all or nothing. `pending/` in the state folder holds the journal, whose file name is the phase, and the
 * former bytes. A rename moves from phase to phase, so each step has happened or has not:
 *   staging      new contents and links to the old files are laid beside their targets; taken back by removing them
 *   committing   renames only, which need no space; taken back by renaming the old files over their targets
 *   committed    what is left is tidying up; `pending/` becomes `last/`, from which undo works
 */
type Phase = 'staging' | 'committing' | 'committed';

/** What stands at a path. Only a regular file has bytes. */
export interface Standing {
  readonly bytes: Uint8Array;
  readonly meta: Meta;
}

/** One path of a write to be done, from the place's base. `before` is what stands there now. */
export interface Step {
  readonly path: string;
  readonly before: Standing | undefined;
  readonly after: { readonly bytes: Uint8Array; readonly access: Access } | undefined;
}

/** A write to be done, all of it or nothing. */
export interface Plan extends Pick<Journal, 'kind' | 'prefix' | 'makes' | 'drops'> {
  readonly steps: readonly Step[];
}

/** What `recover` found and did. Paths are given from the root's git repository, or the root without git. */
export interface Recovery {
  readonly outcome: 'nothing to recover' | 'rolled back' | 'completed';
  readonly paths: readonly string[];
}

const pendingOf = (place: Place): string => join(place.state, 'pending');
const lastOf = (place: Place): string => join(place.state, 'last');
const fileOf = (folder: string, phase: Phase): string => join(folder, `${phase}.json`);

/** Carries out a plan. Throws with everything as it was; answers why tidying up failed, which the next `recover` does. */
export function transact(fs: FileSystem, place: Place, plan: Plan): string | undefined {
  const journal = journalOf(plan);
  begin(fs, place, plan, journal);
  try {
    stage(fs, place, plan, journal);
    moveOn(fs, place, 'staging', 'committing');
    swap(fs, place, journal);
    moveOn(fs, place, 'committing', 'committed');
  } catch (error) {
    takeBack(fs, place, journal, error);
    throw error;
  }
  try {
    finish(fs, place, journal);
    return undefined;
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
    return (error as Error).message;
  }
}

/** Ends a write that was interrupted: completes it when every file is new already, else puts every file back. */
export function recoverPlace(fs: FileSystem, place: Place): Recovery {
  if (fs.look(place.state)?.kind !== 'folder') return { outcome: 'nothing to recover', paths: [] };
  for (const name of fs.list(place.state)) {
    const pid = /^draft-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && !isRunning(Number(pid))) discard(fs, join(place.state, name));
  }
  const phase = pendingPhase(fs, place);
  if (!phase) {
    discard(fs, pendingOf(place));
    return { outcome: 'nothing to recover', paths: [] };
  }
  const name = fileOf(pendingOf(place), phase);
  const journal = parseJournal(fs.read(name), name);
  if (isAlive(journal.process)) throw new UserError('Another dockfix is writing here', 'Wait until it has finished.');
  for (const { path } of [...journal.entries, ...journal.makes, ...journal.drops]) refuseLinks(fs, place, path);
  const paths = journal.entries.map((entry) => entry.path);
  if (phase === 'committing' && isAllNew(fs, place, journal)) moveOn(fs, place, 'committing', 'committed');
  else if (phase !== 'committed') {
    rollBack(fs, place, journal);
    return { outcome: 'rolled back', paths };
  }
  finish(fs, place, journal);
  return { outcome: 'completed', paths };
}

/** The last write that was completed and not taken back. */
export function lastWrite(fs: FileSystem, place: Place): Journal | undefined {
  if (fs.look(place.state)?.kind !== 'folder') return undefined;
  const name = fileOf(lastOf(place), 'committed');
  return fs.look(name) ? parseJournal(fs.read(name), name) : undefined;
}

/** The bytes that an entry of the last write had before it. */
export function backupOf(fs: FileSystem, place: Place, journal: Journal, index: number): Uint8Array {
  const bytes = fs.read(join(lastOf(place), String(index)));
  if (sha256(bytes) === journal.entries[index]?.before?.sha256) return bytes;
  throw new UserError(
    `The copy of ${journal.entries[index]?.path} in ${lastOf(place)} is damaged`,
    'Nothing was changed.',
  );
}

/** Refuses when a write is under way or was interrupted. */
export function refusePending(fs: FileSystem, place: Place): void {
  if (fs.look(place.state)?.kind === 'folder' && pendingPhase(fs, place))
    throw new UserError(
      'An earlier write is not finished',
      'Wait for it; if it was interrupted, the next "dockfix apply" puts the files right.',
    );
}

/** What stands at a path now; `undefined` for nothing. */
export function standing(fs: FileSystem, path: string): Standing | undefined {
  const meta = fs.look(path);
  return meta && { meta, bytes: meta.kind === 'file' ? fs.read(path) : new Uint8Array() };
}

/** True when this version of a file is what stands there, bytes and mode. */
export function isVersion(now: Standing | undefined, version: Version | null): boolean {
  if (!now || !version) return !now && !version;
  return now.meta.kind === 'file' && now.meta.mode === version.mode && sha256(now.bytes) === version.sha256;
}

/** Refuses a path that leads through a symbolic link or a file; answers the folders above it that do not exist, parents first. */
export function refuseLinks(fs: FileSystem, place: Place, path: string): readonly string[] {
  const missing: string[] = [];
  for (let folder = folderOf(path); folder !== ''; folder = folderOf(folder)) {
    const kind = fs.look(join(place.base, folder))?.kind;
    if (kind === 'link') throw new UserError(`${path} lies behind the symbolic link ${folder}`, 'Nothing was changed.');
    if (kind && kind !== 'folder')
      throw new UserError(`${folder} is not a folder, so ${path} cannot be made`, 'Nothing was changed.');
    if (!kind) missing.unshift(folder);
  }
  return missing;
}

function journalOf({ kind, prefix, makes, drops, steps }: Plan): Journal {
  const entries = steps.map(
    ({ path, before, after }): Entry => ({
      path,
      before: before ? version(before.bytes, accessOf(before.meta)) : null,
      after: after ? version(after.bytes, after.access) : null,
    }),
  );
  return { id: newId(), kind, prefix, process: thisProcess(), entries, makes, drops };
}

const version = (bytes: Uint8Array, access: Access): Version => ({ ...access, sha256: sha256(bytes) });

/** Lays down journal and backups, then claims `pending/` by a rename, which only one process can do. */
function begin(fs: FileSystem, place: Place, plan: Plan, journal: Journal): void {
  makeState(fs, place);
  const draft = join(place.state, `draft-${process.pid}-${journal.id}`);
  const secret: Access = { mode: 0o600, owner: null };
  try {
    fs.makeFolder(draft, 0o700);
    plan.steps.forEach(({ before }, index) => {
      if (before) fs.create(join(draft, String(index)), before.bytes, secret);
    });
    fs.create(fileOf(draft, 'staging'), new TextEncoder().encode(JSON.stringify(journal)), secret);
    fs.sync(draft);
    fs.rename(draft, pendingOf(place));
  } catch (error) {
    discard(fs, draft);
    if (!['ENOTEMPTY', 'EEXIST'].includes(codeOf(error) ?? '')) throw error;
    throw new UserError('Another dockfix is writing here', 'Wait until it has finished.');
  }
}

function stage(fs: FileSystem, place: Place, { steps }: Plan, journal: Journal): void {
  for (const { path, mode } of journal.makes) fs.makeFolder(join(place.base, path), mode);
  steps.forEach(({ path, before, after }, index) => {
    if (after) fs.create(join(place.base, beside(journal, index, 'new')), after.bytes, after.access);
    if (before) keepOld(fs, join(place.base, path), join(place.base, beside(journal, index, 'old')), before);
  });
  syncFolders(fs, place, journal);
  const changed = steps.filter(({ path, before }) => {
    const now = fs.look(join(place.base, path));
    return now?.stamp !== before?.meta.stamp || now?.mode !== before?.meta.mode;
  });
  if (changed.length > 0) throw changedSince(changed.map(({ path }) => path));
}

/** The refusal to touch files that are no longer what they were. */
export const changedSince = (paths: readonly string[]): UserError =>
  new UserError(`Changed since it was read: ${paths.join(', ')}`, 'Nothing was written. Run dockfix again.');

/** A second name costs no space; where there are no hard links, or none to others' files, a copy does. */
function keepOld(fs: FileSystem, path: string, old: string, { bytes, meta }: Standing): void {
  try {
    fs.link(path, old);
  } catch (error) {
    if (!['EPERM', 'EACCES', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK'].includes(codeOf(error) ?? '')) throw error;
    fs.create(old, bytes, accessOf(meta));
  }
}

function swap(fs: FileSystem, place: Place, journal: Journal): void {
  journal.entries.forEach(({ path, after }, index) => {
    const target = join(place.base, path);
    if (after) fs.rename(join(place.base, beside(journal, index, 'new')), target);
    else fs.remove(target);
  });
  syncFolders(fs, place, journal);
}

function moveOn(fs: FileSystem, place: Place, from: Phase, to: Phase): void {
  const pending = pendingOf(place);
  fs.rename(fileOf(pending, from), fileOf(pending, to));
}

function takeBack(fs: FileSystem, place: Place, journal: Journal, cause: unknown): void {
  try {
    rollBack(fs, place, journal);
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
    throw new UserError(
      `Writing failed half-way (${messageOf(cause)}) and so did taking it back (${messageOf(error)})`,
      'Run dockfix again when the disk can be written: it puts the files right first.',
    );
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Puts every file back. May be repeated from any point. */
function rollBack(fs: FileSystem, place: Place, journal: Journal): void {
  const swapping = pendingPhase(fs, place) === 'committing';
  journal.entries.forEach(({ path, before, after }, index) => {
    const target = join(place.base, path);
    const [next, old] = [
      join(place.base, beside(journal, index, 'new')),
      join(place.base, beside(journal, index, 'old')),
    ];
    if (swapping && before && fs.look(old)) fs.rename(old, target);
    if (swapping && !before && !fs.look(next) && isVersion(standing(fs, target), after)) fs.remove(target);
    // Renaming one of two names of the same file onto the other leaves both.
    for (const left of [old, next]) if (fs.look(left)) fs.remove(left);
  });
  for (const { path } of [...journal.makes].reverse()) removeIfEmpty(fs, join(place.base, path));
  syncFolders(fs, place, journal);
  discard(fs, pendingOf(place));
}

/** Tidies up after all files are new. May be repeated from any point. */
function finish(fs: FileSystem, place: Place, journal: Journal): void {
  fs.sync(pendingOf(place));
  journal.entries.forEach((_, index) => {
    const old = join(place.base, beside(journal, index, 'old'));
    if (fs.look(old)) fs.remove(old);
  });
  for (const { path } of journal.drops) removeIfEmpty(fs, join(place.base, path));
  discard(fs, lastOf(place));
  if (journal.kind === 'write') fs.rename(pendingOf(place), lastOf(place));
  else discard(fs, pendingOf(place));
  fs.sync(place.state);
}

function removeIfEmpty(fs: FileSystem, folder: string): void {
  if (fs.look(folder)?.kind === 'folder' && fs.list(folder).length === 0) fs.removeFolder(folder);
}

/** Removes a folder of the state, its journal first: without it the rest means nothing. */
function discard(fs: FileSystem, folder: string): void {
  if (fs.look(folder)?.kind !== 'folder') return;
  const names = [...fs.list(folder)].sort((a, b) => Number(b.endsWith('.json')) - Number(a.endsWith('.json')));
  for (const name of names) fs.remove(join(folder, name));
  fs.removeFolder(folder);
}

function pendingPhase(fs: FileSystem, place: Place): Phase | undefined {
  const phases: readonly Phase[] = ['staging', 'committing', 'committed'];
  return phases.find((phase) => fs.look(fileOf(pendingOf(place), phase)));
}

/** True when every file is what it was to become. Refuses when one is neither that nor what it was: somebody edited it since. */
function isAllNew(fs: FileSystem, place: Place, { entries }: Journal): boolean {
  const now = entries.map(({ path }) => standing(fs, join(place.base, path)));
  const isNew = entries.map(({ after }, i) => isVersion(now[i], after));
  const edited = entries.filter(({ before }, i) => !isNew[i] && !isVersion(now[i], before));
  if (edited.length === 0) return isNew.every(Boolean);
  throw new UserError(
    `A write was interrupted, and these files were edited since: ${edited.map((entry) => entry.path).join(', ')}`,
    `Their contents before the write are in ${pendingOf(place)}. Put the files right by hand, then remove that folder.`,
  );
}

/** Folders that were dropped or never made have nothing to make durable. */
function syncFolders(fs: FileSystem, place: Place, { entries, makes, drops }: Journal): void {
  const paths = [...entries, ...makes, ...drops].map(({ path }: Entry | Folder) => folderOf(path));
  for (const folder of new Set(paths)) if (fs.look(join(place.base, folder))) fs.sync(join(place.base, folder));
}
