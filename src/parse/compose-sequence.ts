import type { Edit } from '../finding.ts';
import { splice } from '../splice.ts';
import { type ComposeFile, type ComposeNode, readCompose } from './compose.ts';

/** One edit of a file that may have been edited by the steps before it; `undefined` when it cannot be done. */
export type ComposeStep = (file: ComposeFile) => readonly Edit[] | undefined;

/** Several edits, each made on the result of the one before, as one splice of the original text; `undefined` when a step cannot be done. */
export function inSequence(file: ComposeFile, steps: readonly ComposeStep[]): Edit | undefined {
  let current = file;
  for (const step of steps) {
    const edits = step(current);
    if (!edits) return undefined;
    const text = splice(current.text, edits);
    if (typeof text !== 'string') return undefined;
    current = readCompose(file.path, text);
    if (current.problems.length > 0) return undefined;
  }
  return changedLines(file.path, file.text, current.text);
}

/**
 * A step that may edit what stands at an anchor, or hide what a merge key brings in: the step sees the file without its aliases.
 * Every place that an alias shows changes with it, so whoever asks for this has to know that all of them may.
 */
export const throughAnchors =
  (step: ComposeStep): ComposeStep =>
  (file) =>
    step(readCompose(file.path, withoutAliases(file)));

/** The text with a plain word in place of each alias and merge key, all offsets the same. */
function withoutAliases(file: ComposeFile): string {
  const marks = [...file.aliases.map(({ at }) => at.start), ...(file.root ? mergeKeys(file.root) : [])];
  return marks.reduce((text, at) => `${text.slice(0, at)}_${text.slice(at + 1)}`, file.text);
}

function mergeKeys(node: ComposeNode): number[] {
  if (node.kind === 'scalar' || node.aliasAt) return [];
  if (node.kind === 'seq') return node.items.flatMap(({ value }) => mergeKeys(value));
  return node.own.flatMap(({ key, value }) => [...(key.source === '<<' ? [key.at.start] : []), ...mergeKeys(value)]);
}

/** The one edit of whole lines that turns a text into another. */
function changedLines(path: string, before: string, after: string): Edit {
  const old = before.split(/(?<=\n)/);
  const next = after.split(/(?<=\n)/);
  const shorter = Math.min(old.length, next.length);
  let head = 0;
  while (head < shorter && old[head] === next[head]) head += 1;
  let tail = 0;
  while (tail < shorter - head && old.at(-1 - tail) === next.at(-1 - tail)) tail += 1;
  const start = old.slice(0, head).join('').length;
  const end = before.length - old.slice(old.length - tail).join('').length;
  return { path, start, end, text: next.slice(head, next.length - tail).join('') };
}
