/** A half-open range of offsets in the source text. */
export interface Piece {
  readonly start: number;
  readonly end: number;
}

/** Text put together from pieces of a source, which still knows where each character stands there. */
export interface JoinedText {
  readonly text: string;
  /** Source offset of the character at `index`; past the last character, the end of the last piece. */
  readonly offsetOf: (index: number) => number;
  /** The source range of a part: from its first to just past its last character. */
  readonly rangeOf: (start: number, end: number) => Piece;
  /** The pieces of a part. */
  readonly cut: (start: number, end: number) => readonly Piece[];
}

/** Joins pieces of `source`. Without any piece the text is empty and stands at `emptyAt`. */
export const joinPieces = (source: string, pieces: readonly Piece[], emptyAt: number): JoinedText => {
  const filled = pieces.filter((piece) => piece.end > piece.start);
  const indexes: number[] = [];
  let length = 0;
  for (const piece of filled) {
    indexes.push(length);
    length += piece.end - piece.start;
  }
  const pieceAt = (index: number): number => {
    let low = 0;
    let high = filled.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((indexes[middle] ?? 0) <= index) low = middle;
      else high = middle - 1;
    }
    return low;
  };
  const offsetOf = (index: number): number => {
    const last = filled.at(-1);
    if (!last) return emptyAt;
    if (index >= length) return last.end;
    const which = pieceAt(index);
    return (filled[which]?.start ?? emptyAt) + index - (indexes[which] ?? 0);
  };
  const rangeOf = (start: number, end: number): Piece => {
    const from = offsetOf(start);
    return { start: from, end: end > start ? offsetOf(end - 1) + 1 : from };
  };
  const cut = (start: number, end: number): readonly Piece[] =>
    filled.flatMap((piece, at) => {
      const index = indexes[at] ?? 0;
      const from = Math.max(piece.start, piece.start + start - index);
      const to = Math.min(piece.end, piece.start + end - index);
      return to > from ? [{ start: from, end: to }] : [];
    });
  return { text: filled.map((piece) => source.slice(piece.start, piece.end)).join(''), offsetOf, rangeOf, cut };
};
