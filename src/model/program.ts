import type { Span } from '../finding.ts';

/** What a process is for. `migration` and `init` end by themselves. */
export type Role = 'web' | 'worker' | 'beat' | 'monitor' | 'migration' | 'wait' | 'other';

/** Where a server's arguments say that the application is. */
export interface AppReference {
  /** Dotted module, or a file path for `flask --app app.py` and scripts. */
  readonly module: string;
  /** Object or factory after the colon. */
  readonly object: string | undefined;
  /** Arguments of a factory call as written: `create_app("production")` → `"production"`. */
  readonly call: string | undefined;
  readonly at: Span;
}

/** A command line, understood. */
export interface Program {
  /** `gunicorn`, `uvicorn`, `celery`, `flask db upgrade` …; the bare program name when it is not known. */
  readonly name: string;
  readonly role: Role;
  readonly app: AppReference | undefined;
  /** Processes that import the application; `undefined` when an expansion or a config file decides. */
  readonly workers: number | undefined;
  /** gunicorn `--preload`: the import happens once, in the master. */
  readonly preload: boolean;
  /** Folder that the server adds to the module path (`--chdir`, `--app-dir`). */
  readonly chdir: string | undefined;
}

/** Wrappers that end in running their arguments: how many words belong to the wrapper itself. */
const WRAPPERS: readonly { readonly name: RegExp; readonly skip: (argv: readonly string[]) => number | undefined }[] = [
  { name: /^(?:exec|nohup|command|ddtrace-run|opentelemetry-instrument)$/, skip: () => 1 },
  { name: /^(?:tini|dumb-init|catatonit|docker-init)$/, skip: (argv) => afterOptions(argv, /^-[pe]$/) },
  { name: /^(?:gosu|su-exec|chpst|setuidgid)$/, skip: (argv) => (argv[1]?.startsWith('-') ? 3 : 2) },
  { name: /^setpriv$/, skip: (argv) => afterOptions(argv, /^$/) },
  {
    name: /^(?:nice|ionice|stdbuf|time|timeout)$/,
    skip: (argv) => (argv[0] === 'timeout' ? afterOptions(argv, /^-[ks]$/) + 1 : afterOptions(argv, /^-n$/)),
  },
  {
    name: /^env$/,
    skip: (argv) => firstIndex(argv, (word, index) => index > 0 && !word.startsWith('-') && !/^\w+=/.test(word)),
  },
  {
    name: /^(?:poetry|pipenv|uv|pdm|hatch|rye)$/,
    skip: (argv) =>
      argv[1] === 'run'
        ? afterOptions(argv.slice(1), /^(?:--extra|--group|--with|--python|-p|--env-file)$/) + 1
        : undefined,
  },
  { name: /^newrelic-admin$/, skip: (argv) => (argv[1] === 'run-program' ? 2 : undefined) },
  {
    name: /^(?:wait-for-it|wait-for|wait-for-it\.sh|wait-for\.sh|wait-for-postgres\.sh|wait)$/,
    skip: (argv) => afterDashes(argv),
  },
  { name: /^dockerize$/, skip: (argv) => dockerizeCommand(argv) },
  {
    name: /^watchmedo$/,
    skip: (argv) =>
      argv[1] === 'auto-restart'
        ? (afterDashes(argv) ?? firstIndex(argv, (word, i) => i > 1 && /celery|rq|python/.test(word)))
        : undefined,
  },
];

const firstIndex = (argv: readonly string[], accept: (word: string, index: number) => boolean): number => {
  const index = argv.findIndex(accept);
  return index < 0 ? argv.length : index;
};

function afterOptions(argv: readonly string[], withValue: RegExp): number {
  let index = 1;
  while (argv[index]?.startsWith('-')) {
    if (argv[index] === '--') return index + 1;
    index += withValue.test(argv[index] ?? '') ? 2 : 1;
  }
  return index;
}

const afterDashes = (argv: readonly string[]): number | undefined => {
  const dashes = argv.indexOf('--');
  return dashes < 0 ? undefined : dashes + 1;
};

