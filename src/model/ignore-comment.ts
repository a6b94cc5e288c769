import type { Span } from '../finding.ts';
import { nameOf } from '../repo/path.ts';
import type { Repo } from '../repo/repo.ts';
import { isEnvPath } from './secret/written.ts';
import { isDockerfilePath } from './stack.ts';

/** A comment that asks to leave findings alone: `# dockfix-ignore <ids>: <reason>` for the next line, `dockfix-ignore-file` for the file. */
export interface IgnoreComment {
  readonly at: Span;
  readonly ids: readonly string[];
  /** Empty when none is given: then nothing is ignored. */
  readonly reason: string;
  /** What it is about: the next line with its continuations, or the whole file. */
  readonly target: Span;
}

const COMMENT = /^[ \t]*#[ \t]*dockfix-ignore(-file)?(?![\w-])[ \t]*([^:\r]*)(?::[ \t]*(.*?))?[ \t\r]*$/;

/** The ignore comments of a file in order; none in a file whose comments do not begin with `#`. */
export function ignoreComments(repo: Repo, path: string): readonly IgnoreComment[] {
  if (!repo.has(path) || !hasHashComments(path)) return [];
  const text = repo.read(path);
  if (!text?.includes('dockfix-ignore')) return [];
  const lines = linesOf(text);
  return lines.flatMap(({ start, content }, index): readonly IgnoreComment[] => {
    const [whole, ofFile, ids, reason] = COMMENT.exec(content.replace(/^\ufeff/, '')) ?? [];
    if (whole === undefined) return [];
    return [
      {
        at: { path, start, end: start + content.replace(/\r$/, '').length },
        ids: (ids ?? '').split(/[\s,]+/).filter(Boolean),
        reason: reason ?? '',
        target: ofFile ? { path, start: 0, end: text.length + 1 } : nextLine(path, lines, index, text.length),
      },
    ];
  });
}

/** The comment that asks to leave a finding of a transform at a place alone. */
export const ignoreAt = (repo: Repo, id: string, { path, start }: Span): IgnoreComment | undefined =>
  ignoreComments(repo, path).find(
    ({ ids, reason, target }) => reason !== '' && ids.includes(id) && start >= target.start && start < target.end,
  );

const hasHashComments = (path: string): boolean =>
  isDockerfilePath(path) || isEnvPath(path) || /\.(?:ya?ml|py|sh|bash)$/.test(path) || !nameOf(path).includes('.');

interface Line {
  readonly start: number;
  readonly content: string;
}

/** The first line below that is neither empty nor a comment, and those that a backslash at its end goes on with. */
function nextLine(path: string, lines: readonly Line[], index: number, length: number): Span {
  const isText = ({ content }: Line): boolean => !/^\s*(?:#|$)/.test(content);
  const first = lines.findIndex((line, at) => at > index && isText(line));
  if (first < 0) return { path, start: length, end: length };
  let last = first;
  const goesOn = ({ content }: Line): boolean => /\\\s*$/.test(content) || !isText({ start: 0, content });
  while (last + 1 < lines.length && goesOn(lines[last] as Line)) last += 1;
  return { path, start: lines[first]?.start ?? length, end: lines[last + 1]?.start ?? length + 1 };
}

function linesOf(text: string): readonly Line[] {
  const lines: Line[] = [];
  let start = 0;
  for (const content of text.split('\n')) {
    lines.push({ start, content });
    start += content.length + 1;
  }
  return lines;
}
