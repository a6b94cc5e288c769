import type { Change, Finding, Span } from '../finding.ts';
import { isEdit } from '../finding.ts';
import type { Mask } from '../model/secret/mask.ts';
import type { Outcome, Run } from '../pipeline/run.ts';
import type { Repo } from '../repo/repo.ts';
import { changedFiles } from './changed-files.ts';
import { maskBetween } from './masked.ts';
import { placeAt } from './place.ts';

/**
 * One JSON document for programs. Its shape is stable within a `schemaVersion`:
 * - `written`: whether the changes are on disk;
 * - `changes`: `{ path, kind: created | edited | removed | renamed, from?, mode? }` with `mode` in octal (`100755`);
 * - `findings`: in order, each with `transform`, `message`, `at`, `evidence`, `status` (`applied` or `skipped`), `reason?`, `detail?`,
 *   `advice?` and `fix?` (`title`, `safety`, `changes`);
 * - `ignores`: ignore comments that do nothing, each with `message` and `at`;
 * - `notices`: files that could not be taken into account; `errors`: transforms that failed;
 * - `diff`: the whole patch as text (bytes of files that are not UTF-8 appear as U+0080 to U+00FF).
 * Wherever a secret of the repository would stand in a message, in the text of a change or in `diff` (its removed lines too),
 * there is `***`: a `diff` with `***` in it is for reading, the one that `git apply` takes is the output of the format `diff`.
 * A place is `{ path, start, end }`, both ends `{ line, column, offset }`; lines and columns count from one, offsets and columns in UTF-16 units.
 */
export function json(
  run: Run,
  output: { readonly diff: string; readonly written: boolean; readonly ignores: readonly Finding[] },
): string {
  const mask = maskBetween(run.before, run.after);
  const document = {
    schemaVersion: 1,
    written: output.written,
    changes: changedFiles(run).map(({ mode, ...file }) => ({ ...file, ...(mode && { mode: gitMode(mode) }) })),
    findings: run.steps.flatMap((step) =>
      step.outcomes.map((outcome) => ({ transform: step.transform.id, ...findingOf(outcome, mask) })),
    ),
    ignores: output.ignores.map(({ message, at }) => ({ message: mask(message), at: rangeOf(run.before, at) })),
    notices: run.notices.map((notice) => ({ ...notice, message: mask(notice.message), hint: mask(notice.hint) })),
    errors: run.steps.flatMap((step) =>
      step.error === undefined ? [] : [{ transform: step.transform.id, message: mask(messageOf(step.error)) }],
    ),
    diff: mask(output.diff),
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

function findingOf({ finding, seen, skipped, detail }: Outcome, mask: Mask) {
  return {
    message: mask(finding.message),
    at: rangeOf(seen, finding.at),
    evidence: finding.evidence.map(({ at, says }) => ({ at: rangeOf(seen, at), says: mask(says) })),
    status: skipped ? 'skipped' : 'applied',
    ...(skipped && { reason: skipped }),
    ...(detail !== undefined && { detail: mask(detail) }),
    ...(finding.advice !== undefined && { advice: mask(finding.advice) }),
    ...(finding.fix && {
      fix: {
        title: mask(finding.fix.title),
        safety: finding.fix.safety,
        changes: finding.fix.changes.map((change) => changeOf(seen, change, mask)),
      },
    }),
  };
}

function rangeOf(seen: Repo, span: Span) {
  const end = (offset: number) => {
    const { line, column } = placeAt(seen, span.path, offset);
    return { line, column, offset };
  };
  return { path: span.path, start: end(span.start), end: end(span.end) };
}

function changeOf(seen: Repo, change: Change, mask: Mask) {
  if (isEdit(change)) return { ...rangeOf(seen, change), text: mask(change.text) };
  const shown = 'create' in change ? { ...change, create: mask(change.create) } : change;
  return 'mode' in shown && shown.mode ? { ...shown, mode: gitMode(shown.mode) } : shown;
}

const gitMode = (mode: number): string => `100${mode.toString(8)}`;
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
