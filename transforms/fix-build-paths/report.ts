import type { Change, Evidence, Finding, Span } from '../../src/finding.ts';
import type { Stack } from '../../src/model/stack.ts';
import { listed } from '../../src/words.ts';

/** A path that leads nowhere, and what could be meant by it. */
export interface Broken {
  readonly at: Span;
  readonly message: string;
  readonly evidence: readonly Evidence[];
  readonly candidates: readonly string[];
  /** The repair when there is one candidate; `undefined` when the path cannot be changed where it is written. */
  readonly changes: readonly Change[] | undefined;
  readonly title: string;
  /** Why one candidate alone does not settle it. */
  readonly doubt: string | undefined;
  /** What to do when there is no candidate. */
  readonly without: string;
}

/** The first character of a file. */
export const placeOf = (path: string): Span => ({ path, start: 0, end: 0 });

/** One candidate makes a fix; several, none or a doubt make instructions. */
export function report(stack: Stack, broken: Broken): Finding {
  const { at, message, candidates, changes, doubt, title } = broken;
  const [only, ...others] = candidates;
  const evidence = [
    ...broken.evidence,
    ...candidates
      .filter((path) => stack.repo.has(path))
      .slice(0, 5)
      .map((path) => ({ at: placeOf(path), says: `${path} has that name` })),
  ];
  if (only !== undefined && others.length === 0 && doubt === undefined && changes)
    return { message, at, evidence, fix: { title, safety: 'safe', changes } };
  const advice =
    only === undefined
      ? broken.without
      : others.length > 0
        ? `Several files have that name: ${listed(candidates)}. Name the one that is meant.`
        : `${doubt ?? 'The path cannot be changed where it is written'}. If ${only} is meant, name it here.`;
  return {
    message,
    at,
    evidence,
    advice,
    fix: { title: 'Name the file that is meant', safety: 'manual', changes: [] },
  };
}
