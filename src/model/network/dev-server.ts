import { joinContainer } from '../../repo/path.ts';
import type { StartCommand } from '../process.ts';
import { option } from '../program.ts';
import type { ServiceView, Stack } from '../stack.ts';
import { expandedWord, type HostSource, type Listener, portOf, reachOf } from './listening.ts';

/** A development server of a frontend: its configuration files, and what it does when neither they nor its options say more. */
interface DevServer {
  readonly files: readonly string[];
  readonly port: number;
}

/** The sockets of `vite` and `ng serve`, which listen on localhost unless they are told otherwise; `undefined` for other programs. */
export function devServerListeners(
  stack: Stack,
  view: ServiceView,
  main: StartCommand,
): readonly Listener[] | undefined {
  const server = serverOf(main);
  if (!server) return undefined;
  const configured = configurationOf(stack, view, server.files);
  if (configured === undefined) return undefined;
  const index = main.argv.findIndex((word) => /^--host(?:=|$)/.test(word));
  const next = main.argv[index + 1];
  // https://vite.dev/config/server-options#server-host: a bare --host is every interface.
  const bare = index >= 0 && main.argv[index] === '--host' && (next === undefined || next.startsWith('-'));
  const written = index < 0 || bare ? undefined : option(main.argv, ['--host']);
  const given = written === undefined ? undefined : expandedWord(stack, view, main, written);
  const all = bare || /\bhost["']?\s*:\s*(?:true|["'`]0\.0\.0\.0["'`])/.test(configured);
  if (!all && written === undefined && /\bhost\b|\.\.\.|mergeConfig/.test(configured)) return undefined;
  const from: HostSource =
    index >= 0 ? { kind: 'argument', option: '--host', value: written ?? '' } : { kind: 'default', call: undefined };
  const host = all && written === undefined ? '0.0.0.0' : written === undefined ? 'localhost' : given;
  const word = option(main.argv, ['--port', '-p']);
  const ports = [...configured.matchAll(/\bport["']?\s*:\s*([^,\n}]+)/g)].map((match) => match[1]?.trim());
  const port =
    word !== undefined
      ? portOf(expandedWord(stack, view, main, word))
      : ports.length === 0
        ? server.port
        : ports.length === 1
          ? portOf(ports[0])
          : undefined;
  const says = `${main.argv.slice(0, 2).join(' ')} listens on ${host ?? '?'}:${port ?? '?'}`;
  return [{ reach: reachOf(host), port, host: from, evidence: [{ at: main.at, says }] }];
}

function serverOf({ argv }: StartCommand): DevServer | undefined {
  const [program = '', command = ''] = argv.map((word, index) => (index === 0 ? word.replace(/^.*\//, '') : word));
  const vite = ['js', 'ts', 'mjs', 'mts', 'cjs', 'cts'].map((ending) => `vite.config.${ending}`);
  if (program === 'vite' && command === 'preview') return { files: vite, port: 4173 };
  if (program === 'vite' && !/^(?:build|optimize)$/.test(command)) return { files: vite, port: 5173 };
  return program === 'ng' && /^(?:serve|s)$/.test(command) ? { files: ['angular.json'], port: 4200 } : undefined;
}

/** The text of the configuration; '' without one, `undefined` when it cannot be seen. */
function configurationOf(stack: Stack, view: ServiceView, names: readonly string[]): string | undefined {
  if (view.container.workdir === undefined) return undefined;
  const files = names.map((name) => view.container.fileAt(joinContainer(view.container.workdir ?? '/', name)));
  if (files.some(({ kind }) => kind === 'unknown')) return undefined;
  const texts = files.flatMap((file) => (file.kind === 'repo' ? [stack.repo.read(file.path) ?? ''] : []));
  // Comments say nothing; `//` of a URL stays.
  return texts.join('\n').replace(/(?<!:)\/\/.*$|\/\*[\s\S]*?\*\//gm, '');
}
