import type { Finding, Span } from '../finding.ts';
import { lineContentEnd } from '../lines.ts';
import { dockerFiles } from '../model/unread-files.ts';
import { deltas } from '../repo/delta.ts';
import type { Repo } from '../repo/repo.ts';
import { hunksBetween } from './diff.ts';

/** Where a span of a later snapshot lies in the first one. */
export interface Origin {
  readonly span: Span;
  /** The same text stands there, and the same lines around it; else the span is the line nearest to it. */
  readonly exact: boolean;
  /** An earlier repair put the line there: the span is the line above it. */
  readonly added: boolean;
}

/** Maps spans back to the files as they are on disk. */
export interface Origins {
  /** `undefined` for a span in a file that an earlier repair made. */
  readonly of: (seen: Repo, span: Span) => Origin | undefined;
  /** The place of a finding; in a file that an earlier repair made, the first place of its proof that is on disk. */
  readonly ofFinding: (seen: Repo, finding: Finding) => Origin;
}

/** Lines that differ, counted from zero, ends exclusive. */
export interface LineChange {
  readonly oldStart: number;
  readonly oldEnd: number;
  readonly newStart: number;
  readonly newEnd: number;
}

/** One file of a later snapshot beside the file that it came from. */
interface Pair {
  readonly path: string;
  readonly before: string;
  readonly after: string;
  readonly oldLines: readonly number[];
  readonly newLines: readonly number[];
  readonly changes: readonly LineChange[];
}

/** Maps spans of the snapshots that a run went through to the snapshot that it started from. */
export function originsIn(first: Repo): Origins {
  const pairs = new WeakMap<Repo, Map<string, Pair | undefined>>();
  const pairAt = (seen: Repo, path: string): Pair | undefined => {
    const known = pairs.get(seen) ?? new Map<string, Pair | undefined>();
    pairs.set(seen, known);
    if (!known.has(path)) known.set(path, pairOf(first, seen, path));
    return known.get(path);
  };
  const of = (seen: Repo, span: Span): Origin | undefined => {
    // A file that is not text is the same in every snapshot.
    if (first.has(span.path) && first.read(span.path) === undefined) return { span, exact: true, added: false };
    const pair = pairAt(seen, span.path);
    return pair && originIn(pair, span);
  };
  const ofFinding = (seen: Repo, finding: Finding): Origin => {
    const own = of(seen, finding.at);
    if (own) return own;
    const places = [...finding.evidence.map(({ at }) => at), ...(finding.fix?.changes ?? []).map(startOf)];
    for (const place of places) {
      const found = of(seen, place);
      if (found) return { ...found, exact: false };
    }
    return {
      span: { path: dockerFiles(first)[0] ?? first.paths[0] ?? '', start: 0, end: 0 },
      exact: false,
      added: false,
    };
  };
  return { of, ofFinding };
}

const startOf = (change: { readonly path: string }): Span => ({ path: change.path, start: 0, end: 0 });

/** Lines that differ between two texts. */
export function lineChanges(before: string, after: string): readonly LineChange[] {
  const changes: LineChange[] = [];
  for (const { oldStart, newStart, lines } of hunksBetween(before, after, 0)) {
    const count = (mark: string): number => lines.filter((line) => line.startsWith(mark)).length;
    const [oldAt, newAt] = [oldStart - 1, newStart - 1];
    changes.push({ oldStart: oldAt, oldEnd: oldAt + count('-'), newStart: newAt, newEnd: newAt + count('+') });
  }
  return changes;
}

function pairOf(first: Repo, seen: Repo, path: string): Pair | undefined {
  const from = first.has(path) ? path : deltas(first, seen).find((delta) => delta.path === path)?.from;
  const before = from === undefined ? undefined : first.read(from);
  const after = seen.read(path);
  if (from === undefined || before === undefined || after === undefined) return undefined;
  return {
    path: from,
    before,
    after,
    oldLines: lineStarts(before),
    newLines: lineStarts(after),
    changes: lineChanges(before, after),
  };
}

