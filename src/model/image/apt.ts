import type { DockerInstruction } from '../../parse/dockerfile.ts';
import { readShell, type ShellCommand, type ShellScript, type ShellWord } from '../../parse/shell.ts';

/** One call of apt or apt-get. */
export interface AptCommand {
  readonly command: ShellCommand;
  /** `update`, `install` …; `undefined` when an expansion hides it. */
  readonly verb: ShellWord | undefined;
  /** Before and behind the verb, their values included. */
  readonly options: readonly ShellWord[];
  /** What follows the verb and is no option. */
  readonly packages: readonly ShellWord[];
  readonly sudo: boolean;
}

/** Options of apt-get that take the next word: https://manpages.debian.org/stable/apt/apt-get.8.en.html */
const WITH_VALUE = /^(?:-[octaP]|--option|--config-file|--target-release|--default-release|--host-architecture)$/;

/** Understands a command as a call of apt; `undefined` when it is another program. */
export function aptCommand(command: ShellCommand): AptCommand | undefined {
  const sudo = command.words[0]?.text === 'sudo';
  const words = command.words.slice(sudo ? 1 : 0);
  if (!/^(?:\/usr\/bin\/)?apt(?:-get)?$/.test(words[0]?.text ?? '')) return undefined;
  const options: ShellWord[] = [];
  const rest: ShellWord[] = [];
  for (let index = 1; index < words.length; index += 1) {
    const word = words[index];
    const next = words[index + 1];
    if (!word) continue;
    if (!word.text.startsWith('-')) rest.push(word);
    else {
      options.push(word);
      if (!WITH_VALUE.test(word.text) || !next) continue;
      options.push(next);
      index += 1;
    }
  }
  const [verb, ...packages] = rest;
  return { command, verb, options, packages, sudo };
}

/** The shell of a RUN, with places in the Dockerfile; `undefined` for another instruction, exec form, or shell that cannot be read. */
export function runScript(instruction: DockerInstruction): ShellScript | undefined {
  if (instruction.keyword !== 'RUN' || instruction.exec) return undefined;
  const script = readShell(instruction.at.path, instruction.script, instruction.scriptOffset);
  return script.problems.length > 0 ? undefined : script;
}

/** The calls of apt in a RUN, in order. */
export const aptCommands = (script: ShellScript): readonly AptCommand[] =>
  script.commands.flatMap((command) => aptCommand(command) ?? []);

/** It runs whenever the RUN does: not in an `if`, a loop, a function, after `||`, or in the background. */
export const isCertain = ({ within, joinedBy, background }: ShellCommand): boolean =>
  joinedBy !== '||' && !background && within.every(({ kind }) => kind === 'group');

/** A package's name without version, architecture and release: `gcc=4:12*` → `gcc`. */
export const packageName = ({ text }: ShellWord): string => text.replace(/[=/:].*$/, '');
