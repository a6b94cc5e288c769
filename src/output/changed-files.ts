import type { FileMode } from '../finding.ts';
import type { Outcome, Run } from '../pipeline/run.ts';
import { type Delta, deltas } from '../repo/delta.ts';

/** What a run does to one file. */
export interface ChangedFile {
  readonly path: string;
  readonly kind: 'created' | 'edited' | 'removed' | 'renamed';
  /** Where a renamed file was before. */
  readonly from?: string;
  /** The mode that the file gets, when it is created or its mode changes. */
  readonly mode?: FileMode;
}

/** The outcomes that changed something. */
export const appliedOutcomes = (run: Run): readonly Outcome[] =>
  run.steps.flatMap((step) => step.outcomes).filter((outcome) => !outcome.skipped);

/** The files that differ between the two ends of a run, in path order. */
export const changedFiles = (run: Run): readonly ChangedFile[] => deltas(run.before, run.after).map(changedFile);

function changedFile({ path, before, after, from }: Delta): ChangedFile {
  if (!after) return { path, kind: 'removed' };
  const mode = after.mode === before?.mode ? {} : { mode: after.mode };
  if (from !== undefined) return { path, kind: 'renamed', from, ...mode };
  return { path, kind: before ? 'edited' : 'created', ...mode };
}
