import { join } from 'node:path';
import { UserError } from '../errors.ts';
import type { FileMode } from '../finding.ts';
import { type Delta, deltas } from './delta.ts';
import { encode, sameBytes } from './encoding.ts';
import { type Access, accessOf, codeOf, type FileSystem } from './file-system.ts';
import { type Folder, isInside } from './journal.ts';
import { folderOf } from './path.ts';
import { type Place, placeOf } from './place.ts';
import type { Repo, RepoFile } from './repo.ts';
import {
  changedSince,
  refuseLinks,
  refusePending,
  type Standing,
  type Step,
  standing,
  transact,
} from './transaction.ts';

/** What a write did; paths relative to the root, sorted. A renamed file is removed and created. */
export interface WriteReport {
  readonly created: readonly string[];
  readonly edited: readonly string[];
  readonly removed: readonly string[];
  /** All is written, but tidying up failed, for this reason; `recover` does it. */
  readonly leftover?: string;
}

/** Before and after of a path that a write touches. */
interface Target {
  readonly path: string;
  readonly before?: RepoFile | undefined;
  readonly after?: RepoFile | undefined;
  /** The path whose access a renamed file keeps. */
  readonly from?: string;
}

/**
 * Writes what differs between two snapshots, all of it or nothing. Refuses when a file is no longer what was read, or lies
 * behind a symbolic link. Permission bits are kept but for the executable ones that change; the owner is kept where the
 * system allows it; a hard link is broken (its other names keep the old bytes); ACLs and extended attributes are not kept.
 */
export function writeWith(fs: FileSystem, root: string, before: Repo, after: Repo): WriteReport {
  const targets = deltas(before, after).flatMap(targetsOf);
  const report = reportOf(targets);
  if (targets.length === 0) return report;
  const place = placeOf(root);
  return explained('Nothing was written', () => {
    refusePending(fs, place);
    const missing = new Set(targets.flatMap((target) => refusedOrMissing(fs, place, target)));
    const leftover = transact(fs, place, {
      kind: 'write',
      prefix: place.prefix,
      steps: stepsOf(fs, place, targets),
      makes: [...missing].sort().map((path) => ({ path, mode: null })),
      drops: emptied(fs, place, targets),
    });
    return leftover === undefined ? report : { ...report, leftover };
  });
}

/** Refuses a target that is not safely inside of the root; answers the folders that it needs. */
function refusedOrMissing(fs: FileSystem, place: Place, { path, after }: Target): readonly string[] {
  if (!isInside(path)) throw new UserError(`${path} is not inside the repository`, 'Nothing was written.');
  const missing = refuseLinks(fs, place, fromBase(place, path));
  return after ? missing : [];
}

/** A path below the root, from the base of its place. */
const fromBase = (place: Place, path: string): string => (place.prefix === '' ? path : `${place.prefix}/${path}`);

function targetsOf({ path, from, before, after }: Delta): readonly Target[] {
  if (from === undefined) return [{ path, before, after }];
  return [
    { path: from, before },
    { path, after, from },
  ];
}

const reportOf = (targets: readonly Target[]): WriteReport => {
  const paths = (matches: (target: Target) => boolean): readonly string[] =>
    targets
      .filter(matches)
      .map(({ path }) => path)
      .sort();
  return {
    created: paths((target) => !target.before),
    edited: paths((target) => Boolean(target.before && target.after)),
    removed: paths((target) => !target.after),
  };
};

function stepsOf(fs: FileSystem, place: Place, targets: readonly Target[]): readonly Step[] {
  const now = new Map(targets.map(({ path }) => [path, standing(fs, join(place.base, fromBase(place, path)))]));
  const changed = targets.filter(({ path, before }) => !isAsRead(now.get(path), before));
  if (changed.length > 0) throw changedSince(changed.map(({ path }) => path));
  return targets.map(({ path, before, after, from }): Step => {
    const access = after && accessFor(after.mode, now.get(from ?? path), before?.mode);
    return {
      path: fromBase(place, path),
      before: now.get(path),
      after: after && access && { bytes: encode(after.text, after.encoding), access },
    };
  });
}

function isAsRead(now: Standing | undefined, read: RepoFile | undefined): boolean {
  if (!now || !read) return !now && !read;
  const isExecutable = (now.meta.mode & 0o100) !== 0;
  return (
    now.meta.kind === 'file' &&
    isExecutable === (read.mode === 0o755) &&
    sameBytes(now.bytes, encode(read.text, read.encoding))
  );
}

/** Who may read a file may run it once it is executable, as git does it; all other bits stay. */
function accessFor(mode: FileMode, now: Standing | undefined, before: FileMode | undefined): Access {
  const executable = (bits: number): number => (mode === 0o755 ? bits | ((bits & 0o444) >> 2) : bits & ~0o111);
  if (!now) return { mode: executable(0o666) & ~process.umask(), owner: null };
  const access = accessOf(now.meta);
  return before === mode ? access : { ...access, mode: executable(access.mode) };
}

/** The folders between the root and a file that goes: whichever is left empty goes too. Children first. */
function emptied(fs: FileSystem, place: Place, targets: readonly Target[]): readonly Folder[] {
  const folders = new Map<string, Folder>();
  for (const { path, after } of targets)
    for (let folder = after ? '' : folderOf(path); folder !== ''; folder = folderOf(folder)) {
      const meta = fs.look(join(place.base, fromBase(place, folder)));
      if (meta?.kind === 'folder') folders.set(folder, { path: fromBase(place, folder), mode: meta.mode });
    }
  return [...folders.values()].sort((a, b) => b.path.length - a.path.length);
}

/** Runs a step; an error of the system becomes one line for the user. */
export function explained<T>(what: string, step: () => T): T {
  try {
    return step();
  } catch (error) {
    if (!(error instanceof Error) || codeOf(error) === undefined) throw error;
    throw new UserError(`${what}: ${error.message}`, 'Check permissions and free space, then run dockfix again.');
  }
}
