import type { Level } from '../../transform.ts';
import type { Check, Problem } from '../check.ts';
import { linesOf } from './words.ts';
import { attributes } from './xml.ts';

const SEVERITY: Readonly<Record<Level, string>> = { error: 'error', warning: 'warning', note: 'info' };

/** Checkstyle XML, which Jenkins, reviewdog and many editors read: the problems file by file. */
export function checkstyleCheck({ problems, notices }: Check): string {
  const rows = [
    ...problems.map((problem) => ({ path: problem.at.path, text: rowOf(problem) })),
    ...notices.map(({ path, line, message, hint }) => ({
      path,
      text: errorText({ line: line ?? 1, severity: 'error', message: `${message} ${hint}`, source: 'dockfix.unread' }),
    })),
  ];
  const files = [...new Set(rows.map(({ path }) => path))].sort();
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<checkstyle version="4.3">',
    ...files.flatMap((path) => [
      `  <file${attributes({ name: path })}>`,
      ...rows.filter((row) => row.path === path).map(({ text }) => text),
      '  </file>',
    ]),
    '</checkstyle>\n',
  ].join('\n');
}

const rowOf = (problem: Problem): string =>
  errorText({
    ...problem.at.start,
    severity: SEVERITY[problem.level],
    message: linesOf(problem).join('\n'),
    source: `dockfix.${problem.transform.id}`,
  });

const errorText = (values: Readonly<Record<string, string | number>>): string => `    <error${attributes(values)}/>`;
