import { readShell, type ShellCommand } from '../../parse/shell.ts';
import type { ImageArgv } from '../image.ts';

const BUILTINS = /^(?:cd|source|\.|export|eval|:|set|unset|ulimit|umask|trap|wait|read|if|for|while)$/;

/** The one command of a text, when it is nothing but a program with its arguments. */
function onlyCommand(script: string): ShellCommand | undefined {
  const [command, ...more] = readShell('', script).commands;
  if (!command || more.length > 0 || command.assignments.length > 0 || command.within.length > 0) return undefined;
  return command.background || BUILTINS.test(command.words[0]?.text ?? ':') ? undefined : command;
}

/** A shell-form command in exec form, where a shell would add nothing to it. https://docs.docker.com/reference/dockerfile/#shell-and-exec-form */
export function execWords(script: string): readonly string[] | undefined {
  const command = onlyCommand(script);
  if (!command || command.words.some(({ literal }) => !literal)) return undefined;
  const rest = command.words.reduce(
    (text, { source }) => text.replace(source, ''),
    script.trim().replace(/^exec\s+/, ''),
  );
  return rest.trim() === '' ? command.words.map(({ text }) => text) : undefined;
}

/** A shell-form command with expansions, for which `exec` lets the server take the shell's place. */
export const canExec = (script: string): boolean => onlyCommand(script)?.exec === false;

/** The CMD of an image as a list for Compose, without a shell that stays in front of the server. */
export function listedCommand({ shell, words, instruction }: ImageArgv): readonly string[] {
  if (!shell) return words;
  const { script } = instruction;
  return execWords(script) ?? [...words.slice(0, -1), canExec(script) ? `exec ${script.trim()}` : script];
}