function dockerizeCommand(argv: readonly string[]): number {
  let index = 1;
  while (argv[index]?.startsWith('-')) index += argv[index]?.includes('=') ? 1 : 2;
  return index;
}

/** Takes wrappers off a command line: `tini -- gosu app poetry run gunicorn x` → `gunicorn x`. */
export function peel(argv: readonly string[]): {
  readonly argv: readonly string[];
  readonly wrappers: readonly string[];
} {
  const wrappers: string[] = [];
  let rest = argv;
  for (let guard = 0; guard < 12; guard += 1) {
    const name = (rest[0] ?? '').split('/').at(-1) ?? '';
    const wrapper = WRAPPERS.find((each) => each.name.test(name));
    const skip = wrapper?.skip([name, ...rest.slice(1)]);
    if (skip === undefined || skip >= rest.length) break;
    wrappers.push(rest.slice(0, /^(?:poetry|pipenv|uv|pdm|hatch|rye)$/.test(name) ? 2 : 1).join(' '));
    rest = rest.slice(skip);
  }
  return { argv: rest, wrappers };
}

/** Understands a command line whose wrappers are off. `at` is where it is written. */
export function programOf(argv: readonly string[], at: Span): Program {
  let words = argv.map((word, index) => (index === 0 ? (word.split('/').at(-1) ?? word) : word));
  if (/^python[\d.]*$/.test(words[0] ?? '')) {
    const index = afterOptions(words, /^-[WX]$/);
    const module = words.indexOf('-m');
    if (module > 0 && module < index + 1)
      words = (words[module + 1] ?? '').includes('.') ? words : words.slice(module + 1);
  }
  const base: Program = {
    name: words[0] ?? '',
    role: 'other',
    app: undefined,
    workers: 1,
    preload: false,
    chdir: undefined,
  };
  const migration = migrationName(words);
  if (migration !== undefined) return { ...base, name: migration, role: 'migration', app: flaskApp(words, at) };
  switch (words[0]) {
    case 'gunicorn':
      return { ...base, role: 'web', ...gunicorn(words, at) };
    case 'uvicorn':
    case 'hypercorn':
    case 'daphne':
    case 'granian':
    case 'waitress-serve':
    case 'fastapi':
      return { ...base, role: 'web', ...asgi(words, at) };
    case 'uwsgi':
      return {
        ...base,
        role: 'web',
        workers: countOption(words, ['-p', '--processes', '--workers'], 1),
        app: reference(option(words, ['-w', '--module', '--wsgi']), at),
      };
    case 'flask':
      return words.includes('run')
        ? { ...base, name: 'flask run', role: 'web', app: flaskApp(words, at) }
        : { ...base, name: ['flask', ...words.slice(1)].join(' '), app: flaskApp(words, at) };
    case 'celery':
      return { ...base, ...celery(words, at) };
    case 'rq':
    case 'rqworker':
    case 'dramatiq':
    case 'huey_consumer':
    case 'huey_consumer.py':
    case 'arq':
      return { ...base, role: 'worker', workers: undefined };
    case 'rqscheduler':
      return { ...base, role: 'beat' };
    case 'wait-for-it.sh':
    case 'wait-for':
    case 'pg_isready':
    case 'nc':
      return { ...base, role: 'wait' };
    case 'node':
    case 'nodemon':
    case 'ts-node':
    case 'tsx':
    case 'pm2-runtime':
    case 'pm2':
    case 'next':
    case 'serve':
      return { ...base, ...node(words, at) };
  }
  return pythonScript(words, at) ?? base;
}

