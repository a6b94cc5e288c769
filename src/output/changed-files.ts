import type { FileMode } from '../finding.ts';
import type { Outcome, Run } from '../pipeline/run.ts';
import type { Repo, RepoFile } from '../repo/repo.ts';

/** What a run does to one file. */
export interface ChangedFile {
  readonly path: string;
  readonly kind: 'created' | 'edited' | 'removed';
  /** The mode that the file gets, when it is created or its mode changes. */
  readonly mode?: FileMode;
}

/** The outcomes that changed something. */
export const appliedOutcomes = (run: Run): readonly Outcome[] =>
  run.steps.flatMap((step) => step.outcomes).filter((outcome) => !outcome.skipped);

/** The files that differ between the two ends of a run, in path order. Reads only files that a fix named. */
export function changedFiles(run: Run): readonly ChangedFile[] {
  const changes = appliedOutcomes(run).flatMap((outcome) => outcome.finding.fix?.changes ?? []);
  const paths = new Set(
    changes.flatMap((change) => ('renameTo' in change ? [change.path, change.renameTo] : [change.path])),
  );
  return [...paths].sort().flatMap((path) => comparison(path, run) ?? []);
}

function comparison(path: string, run: Run): ChangedFile | undefined {
  const before = fileIn(run.before, path);
  const after = fileIn(run.after, path);
  if (!after) return before && { path, kind: 'removed' };
  if (!before) return { path, kind: 'created', mode: after.mode };
  if (before.text === after.text && before.mode === after.mode) return undefined;
  return { path, kind: 'edited', ...(before.mode !== after.mode && { mode: after.mode }) };
}

function fileIn(repo: Repo, path: string): RepoFile | undefined {
  if (!repo.has(path)) return undefined;
  const file = repo.file(path);
  return 'text' in file ? file : undefined;
}
