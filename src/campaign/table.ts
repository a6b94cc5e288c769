import type { Palette } from '../output/palette.ts';
import { visible } from '../output/visible.ts';
import { type RepositoryRow, type Result, repairCount, type Summary } from './summary.ts';

/** A campaign as tables for a person: its repositories, its transforms, and all in a line. */
export function campaignTable(summary: Summary, palette: Palette): string {
  const rows = summary.repositories.map((row) => [
    visible(row.repository),
    row.result,
    String(repairCount(row) || ''),
    [...row.pullRequests.map(({ url }) => url), ...row.notes].map(visible).join('; '),
  ]);
  const transforms = summary.transforms.map(({ id, repositories, repairs }) => [
    id,
    String(repositories),
    String(repairs),
  ]);
  const parts = [
    tableOf(['repository', 'result', 'repairs', ''], rows, palette, (cell, column) =>
      column === 1 ? painted(palette, cell as Result) : cell,
    ),
    ...(transforms.length > 0
      ? [tableOf(['transform', 'repositories', 'repairs'], transforms, palette, (cell) => cell)]
      : []),
    `${totals(summary)}.`,
  ];
  return `${parts.join('\n\n')}\n`;
}

/** All in a line: `12 repositories: 9 opened, 2 nothing to repair, 1 failed`. */
export function totals({ repositories, results }: Summary): string {
  const count = repositories.length;
  const each = results.map((result) => `${result.repositories} ${result.result}`).join(', ');
  return `${count} ${count === 1 ? 'repository' : 'repositories'}: ${each}`;
}

/** What became of a repository, in a line for a log. */
export function rowLine(row: RepositoryRow): string {
  const details = [...row.pullRequests.map(({ url }) => url), ...row.notes];
  return visible(`${row.repository}: ${row.result}${details.length > 0 ? ` (${details.join('; ')})` : ''}`);
}

function painted(palette: Palette, result: Result): string {
  if (result === 'failed' || result === 'not done') return palette.red(result);
  if (result === 'opened' || result === 'updated' || result === 'would propose') return palette.green(result);
  return result === 'left alone' || result === 'skipped' ? palette.yellow(result) : result;
}

function tableOf(
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  palette: Palette,
  paint: (cell: string, column: number) => string,
): string {
  const widths = heads.map((head, column) => Math.max(head.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const last = heads.length - 1;
  const line = (cells: readonly string[], show: (cell: string, column: number) => string): string =>
    cells
      .map((cell, column) => show(cell, column) + ' '.repeat(column === last ? 0 : (widths[column] ?? 0) - cell.length))
      .join('  ')
      .trimEnd();
  return [line(heads, (head) => palette.bold(head)), ...rows.map((row) => line(row, paint))].join('\n');
}
