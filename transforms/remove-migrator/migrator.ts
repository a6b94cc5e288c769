import type { Span } from '../../src/finding.ts';
import type { Assignment, StartCommand } from '../../src/model/process.ts';
import { migrationName, peel } from '../../src/model/program.ts';
import type { ServiceView, Stack } from '../../src/model/stack.ts';
import { readShell } from '../../src/parse/shell.ts';
import { nameOf, within } from '../../src/repo/path.ts';

/** One command of a migrator, as it is meant. */
export interface MigratorCommand {
  readonly argv: readonly string[];
  readonly assignments: readonly Assignment[];
  readonly at: Span;
  /** It may not run. */
  readonly conditional: boolean;
  /** The migration tool; `undefined` for everything else. */
  readonly tool: string | undefined;
}

/** A service that applies migrations and ends. */
export interface Migrator {
  readonly view: ServiceView;
  readonly commands: readonly MigratorCommand[];
  /** The first migration. */
  readonly run: MigratorCommand & { readonly tool: string };
  /** Shell scripts of the repository that it runs, or would run if its image held them. */
  readonly scripts: readonly string[];
  /** The script that it names and that was only found by its name. */
  readonly lost: { readonly word: string; readonly path: string } | undefined;
  /** A shell operator in a command line that no shell reads. */
  readonly shellless: boolean;
}

const STAYS = /^(?:web|worker|beat|monitor)$/;
const TESTS = /^(?:pytest|py\.test|tox|nox|jest|vitest|mocha|coverage)$/;
const ENDLESS = /^(?:tail -f|sleep infinity|sleep inf\b|tail --follow)/;

/** The service as a migrator; `undefined` when it is none: it publishes ports, stays, tests, or runs no migration. */
export function migratorOf(stack: Stack, view: ServiceView): Migrator | undefined {
  const { service, startup } = view;
  if (view.store || service.ports.length > 0 || service.parts.has('expose')) return undefined;
  const lost = lostScript(stack, view);
  const commands = lost ? commandsOfScript(stack, lost.path) : commandsOf(view);
  const run = commands.find((command): command is MigratorCommand & { tool: string } => command.tool !== undefined);
  if (!run || startup.commands.some((command) => stays(command))) return undefined;
  const texts = commands.map(({ argv }) => argv.join(' '));
  if (commands.some(({ argv }) => argv.some((word) => TESTS.test(nameOf(word))) || argv.includes('test')))
    return undefined;
  if (texts.some((text) => ENDLESS.test(text))) return undefined;
  const scripts = [...startup.scripts.map(({ path }) => path), ...(lost ? [lost.path] : [])];
  const shellless = startup.commands.some(({ argv, source }) => !source && argv.some((word) => OPERATOR.test(word)));
  return { view, commands, run, scripts: [...new Set(scripts)], lost, shellless };
}

/** A server, a worker; a Python script may be either, unless its name says that it prepares something. */
const stays = ({ program, argv }: StartCommand): boolean =>
  STAYS.test(program.role) &&
  !(
    program.name === 'python' &&
    argv.some((word) => /(?:seed|init|fixture|load|create|setup|bootstrap|migrat)\w*\.py$/.test(word))
  );

const OPERATOR = /^(?:&&|\|\||;|\|)$/;

const commandsOf = ({ startup }: ServiceView): MigratorCommand[] =>
  startup.commands.flatMap(({ argv, assignments, at, conditional }) => {
    const end = argv.findIndex((word) => OPERATOR.test(word));
    if (end < 0) return [toCommand(argv, assignments, at, conditional)];
    const rest = argv.slice(end + 1);
    return [
      toCommand(argv.slice(0, end), assignments, at, conditional),
      toCommand(peel(rest).argv, [], at, conditional || argv[end] === '||'),
    ];
  });

const toCommand = (
  argv: readonly string[],
  assignments: readonly Assignment[],
  at: Span,
  conditional: boolean,
): MigratorCommand => ({ argv, assignments, at, conditional, tool: migrationName(pythonless(argv)) });

/** `python -m alembic upgrade` names the tool after `-m`. */
const pythonless = (argv: readonly string[]): readonly string[] =>
  /^python[\d.]*$/.test(nameOf(argv[0] ?? '')) && argv[1] === '-m' ? argv.slice(2) : argv;

/** The script of the repository that the command line means though its image does not hold it (or cannot be read). */
function lostScript(stack: Stack, view: ServiceView): Migrator['lost'] {
  if (view.startup.commands.length !== 1 || view.startup.scripts.length > 0) return undefined;
  const { argv } = peel(view.container.argv?.words.map(({ text }) => text) ?? []);
  const word = argv.find((each) => /\.(?:sh|bash)$/.test(each));
  if (word === undefined || (word !== argv[0] && !/^(?:sh|bash|ash|dash)$/.test(nameOf(argv[0] ?? ''))))
    return undefined;
  const context = view.service.build?.context ?? '';
  const named = stack.repo.paths.filter((path) => nameOf(path) === nameOf(word) && within(context, path) !== undefined);
  const [path] = named;
  return path !== undefined && named.length === 1 ? { word, path } : undefined;
}

function commandsOfScript(stack: Stack, path: string): MigratorCommand[] {
  const script = stack.sources.shell(path) ?? readShell(path, '');
  if (script.problems.length > 0) return [];
  return script.commands
    .filter(({ words, within: around }) => words.length > 0 && !around.some(({ kind }) => kind === 'substitution'))
    .map((command) => {
      const uncertain =
        command.joinedBy === '||' ||
        command.within.some(({ kind, joinedBy }) => joinedBy === '||' || CHOICE.test(kind));
      const { argv } = peel(command.words.map(({ text }) => text));
      return toCommand(argv, command.assignments, command.at, uncertain);
    });
}

const CHOICE = /^(?:if-body|else-body|case|function)$/;
