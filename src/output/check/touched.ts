import { escapeRegExp } from '../../pattern.ts';
import { nameOf } from '../../repo/path.ts';
import type { Repo } from '../../repo/repo.ts';
import type { Check, Problem, Range } from '../check.ts';
import { lineChanges } from '../origin.ts';

/** The files that a change starts from. */
export interface Earlier {
  readonly paths: ReadonlySet<string>;
  readonly read: (path: string) => string;
}

/** Lines counted from one, the end included. */
type Lines = readonly [first: number, last: number];

/**
 * A check with only the problems that a change touches: one of their places stands on a changed line or in a new file, or they speak
 * of a file that the change took away.
 */
export function touchedBy(check: Check, repo: Repo, earlier: Earlier): Check {
  const known = new Map<string, readonly Lines[] | 'all'>();
  const linesIn = (path: string): readonly Lines[] | 'all' => {
    const lines = known.get(path) ?? changedLines(repo, earlier, path);
    known.set(path, lines);
    return lines;
  };
  const isTouched = ({ path, start, end }: Range): boolean => {
    const lines = linesIn(path);
    return lines === 'all' || lines.some(([first, last]) => first <= end.line && last >= start.line);
  };
  const removed = [...earlier.paths].filter((path) => !repo.has(path)).map(nameOf);
  const names = removed.length > 0 && new RegExp(`(?<![\\w.-])(?:${removed.map(escapeRegExp).join('|')})(?![\\w-])`);
  const speaksOfRemoved = ({ message, evidence }: Problem): boolean =>
    names !== false && [message, ...evidence.map(({ says }) => says)].some((text) => names.test(text));
  const concerns = (problem: Problem): boolean =>
    [problem.at, ...problem.evidence.map(({ at }) => at)].some(isTouched) || speaksOfRemoved(problem);
  return {
    ...check,
    problems: check.problems.filter(concerns),
    suppressed: check.suppressed.filter(({ problem }) => concerns(problem)),
  };
}

/** The lines that differ; those on both sides of lines that were taken away count, too. */
function changedLines(repo: Repo, earlier: Earlier, path: string): readonly Lines[] | 'all' {
  if (!earlier.paths.has(path)) return 'all';
  // A checkout may have other line ends than the commit.
  const plain = (text: string): string => text.replaceAll('\r\n', '\n');
  const changes = lineChanges(plain(earlier.read(path)), plain(repo.read(path) ?? ''));
  return changes.map(({ newStart, newEnd }) =>
    newStart === newEnd ? [newStart, newStart + 1] : [newStart + 1, newEnd],
  );
}