function pythonScript(words: readonly string[], at: Span): Program | undefined {
  const script = words.findIndex((word, index) => index < 4 && /\.py$/.test(word));
  const module = words.indexOf('-m');
  const name = words[0] ?? '';
  if (words.includes('runserver'))
    return { name: 'runserver', role: 'web', app: undefined, workers: 1, preload: false, chdir: undefined };
  if (!/^python[\d.]*$/.test(name) && !(script === 0)) return undefined;
  const file = module > 0 ? words[module + 1] : script >= 0 ? words[script] : undefined;
  if (file === undefined)
    return {
      name: words.includes('-c') ? 'python -c' : name,
      role: 'other',
      app: undefined,
      workers: 1,
      preload: false,
      chdir: undefined,
    };
  // FlaskGroup: https://flask.palletsprojects.com/en/stable/cli/#custom-scripts
  const served = /(?:^|\/)manage\.py$/.test(file) && words[script + 1] === 'run';
  return {
    name: served ? 'manage.py run' : 'python',
    role: served ? 'web' : 'other',
    app: { module: file, object: undefined, call: undefined, at },
    workers: 1,
    preload: false,
    chdir: undefined,
  };
}

/** `npx --yes prisma x`, `pnpm exec prisma x` → `prisma x`. */
function withoutRunner(words: readonly string[]): readonly string[] {
  if (!/^(?:npx|bunx|npm|pnpm|yarn)$/.test(words[0] ?? '')) return words;
  const rest = words[0] === 'npm' && words[1] !== 'exec' ? [] : words.slice(1);
  const start = rest.findIndex((word) => !word.startsWith('-') && !/^(?:exec|dlx)$/.test(word));
  return start < 0 ? [] : rest.slice(start);
}

/** The migration tool of a command line, as people name it; `undefined` when it is none. */
export function migrationName(argv: readonly string[]): string | undefined {
  const words = argv.map((word, index) => (index === 0 ? (word.split('/').at(-1) ?? word) : word));
  const has = (...names: string[]): boolean => names.every((name) => words.includes(name));
  if (words[0] === 'flask' && has('db', 'upgrade')) return 'flask db upgrade';
  if (words[0] === 'alembic' && has('upgrade')) return 'alembic upgrade';
  const asks = words.includes('--check') || words.includes('--plan');
  if (words.some((word) => /(?:^|\/)(?:manage\.py|django-admin)$/.test(word)) && has('migrate') && !asks)
    return 'manage.py migrate';
  if (words.some((word) => /(?:^|\/)manage\.py$/.test(word)) && has('db', 'upgrade')) return 'manage.py db upgrade';
  const node = withoutRunner(words);
  const tool = (node[0] ?? '').split('/').at(-1);
  if (tool === 'prisma' && node.includes('migrate') && node.includes('deploy')) return 'prisma migrate deploy';
  if (tool === 'knex' && node.includes('migrate:latest')) return 'knex migrate:latest';
  if (/^sequelize(?:-cli)?$/.test(tool ?? '') && node.includes('db:migrate')) return 'sequelize db:migrate';
  if (/^typeorm(?:-ts-node-\w+)?$/.test(tool ?? '') && node.includes('migration:run')) return 'typeorm migration:run';
  if (tool === 'aerich' && node.includes('upgrade')) return 'aerich upgrade';
  return undefined;
}

const GUNICORN_VALUES =
  /^(?:-b|--bind|-w|--workers|-k|--worker-class|-t|--timeout|-c|--config|-n|--name|-u|--user|-g|--group|-p|--pid|-e|--env|-m|--umask|--threads|--chdir|--graceful-timeout|--keep-alive|--keepalive|--max-requests|--max-requests-jitter|--access-logfile|--access-logformat|--error-logfile|--log-file|--log-level|--log-config|--logger-class|--worker-tmp-dir|--worker-connections|--forwarded-allow-ips|--proxy-allow-from|--certfile|--keyfile|--pythonpath|--statsd-host|--statsd-prefix|--backlog|--limit-request-line|--limit-request-fields|--limit-request-field_size|--paste|--reload-extra-file|--reload-engine)$/;

function gunicorn(words: readonly string[], at: Span): Partial<Program> {
  const configured = words.some((word) => /^(?:-c|--config)(?:=|$)/.test(word));
  return {
    app: reference(positional(words, GUNICORN_VALUES), at),
    workers: countOption(words, ['-w', '--workers'], configured ? undefined : 1),
    preload: words.includes('--preload'),
    chdir: option(words, ['--chdir', '--pythonpath']),
  };
}

