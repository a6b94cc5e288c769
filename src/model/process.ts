import type { Evidence, Span } from '../finding.ts';
import { readShell, type ShellCommand } from '../parse/shell.ts';
import { joinContainer, nameOf } from '../repo/path.ts';
import type { Repo } from '../repo/repo.ts';
import type { ArgvWord, Container } from './container.ts';
import { isBranchNotTaken } from './entrypoint/case-branch.ts';
import type { ContainerFile } from './image/layer.ts';
import { npmScript, scriptArguments } from './node-app.ts';
import { type Program, peel, programOf } from './program.ts';
import { roleOfScript } from './python/script.ts';
import type { Sources } from './sources.ts';

/** One command that a container runs at start, wrappers taken off. */
export interface StartCommand {
  readonly argv: readonly string[];
  /** Where it is written. */
  readonly at: Span;
  readonly program: Program;
  /** Wrappers that were taken off, outermost first (`tini`, `poetry run`). */
  readonly wrappers: readonly string[];
  /** The repository's script that holds it. */
  readonly script: string | undefined;
  /** It may not run: inside `if`, `case`, a function, or after `||`. */
  readonly conditional: boolean;
  /** It is repeated, as in `until pg_isready; do sleep 1; done`. */
  readonly looped: boolean;
  /** Started with `exec` (or as the container's own process). */
  readonly exec: boolean;
  readonly background: boolean;
  /** It stands for the `"$@"` of an entrypoint script. */
  readonly passed: boolean;
  /** The shell command when it stands in a script of the repository. */
  readonly source: ShellCommand | undefined;
  /** Variables set for it alone: `FOO=1 cmd`, `env FOO=1 cmd`. */
  readonly assignments: readonly Assignment[];
}

/** A variable as a command line sets it; expansions in the value are kept as written. */
export interface Assignment {
  readonly name: string;
  readonly value: string;
}

/** A shell script of the repository that a container starts. */
export interface StartScript {
  /** Repository path. */
  readonly path: string;
  readonly containerPath: string;
  /** Where it is called. */
  readonly at: Span;
  /** The shell of a call such as `sh script`; `undefined` when the script is executed itself. */
  readonly interpreter: ArgvWord | undefined;
}

/** Everything a container runs at start. */
export interface Startup {
  /** In the order in which they run. */
  readonly commands: readonly StartCommand[];
  /** The process that stays: the server, the worker, or the last command. */
  readonly main: StartCommand | undefined;
  readonly scripts: readonly StartScript[];
  /** False when something that runs cannot be seen (a script that is not in the repository, `make`, supervisord …). */
  readonly complete: boolean;
  readonly evidence: readonly Evidence[];
}

type Setting = Pick<
  StartCommand,
  'conditional' | 'looped' | 'exec' | 'background' | 'passed' | 'script' | 'source' | 'assignments'
>;

/** A command line on its way through wrappers, shells and scripts. */
interface Call {
  readonly words: readonly ArgvWord[];
  readonly setting: Setting;
  readonly depth: number;
}

interface Walk {
  readonly repo: Repo;
  readonly sources: Sources;
  readonly container: Container;
  readonly commands: StartCommand[];
  readonly scripts: StartScript[];
  complete: boolean;
}

const MAX_DEPTH = 12;
const ALONE: Setting = {
  conditional: false,
  looped: false,
  exec: true,
  background: false,
  passed: false,
  script: undefined,
  source: undefined,
  assignments: [],
};
/** Programs that start others by rules of their own. */
const OPAQUE = /^(?:make|just|task|supervisord|honcho|foreman|s6-svscan|docker-entrypoint\.sh|.*\.(?:sh|bash))$/;

/** Follows a container's command line through shells and scripts of the repository. */
export function startupOf(repo: Repo, sources: Sources, container: Container): Startup {
  const walk: Walk = { repo, sources, container, commands: [], scripts: [], complete: container.argv !== undefined };
  if (container.argv) follow(walk, { words: container.argv.words, setting: ALONE, depth: 0 });
  const { commands, scripts, complete } = walk;
  return { commands, main: mainOf(commands), scripts, complete, evidence: container.argv?.evidence ?? [] };
}

