import type { Mask } from '../../model/secret/mask.ts';
import type { Run } from '../../pipeline/run.ts';
import { changedFiles } from '../changed-files.ts';
import { diff } from '../diff.ts';
import type { ReportFile } from '../report.ts';
import type { NumberedOutcome } from './problems.ts';

/** What a run changes, file by file, and which problems each change comes from. */
export function reportFiles(run: Run, outcomes: readonly NumberedOutcome[], mask: Mask): readonly ReportFile[] {
  // A line of a hunk begins with its mark, so this begins a file only.
  const patches = diff(run.before, run.after).split(/^(?=diff --git )/m);
  return changedFiles(run).map(({ path, kind, from }, index) => ({
    path,
    kind,
    ...(from !== undefined && { from }),
    diff: mask(patches[index] ?? ''),
    problems: outcomes.filter((each) => changes(each, [path, from ?? path])).map(({ number }) => number),
  }));
}

const changes = ({ outcome: { finding, skipped } }: NumberedOutcome, paths: readonly string[]): boolean =>
  !skipped &&
  (finding.fix?.changes ?? []).some(
    (change) => paths.includes(change.path) || ('renameTo' in change && paths.includes(change.renameTo)),
  );
