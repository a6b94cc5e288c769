/** A piece of a unified diff: lines with their mark (`-`, `+`, a blank, `\\`). Starts count from one. */
export interface Hunk {
  readonly oldStart: number;
  readonly newStart: number;
  readonly lines: readonly string[];
}

/** A line of a hunk with the remark that may follow it (no newline at the end of the file). */
interface Row {
  readonly lines: readonly string[];
  readonly oldLine: number;
  readonly newLine: number;
  readonly context: boolean;
  readonly hidden: boolean;
}

/**
 * The same change without the context lines that hide something; where they stand between two changes, two hunks.
 * `git apply` takes a hunk with few leading lines or none, but without a trailing one it looks at the end of the file only:
 * a change therefore keeps the first line behind it. https://git-scm.com/docs/git-apply#Documentation/git-apply.txt---unidiff-zero
 */
export function withoutContext(hunk: Hunk, hides: (line: string) => boolean): readonly Hunk[] {
  const rows = rowsOf(hunk, hides);
  if (!rows.some(({ hidden }) => hidden)) return [hunk];
  const pieces: Row[][] = [];
  let piece: Row[] = [];
  for (const [index, row] of rows.entries()) {
    const behindChange = piece.at(-1)?.context === false;
    if (!row.hidden || behindChange) piece.push(row);
    if (!row.hidden) continue;
    if (piece.some(({ context }) => !context)) pieces.push(piece);
    piece = [];
    // What follows up to the next change is context of that change.
    if (!rows.slice(index + 1).some(({ context }) => !context)) break;
  }
  if (piece.some(({ context }) => !context)) pieces.push(piece);
  return pieces.map((each) => hunkOf(anchored(each, rows)));
}

/** An insertion behind the only line of a file: without that line git takes `-1,0` for the beginning of the file. */
function anchored(piece: readonly Row[], rows: readonly Row[]): readonly Row[] {
  const [first] = piece;
  const above = first && rows[rows.indexOf(first) - 1];
  const isInsertion = piece.every(({ lines }) => lines[0]?.startsWith('+'));
  return above && isInsertion && first.oldLine === 2 ? [above, ...piece] : piece;
}

function rowsOf(hunk: Hunk, hides: (line: string) => boolean): readonly Row[] {
  const rows: Row[] = [];
  let { oldStart: oldLine, newStart: newLine } = hunk;
  for (const line of hunk.lines) {
    const last = rows.at(-1);
    if (line.startsWith('\\') && last) {
      rows[rows.length - 1] = { ...last, lines: [...last.lines, line] };
      continue;
    }
    const context = line.startsWith(' ');
    rows.push({ lines: [line], oldLine, newLine, context, hidden: context && hides(line.slice(1)) });
    if (!line.startsWith('+')) oldLine += 1;
    if (!line.startsWith('-')) newLine += 1;
  }
  return rows;
}

const hunkOf = (rows: readonly Row[]): Hunk => ({
  oldStart: rows[0]?.oldLine ?? 1,
  newStart: rows[0]?.newLine ?? 1,
  lines: rows.flatMap(({ lines }) => lines),
});
