import {
  isHealthy,
  passed,
  type Row,
  rowsOf,
  type ServiceResult,
  type SideResult,
  type State,
  type Verification,
  worseIn,
} from '../verify/verdict.ts';
import { codeSpan } from './markdown-text.ts';
import type { Palette } from './palette.ts';
import { visible } from './visible.ts';

/** A verification as a table for a person, with the reasons below it. */
export function verificationTable(verification: Verification, palette: Palette): string {
  const rows = rowsOf(verification);
  const { before, after } = verification;
  const heads = before ? ['service', 'before', 'after', ''] : ['service', 'after'];
  const cells = rows.map((row) => {
    const is = stateCell(row.after, after);
    return before
      ? [visible(row.name), stateCell(row.before, before), is, CHANGE[row.change]]
      : [visible(row.name), is];
  });
  const widths = heads.map((head, column) => Math.max(head.length, ...cells.map((cell) => cell[column]?.length ?? 0)));
  const line = (cell: readonly string[], paint: (text: string, column: number) => string): string =>
    cell
      .map((text, column) => paint(text, column) + ' '.repeat((widths[column] ?? 0) - text.length))
      .join('  ')
      .trimEnd();
  const table = [
    line(heads, (text) => palette.bold(text)),
    ...cells.map((cell, index) => line(cell, (text, column) => paintCell(palette, rows[index], heads[column], text))),
  ];
  const sides = [before && sideText('before', before, palette), sideText('after', after, palette)].flatMap(
    (text) => text || [],
  );
  return `${[table.join('\n'), ...sides, verdictText(verification, palette)].join('\n\n')}\n`;
}

const WORDS: Readonly<Record<State, string>> = {
  healthy: 'healthy',
  runs: 'runs',
  done: 'done',
  built: 'built',
  errors: 'runs, with errors',
  unhealthy: 'unhealthy',
  late: 'not healthy in time',
  stopped: 'stopped',
  restarting: 'keeps restarting',
  'not started': 'not started',
  'not built': 'not built',
  'no image': 'no image',
  unavailable: 'image out of reach',
  unread: 'not read',
};

/** How a service changed, in a word; empty where that says nothing. */
export const CHANGE: Readonly<Record<Row['change'], string>> = {
  better: 'better',
  worse: 'WORSE',
  same: '',
  new: 'new',
  removed: 'removed',
  'not compared': '',
};

const GOOD: ReadonlySet<State> = new Set(['healthy', 'runs', 'done', 'built']);

/** True for a service of which there is nothing to complain. */
export const isGood = ({ state }: ServiceResult): boolean => GOOD.has(state);

/** What a service did on one side, in words. */
export function stateCell(service: ServiceResult | undefined, side: SideResult): string {
  if (!service) return side.services.length > 0 ? '-' : '';
  const { state, exitCode, secondsToHealthy, imageBytes, installCached } = service;
  const parts = [
    WORDS[state] +
      (state === 'healthy' && secondsToHealthy !== undefined ? ` in ${Math.round(secondsToHealthy)} s` : '') +
      (exitCode !== undefined ? ` (exit ${exitCode})` : ''),
    imageBytes === undefined ? '' : megabytes(imageBytes),
    installCached === undefined ? '' : `install ${installCached ? 'CACHED' : 'repeated'}`,
  ];
  return parts.filter(Boolean).join(', ');
}

const megabytes = (bytes: number): string => `${Math.round(bytes / 1_000_000)} MB`;

function paintCell(palette: Palette, row: Row | undefined, head: string | undefined, text: string): string {
  if (head === '')
    return row?.change === 'worse' ? palette.red(text) : row?.change === 'better' ? palette.green(text) : text;
  const service = head === 'before' ? row?.before : head === 'after' ? row?.after : undefined;
  if (!service) return text;
  if (GOOD.has(service.state)) return palette.green(text);
  return service.state === 'unavailable' || service.state === 'errors' ? palette.yellow(text) : palette.red(text);
}

