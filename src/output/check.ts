import { type Edit, type Finding, isEdit, type Safety } from '../finding.ts';
import { lineContentEnd, lineStart } from '../lines.ts';
import { ignoreAt } from '../model/ignore-comment.ts';
import type { Mask } from '../model/secret/mask.ts';
import { readStack, type Stack } from '../model/stack.ts';
import { carryOut } from '../pipeline/edits.ts';
import { newBreakages } from '../pipeline/guard.ts';
import type { Notice, Outcome, Run, Skip } from '../pipeline/run.ts';
import type { Repo } from '../repo/repo.ts';
import type { Level, Transform } from '../transform.ts';
import { ABOUT_IGNORES, findingsOnIgnores } from './check/ignores.ts';
import { maskBetween } from './masked.ts';
import { type Origin, type Origins, originsIn } from './origin.ts';
import { placeAt } from './place.ts';

/** A position that a person can look up; both count from one, columns in UTF-16 units. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A range in a file as it is on disk; the end is exclusive. */
export interface Range {
  readonly path: string;
  readonly start: Position;
  readonly end: Position;
}

/** What replaces a range, so that the problem is gone. */
export interface Replacement {
  readonly range: Range;
  readonly text: string;
}

/** A finding as a check shows it: its places are those on disk, its texts hold no secret. */
export interface Problem {
  readonly transform: Transform;
  readonly level: Level;
  readonly message: string;
  readonly at: Range;
  readonly evidence: readonly { readonly at: Range; readonly says: string }[];
  /** `edits` are there when they apply to the files on disk by themselves, without the repairs that come before. */
  readonly fix?: { readonly title: string; readonly safety: Safety; readonly edits?: readonly Replacement[] };
  readonly advice?: string;
  /** Why it would not be repaired; absent when `dockfix apply` would. */
  readonly skipped?: Skip;
  /** The same for the same problem after lines have moved; no two problems of a check share it. */
  readonly fingerprint: string;
}

/** A problem that somebody decided to leave as it is: it fails no check, and only formats that know of suppression show it. */
export interface Suppressed {
  readonly problem: Problem;
  /** Where that was decided. */
  readonly by: 'comment' | 'baseline';
  readonly reason: string;
}

/** What a check has to tell; its formats are pure functions of it. */
export interface Check {
  readonly problems: readonly Problem[];
  readonly suppressed: readonly Suppressed[];
  readonly notices: readonly Notice[];
  readonly errors: readonly { readonly transform: Transform; readonly message: string }[];
  /** The transforms that ran. */
  readonly transforms: readonly Transform[];
}

/** The same check with paths from the top of the git repository, as the services that show it name files. */
export function belowTop(check: Check, prefix: string): Check {
  if (prefix === '') return check;
  const path = (own: string): string => `${prefix}/${own}`;
  const moved = (range: Range): Range => ({ ...range, path: path(range.path) });
  const below = ({ fix, ...problem }: Problem): Problem => ({
    ...problem,
    at: moved(problem.at),
    evidence: problem.evidence.map((each) => ({ ...each, at: moved(each.at) })),
    ...(fix && {
      fix: { ...fix, ...(fix.edits && { edits: fix.edits.map((e) => ({ ...e, range: moved(e.range) })) }) },
    }),
  });
  return {
    ...check,
    notices: check.notices.map((notice) => ({ ...notice, path: path(notice.path) })),
    problems: check.problems.map(below),
    suppressed: check.suppressed.map(({ problem, ...why }) => ({ ...why, problem: below(problem) })),
  };
}

/** What a check needs from outside. */
export interface CheckRequest {
  /** A short hexadecimal digest. */
  readonly digest: (text: string) => string;
  /** The level that a transform's findings have, where it is not the usual one. */
  readonly levels: ReadonlyMap<string, Level>;
  /** The transforms that there are, also those that did not run. */
  readonly known: ReadonlySet<string>;
  /** Files that the configuration excludes. */
  readonly isExcluded: (path: string) => boolean;
  /** Whether to work out which repairs apply by themselves, which takes time. */
  readonly edits: boolean;
}

/** True for a problem that makes a check fail: it would be repaired, or a person has to. */
export const fails = ({ level }: Problem): boolean => level !== 'note';

