import type { ComposeFile, ComposeNode } from '../compose.ts';
import { textLineStart } from './yaml-lines.ts';

/** How a file indents: columns a nested mapping moves right, and columns a `-` stands right of its key (often 0). */
export interface Layout {
  readonly step: number;
  readonly dash: number;
}

/** The column of an offset, 0 at the line's start. */
export const columnOf = (text: string, offset: number): number => offset - textLineStart(text, offset);

/** The layout that most of a file follows; two spaces where it cannot be told. */
export const layoutOf = (file: ComposeFile): Layout => {
  const maps: number[] = [];
  const dashes: number[] = [];
  const visit = (node: ComposeNode): void => {
    if (node.kind === 'scalar' || node.flow || node.aliasAt) return;
    if (node.kind === 'seq') {
      for (const item of node.items) visit(item.value);
      return;
    }
    for (const { key, value } of node.own) {
      if (value.kind !== 'scalar' && !value.flow && !value.aliasAt) {
        const deeper = columnOf(file.text, value.at.start) - columnOf(file.text, key.at.start);
        (value.kind === 'map' ? maps : dashes).push(deeper);
      }
      visit(value);
    }
  };
  if (file.root) visit(file.root);
  const step =
    mostFrequent(maps.filter((deeper) => deeper > 0)) ?? mostFrequent(dashes.filter((deeper) => deeper > 0)) ?? 2;
  return { step, dash: mostFrequent(dashes) ?? step };
};

/** One indentation step of the file (2 when it cannot be told). */
export const indentStep = (file: ComposeFile): number => layoutOf(file).step;

const mostFrequent = (values: readonly number[]): number | undefined => {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0])[0]?.[0];
};

interface Level {
  readonly from: number;
  readonly to: number;
  readonly isList: boolean;
}

/** Unindented YAML lines of a mapping, indented the way a file does it; text in block scalars only moves as a whole. */
export const relayout = (lines: readonly string[], { step, dash }: Layout): readonly string[] => {
  const levels: Level[] = [];
  let scalar: { readonly under: number; readonly shift?: number } | undefined;
  return lines.map((line) => {
    const body = line.trimStart();
    if (body === '') return '';
    const from = line.length - body.length;
    const isList = /^-(\s|$)/.test(body);
    if (scalar && from > scalar.under) {
      const shift: number = scalar.shift ?? (levels.at(-1)?.to ?? 0) + step - from;
      scalar = { under: scalar.under, shift };
      return ' '.repeat(Math.max(0, from + shift)) + body;
    }
    scalar = undefined;
    const to = enter(levels, from, isList, step, dash);
    if (/(^|[\s:-])[|>][-+\d]*\s*(#.*)?$/.test(body)) scalar = { under: from };
    const marker = isList ? /^-\s+(?=\S)/.exec(body)?.[0].length : undefined;
    if (marker !== undefined) levels.push({ from: from + marker, to: to + marker, isList: false });
    return ' '.repeat(to) + body;
  });
};

/** Moves to the level of a line that stands at column `from`; answers its new column. */
const enter = (levels: Level[], from: number, isList: boolean, step: number, dash: number): number => {
  let top = levels.at(-1);
  while (top && (top.from > from || (top.from === from && top.isList && !isList))) {
    levels.pop();
    top = levels.at(-1);
  }
  if (top && top.from === from && top.isList === isList) return top.to;
  const to = top ? top.to + (isList && !top.isList ? dash : step) : 0;
  levels.push({ from, to, isList });
  return to;
};
