import type { Edit } from '../finding.ts';
import { type ComposeFile, readCompose } from './compose.ts';

/** One edit of a file that may have been edited by the steps before it; `undefined` when it cannot be done. */
export type ComposeStep = (file: ComposeFile) => readonly Edit[] | undefined;

/** Several edits, each made on the result of the one before, as one splice of the original text; `undefined` when a step cannot be done. */
export function inSequence(file: ComposeFile, steps: readonly ComposeStep[]): Edit | undefined {
  let current = file;
  for (const step of steps) {
    const edits = step(current);
    if (!edits) return undefined;
    const text = [...edits]
      .sort((a, b) => b.start - a.start)
      .reduce((out, edit) => out.slice(0, edit.start) + edit.text + out.slice(edit.end), current.text);
    current = readCompose(file.path, text);
    if (current.problems.length > 0) return undefined;
  }
  return difference(file.path, file.text, current.text);
}

/** The one edit that turns a text into another, in whole lines. */
function difference(path: string, before: string, after: string): Edit {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1;
  start = before.lastIndexOf('\n', start - 1) + 1;
  let end = before.length;
  let afterEnd = after.length;
  while (end > start && afterEnd > start && before[end - 1] === after[afterEnd - 1]) {
    end -= 1;
    afterEnd -= 1;
  }
  const rest = before.slice(end).indexOf('\n');
  const extra = end === start || before[end - 1] === '\n' ? 0 : rest < 0 ? before.length - end : rest + 1;
  return { path, start, end: end + extra, text: after.slice(start, afterEnd + extra) };
}
