import { type Check, fails } from '../check.ts';

/**
 * One JSON document for programs. Its shape is stable within a `schemaVersion`:
 * - `failed`: whether a problem fails the check;
 * - `problems`: in order, each with `transform`, `level` (`error`, `warning` or `note`), `message`, `at`, `evidence`, `fingerprint`,
 *   `status` (`repairable` or `skipped`), `reason?`, `advice?` and `fix?` (`title`, `safety`, `edits?` that apply by themselves);
 * - `notices`: files that could not be taken into account; `errors`: transforms that failed.
 * A place is `{ path, start, end }` in the file on disk, both ends `{ line, column }`, counted from one, columns in UTF-16 units.
 */
export function jsonCheck(check: Check): string {
  const document = {
    schemaVersion: 1,
    failed: check.problems.some(fails),
    problems: check.problems.map(({ transform, skipped, ...problem }) => ({
      transform: transform.id,
      ...problem,
      status: skipped ? 'skipped' : 'repairable',
      ...(skipped && { reason: skipped }),
    })),
    notices: check.notices,
    errors: check.errors.map(({ transform, message }) => ({ transform: transform.id, message })),
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}
