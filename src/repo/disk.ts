import { nodeFileSystem } from './file-system.ts';
import type { Repo } from './repo.ts';
import type { Recovery } from './transaction.ts';
import { recoverWith, undoWith } from './undo.ts';
import { type WriteReport, writeWith } from './write.ts';

export { gitPrefix } from './place.ts';
export { revisionOf } from './revision.ts';
export { scan } from './scan.ts';
export type { Recovery, WriteReport };

/** Writes what differs between two snapshots of a root, all of it or nothing; a `UserError` when it cannot. */
export const write = (root: string, before: Repo, after: Repo): WriteReport =>
  writeWith(nodeFileSystem, root, before, after);

/** Takes back the last write and answers the paths that are as they were; a `UserError` when it cannot. */
export const undo = (root: string): readonly string[] => undoWith(nodeFileSystem, root);

/** Puts right what a crash during a write left behind, before anything else is done with the root. */
export const recover = (root: string): Recovery => recoverWith(nodeFileSystem, root);
