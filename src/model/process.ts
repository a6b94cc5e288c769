import type { Evidence, Span } from '../finding.ts';
import { readShell, type ShellCommand } from '../parse/shell.ts';
import { joinContainer } from '../repo/path.ts';
import type { Repo } from '../repo/repo.ts';
import type { ArgvWord, Container } from './container.ts';
import { npmScript } from './node-app.ts';
import { peel, type Program, programOf } from './program.ts';
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
}

/** A shell script of the repository that a container starts. */
export interface StartScript {
  /** Repository path. */
  readonly path: string;
  readonly containerPath: string;
  /** Where it is called. */
  readonly at: Span;
  /** Called as `sh script` rather than executed. */
  readonly interpreted: boolean;
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

interface Walk {
  readonly repo: Repo;
  readonly sources: Sources;
  readonly container: Container;
  readonly commands: StartCommand[];
  readonly scripts: StartScript[];
  complete: boolean;
}

/** Follows a container's command line through shells and scripts of the repository. */
export function startupOf(repo: Repo, sources: Sources, container: Container): Startup {
  const walk: Walk = { repo, sources, container, commands: [], scripts: [], complete: container.argv !== undefined };
  if (container.argv) follow(walk, container.argv.words, { conditional: false, looped: false, exec: true, background: false, passed: false, script: undefined, source: undefined }, 0);
  return {
    commands: walk.commands,
    main: mainOf(walk.commands),
    scripts: walk.scripts,
    complete: walk.complete,
    evidence: container.argv?.evidence ?? [],
  };
}

function mainOf(commands: readonly StartCommand[]): StartCommand | undefined {
  const stays = commands.filter((command) => command.program.role !== 'other' && command.program.role !== 'migration');
  return stays.findLast((command) => !command.background) ?? stays.at(-1) ?? commands.findLast((command) => !command.background);
}

type Setting = Pick<StartCommand, 'conditional' | 'looped' | 'exec' | 'background' | 'passed' | 'script' | 'source'>;

function follow(walk: Walk, words: readonly ArgvWord[], setting: Setting, depth: number): void {
  const first = words[0];
  if (!first || depth > 12) return;
  const peeled = peel(words.map((word) => word.text));
  const rest = words.slice(words.length - peeled.argv.length);
  const argv = peeled.argv;
  const at = setting.source?.at ?? (rest[0] ?? first).at;
  if (argv[0] === undefined) return;
  const shell = /^(?:.*\/)?(?:sh|bash|ash|dash)$/.exec(argv[0]);
  if (shell) return followShell(walk, argv, rest, setting, at, depth);
  const script = argv[0].includes('/') || /\.(?:sh|bash)$/.test(argv[0]) ? scriptAt(walk, argv[0]) : onPath(walk, argv[0]);
  if (script) return followScript(walk, script, argv.slice(1), rest.slice(1), { ...setting, source: undefined }, at, depth, false);
  const npm = npmScript(walk.repo, walk.container, argv);
  if (npm) return followText(walk, npm.text, npm.at, setting, depth, undefined, []);
  const program = programOf(argv, at);
  if (/\.(?:sh|bash)$/.test(argv[0]) || ['make', 'just', 'supervisord', 'honcho', 's6-svscan', 'foreman', 'docker-entrypoint.sh'].includes(argv[0].split('/').at(-1) ?? '')) walk.complete = false;
  walk.commands.push({ argv, at, program, wrappers: peeled.wrappers, ...setting });
}

function followShell(walk: Walk, argv: readonly string[], rest: readonly ArgvWord[], setting: Setting, at: Span, depth: number): void {
  let index = 1;
  let inline = false;
  while (argv[index]?.startsWith('-') && argv[index] !== '--') {
    if (/^-[a-z]*c$/.test(argv[index] ?? '')) inline = true;
    if (argv[index] === '-o') index += 1;
    index += 1;
  }
  const target = argv[index];
  if (target === undefined) return;
  if (inline) return followText(walk, target, at, setting, depth, undefined, rest.slice(index + 2));
  const script = scriptAt(walk, target);
  if (script) return followScript(walk, script, argv.slice(index + 1), rest.slice(index + 1), { ...setting, source: undefined }, at, depth, true);
  walk.complete = false;
  walk.commands.push({ argv, at, program: programOf(argv, at), wrappers: [], ...setting });
}

function scriptAt(walk: Walk, word: string): { path: string; containerPath: string } | undefined {
  if (!word.startsWith('/') && walk.container.workdir === undefined) return undefined;
  const containerPath = joinContainer(walk.container.workdir ?? '/', word);
  const file = walk.container.fileAt(containerPath);
  if (file.kind !== 'repo') return undefined;
  const text = walk.repo.read(file.path);
  if (text === undefined || !/^\ufeff?#!.*\b(?:sh|bash|ash|dash)\b|^(?!#!)/.test(text) || /\.(?:py|js|mjs|cjs|ts)$/.test(file.path)) return undefined;
  return { path: file.path, containerPath };
}

/** A bare word is looked up where scripts are commonly copied to. */
function onPath(walk: Walk, word: string): { path: string; containerPath: string } | undefined {
  for (const folder of ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin']) {
    const found = scriptAt(walk, `${folder}/${word}`);
    if (found) return found;
  }
  return undefined;
}

function followScript(walk: Walk, script: { path: string; containerPath: string }, _args: readonly string[], passed: readonly ArgvWord[], setting: Setting, at: Span, depth: number, interpreted: boolean): void {
  walk.scripts.push({ ...script, at, interpreted });
  const parsed = walk.sources.shell(script.path);
  if (!parsed || parsed.problems.length > 0) {
    walk.complete = false;
    return;
  }
  followCommands(walk, parsed.commands, setting, depth, script.path, passed, undefined);
}

function followText(walk: Walk, text: string, at: Span, setting: Setting, depth: number, script: string | undefined, passed: readonly ArgvWord[]): void {
  const parsed = readShell(at.path, text);
  if (parsed.problems.length > 0) walk.complete = false;
  followCommands(walk, parsed.commands, setting, depth, script, passed, at);
}

/** `text` commands have offsets of their own piece of text, so their place is the whole piece. */
function followCommands(walk: Walk, commands: readonly ShellCommand[], setting: Setting, depth: number, script: string | undefined, passed: readonly ArgvWord[], textAt: Span | undefined): void {
  for (const command of commands) {
    if (command.words.length === 0 || command.within.some((each) => each.kind === 'substitution')) continue;
    const kinds = command.within.map((each) => each.kind);
    const inner: Setting = {
      conditional: setting.conditional || command.joinedBy === '||' || kinds.some((kind) => kind === 'if-body' || kind === 'else-body' || kind === 'case' || kind === 'function'),
      looped: setting.looped || kinds.some((kind) => kind.startsWith('loop')),
      exec: command.exec,
      background: setting.background || command.background,
      passed: false,
      script: script ?? setting.script,
      source: textAt ? undefined : command,
    };
    const only = command.words[0]?.text;
    if (command.words.length === 1 && (only === '$@' || only === '${@}' || only === '$*')) {
      follow(walk, passed, { ...inner, passed: true, source: undefined }, depth + 1);
      continue;
    }
    const words = command.words.flatMap((word) => (word.text === '$@' ? passed : [{ text: word.text, at: textAt ?? word.at }]));
    follow(walk, words, inner, depth + 1);
  }
}
