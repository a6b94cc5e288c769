import type { Evidence } from '../../finding.ts';
import type { PythonModule } from '../../parse/python.ts';
import { joinContainer } from '../../repo/path.ts';
import type { StartCommand } from '../process.ts';
import { option } from '../program.ts';
import { plainValue } from '../python/plain-value.ts';
import type { ServiceView, Stack } from '../stack.ts';
import { expandedWord, type HostSource, type Listener, portOf, reachOf } from './listening.ts';

/** A server with one option for the host and one for the port, its variables and its defaults. */
interface Options {
  readonly host: readonly string[];
  readonly port: readonly string[];
  readonly variables: { readonly host: string | undefined; readonly port: string } | undefined;
  readonly defaults: { readonly host: string; readonly port: number };
  /** Options with which the server listens elsewhere, or nobody knows where. */
  readonly elsewhere: RegExp;
}

const NONE = /^$/;
const SERVERS: Readonly<Record<string, Options>> = {
  // https://www.uvicorn.org/settings/
  uvicorn: {
    host: ['--host'],
    port: ['--port'],
    variables: { host: 'UVICORN_HOST', port: 'UVICORN_PORT' },
    defaults: { host: '127.0.0.1', port: 8000 },
    elsewhere: /^--(?:uds|fd)(?:=|$)/,
  },
  // https://github.com/emmett-framework/granian#options
  granian: {
    host: ['--host'],
    port: ['--port'],
    variables: { host: 'GRANIAN_HOST', port: 'GRANIAN_PORT' },
    defaults: { host: '127.0.0.1', port: 8000 },
    elsewhere: /^--uds(?:=|$)/,
  },
  // https://github.com/django/daphne#running
  daphne: {
    host: ['-b', '--bind'],
    port: ['-p', '--port'],
    variables: undefined,
    defaults: { host: '127.0.0.1', port: 8000 },
    elsewhere: /^(?:-u|--unix-socket|-e|--endpoint|--fd)(?:=|$)/,
  },
  // https://docs.pylonsproject.org/projects/waitress/en/stable/runner.html
  'waitress-serve': {
    host: ['--host'],
    port: ['--port'],
    variables: undefined,
    defaults: { host: '0.0.0.0', port: 8080 },
    elsewhere: /^--(?:unix-socket|listen)(?:=|$)/,
  },
  // https://flask.palletsprojects.com/en/stable/cli/
  'flask run': {
    host: ['-h', '--host'],
    port: ['-p', '--port'],
    variables: { host: 'FLASK_RUN_HOST', port: 'FLASK_RUN_PORT' },
    defaults: { host: '127.0.0.1', port: 5000 },
    elsewhere: NONE,
  },
  // https://nextjs.org/docs/app/api-reference/cli/next
  next: {
    host: ['-H', '--hostname'],
    port: ['-p', '--port'],
    variables: { host: undefined, port: 'PORT' },
    defaults: { host: '0.0.0.0', port: 3000 },
    elsewhere: NONE,
  },
};

/** The sockets of a server that is told by options, variables or a configuration file; `undefined` for other programs. */
export function serverListeners(stack: Stack, view: ServiceView, main: StartCommand): readonly Listener[] | undefined {
  const { name } = main.program;
  const own = SERVERS[name];
  if (own) return byOptions(stack, view, main, own);
  switch (name) {
    case 'gunicorn':
      return gunicornListeners(stack, view, main);
    case 'hypercorn':
      return main.argv.some((word) => /^(?:-c|--config)(?:=|$)/.test(word))
        ? undefined
        : bound(stack, view, main, valuesOf(main.argv, ['-b', '--bind']), '127.0.0.1:8000');
    case 'fastapi':
      return byOptions(stack, view, main, {
        host: ['--host'],
        port: ['--port'],
        variables: { host: 'HOST', port: 'PORT' },
        defaults: { host: main.argv.includes('dev') ? '127.0.0.1' : '0.0.0.0', port: 8000 },
        elsewhere: NONE,
      });
    case 'runserver':
      return runserverListeners(stack, view, main);
    default:
      return undefined;
  }
}