const ASGI_VALUES =
  /^(?:--host|--port|--workers|-w|-b|--bind|-p|-k|--uds|--fd|--loop|--http|--ws|--log-level|--log-config|--app-dir|--reload-dir|--reload-include|--reload-exclude|--env-file|--root-path|--limit-concurrency|--limit-max-requests|--backlog|--timeout-keep-alive|--ssl-keyfile|--ssl-certfile|--forwarded-allow-ips|--interface|--threads|--listen|--call)$/;

function asgi(words: readonly string[], at: Span): Partial<Program> {
  const rest = words[0] === 'fastapi' ? words.slice(1) : words;
  const app = reference(positional(rest, ASGI_VALUES), at);
  return { app: app, workers: countOption(words, ['--workers', '-w'], 1), chdir: option(words, ['--app-dir']) };
}

function celery(words: readonly string[], at: Span): Partial<Program> {
  const command = words.find((word) =>
    /^(?:worker|beat|flower|multi|purge|inspect|status|events|call|shell)$/.test(word),
  );
  const role: Role =
    command === 'worker' || command === 'multi'
      ? 'worker'
      : command === 'beat'
        ? 'beat'
        : command === 'flower'
          ? 'monitor'
          : 'other';
  const pool = option(words, ['-P', '--pool']);
  const workers = pool === 'solo' ? 1 : countOption(words, ['-c', '--concurrency'], undefined);
  return {
    name: command ? `celery ${command}` : 'celery',
    role,
    app: reference(option(words, ['-A', '--app']), at),
    workers: role === 'worker' ? workers : 1,
  };
}

function node(words: readonly string[], at: Span): Partial<Program> {
  const file =
    words.slice(1).find((word) => /\.(?:[cm]?[jt]s|json)$/.test(word)) ??
    words.slice(1).find((word) => !word.startsWith('-') && word !== 'start');
  const pm2 = /^pm2/.test(words[0] ?? '');
  const instances = option(words, ['-i', '--instances']);
  const workers = pm2
    ? instances === undefined
      ? /\.json$|config\.[cm]?js$/.test(file ?? '')
        ? undefined
        : 1
      : /^\d+$/.test(instances) && instances !== '0'
        ? Number(instances)
        : undefined
    : 1;
  return {
    role: 'web',
    app: file === undefined ? undefined : { module: file, object: undefined, call: undefined, at },
    workers,
  };
}

function flaskApp(words: readonly string[], at: Span): AppReference | undefined {
  return words[0] === 'flask' ? reference(option(words, ['--app', '-A']), at) : undefined;
}

/** Reads `pkg.mod:app`, `pkg.mod:create_app("x")`, `app.py`. */
export function reference(text: string | undefined, at: Span): AppReference | undefined {
  const match = /^([\w./-]+?)(?::([\w.]+)(?:\((.*)\))?)?$/s.exec(text ?? '');
  if (!match?.[1]) return undefined;
  return { module: match[1], object: match[2], call: match[3], at };
}

/** The value of the last of these options: `-A x`, `-Ax` (short), `--app=x`. */
export function option(words: readonly string[], names: readonly string[]): string | undefined {
  let found: string | undefined;
  words.forEach((word, index) => {
    for (const name of names) {
      if (word === name) found = words[index + 1];
      else if (name.startsWith('--') && word.startsWith(`${name}=`)) found = word.slice(name.length + 1);
      else if (/^-\w$/.test(name) && word.startsWith(name) && !word.startsWith('--') && word.length > 2)
        found = word.slice(2).replace(/^=/, '');
    }
  });
  return found;
}

function countOption(
  words: readonly string[],
  names: readonly string[],
  absent: number | undefined,
): number | undefined {
  const value = option(words, names);
  if (value === undefined) return absent;
  return /^\d+$/.test(value) ? Number(value) : undefined;
}

function positional(words: readonly string[], withValue: RegExp): string | undefined {
  for (let index = 1; index < words.length; index += 1) {
    const word = words[index] ?? '';
    if (withValue.test(word)) index += 1;
    else if (!word.startsWith('-')) return word;
  }
  return undefined;
}
