import type { Evidence } from '../../finding.ts';
import type { PythonModule } from '../../parse/python.ts';
import { joinContainer } from '../../repo/path.ts';
import type { StartCommand } from '../process.ts';
import { type AppReference, option } from '../program.ts';
import type { ServiceView, Stack } from '../stack.ts';

/** How many processes of a service import its application by themselves. */
export interface ServerProcesses {
  /** The least number that is certain, all containers of the service together; `undefined` when nobody can tell. */
  readonly count: number | undefined;
  /** What says so. */
  readonly evidence: readonly Evidence[];
  /** gunicorn's configuration file. */
  readonly config: PythonModule | undefined;
}

/**
 * Processes that import the application of a service. A server that imports it once and forks afterwards (gunicorn --preload, uWSGI
 * without lazy-apps, Celery's prefork pool) counts as one: its children run nothing of the import again.
 */
export function processesOf(stack: Stack, view: ServiceView): ServerProcesses {
  const { main } = view.startup;
  if (!main) return { count: undefined, evidence: [], config: undefined };
  const config = main.program.name === 'gunicorn' ? gunicornConfig(stack, view, main) : undefined;
  const own = inOneContainer(view, main, config);
  const { replicas } = view.service;
  const count = own.count === undefined || replicas === undefined ? undefined : own.count * replicas;
  return { ...own, count, config: config?.module };
}

/** The factory that a server calls in each process: `app:create_app()`, or `--factory`. */
export function calledFactory({ startup }: ServiceView): AppReference | undefined {
  const { app, name } = startup.main?.program ?? {};
  if (!app) return undefined;
  if (app.call !== undefined) return app;
  if (name === 'flask run') return { ...app, object: app.object ?? 'create_app' };
  return startup.main?.argv.some((word) => /^(?:--factory|--call)$/.test(word)) ? app : undefined;
}

type Own = Omit<ServerProcesses, 'config'>;

function inOneContainer(view: ServiceView, main: StartCommand, config: GunicornConfig | undefined): Own {
  const { name } = main.program;
  const here = (count: number, says: string): Own => ({ count, evidence: [{ at: main.at, says }] });
  const { service } = view;
  if (/^celery|^rq|^dramatiq|^huey|^arq/.test(name)) return here(1, `${service.name} imports its application once`);
  if (name === 'uwsgi' && !main.argv.some((word) => /^--lazy(?:-apps)?$/.test(word)))
    return here(1, 'uWSGI imports the application once and forks');
  if (main.program.preload || config?.preload) return here(1, 'gunicorn imports the application once and forks');
  const words = option(main.argv, name === 'uwsgi' ? ['-p', '--processes', '--workers'] : ['-w', '--workers']);
  const given = words === undefined ? undefined : numberIn(view, words);
  if (given !== undefined) return here(given, `${name} starts ${given} processes, and each imports the application`);
  if (words !== undefined || config?.unreadable) return { count: undefined, evidence: [] };
  if (name === 'gunicorn' && view.container.variable('GUNICORN_CMD_ARGS') !== undefined)
    return { count: undefined, evidence: [] };
  if (config?.workers) return config.workers;
  if (!/^(?:gunicorn|uvicorn)$/.test(name)) return here(main.program.workers ?? 1, `${name} starts one process`);
  const variable = service.environment.get('WEB_CONCURRENCY');
  const value = view.container.variable('WEB_CONCURRENCY');
  if (variable && value === undefined) return { count: undefined, evidence: [] };
  if (value !== undefined && /^\d+$/.test(value)) {
    const says = `WEB_CONCURRENCY makes ${name} start ${value} processes, and each imports the application`;
    return { count: Number(value), evidence: [{ at: variable?.at ?? main.at, says }] };
  }
  return service.hiddenEnvironment ? { count: undefined, evidence: [] } : here(1, `${name} starts one process`);
}

/** `4`, `$WORKERS`, `${WORKERS:-4}`: a variable by what the container sees, else its default. */
function numberIn(view: ServiceView, text: string): number | undefined {
  if (/^\d+$/.test(text)) return Number(text);
  const match = /^\$\{?(\w+)(?::?-(\d+))?\}?$/.exec(text);
  const value = match?.[1] === undefined ? undefined : (view.container.variable(match[1]) ?? match[2]);
  return value !== undefined && /^\d+$/.test(value) ? Number(value) : undefined;
}

interface GunicornConfig {
  readonly module: PythonModule | undefined;
  readonly preload: boolean;
  readonly workers: Own | undefined;
  /** It is named but cannot be read. */
  readonly unreadable: boolean;
}

/** https://docs.gunicorn.org/en/stable/configure.html: ./gunicorn.conf.py is read without being named. */
function gunicornConfig(stack: Stack, view: ServiceView, main: StartCommand): GunicornConfig {
  const named = option(main.argv, ['-c', '--config']);
  const folder = joinContainer(view.container.workdir ?? '/', main.program.chdir ?? '.');
  const path = named?.startsWith('python:')
    ? view.python.find(named.slice('python:'.length))
    : fileOf(view, joinContainer(folder, named?.replace(/^file:/, '') ?? 'gunicorn.conf.py'));
  const module = path === undefined ? undefined : stack.sources.python(path);
  if (!module) return { module: undefined, preload: false, workers: undefined, unreadable: named !== undefined };
  const value = (name: string) =>
    module.assignments.findLast((each) => each.target === name && each.scope === '')?.value;
  const workers = value('workers');
  return {
    module,
    preload: value('preload_app')?.text === 'True',
    workers: workers && {
      count: workersIn(view, workers.text),
      evidence: [
        { at: workers.at, says: 'gunicorn reads here how many processes it starts; each imports the application' },
      ],
    },
    unreadable: false,
  };
}

const fileOf = (view: ServiceView, path: string): string | undefined => {
  const file = view.container.fileAt(path);
  return file.kind === 'repo' ? file.path : undefined;
};

/** `4`, `int(os.getenv("WORKERS", "4"))`, `multiprocessing.cpu_count() * 2 + 1` (three or more). */
function workersIn(view: ServiceView, text: string): number | undefined {
  if (/^\d+$/.test(text)) return Number(text);
  if (/^[\w.]*cpu_count\(\) *\* *2 *\+ *1$|^\(?2 *\* *[\w.]*cpu_count\(\)\)? *\+ *1$/.test(text)) return 3;
  const match = /^int\(\s*os\.(?:environ\.get|getenv)\(\s*["'](\w+)["'](?:\s*,\s*["']?(\d+)["']?)?\s*\)\s*\)$/.exec(
    text,
  );
  const value = match?.[1] === undefined ? undefined : (view.container.variable(match[1]) ?? match[2]);
  return value !== undefined && /^\d+$/.test(value) ? Number(value) : undefined;
}