function mainOf(commands: readonly StartCommand[]): StartCommand | undefined {
  const stays = commands.filter(({ program }) => !['other', 'migration', 'wait'].includes(program.role));
  return (
    stays.findLast((command) => !command.background) ?? stays.at(-1) ?? commands.findLast((each) => !each.background)
  );
}

function follow(walk: Walk, call: Call): void {
  const { argv, wrappers } = peel(call.words.map((word) => word.text));
  const words = call.words.slice(call.words.length - argv.length);
  const first = words[0];
  if (!first || call.depth > MAX_DEPTH) return;
  const assignments = [
    ...call.setting.assignments,
    ...assignmentsIn(call.words.slice(0, call.words.length - argv.length)),
  ];
  const inner: Call = { ...call, words, setting: { ...call.setting, assignments } };
  const watched = watchedCommand(words);
  if (/^(?:sh|bash|ash|dash)$/.test(nameOf(first.text))) followShell(walk, inner);
  else if (watched) followText(walk, inner, watched.text, watched.at, []);
  else if (!followScript(walk, inner, 0) && !followNpm(walk, inner, argv)) record(walk, inner, wrappers);
}

/** The command line that `watchfiles "celery -A x worker" src` starts again after each change. */
function watchedCommand([first, ...rest]: readonly ArgvWord[]): ArgvWord | undefined {
  if (nameOf(first?.text ?? '') !== 'watchfiles') return undefined;
  return rest.find(({ text }, index) => /^[^-\s]\S*\s/.test(text) && rest[index - 1]?.text !== '--args');
}

/** What an `env` in front of a command sets. */
const assignmentsIn = (wrappers: readonly ArgvWord[]): readonly Assignment[] =>
  wrappers.flatMap(({ text }) => {
    const match = /^(\w+)=(.*)$/s.exec(text);
    return match?.[1] === undefined ? [] : [{ name: match[1], value: match[2] ?? '' }];
  });

/** `sh -c text args…`, `sh script args…`. */
function followShell(walk: Walk, call: Call): void {
  let index = 1;
  let inline = false;
  for (; /^[-+]./.test(call.words[index]?.text ?? ''); index += 1) {
    if (/^-[a-z]*c$/.test(call.words[index]?.text ?? '')) inline = true;
    if (call.words[index]?.text === '-o') index += 1;
  }
  const target = call.words[index];
  if (!target) return;
  if (inline) followText(walk, call, target.text, target.at, call.words.slice(index + 2));
  else if (!followScript(walk, call, index)) {
    walk.complete = false;
    record(walk, call, []);
  }
}

/** Enters a script of the repository when the word at `index` names one. */
function followScript(walk: Walk, call: Call, index: number): boolean {
  const word = call.words[index];
  const found = word && scriptFor(walk, word.text, index > 0);
  if (!word || !found) return false;
  walk.scripts.push({
    ...found,
    at: call.setting.source?.at ?? word.at,
    interpreter: index > 0 ? call.words[0] : undefined,
  });
  const script = walk.sources.shell(found.path);
  if (!script || script.problems.length > 0) walk.complete = false;
  else followCommands(walk, script.commands, { ...call, words: call.words.slice(index + 1) }, found.path, undefined);
  return true;
}

function followNpm(walk: Walk, call: Call, argv: readonly string[]): boolean {
  const script = npmScript(walk.repo, walk.container, argv);
  if (script) followText(walk, call, [script.text, ...scriptArguments(argv)].join(' '), script.at, []);
  return script !== undefined;
}

function followText(walk: Walk, call: Call, text: string, at: Span, args: readonly ArgvWord[]): void {
  const parsed = readShell(at.path, text);
  if (parsed.problems.length > 0) walk.complete = false;
  followCommands(walk, parsed.commands, { ...call, words: args }, call.setting.script, at);
}

