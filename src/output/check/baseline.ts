import { type Check, fails, type Problem, type Suppressed } from '../check.ts';
import { isRecord } from '../record.ts';

/** What a baseline says of one problem; only the fingerprint counts, the rest is for who reads the file. */
interface Known {
  readonly fingerprint: string;
  readonly transform: string;
  readonly path: string;
}

/** The problems that fail a check, as a file that a later check takes as known. Its order does not depend on the order of transforms. */
export function baselineText(check: Check): string {
  const known = check.problems
    .filter(fails)
    .map(({ fingerprint, transform, at }): Known => ({ fingerprint, transform: transform.id, path: at.path }));
  const key = ({ path, transform, fingerprint }: Known): string => [path, transform, fingerprint].join('\0');
  const sorted = known.sort((a, b) => (key(a) < key(b) ? -1 : 1));
  return `${JSON.stringify({ schemaVersion: 1, problems: sorted }, undefined, 2)}\n`;
}

/** The fingerprints of a baseline with the transform of each, or why it is none. */
export function readBaseline(text: string): ReadonlyMap<string, string> | { readonly why: string } {
  let document: unknown;
  try {
    document = JSON.parse(text.replace(/^\ufeff/, ''));
  } catch (error) {
    return { why: error instanceof SyntaxError ? error.message : String(error) };
  }
  if (!isRecord(document) || !Array.isArray(document['problems'])) return { why: 'it has no list of problems' };
  if (document['schemaVersion'] !== 1) return { why: 'another version of dockfix wrote it' };
  const known = new Map<string, string>();
  for (const problem of document['problems'] as readonly unknown[]) {
    if (!isRecord(problem) || typeof problem['fingerprint'] !== 'string')
      return { why: 'a problem has no fingerprint' };
    known.set(problem['fingerprint'], String(problem['transform']));
  }
  return known;
}

/** A check with the problems that a baseline knows among the suppressed ones, and how many of its entries have gone since. */
export function withoutKnown(
  check: Check,
  known: ReadonlyMap<string, string>,
): { readonly check: Check; readonly gone: number } {
  const found = new Set(check.problems.map(({ fingerprint }) => fingerprint));
  const ran = new Set(check.transforms.map(({ id }) => id));
  const gone = [...known].filter(([fingerprint, id]) => ran.has(id) && !found.has(fingerprint)).length;
  const isKnown = ({ fingerprint }: Problem): boolean => known.has(fingerprint);
  const suppressed = check.problems
    .filter(isKnown)
    .map((problem): Suppressed => ({ problem, by: 'baseline', reason: 'The baseline knows it.' }));
  return {
    check: {
      ...check,
      problems: check.problems.filter((problem) => !isKnown(problem)),
      suppressed: [...check.suppressed, ...suppressed],
    },
    gone,
  };
}
