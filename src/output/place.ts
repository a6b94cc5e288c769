import type { Span } from '../finding.ts';
import { lineNumber, lineStart } from '../lines.ts';
import type { Repo } from '../repo/repo.ts';

/** A place that a person can look up; line and column count from one, columns in UTF-16 units. */
export interface Place {
  readonly path: string;
  readonly line: number;
  readonly column: number;
}

/** Where an offset of a file stands in the snapshot that its span was made for. */
export function placeAt(seen: Repo, path: string, offset: number): Place {
  const text = seen.read(path) ?? '';
  return { path, line: lineNumber(text, offset), column: offset - lineStart(text, offset) + 1 };
}

/** `path:line`, or the path alone when the file cannot be read there. */
export function placeName(seen: Repo, span: Span): string {
  return seen.read(span.path) === undefined ? span.path : `${span.path}:${placeAt(seen, span.path, span.start).line}`;
}

/** `path:line`, or the path alone where there is no line. */
export const lineName = ({ path, line }: { readonly path: string; readonly line?: number | undefined }): string =>
  line === undefined ? path : `${path}:${line}`;
