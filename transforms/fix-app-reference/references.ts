import type { Span } from '../../src/finding.ts';
import type { StartCommand } from '../../src/model/process.ts';
import { option, reference } from '../../src/model/program.ts';
import type { ServiceView, Stack } from '../../src/model/stack.ts';
import { escapeRegExp } from '../../src/pattern.ts';

/** What the object of a reference has to be. */
export type Kind = 'wsgi' | 'asgi' | 'any' | 'flask' | 'celery' | 'settings';

/** A name of a module, and of an object in it, that a process of a service imports at start. */
export interface Reference {
  readonly view: ServiceView;
  readonly kind: Kind;
  /** As it is written. */
  readonly text: string;
  readonly module: string;
  readonly object: string | undefined;
  /** Arguments of a factory call. */
  readonly call: string | undefined;
  /** The object is called without brackets (`uvicorn --factory`). */
  readonly factory: boolean;
  /** Where exactly the text stands; `undefined` when that is not certain. */
  readonly place: Span | undefined;
  /** The instruction, entry or script line around it. */
  readonly around: Span;
  /** `uvicorn`, `celery`, `FLASK_APP`. */
  readonly reader: string;
}

/** The references of a service whose every command can be seen. */
export function referencesOf(stack: Stack, view: ServiceView): readonly Reference[] {
  const { startup } = view;
  const moves = startup.commands.some(
    ({ argv, assignments }) =>
      argv[0] === 'cd' ||
      argv[0] === 'pushd' ||
      argv.some((word) => /^PYTHONPATH=/.test(word)) ||
      assignments.some(({ name }) => name === 'PYTHONPATH'),
  );
  if (!startup.complete || moves) return [];
  return startup.commands.flatMap((command) => {
    if (command.conditional && command !== startup.main) return [];
    return [...inArguments(stack, view, command), ...inEnvironment(stack, view, command)];
  });
}

function inArguments(stack: Stack, view: ServiceView, command: StartCommand): readonly Reference[] {
  const { program, argv } = command;
  const kind = kindOf(program.name, argv);
  const { app } = program;
  // A configuration file, `--workdir` and paths of files may put the process or its modules anywhere.
  const elsewhere = argv.some((word) => /^(?:-c|--config|--workdir|--env-file)(?:=|$)/.test(word)) && kind !== 'celery';
  if (!kind || !app || elsewhere || option(argv, ['--workdir']) !== undefined) return [];
  if (/[$`/]|\.py$/.test(app.module)) return [];
  const text = written(argv, app.module, app.object, app.call);
  if (text === undefined) return [];
  const around = command.source?.at ?? placeAround(view, command);
  return [
    {
      view,
      kind,
      text,
      module: app.module,
      object: app.object,
      call: app.call,
      factory: argv.includes('--factory'),
      place: around && exactly(stack, around, text),
      around: around ?? app.at,
      reader: program.name.split(' ')[0] ?? program.name,
    },
  ];
}

function kindOf(name: string, argv: readonly string[]): Kind | undefined {
  const worker = option(argv, ['-k', '--worker-class']) ?? '';
  if (name === 'gunicorn') return /uvicorn|asgi/i.test(worker) ? 'asgi' : 'wsgi';
  if (name === 'uvicorn') return option(argv, ['--interface']) === 'wsgi' ? 'any' : 'asgi';
  if (name === 'daphne') return 'asgi';
  if (name === 'waitress-serve') return 'wsgi';
  if (name === 'hypercorn' || name === 'granian') return 'any';
  if (name.startsWith('celery')) return 'celery';
  return name.startsWith('flask') ? 'flask' : undefined;
}

/** The word of the command line that holds the reference, as written. */
function written(
  argv: readonly string[],
  module: string,
  object: string | undefined,
  call: string | undefined,
): string | undefined {
  const text = `${module}${object === undefined ? '' : `:${object}`}${call === undefined ? '' : `(${call})`}`;
  return argv.some((word) => word.endsWith(text)) ? text : undefined;
}

/** The command's own place: the word's file and the entry or instruction that holds it. */
function placeAround(view: ServiceView, command: StartCommand): Span | undefined {
  const { cmd, entrypoint } = view.container.argv ?? {};
  return [cmd?.at, entrypoint?.at].find(
    (at) => at && at.path === command.at.path && at.start <= command.at.start && command.at.end <= at.end,
  );
}

/** The one occurrence of a reference in a piece of a file. */
function exactly(stack: Stack, around: Span, text: string): Span | undefined {
  const source = stack.repo.read(around.path)?.slice(around.start, around.end) ?? '';
  const escaped = escapeRegExp(text);
  const [found, ...others] = [...source.matchAll(new RegExp(`(?<![\\w.:/-])${escaped}(?![\\w.:(/-])`, 'g'))];
  if (!found || others.length > 0) return undefined;
  const start = around.start + found.index;
  return { path: around.path, start, end: start + text.length };
}

/** FLASK_APP for `flask` without `--app`, DJANGO_SETTINGS_MODULE for everything that loads Django. */
function inEnvironment(stack: Stack, view: ServiceView, { program, argv }: StartCommand): readonly Reference[] {
  const flask = program.name.startsWith('flask') && !program.app;
  const django =
    program.name === 'runserver' ||
    argv.some((word) => /(?:^|\/)manage\.py$|^django-admin$/.test(word)) ||
    /\b(?:get_[aw]sgi_application|django\.setup)\b/.test(view.entry?.text ?? '');
  return [
    ...(flask ? variable(stack, view, 'FLASK_APP', 'flask') : []),
    ...(django ? variable(stack, view, 'DJANGO_SETTINGS_MODULE', 'settings') : []),
  ];
}

function variable(stack: Stack, view: ServiceView, name: string, kind: Kind): readonly Reference[] {
  const text = view.container.variable(name);
  const own = view.service.environment.get(name);
  const around = own?.at ?? view.image?.env.get(name)?.at;
  const app = text === undefined || !around ? undefined : reference(text, around);
  if (text === undefined || !around || !app || /[$/]|\.py$/.test(app.module)) return [];
  const { module, object, call } = app;
  const place = exactly(stack, around, text);
  return [{ view, kind, text, module, object, call, factory: false, place, around, reader: name }];
}
