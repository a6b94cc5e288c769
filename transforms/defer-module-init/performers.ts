import type { StartCommand } from '../../src/model/process.ts';
import { type CodeStart, callsFrom, type ImportCall } from '../../src/model/python/import-time.ts';
import type { ServiceView, Stack } from '../../src/model/stack.ts';
import { type PythonCall, type PythonModule, readPython } from '../../src/parse/python.ts';
import { nameOf } from '../../src/repo/path.ts';
import type { Candidate } from './candidates.ts';
import { effectOf } from './effects.ts';

/** A command that runs once before a server starts, and everything that it runs. */
export interface Performer {
  readonly view: ServiceView;
  readonly command: StartCommand;
  readonly calls: readonly ImportCall[];
  /** Work that it does, as `kind key`. */
  readonly works: ReadonlySet<string>;
  /** Repository functions that it enters, as `path#name`. */
  readonly enters: ReadonlySet<string>;
}

/** What runs before a service's server: the commands of its own start, and one-shot services whose success it waits for. */
export function performersFor(
  stack: Stack,
  view: ServiceView,
  skip: (call: PythonCall) => boolean,
): readonly Performer[] {
  const { main } = view.startup;
  const own = view.startup.commands.filter((command) => command !== main && isBefore(view, command));
  const oneShots = view.service.dependsOn
    .filter(({ condition }) => condition === 'service_completed_successfully')
    .flatMap(({ name }) => stack.neighbours(view.service).filter((other) => other.name === name))
    .map((other) => stack.view(other));
  return [
    ...own.map((command) => performer(stack, view, command, skip)),
    ...oneShots.flatMap((other) =>
      other.startup.commands
        .filter(({ conditional, background }) => !conditional && !background)
        .map((command) => performer(stack, other, command, skip)),
    ),
  ];
}

function isBefore({ startup }: ServiceView, command: StartCommand): boolean {
  const { commands, main } = startup;
  return !command.conditional && !command.background && (!main || commands.indexOf(command) < commands.indexOf(main));
}

function performer(
  stack: Stack,
  view: ServiceView,
  command: StartCommand,
  skip: (call: PythonCall) => boolean,
): Performer {
  const { python } = view;
  const script = scriptOf(stack, view, command);
  const starts = script ? [{ module: script, scope: '' }] : commandStarts(stack, view, command);
  // The text of `python -c` is no file, so it is walked by its own.
  const calls =
    script && !stack.repo.has(script.path)
      ? inlineCalls(view, script, skip)
      : callsFrom(python, starts, { script, skip });
  const kept = calls.filter(({ call }) => !skip(call));
  const works = new Set(
    kept.flatMap((each) => {
      const effect = effectOf(python, each.module, each.call);
      return effect ? [`${effect.kind} ${effect.key}`] : [];
    }),
  );
  if (command.program.role === 'migration') works.add(`migrate ${command.program.name}`);
  const entered = [
    ...starts.map(({ module, scope }) => `${module.path}#${scope}`),
    ...kept.flatMap(({ module, inside }) => (inside ? [`${module.path}#${inside.qualified}`] : [])),
  ];
  return { view, command, calls, works, enters: new Set(entered) };
}

function inlineCalls(
  view: ServiceView,
  script: PythonModule,
  skip: (call: PythonCall) => boolean,
): readonly ImportCall[] {
  const { python } = view;
  const imports = script.imports
    .flatMap((each) => python.targets(script, each))
    .flatMap((path) => python.reachable(path, false).slice(0, 1));
  const loaded = callsFrom(
    python,
    imports.map((module) => ({ module, scope: '' })),
    { script: undefined, skip },
  );
  const own = callsFrom(
    { ...python, reachable: (path, lazy) => (path === script.path ? [script] : python.reachable(path, lazy)) },
    [{ module: script, scope: '' }],
    { script, skip },
  );
  return [...own, ...loaded];
}