function sideText(name: string, side: SideResult, palette: Palette): string | undefined {
  const reasons = side.services.flatMap(({ name: service, state, reason }) =>
    reason === undefined || GOOD.has(state) ? [] : [`  ${palette.bold(visible(service))}: ${visible(reason)}`],
  );
  const stopped =
    side.stopped === undefined ? [] : [`  ${palette.bold('docker compose up')} stops: ${visible(side.stopped)}`];
  const notes = side.notes.map((note) => `  ${palette.dim(`note: ${visible(note)}`)}`);
  const lines = [...stopped, ...reasons, ...notes];
  return lines.length === 0 ? undefined : [palette.bold(name), ...lines].join('\n');
}

function verdictText(verification: Verification, palette: Palette): string {
  const { before, after } = verification;
  const words = verdictOf(verification);
  const painted = passed(verification) ? palette.green(words) : palette.red(words);
  return `${painted} ${palette.dim(`(${before ? `before ${Math.round(before.seconds)} s, ` : ''}after ${Math.round(after.seconds)} s)`)}`;
}

/** One sentence: how it was, how it is. */
export function verdictOf(verification: Verification): string {
  const { before, after } = verification;
  const is = isHealthy(after) ? 'after is healthy' : 'after is not healthy';
  const worse = worseIn(verification).map(({ name }) => name);
  const was = before ? `before ${isClean(before) ? 'is healthy' : 'fails'}, ` : '';
  return `${was}${is}${worse.length > 0 ? `; worse than before: ${worse.join(', ')}` : ''}.`;
}

/** Healthy, and without errors in its logs. */
export const isClean = (side: SideResult): boolean =>
  isHealthy(side) && side.services.every(({ state }) => state !== 'errors');

/**
 * One JSON document for programs, its shape stable within a `schemaVersion`: `passed`; `before` (absent with `--after-only`) and `after`,
 * each with `healthy`, `stopped?` (Compose's words), `notes`, `seconds` and `services` (`name`, `state`, `reason?`, `exitCode?`, `restarts?`,
 * `secondsToHealthy?`, `imageBytes?`, `installCached?`); `changes`: `{ name, change }` with `better`, `worse`, `same`, `new`, `removed` or `not compared`.
 */
export const verificationJson = (verification: Verification): string =>
  `${JSON.stringify(verificationDocument(verification), undefined, 2)}\n`;

/** The document of `verificationJson`. */
export function verificationDocument(verification: Verification) {
  const side = (result: SideResult) => ({ healthy: isHealthy(result), clean: isClean(result), ...result });
  const { before, after } = verification;
  return {
    schemaVersion: 1,
    passed: passed(verification),
    ...(before && { before: side(before) }),
    after: side(after),
    changes: rowsOf(verification).map(({ name, change }) => ({ name, change })),
  };
}

/** A verification as Markdown, for a pull request. */
export function verificationMarkdown(verification: Verification): string {
  const { before, after } = verification;
  const cell = (text: string): string => visible(text).replaceAll('\\', '\\\\').replaceAll('|', '\\|');
  const heads = before ? ['service', 'before', 'after', 'change'] : ['service', 'after'];
  const rows = rowsOf(verification).map((row) =>
    before
      ? [row.name, stateCell(row.before, before), stateCell(row.after, after), CHANGE[row.change].toLowerCase()]
      : [row.name, stateCell(row.after, after)],
  );
  const table = [heads, heads.map(() => '---'), ...rows].map((each) => `| ${each.map(cell).join(' | ')} |`);
  const reasons = [before && ['before', before], ['after', after]].flatMap((each) =>
    each ? reasonLines(each[0] as string, each[1] as SideResult) : [],
  );
  const verdict = verdictOf(verification);
  return `${[`**${verdict.slice(0, 1).toUpperCase()}${verdict.slice(1)}**`, '', ...table, ...(reasons.length > 0 ? ['', ...reasons] : [])].join('\n')}\n`;
}

function reasonLines(name: string, side: SideResult): readonly string[] {
  const stopped =
    side.stopped === undefined ? [] : [`- ${name}: \`docker compose up\` stops: ${codeSpan(side.stopped)}`];
  const services = side.services.flatMap(({ name: service, state, reason }) =>
    reason === undefined || GOOD.has(state) ? [] : [`- ${name}, ${service}: ${codeSpan(reason)}`],
  );
  return [...stopped, ...services, ...side.notes.map((note) => `- ${name}, note: ${visible(note)}`)];
}