function byOptions(
  stack: Stack,
  view: ServiceView,
  main: StartCommand,
  { host, port, variables, defaults, elsewhere }: Options,
): readonly Listener[] | undefined {
  if (main.argv.some((word) => elsewhere.test(word))) return undefined;
  const hostWord = option(main.argv, host);
  const portWord = option(main.argv, port);
  const variable = (which: 'host' | 'port'): Set | undefined => {
    const wanted = variables?.[which];
    return wanted === undefined ? undefined : ofVariable(stack, view, main, wanted);
  };
  const hostOf = (): { readonly value: string | undefined; readonly from: HostSource } => {
    if (hostWord !== undefined)
      return {
        value: expandedWord(stack, view, main, hostWord),
        from: { kind: 'argument', option: host.find((each) => usesOption(main.argv, each)) ?? '', value: hostWord },
      };
    const set = variable('host');
    if (set?.is === 'unknown') return { value: undefined, from: { kind: 'unknown' } };
    if (set?.is === 'yes') return { value: set.value, from: { kind: 'variable', name: variables?.host ?? '' } };
    return { value: defaults.host, from: { kind: 'default', call: undefined } };
  };
  const portNumber = (): number | undefined => {
    if (portWord !== undefined) return portOf(expandedWord(stack, view, main, portWord));
    const set = variable('port');
    return set?.is === 'unknown' ? undefined : set?.is === 'yes' ? portOf(set.value) : defaults.port;
  };
  const { value, from } = hostOf();
  const number = portNumber();
  return [{ reach: reachOf(value), port: number, host: from, evidence: saying(main, value, number, from) }];
}

const usesOption = (argv: readonly string[], name: string): boolean =>
  argv.some((word) => word === name || word.startsWith(`${name}=`) || (/^-\w$/.test(name) && word.startsWith(name)));

function saying(
  main: StartCommand,
  host: string | undefined,
  port: number | undefined,
  from: HostSource,
): readonly Evidence[] {
  const why = from.kind === 'default' ? ' by default' : from.kind === 'variable' ? `, which ${from.name} says` : '';
  const what = host === undefined ? `port ${port ?? '?'}` : `${host}${port === undefined ? '' : `:${port}`}`;
  return [{ at: main.at, says: `${main.program.name} listens on ${what}${why}` }];
}

type Set = { readonly is: 'yes'; readonly value: string } | { readonly is: 'no' } | { readonly is: 'unknown' };

/** A variable of the environment, also from the `.flaskenv` and `.env` that Flask loads by itself. */
function ofVariable(stack: Stack, view: ServiceView, main: StartCommand, name: string): Set {
  const own = main.assignments.findLast((each) => each.name === name);
  const value = own ? expandedWord(stack, view, main, own.value) : view.container.variable(name);
  if (value !== undefined) return { is: 'yes', value };
  const scripts = view.startup.scripts.some(({ path }) => (stack.repo.read(path) ?? '').includes(`${name}=`));
  if (own || scripts || view.service.environment.has(name) || view.service.hiddenEnvironment) return { is: 'unknown' };
  if (!name.startsWith('FLASK_')) return { is: 'no' };
  for (const file of ['.env', '.flaskenv']) {
    const found = view.container.fileAt(joinContainer(view.container.workdir ?? '/', file));
    if (found.kind === 'unknown') return { is: 'unknown' };
    if (found.kind === 'repo' && (stack.repo.read(found.path) ?? '').includes(name)) return { is: 'unknown' };
  }
  return { is: 'no' };
}

/** Every value of an option that may be given several times. */
function valuesOf(argv: readonly string[], names: readonly string[]): readonly string[] {
  return argv.flatMap((word, index) =>
    names.flatMap((name) => option(argv.slice(index, word === name ? index + 2 : index + 1), [name]) ?? []),
  );
}

/** `host:port`, `:port`, `[::]:port`; a Unix socket is none. */
function bound(
  stack: Stack,
  view: ServiceView,
  main: StartCommand,
  written: readonly string[],
  fallback: string,
): readonly Listener[] | undefined {
  const from = (value: string): HostSource =>
    written.length === 0 ? { kind: 'default', call: undefined } : { kind: 'argument', option: '', value };
  const found = (written.length === 0 ? [fallback] : written).map((value): Listener | 'unix' => {
    const address = expandedWord(stack, view, main, value);
    if (address?.startsWith('unix:')) return 'unix';
    const [, host, port] = /^(\[[^\]]*\]|[^:]*):(\d+)$/.exec(address ?? '') ?? [];
    const source = from(value);
    const number = portOf(port);
    return { reach: reachOf(host), port: number, host: source, evidence: saying(main, host, number, source) };
  });
  return found.filter((each) => each !== 'unix');
}

