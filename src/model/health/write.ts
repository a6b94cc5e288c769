import type { Edit } from '../../finding.ts';
import { deleteItems, insertEntries, replaceValue } from '../../parse/compose.ts';
import { execForm } from '../../parse/dockerfile.ts';
import { migrationsOf } from '../migration.ts';
import type { ServiceView } from '../stack.ts';
import type { CheckPlace } from './check.ts';

/** What a check asks: a path by HTTP, or just a connection. */
export interface Target {
  /** `127.0.0.1`, or the name that a check asks for already: an application may answer to some names only. */
  readonly host: string;
  /** A number, or a variable as it is written where the check goes. */
  readonly port: string;
  /** `undefined`: a connection is enough. */
  readonly path: string | undefined;
}

/** The programs that can ask, the image's own interpreter first. */
const ASKERS = ['python', 'python3', 'node', 'curl', 'wget'] as const;
type Asker = (typeof ASKERS)[number];

/** A program that is surely in a container and can ask. */
export const askerOf = ({ container, service }: ServiceView): Asker | undefined =>
  service.environment.has('PATH') ? undefined : ASKERS.find((name) => container.hasProgram(name).is === 'yes');

/** The argv of a check; `undefined` when the program cannot do it. */
export function checkArgv(asker: Asker, { host, port, path }: Target): readonly string[] | undefined {
  // Node and BusyBox may try ::1 alone for localhost; urllib tries every address.
  const name = /^python/.test(asker) ? host : '127.0.0.1';
  const url = `http://${name}:${port}${path ?? ''}`;
  if (/['"\\\s]/.test(url)) return undefined;
  switch (asker) {
    case 'python':
    case 'python3':
      return [
        asker,
        '-c',
        path === undefined
          ? `import socket; socket.create_connection(('127.0.0.1', ${port}), timeout=5).close()`
          : `import urllib.request; urllib.request.urlopen('${url}', timeout=5)`,
      ];
    case 'node':
      return [
        asker,
        '-e',
        path === undefined
          ? `require('net').connect(${port}, '127.0.0.1').on('connect', () => process.exit(0)).on('error', () => process.exit(1))`
          : `require('http').get('${url}', (r) => process.exit(r.statusCode < 400 ? 0 : 1)).on('error', () => process.exit(1))`,
      ];
    case 'curl':
      return path === undefined ? undefined : [asker, '-fsS', '-o', '/dev/null', url];
    case 'wget':
      return path === undefined ? undefined : [asker, '-q', '-O', '/dev/null', url];
  }
}

/** The argv as a `test:` of Compose; through a shell where the container's own variables are to be filled in (`$$PORT`). */
export const composeTest = (argv: readonly string[]): string =>
  argv.some((word) => word.includes('$$'))
    ? `["CMD-SHELL", ${JSON.stringify(shellText(argv))}]`
    : `["CMD", ${execForm(argv).slice(1)}`;

/** Double quotes, in which the shell fills variables in. */
const shellText = (argv: readonly string[]): string =>
  argv.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `"${word.replace(/[\\"`]/g, '\\$&')}"`)).join(' ');

/** Puts another command in the place of a check's; options and timing stay. */
export function replaceCheck(place: CheckPlace, argv: readonly string[]): readonly Edit[] | undefined {
  if (place.kind === 'compose')
    return place.part.shared
      ? undefined
      : replaceValue(place.part.file, [...place.part.path, 'test'], composeTest(argv));
  const { at } = place;
  const command = argv.some((word) => word.includes('$')) ? shellText(argv) : execForm(argv);
  return [{ ...at, text: `CMD ${command}` }];
}

/** Takes the words of a check in exec form from an operator on away. */
export function cutCheck(place: CheckPlace, argv: readonly string[], from: number): readonly Edit[] | undefined {
  if (place.kind === 'image') return [{ ...place.at, text: `CMD ${execForm(argv.slice(0, from))}` }];
  // The first item is CMD.
  const indexes = argv.slice(from).map((_, index) => from + 1 + index);
  return place.part.shared ? undefined : deleteItems(place.part.file, [...place.part.path, 'test'], indexes);
}

/** Adds `start_period` to a check that has none. */
export function withStartPeriod(place: CheckPlace, period: string): readonly Edit[] | undefined {
  if (place.kind === 'compose') {
    const { part } = place;
    return part.shared ? undefined : insertEntries(part.file, part.path, [`start_period: ${period}`]);
  }
  const { flags, args } = place.instruction;
  const at = flags.at(-1)?.at.end;
  const start = at ?? args.start;
  const text = at === undefined ? `--start-period=${period} ` : ` --start-period=${period}`;
  return [{ path: args.path, start, end: start, text }];
}

/** What a container does before its server answers, in words; `undefined` when nothing shows that it takes long. */
export function slowStart(view: ServiceView): string | undefined {
  const { commands, main } = view.startup;
  const [migration] = migrationsOf(view);
  if (migration) return `it runs ${migration.tool} before its server`;
  const waits = commands.some(
    (each) =>
      each !== main &&
      (each.program.role === 'wait' || (each.looped && /^(?:sleep|pg_isready|nc)$/.test(each.program.name))),
  );
  return waits ? 'it waits for another service before its server starts' : undefined;
}

/** A whole `healthcheck:` as unindented YAML lines. */
export const healthcheckSection = (argv: readonly string[], startPeriod: string): readonly string[] => [
  'healthcheck:',
  `  test: ${composeTest(argv)}`,
  '  interval: 30s',
  '  timeout: 10s',
  '  retries: 3',
  `  start_period: ${startPeriod}`,
];
