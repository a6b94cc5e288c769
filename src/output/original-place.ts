import type { Span } from '../finding.ts';
import { lineNumber } from '../lines.ts';
import type { Repo } from '../repo/repo.ts';
import { hunksBetween } from './diff.ts';
import type { Hunk } from './hunk.ts';

/** A file of the repository as it is, and the line where that can be told. */
export interface OriginalPlace {
  readonly path: string;
  /** Absent when a repair before it put the line, or the file, there. */
  readonly line?: number;
}

/** Where a span of a later snapshot stands in the repository as it is: earlier repairs may have moved or changed its line. */
export function originalPlace(before: Repo, seen: Repo, { path, start }: Span): OriginalPlace {
  const then = before.read(path);
  const now = seen.read(path);
  if (then === undefined || now === undefined) return { path };
  const line = lineBefore(hunksBetween(then, now), lineNumber(now, start));
  return line === undefined ? { path } : { path, line };
}

function lineBefore(hunks: readonly Hunk[], line: number): number | undefined {
  let shift = 0;
  for (const { oldStart, newStart, lines } of hunks) {
    if (line < newStart) return line - shift;
    const rows = lines.filter((row) => !row.startsWith('\\'));
    const end = newStart + rows.filter((row) => !row.startsWith('-')).length;
    if (line < end) return lineInHunk(rows, oldStart, line - newStart);
    shift = end - (oldStart + rows.filter((row) => !row.startsWith('+')).length);
  }
  return line - shift;
}

/** `index` counts the lines of the later text from the beginning of the hunk. */
function lineInHunk(rows: readonly string[], oldStart: number, index: number): number | undefined {
  let left = index;
  const at = rows.findIndex((row) => !row.startsWith('-') && left-- === 0);
  const oldLine = (position: number): number =>
    oldStart + rows.slice(0, position).filter((row) => !row.startsWith('+')).length;
  const found = rows[at];
  if (found === undefined) return undefined;
  if (!found.startsWith('+')) return oldLine(at);
  let first = at;
  while (first > 0 && !rows[first - 1]?.startsWith(' ')) first -= 1;
  const removed = rows
    .map((row, position) => ({ row, position }))
    .slice(first, rows.findIndex((row, position) => position > at && row.startsWith(' ')) >>> 0)
    .filter(({ row }) => row.startsWith('-'));
  const best = removed.sort((a, b) => sameStart(b.row, found) - sameStart(a.row, found))[0];
  return best && oldLine(best.position);
}

/** How many characters two lines of a hunk have in common at their start, blanks and the mark aside. */
function sameStart(a: string, b: string): number {
  const [one, other] = [a.slice(1).trim(), b.slice(1).trim()];
  let same = 0;
  while (same < one.length && one[same] === other[same]) same += 1;
  return same;
}