/** https://docs.gunicorn.org/en/stable/settings.html#bind: the command line, then GUNICORN_CMD_ARGS, then the file, then $PORT. */
function gunicornListeners(stack: Stack, view: ServiceView, main: StartCommand): readonly Listener[] | undefined {
  const written = valuesOf(main.argv, ['-b', '--bind']);
  if (written.length > 0) return bound(stack, view, main, written, '');
  if (main.argv.some((word) => word.startsWith('$'))) return undefined;
  const args = ofVariable(stack, view, main, 'GUNICORN_CMD_ARGS');
  if (args.is === 'unknown' || (args.is === 'yes' && /-b|--bind/.test(args.value))) return undefined;
  const { is, module } = gunicornConfig(stack, view, main);
  if (is === 'unknown') return undefined;
  const bind = module?.assignments.findLast((each) => each.target === 'bind');
  if (module && bind) {
    const value = bind.value && plainValue(stack, view, module, bind.value, bind.scope);
    const [, host, port] = /^(\[[^\]]*\]|[^:]*):(\d+)$/.exec(value?.text ?? '') ?? [];
    if (bind.scope !== '' || value === undefined || value.text.startsWith('unix:')) return undefined;
    const says = 'gunicorn reads here on which address it listens';
    const source: HostSource = value.literal ? { kind: 'source', at: value.literal } : { kind: 'unknown' };
    return [{ reach: reachOf(host), port: portOf(port), host: source, evidence: [{ at: bind.at, says }] }];
  }
  const port = ofVariable(stack, view, main, 'PORT');
  if (port.is === 'unknown') return undefined;
  if (port.is === 'yes') {
    const says = `gunicorn listens on 0.0.0.0:${port.value}, because PORT is set`;
    return [
      {
        reach: 'all',
        port: portOf(port.value),
        host: { kind: 'variable', name: 'PORT' },
        evidence: [{ at: main.at, says }],
      },
    ];
  }
  return bound(stack, view, main, [], '127.0.0.1:8000');
}

/** The configuration file that gunicorn reads: the one that `-c` names, else the one of its folder. */
export function gunicornConfig(
  stack: Stack,
  view: ServiceView,
  main: StartCommand,
): { readonly is: 'yes' | 'no' | 'unknown'; readonly module: PythonModule | undefined } {
  const named = option(main.argv, ['-c', '--config']);
  const folder = joinContainer(view.container.workdir ?? '/', main.program.chdir ?? '.');
  const file = view.container.fileAt(joinContainer(folder, named?.replace(/^file:/, '') ?? 'gunicorn.conf.py'));
  const module = file.kind === 'repo' ? stack.sources.python(file.path) : undefined;
  if (module) return { is: 'yes', module };
  return { is: named !== undefined || file.kind === 'unknown' ? 'unknown' : 'no', module };
}

/** https://docs.djangoproject.com/en/stable/ref/django-admin/#runserver */
function runserverListeners(stack: Stack, view: ServiceView, main: StartCommand): readonly Listener[] | undefined {
  const words = main.argv.slice(main.argv.indexOf('runserver') + 1);
  // Flask-Script has a runserver with other options.
  if (words.some((word) => /^(?:-h|-p|--host|--port)\b/.test(word))) return undefined;
  const written = words.find((word) => !word.startsWith('-'));
  if (written === undefined) return bound(stack, view, main, [], '127.0.0.1:8000');
  const value = expandedWord(stack, view, main, written);
  const [, host, port] = /^(?:(\[[^\]]*\]|[^:]*):)?(\d+)$/.exec(value ?? '') ?? [];
  if (port === undefined) return undefined;
  const from: HostSource = { kind: 'argument', option: 'runserver', value: written };
  const shown = host ?? '127.0.0.1';
  return [{ reach: reachOf(shown), port: Number(port), host: from, evidence: saying(main, shown, Number(port), from) }];
}
