import type { Span } from '../../finding.ts';
import { readShell, type ShellCommand, type ShellWord } from '../../parse/shell.ts';
import { joinContainer } from '../../repo/path.ts';
import type { ImageLayer } from './layer.ts';

/** One command of a RUN, with the folder and the virtual environment that it works in. */
export interface RunCommand {
  /** Expanded; `undefined` where only the shell knows. The program by its bare name, `python -m pip` as `pip`. */
  readonly words: readonly (string | undefined)[];
  /** The program as written: `/opt/venv/bin/pip`. */
  readonly program: string;
  readonly text: string;
  readonly at: Span;
  /** `undefined` after a `cd` that cannot be followed. */
  readonly cwd: string | undefined;
  /** It may not run: in an `if`, a loop, after `||`. */
  readonly conditional: boolean;
  /** The virtual environment that an earlier command of this RUN activated. */
  readonly activated: string | undefined;
  /** A variable as this command sees it: set before it, exported in this RUN, or ENV and ARG. */
  readonly variable: (name: string) => string;
}

/** The commands of a RUN in order; `undefined` when it cannot be read. `home` is the user's home folder. */
export function runCommands(layer: ImageLayer, home: string | undefined): readonly RunCommand[] | undefined {
  const { instruction, dockerfile } = layer;
  if (instruction.exec) {
    const [program = '', ...rest] = instruction.exec;
    const common = { at: instruction.at, cwd: layer.workdir, conditional: false, activated: undefined };
    const variable = (name: string): string => layer.expand(`$${name}`);
    return [{ ...common, words: bare([program, ...rest]), program, text: instruction.exec.join(' '), variable }];
  }
  const script = readShell(dockerfile.path, instruction.script, instruction.scriptOffset);
  if (script.problems.length > 0) return undefined;
  const exported = new Map<string, string>();
  let cwd: string | undefined = layer.workdir;
  let activated: string | undefined;
  return script.commands.map((command): RunCommand => {
    const own = new Map(exported);
    const variable = (name: string): string => own.get(name) ?? layer.expand(`$${name}`);
    const expand = (word: ShellWord): string | undefined => expandWord(word, variable, home);
    const written = command.words.map(expand);
    for (const { name, value } of command.assignments) own.set(name, fill(value, variable) ?? '');
    const words = peeled(written);
    if (words[0] === 'export')
      for (const word of words.slice(1)) {
        const match = /^(\w+)=(.*)$/s.exec(word ?? '');
        if (match?.[1] !== undefined) exported.set(match[1], match[2] ?? '');
      }
    if (words.length === 0) for (const [name, value] of own) exported.set(name, value);
    const found: RunCommand = {
      words: bare(words),
      program: words[0] ?? '',
      text: dockerfile.text.slice(command.at.start, command.at.end),
      at: command.at,
      cwd,
      conditional: isConditional(command),
      activated,
      variable,
    };
    if (words[0] === 'cd') cwd = words[1] === undefined || cwd === undefined ? undefined : joinContainer(cwd, words[1]);
    const script = words[0] === '.' || words[0] === 'source' ? words[1] : undefined;
    const venv = /^(.*)\/bin\/activate$/.exec(script ?? '')?.[1];
    if (venv !== undefined && cwd !== undefined) activated = joinContainer(cwd, venv);
    return found;
  });
}

const isConditional = (command: ShellCommand): boolean =>
  command.joinedBy === '||' ||
  command.background ||
  command.within.some(({ kind }) => kind !== 'group' && kind !== 'subshell');

/** A word as the shell would expand it; `undefined` when it holds more than known variables. */
function expandWord(word: ShellWord, variable: (name: string) => string, home: string | undefined): string | undefined {
  if (word.literal) return word.text;
  const text = word.text.replace(/^~(?=\/|$)|\$(?:HOME\b|\{HOME\})/g, home ?? '$HOME');
  return fill(text, variable);
}

function fill(text: string, variable: (name: string) => string): string | undefined {
  let known = true;
  const filled = text.replace(/\$(?:(\w+)|\{(\w+)\})/g, (_, plain: string | undefined, braced: string | undefined) => {
    const value = variable(plain ?? braced ?? '');
    if (value === '') known = false;
    return value;
  });
  return known && !/[$`]/.test(filled) ? filled : undefined;
}

type Words = readonly (string | undefined)[];

/** Takes `sudo`, `env X=1` and the like off. */
function peeled(words: Words): Words {
  let rest = words;
  while (rest.length > 1) {
    if (/^(?:sudo|time|nice|command|exec)$/.test(rest[0] ?? '')) rest = rest.slice(1);
    else if (rest[0] === 'env') {
      rest = rest.slice(1);
      while (/^\w+=/.test(rest[0] ?? '')) rest = rest.slice(1);
    } else break;
  }
  return rest;
}

/** `/opt/venv/bin/pip3 x` and `python3 -m pip x` → `pip x`. */
function bare(words: Words): Words {
  const [first = '', ...rest] = words;
  const name = first.split('/').at(-1) ?? first;
  const isPython = /^(?:pypy|python)[\d.]*$/.test(name);
  if (isPython && rest[0] === '-m' && /^(?:pip|poetry|pipenv|uv|pdm|virtualenv)$/.test(rest[1] ?? ''))
    return rest.slice(1);
  if (words.length === 0) return words;
  return [/^pip[\d.]+$/.test(name) ? 'pip' : isPython ? 'python' : name, ...rest];
}
