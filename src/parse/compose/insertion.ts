import type { Edit, Span } from '../../finding.ts';
import { eolOf } from '../../lines.ts';
import type { ComposeFile, ComposeMap, ComposeSeq } from '../compose.ts';
import { flowInsertion } from './flow.ts';
import { columnOf } from './layout.ts';
import { commentsStart, extentEnd, isBlankLine, partsOf } from './place.ts';
import { linesAt } from './replacement.ts';
import { textLineStart } from './yaml-lines.ts';

/** Adds lines (laid out from column 0) after the part at `index` of a collection that is not empty. */
export const insertion = (
  file: ComposeFile,
  parent: ComposeMap | ComposeSeq,
  index: number,
  lines: readonly string[],
): readonly Edit[] | undefined => {
  const spans = partsOf(parent).map((part) => part.at);
  const at = spans[index];
  const first = spans[0];
  if (!at || !first) return undefined;
  if (parent.flow) {
    const [line, ...more] = lines;
    return line === undefined || more.length > 0
      ? undefined
      : flowInsertion(file.text, spans, index, line, eolOf(file.text));
  }
  const offset = extentEnd(file.text, at);
  const spaced = separatesByBlankLines(file.text, spans, parent === file.root) ? ['', ...lines] : lines;
  return [
    {
      path: file.path,
      start: offset,
      end: offset,
      text: linesAt(file.text, offset, columnOf(file.text, first.start), spaced),
    },
  ];
};

/** True if the parts of a block collection stand apart; top-level sections do unless most of them don't. */
const separatesByBlankLines = (text: string, spans: readonly Span[], isRoot: boolean): boolean => {
  const gaps = spans.slice(1).map((at, index) => {
    const line = commentsStart(text, textLineStart(text, at.start), columnOf(text, at.start), spans[index]?.end ?? 0);
    return isBlankLine(text, line - 1);
  });
  const blank = gaps.filter((gap) => gap).length;
  return isRoot ? blank * 2 >= gaps.length : gaps.length > 0 && blank === gaps.length;
};

/** Adds the first section to a file without a top-level mapping. */
export const firstSection = (file: ComposeFile, lines: readonly string[]): readonly Edit[] => {
  const end = file.text.length;
  return [{ path: file.path, start: end, end, text: linesAt(file.text, end, 0, lines) }];
};