/** The Python code that a command runs as a script: `-c`, a here-document, `-m`, a file. */
function scriptOf(stack: Stack, view: ServiceView, command: StartCommand): PythonModule | undefined {
  const { argv } = command;
  if (!/^python[\d.]*$/.test(nameOf(argv[0] ?? ''))) return undefined;
  const code = argv.indexOf('-c');
  const text = code > 0 ? argv[code + 1] : hereDocument(stack, command);
  if (text !== undefined) return readPython(`${command.at.path}:${command.at.start}`, text);
  const module = argv.indexOf('-m');
  const name = argv[module + 1] ?? '';
  const path =
    module > 0
      ? (view.python.find(`${name}.__main__`) ?? view.python.find(name))
      : view.python.entry(argv.slice(1).find((word) => word.endsWith('.py')) ?? '');
  return path === undefined ? undefined : stack.sources.python(path);
}

/** The text behind `python - <<'PY'`. */
function hereDocument(stack: Stack, { source, argv }: StartCommand): string | undefined {
  const lines = source
    ? stack.sources.shell(source.at.path)?.commands.find(({ at }) => at.start === source.at.start)?.lines
    : undefined;
  if (!source || !lines || !(argv.length === 1 || (argv.length === 2 && argv[1] === '-'))) return undefined;
  const text = stack.repo.read(source.at.path) ?? '';
  const match = /<<-?\s*['"]?(\w+)['"]?[^\n]*\n([\s\S]*)/.exec(text.slice(source.at.start, lines.end));
  return match?.[2]?.replace(new RegExp(`^[ \\t]*${match[1]}[ \\t]*\\r?\\n?$`, 'm'), '');
}

/** The function behind `flask name`, and the application that Flask imports to find it. */
function commandStarts(stack: Stack, view: ServiceView, { argv, program }: StartCommand): readonly CodeStart[] {
  if (!program.name.startsWith('flask') || argv.includes('run')) return [];
  const named = program.app?.module ?? view.container.variable('FLASK_APP')?.split(':')[0];
  const path = (named === undefined ? ['wsgi', 'app'] : [named])
    .map((each) => view.python.entry(each.replace(/\.py$/, '')) ?? view.python.entry(each))
    .find((each) => each !== undefined);
  const module = path === undefined ? undefined : stack.sources.python(path);
  if (!module) return [];
  const factory = module.functions.find(({ qualified }) => /^(?:create_app|make_app)$/.test(qualified));
  const starts = [{ module, scope: '' }, ...(factory ? [{ module, scope: factory.qualified }] : [])];
  const words = argv.slice(1);
  const command = cliCommands(view.python.reachable(module.path, true)).find(({ name }) => words.includes(name));
  return command ? [...starts, { module: command.module, scope: command.scope }] : starts;
}

/** A command that `flask` knows, or that an application registers with click. */
export interface CliCommand extends CodeStart {
  readonly name: string;
}

/** The click commands that some modules declare, by the name that a person types. */
export const cliCommands = (modules: readonly PythonModule[]): readonly CliCommand[] =>
  modules.flatMap((module) =>
    module.functions.flatMap((fn) => {
      const decorator = fn.decorators.find(({ callee }) =>
        /(?:\.cli|^click|^cli|_cli|_group)\.command$|^click\.command$/.test(callee),
      );
      if (!decorator) return [];
      // https://click.palletsprojects.com/en/stable/commands-and-groups/#basic-group-example: `_command` is cut off, `_` becomes `-`.
      const name =
        decorator.args.find((arg) => arg.name === undefined || arg.name === 'name')?.string ??
        fn.name.replace(/_(?:command|cmd|group|grp)$/, '').replaceAll('_', '-');
      return [{ module, scope: fn.qualified, name }];
    }),
  );

/** The performer that does a candidate's work already: the same function, or the same tables, migrations and rows. */
export function performerOf(candidate: Candidate, performers: readonly Performer[]): Performer | undefined {
  const { target, effects } = candidate;
  return performers.find(
    ({ works, enters }) =>
      (target !== undefined && enters.has(`${target.module.path}#${target.fn.qualified}`)) ||
      effects.every(({ kind, key }) => works.has(`${kind} ${key}`)),
  );
}