function originIn({ path, before, after, oldLines, newLines, changes }: Pair, { start, end }: Span): Origin {
  if (before === after) return { span: { path, start, end }, exact: true, added: false };
  const [firstLine, lastLine] = linesAround(newLines, start, end, after.length);
  const touched = changes.find((change) => overlaps(change, firstLine, lastLine));
  if (!touched) {
    const shift = shiftAt(lineAt(newLines, start), changes, oldLines, newLines);
    return { span: { path, start: start + shift, end: end + shift }, exact: true, added: false };
  }
  const newLine = lineAt(newLines, start);
  const own = changes.find((change) => change.newStart <= newLine && newLine < change.newEnd);
  const [oldTexts, newTexts] = own ? [linesOf(before, oldLines), linesOf(after, newLines)] : [[], []];
  const found = own ? oldLineFor(own, newLine, oldTexts, newTexts) : newLine + lineShift(newLine, changes);
  const last = oldLines.length - (before.endsWith('\n') ? 1 : 0) - 1;
  const at = oldLines[Math.max(0, Math.min(found, last))] ?? 0;
  const added = own !== undefined && isAdded(own, newLine, found, oldTexts, newTexts);
  return { span: { path, start: at, end: Math.max(at, lineContentEnd(before, at)) }, exact: false, added };
}

/**
 * The lines whose text decides what a span means. What stands before and behind an insertion both do; the ends of the file count
 * as lines there, so that lines taken away at an end are seen.
 */
function linesAround(starts: readonly number[], start: number, end: number, length: number): readonly [number, number] {
  if (start < end) return [lineAt(starts, start), lineAt(starts, end - 1)];
  return [start === 0 ? -1 : lineAt(starts, start - 1), start >= length ? starts.length : lineAt(starts, start)];
}

/** Lines that were only taken away touch what stands on both sides of them. */
const overlaps = ({ newStart, newEnd }: LineChange, first: number, last: number): boolean =>
  newStart === newEnd ? newStart > first && newStart <= last : newStart <= last && newEnd > first;

/** How far an offset on an unchanged line has to move. */
function shiftAt(
  line: number,
  changes: readonly LineChange[],
  oldLines: readonly number[],
  newLines: readonly number[],
): number {
  const oldLine = line + lineShift(line, changes);
  return (oldLines[oldLine] ?? 0) - (newLines[line] ?? 0);
}

/** What the changes above a line add to its number in the old text. */
const lineShift = (line: number, changes: readonly LineChange[]): number =>
  changes
    .filter(({ newEnd }) => newEnd <= line)
    .reduce((sum, change) => sum + (change.oldEnd - change.oldStart) - (change.newEnd - change.newStart), 0);

/** The old line that a changed one stands for: the one that begins most like it; the line above where there is none. */
function oldLineFor(
  { oldStart, oldEnd, newStart }: LineChange,
  line: number,
  before: readonly string[],
  after: readonly string[],
): number {
  if (oldStart === oldEnd) return oldStart - 1;
  const alike = (old: number): number => sameStart(before[old] ?? '', after[line] ?? '');
  // Where nothing is alike, the one at the same place among them.
  const same = Math.min(oldStart + line - newStart, oldEnd - 1);
  const candidates = Array.from({ length: oldEnd - oldStart }, (_, index) => oldStart + index);
  return candidates.reduce((best, each) => (alike(each) > alike(best) ? each : best), same);
}

/** A new line is added when nothing was there, or when another line of the longer text has more of the old one that it would stand for. */
function isAdded(
  { oldStart, oldEnd, newStart, newEnd }: LineChange,
  line: number,
  found: number,
  before: readonly string[],
  after: readonly string[],
): boolean {
  if (oldStart === oldEnd) return true;
  if (newEnd - newStart <= oldEnd - oldStart) return false;
  const alike = (each: number): number => sameStart(before[found] ?? '', after[each] ?? '');
  const own = alike(line);
  return Array.from({ length: newEnd - newStart }, (_, index) => newStart + index).some((each) => alike(each) > own);
}

/** How many characters two lines have in common at their start, blanks aside. */
function sameStart(a: string, b: string): number {
  const [one, other] = [a.trim(), b.trim()];
  let same = 0;
  while (same < one.length && one[same] === other[same]) same += 1;
  return same;
}

const linesOf = (text: string, starts: readonly number[]): readonly string[] =>
  starts.map((start, index) => text.slice(start, starts[index + 1] ?? text.length));

function lineStarts(text: string): readonly number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

/** The line that holds an offset. */
function lineAt(starts: readonly number[], offset: number): number {
  let [low, high] = [0, starts.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}
