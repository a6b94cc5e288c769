import type { Span } from '../finding.ts';
import { lineNumber } from '../lines.ts';
import type { Repo } from '../repo/repo.ts';
import { originsIn } from './origin.ts';

/** A file of the repository as it is, and the line where that can be told. */
export interface OriginalPlace {
  readonly path: string;
  /** Absent when a repair before it put the line, or the file, there. */
  readonly line?: number;
}

/** Where a span of a later snapshot stands in the repository as it is: earlier repairs may have moved or changed its line. */
export function originalPlace(before: Repo, seen: Repo, span: Span): OriginalPlace {
  const origin = originsIn(before).of(seen, span);
  const text = origin && !origin.added ? before.read(origin.span.path) : undefined;
  return origin && text !== undefined
    ? { path: origin.span.path, line: lineNumber(text, origin.span.start) }
    : { path: span.path };
}