/** The findings of a run, on the files as they are on disk, without secrets. */
export function checkOf(run: Run, request: CheckRequest): Check {
  const mask = maskBetween(run.before, run.after);
  const origins = originsIn(run.before);
  const start = request.edits ? readStack(run.before, undefined) : undefined;
  const seenBefore = new Map<string, number>();
  const onIgnores = findingsOnIgnores(run, request.known)
    .filter(({ at }) => !request.isExcluded(at.path))
    .map((finding): Outcome => ({ finding, seen: run.before, skipped: 'manual' }));
  const steps = onIgnores.length > 0 ? [...run.steps, { transform: ABOUT_IGNORES, outcomes: onIgnores }] : run.steps;
  const all = steps.flatMap(({ transform, outcomes }) =>
    outcomes.filter(isTold).map((outcome) => {
      const identity = identityOf(transform, outcome, origins, mask);
      const count = seenBefore.get(identity) ?? 0;
      seenBefore.set(identity, count + 1);
      const fingerprint = request.digest(count === 0 ? identity : `${identity}\0${count}`);
      const problem = problemOf(run, transform, outcome, { origins, mask, fingerprint, request, start });
      return { problem, reason: reasonFor(transform, outcome) };
    }),
  );
  return {
    problems: all.flatMap(({ problem, reason }) => (reason === undefined ? [problem] : [])),
    suppressed: all.flatMap(({ problem, reason }): readonly Suppressed[] =>
      reason === undefined ? [] : [{ problem, by: 'comment', reason: mask(reason) }],
    ),
    notices: run.notices.map((notice) => ({ ...notice, message: mask(notice.message), hint: mask(notice.hint) })),
    errors: run.steps.flatMap(({ transform, error }) =>
      error === undefined ? [] : [{ transform, message: mask(error instanceof Error ? error.message : String(error)) }],
    ),
    transforms: steps.map(({ transform }) => transform),
  };
}

/** A file that is excluded is nobody's business. */
const isTold = ({ skipped }: Outcome): boolean => skipped !== 'excluded by configuration';

/** What the comment says that asks to leave a finding alone; `undefined` when there is none. */
const reasonFor = ({ id }: Transform, { finding, seen, skipped }: Outcome): string | undefined =>
  skipped === 'ignored by comment' ? ignoreAt(seen, id, finding.at)?.reason : undefined;

interface Reading {
  readonly origins: Origins;
  readonly mask: Mask;
  readonly fingerprint: string;
  readonly request: CheckRequest;
  /** The stack on disk, when edits are wanted. */
  readonly start: Stack | undefined;
}

function problemOf(run: Run, transform: Transform, outcome: Outcome, reading: Reading): Problem {
  const { finding, seen, skipped } = outcome;
  const { origins, mask, fingerprint, request, start } = reading;
  const { fix } = finding;
  const edits = fix && start && editsOnDisk(start, outcome, origins, mask);
  return {
    transform,
    level: fix === undefined ? 'note' : (request.levels.get(transform.id) ?? usualLevel(transform)),
    message: mask(finding.message),
    at: rangeOf(run.before, origins.ofFinding(seen, finding)),
    evidence: finding.evidence.flatMap(({ at, says }) => {
      const origin = origins.of(seen, at);
      return origin ? [{ at: rangeOf(run.before, origin), says: mask(says) }] : [];
    }),
    ...(fix && { fix: { title: mask(fix.title), safety: fix.safety, ...(edits && { edits }) } }),
    ...(finding.advice !== undefined && { advice: mask(finding.advice) }),
    ...(skipped && { skipped }),
    fingerprint,
  };
}

const usualLevel = ({ group }: Transform): Level => (group === 'repair' ? 'error' : 'warning');

/** What makes a problem the same one tomorrow: its transform, file, line of text and words, not where the line stands. */
function identityOf({ id }: Transform, { finding, seen }: Outcome, origins: Origins, mask: Mask): string {
  const text = seen.read(finding.at.path) ?? '';
  const line = text.slice(lineStart(text, finding.at.start), lineContentEnd(text, finding.at.start)).trim();
  // Numbers are lines and amounts more often than not; the line of text has those that matter.
  const words = finding.message.replace(/\d+/g, '0');
  return [id, origins.ofFinding(seen, finding).span.path, mask(line), mask(words)].join('\0');
}

function rangeOf(before: Repo, { span }: Origin): Range {
  const at = (offset: number): Position => {
    const { line, column } = placeAt(before, span.path, offset);
    // A byte order mark is no column for anybody who reads the file.
    const marked = line === 1 && column > 1 && before.read(span.path)?.startsWith('\ufeff') === true;
    return { line, column: marked ? column - 1 : column };
  };
  return { path: span.path, start: at(span.start), end: at(span.end) };
}

/** The edits of a repair where they and all that proves them stand on disk as the repair saw it, and nothing in them is secret. */
function editsOnDisk(start: Stack, outcome: Outcome, origins: Origins, mask: Mask): readonly Replacement[] | undefined {
  const before = start.repo;
  const { finding, seen, skipped } = outcome;
  const changes = finding.fix?.changes ?? [];
  if (skipped || !changes.every(isEdit) || !holdsOnDisk(finding, seen, origins)) return undefined;
  const edits: Edit[] = [];
  for (const change of changes) {
    const origin = origins.of(seen, change);
    if (!origin?.exact || mask(change.text) !== change.text) return undefined;
    edits.push({ ...origin.span, text: change.text });
  }
  const files = carryOut(before, edits);
  if ('why' in files) return undefined;
  // Without the repairs that come before, the same edit may name what is not there yet.
  if (newBreakages(start, readStack(before.with(files), start), [...files.keys()]).length > 0) return undefined;
  return edits.map(({ text, ...span }) => ({ range: rangeOf(before, { span, exact: true, added: false }), text }));
}

const holdsOnDisk = ({ at, evidence }: Finding, seen: Repo, origins: Origins): boolean =>
  [at, ...evidence.map((each) => each.at)].every((place) => origins.of(seen, place)?.exact);
