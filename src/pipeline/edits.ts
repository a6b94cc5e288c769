import { type Change, type Edit, type Fix, isEdit } from '../finding.ts';
import type { FileChanges, Repo, RepoFile } from '../repo/repo.ts';
import { splice } from '../splice.ts';

/** Why a set of changes cannot be carried out on a snapshot. */
export interface Refusal {
  readonly why: string;
}

/** True when carrying out one change would disturb the other. Equal changes never do. */
function collide(a: Change, b: Change): boolean {
  if (a.path !== b.path && !('renameTo' in a && a.renameTo === b.path) && !('renameTo' in b && b.renameTo === a.path))
    return false;
  if (JSON.stringify(a) === JSON.stringify(b)) return false;
  if ('mode' in a && !('create' in a)) return 'remove' in b || 'mode' in b;
  if ('mode' in b && !('create' in b)) return 'remove' in a;
  if (!isEdit(a) || !isEdit(b)) return true;
  if (a.start === a.end || b.start === b.end) return a.start <= b.end && b.start <= a.end && !touchesOnly(a, b);
  return a.start < b.end && b.start < a.end;
}

/** An insertion at the border of a replaced span leaves that span's own characters alone. */
function touchesOnly(a: Edit, b: Edit): boolean {
  if (a.start === a.end && b.start === b.end) return a.start !== b.start;
  const [insertion, other] = a.start === a.end ? [a, b] : [b, a];
  return insertion.start === other.start || insertion.start === other.end;
}

/** True when a fix has a change that cannot be carried out beside one of the accepted fixes. */
export const conflictBetween = (fix: Fix, accepted: readonly Fix[]): boolean =>
  accepted.some((other) => fix.changes.some((a) => other.changes.some((b) => collide(a, b))));

/**
 * The files that a set of changes leads to, or why it cannot be carried out.
 * All spans refer to the text of `repo`.
 */
export function carryOut(repo: Repo, changes: readonly Change[]): FileChanges | Refusal {
  const unique = [...new Map(changes.map((change) => [JSON.stringify(change), change])).values()];
  const next = new Map<string, RepoFile | null>();
  for (const path of new Set(unique.map((change) => change.path))) {
    const result = nextFile(
      repo,
      path,
      unique.filter((change) => change.path === path),
    );
    if ('why' in result) return result;
    const twice = result.files.find(([key]) => next.has(key));
    if (twice) return { why: `${twice[0]} is changed in two ways` };
    for (const [key, file] of result.files) next.set(key, file);
  }
  return next;
}

function nextFile(
  repo: Repo,
  path: string,
  changes: readonly Change[],
): { files: [string, RepoFile | null][] } | Refusal {
  const outside = changes
    .flatMap((c) => ('renameTo' in c ? [c.path, c.renameTo] : [c.path]))
    .find((p) => !isInside(repo, p));
  if (outside !== undefined) return { why: `${outside} is not inside the repository` };
  const creation = changes.find((change) => 'create' in change);
  if (creation && 'create' in creation) {
    if (repo.has(path) || changes.length > 1) return { why: `${path} exists already` };
    return { files: [[path, { text: creation.create, encoding: 'utf8', mode: creation.mode ?? 0o644 }]] };
  }
  const file = repo.file(path);
  if (!('text' in file)) return { why: `${path}: ${file.reason}` };
  if (changes.some((change) => 'remove' in change))
    return changes.length > 1 ? { why: `${path} is removed and edited` } : { files: [[path, null]] };
  const edits = changes.filter(isEdit);
  const text = splice(file.text, edits);
  if (typeof text !== 'string') return { why: `${path}: ${text.why}` };
  if (file.encoding === 'latin1' && /[^\u0000-\u00ff]/.test(text))
    return { why: `${path} is not UTF-8 and the new text does not fit its encoding` };
  const mode = changes.reduce((last, change) => ('mode' in change && change.mode ? change.mode : last), file.mode);
  const renamed = changes.find((change) => 'renameTo' in change);
  const after: RepoFile = { ...file, text, mode };
  if (!renamed || !('renameTo' in renamed)) return { files: [[path, after]] };
  if (repo.has(renamed.renameTo)) return { why: `${renamed.renameTo} exists already` };
  return {
    files: [
      [path, null],
      [renamed.renameTo, after],
    ],
  };
}

const isInside = (repo: Repo, path: string): boolean =>
  path !== '' &&
  !/^[/~\\]|^[A-Za-z]:|(?:^|\/)\.\.?(?:\/|$)|\/\/|\/$|(?:^|\/)\.git(?:\/|$)|\0/i.test(path) &&
  !repo.linkAt(path);

/** The snapshot with one fix carried out, and nothing else; the same snapshot when it cannot be. */
export function withFix(repo: Repo, fix: Fix): Repo {
  const changes = carryOut(repo, fix.changes);
  return 'why' in changes ? repo : repo.with(changes);
}
