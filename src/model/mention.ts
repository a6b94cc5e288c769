import type { Span } from '../finding.ts';
import { lineContentEnd, lineStart } from '../lines.ts';
import type { PythonModule } from '../parse/python.ts';
import { escapeRegExp } from '../pattern.ts';

const DOCUMENTATION = /\.(?:md|mdx|rst|adoc|txt|html?|svg)$|(?:^|\/)(?:docs?|LICENSE|CHANGELOG|README)(?:\/|[^/]*$)/i;

/** True for files that people read and no program does. */
export const isDocumentation = (path: string): boolean => DOCUMENTATION.test(path);

/** A pattern for any of some names where they stand as words of their own. */
export const wordPattern = (names: Iterable<string>): string =>
  `(?<![\\w.-])(?:${[...names].map(escapeRegExp).join('|')})(?![\\w-]|\\.\\w)`;

/** Where a file names something outside comments and docstrings. `pattern` is the source of a regular expression. */
export function mentionsIn(
  path: string,
  text: string,
  pattern: string,
  python: PythonModule | undefined,
): readonly Span[] {
  const docstrings = (python?.statements ?? []).filter(
    ({ kind, at }) => kind === 'expression' && /^[rub]?["']/i.test(text.slice(at.start, at.start + 2)),
  );
  return [...text.matchAll(new RegExp(pattern, 'gi'))]
    .map(({ index, 0: { length } }) => ({ path, start: index, end: index + length }))
    .filter(
      ({ start }) =>
        !/^\s*(?:#|\/\/|\/?\*|--(?=\s)|;)/.test(text.slice(lineStart(text, start), lineContentEnd(text, start))),
    )
    .filter(({ start }) => !docstrings.some(({ at }) => at.start <= start && start < at.end));
}
