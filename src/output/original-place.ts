import type { Span } from '../finding.ts';
import { lineNumber } from '../lines.ts';
import type { Repo } from '../repo/repo.ts';
import { type Origins, originsIn } from './origin.ts';
import { placeName } from './place.ts';

/** A file of the repository as it is, and the line where that can be told. */
export interface OriginalPlace {
  readonly path: string;
  /** Absent when a repair before it put the line, or the file, there. */
  readonly line?: number;
}

const known = new WeakMap<Repo, Origins>();

/** Where a span of a later snapshot stands in the repository as it is: earlier repairs may have moved or changed its line. */
export function originalPlace(before: Repo, seen: Repo, span: Span): OriginalPlace {
  const origins = known.get(before) ?? originsIn(before);
  known.set(before, origins);
  const origin = origins.of(seen, span);
  const text = origin && !origin.added ? before.read(origin.span.path) : undefined;
  return origin && text !== undefined
    ? { path: origin.span.path, line: lineNumber(text, origin.span.start) }
    : { path: span.path };
}

/** A place as a person finds it: in the file as it is, or in what an earlier repair of the same run made of it. */
export function originalName(before: Repo, seen: Repo, span: Span): string {
  const { path, line } = originalPlace(before, seen, span);
  if (line !== undefined) return `${path}:${line}`;
  return before.has(span.path) ? `${placeName(seen, span)} (as repaired)` : placeName(seen, span);
}
