import type { Level } from '../../transform.ts';
import type { Check, Problem } from '../check.ts';
import { visible } from '../visible.ts';
import { linesOf } from './words.ts';

const COMMAND: Readonly<Record<Level, string>> = { error: 'error', warning: 'warning', note: 'notice' };

/** GitHub shows ten annotations of a kind for a step: the worst come first. */
const ORDER: readonly Level[] = ['error', 'warning', 'note'];

/**
 * GitHub workflow commands, which become annotations of a pull request.
 * https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
 */
export function githubCheck({ problems, notices, errors }: Check): string {
  const sorted = ORDER.flatMap((level) => problems.filter((problem) => problem.level === level));
  return [
    ...notices.map(({ path, line, message, hint }) =>
      command('error', { title: 'dockfix', file: path, ...(line !== undefined && { line }) }, [message, hint]),
    ),
    ...errors.map(({ transform, message }) => command('error', { title: `dockfix ${transform.id}` }, [message])),
    ...sorted.map(annotation),
  ].join('');
}

function annotation(problem: Problem): string {
  const { path, start, end } = problem.at;
  // GitHub takes columns only for a range on one line.
  const columns = start.line === end.line ? { col: start.column, endColumn: Math.max(start.column, end.column) } : {};
  const place = {
    title: `dockfix ${problem.transform.id}`,
    file: path,
    line: start.line,
    endLine: end.line,
    ...columns,
  };
  const proof = problem.evidence.map(({ at, says }) => `${at.path}:${at.start.line}: ${visible(says)}`);
  return command(COMMAND[problem.level], place, [...linesOf(problem), ...proof]);
}

function command(
  name: string,
  properties: Readonly<Record<string, string | number>>,
  lines: readonly string[],
): string {
  const list = Object.entries(properties)
    .map(([key, value]) => `${key}=${propertyText(visible(String(value)))}`)
    .join(',');
  return `::${name} ${list}::${dataText(lines.map(visible).join('\n'))}\n`;
}

const dataText = (text: string): string => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');

const propertyText = (text: string): string => dataText(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
