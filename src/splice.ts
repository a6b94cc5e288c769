import type { Edit } from './finding.ts';

/** Applies edits to a text; refuses spans out of range, overlapping ones and two insertions at one place. */
export function splice(text: string, edits: readonly Edit[]): string | { readonly why: string } {
  const ordered = [...edits].sort((a, b) => a.start - b.start || a.end - b.end);
  let result = '';
  let done = 0;
  let previous: Edit | undefined;
  for (const edit of ordered) {
    if (edit.start < done || edit.end < edit.start || edit.end > text.length)
      return { why: 'edits overlap or leave the file' };
    if (previous && previous.start === edit.start && previous.end === edit.end)
      return { why: 'two edits at one place' };
    if (splitsPair(text, edit.start) || splitsPair(text, edit.end)) return { why: 'an edit splits a character' };
    result += text.slice(done, edit.start) + edit.text;
    done = edit.end;
    previous = edit;
  }
  return result + text.slice(done);
}

const splitsPair = (text: string, at: number): boolean =>
  /[\udc00-\udfff]/.test(text[at] ?? '') && /[\ud800-\udbff]/.test(text[at - 1] ?? '');
