import { join } from 'node:path';
import { UserError } from '../errors.ts';
import type { FileSystem } from './file-system.ts';
import type { Folder, Journal } from './journal.ts';
import { within } from './path.ts';
import { type Place, placeOf } from './place.ts';
import {
  backupOf,
  isVersion,
  lastWrite,
  type Recovery,
  recoverPlace,
  refuseLinks,
  refusePending,
  type Step,
  standing,
  transact,
} from './transaction.ts';
import { explained } from './write.ts';

/**
 * Takes back the last write to a root, all of it or nothing, and answers the paths that are as they were. Refuses when
 * there is none, or when a file has changed since.
 */
export function undoWith(fs: FileSystem, root: string): readonly string[] {
  const place = placeOf(root);
  return explained('Nothing was undone', () => {
    refusePending(fs, place);
    const journal = lastWrite(fs, place);
    if (!journal)
      throw new UserError('There is nothing to undo', 'Only the last "dockfix apply --write" can be taken back, once.');
    if (journal.prefix !== place.prefix)
      throw new UserError(
        'The last write in this git repository was to another folder',
        `Run "dockfix undo ${join(place.base, journal.prefix)}".`,
      );
    const missing = new Set(
      journal.entries.flatMap(({ path, before }) => refusedOrMissing(fs, place, path, before !== null)),
    );
    const steps = stepsBack(fs, place, journal);
    const modes = new Map(journal.drops.map(({ path, mode }) => [path, mode]));
    const makes = [...missing].sort().map((path): Folder => ({ path, mode: modes.get(path) ?? null }));
    transact(fs, place, { kind: 'undo', prefix: journal.prefix, steps, makes, drops: [...journal.makes].reverse() });
    return steps.map(({ path }) => within(journal.prefix, path) ?? path).sort();
  });
}

/** Completes or rolls back a write in the root's git repository (or root) that a crash interrupted. */
export function recoverWith(fs: FileSystem, root: string): Recovery {
  const place = placeOf(root);
  return explained('An interrupted write could not be put right', () => recoverPlace(fs, place));
}

const refusedOrMissing = (fs: FileSystem, place: Place, path: string, needed: boolean): readonly string[] => {
  const missing = refuseLinks(fs, place, path);
  return needed ? missing : [];
};

function stepsBack(fs: FileSystem, place: Place, journal: Journal): readonly Step[] {
  const now = journal.entries.map(({ path }) => standing(fs, join(place.base, path)));
  const changed = journal.entries.filter(({ after }, i) => !isVersion(now[i], after));
  if (changed.length > 0)
    throw new UserError(
      `Changed since dockfix wrote it: ${changed.map(({ path }) => within(journal.prefix, path) ?? path).join(', ')}`,
      'Nothing was undone. Take your own changes back first, or use git.',
    );
  return journal.entries.map(
    ({ path, before }, i): Step => ({
      path,
      before: now[i],
      after: before ? { bytes: backupOf(fs, place, journal, i), access: before } : undefined,
    }),
  );
}