/** Runs through a script's commands; `call.words` stand for its `"$@"`. Commands of a text inside another file share the place `textAt`. */
function followCommands(
  walk: Walk,
  commands: readonly ShellCommand[],
  call: Call,
  script: string | undefined,
  textAt: Span | undefined,
): void {
  for (const command of commands) {
    if (command.words.length === 0 || command.within.some((each) => each.kind === 'substitution')) continue;
    if (!textAt && isBranchNotTaken(command, commands, call.words[0]?.text)) continue;
    const [only] = command.words;
    const passes = command.words.length === 1 && /^\$(?:@|\{@\}|\*)$/.test(only?.text ?? '');
    const source = textAt || passes ? undefined : command;
    const setting = { ...settingOf(command, call.setting), passed: passes, script, source };
    const words = command.words.flatMap((word) =>
      /^\$(?:@|\{@\})$/.test(word.text) ? call.words : [{ text: word.text, at: textAt ?? word.at }],
    );
    follow(walk, { words, setting, depth: call.depth + 1 });
  }
}

function settingOf(command: ShellCommand, outer: Setting): Omit<Setting, 'passed' | 'script' | 'source'> {
  const kinds = command.within.map((each) => each.kind);
  const mayNotRun =
    kinds.some((kind) => ['if-body', 'else-body', 'case', 'function'].includes(kind)) ||
    command.within.some((each) => each.joinedBy === '||');
  return {
    assignments: [...outer.assignments, ...command.assignments.map(({ name, value }) => ({ name, value }))],
    conditional: outer.conditional || command.joinedBy === '||' || mayNotRun,
    looped: outer.looped || kinds.some((kind) => kind.startsWith('loop')),
    exec: command.exec,
    background: outer.background || command.background,
  };
}

function record(walk: Walk, call: Call, wrappers: readonly string[]): void {
  const argv = call.words.map((word) => word.text);
  const at = call.setting.source?.at ?? call.words[0]?.at;
  if (at === undefined) return;
  if (OPAQUE.test(nameOf(argv[0] ?? ''))) walk.complete = false;
  walk.commands.push({ argv, at, program: withScript(walk, programOf(argv, at)), wrappers, ...call.setting });
}

/** `python file.py` is what the file makes of it; a file that cannot be seen stays without a role. */
function withScript(walk: Walk, program: Program): Program {
  const file = program.name === 'python' ? program.app?.module : undefined;
  if (file === undefined || walk.container.workdir === undefined) return program;
  const path = file.endsWith('.py') ? file : `${file.replaceAll('.', '/')}.py`;
  const found = [path, path.replace(/\.py$/, '/__main__.py')]
    .map((each) => walk.container.fileAt(joinContainer(walk.container.workdir ?? '/', each)))
    .find((each) => each.kind === 'repo');
  const module = found?.kind === 'repo' ? walk.sources.python(found.path) : undefined;
  return module ? { ...program, role: roleOfScript(module) } : program;
}

const ON_PATH = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

const scriptFor = (
  { repo, container }: Walk,
  word: string,
  interpreted: boolean,
): { path: string; containerPath: string } | undefined =>
  scriptAt(repo, container.fileAt, container.workdir, word, interpreted);

/** The repository's shell script that a word starts: by path, or by name from where scripts are commonly copied to. */
export function scriptAt(
  repo: Repo,
  fileAt: (path: string) => ContainerFile,
  workdir: string | undefined,
  word: string,
  interpreted: boolean,
): { path: string; containerPath: string } | undefined {
  const places = word.includes('/')
    ? word.startsWith('/') || workdir !== undefined
      ? [joinContainer(workdir ?? '/', word)]
      : []
    : [
        ...ON_PATH.map((folder) => `${folder}/${word}`),
        ...(interpreted && workdir !== undefined ? [joinContainer(workdir, word)] : []),
      ];
  for (const containerPath of places) {
    const file = fileAt(containerPath);
    if (file.kind === 'repo' && isShellScript(file.path, repo.read(file.path)))
      return { path: file.path, containerPath };
  }
  return undefined;
}

/** By its first line; without one, by its name or by having no extension at all. */
function isShellScript(path: string, text: string | undefined): boolean {
  if (text === undefined) return false;
  const interpreter = /^\ufeff?#!\s*(.*)/.exec(text)?.[1];
  if (interpreter !== undefined) return /\b(?:sh|bash|dash|ash)\b/.test(interpreter);
  return /\.(?:sh|bash)$/.test(path) || !nameOf(path).includes('.');
}
