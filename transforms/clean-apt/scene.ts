import { aptCommands, runScript } from '../../src/model/image/apt.ts';
import type { Image } from '../../src/model/image.ts';
import type { Stack } from '../../src/model/stack.ts';
import type { Dockerfile, DockerInstruction } from '../../src/parse/dockerfile.ts';
import type { ShellCommand, ShellScript } from '../../src/parse/shell.ts';
import { nameOf } from '../../src/repo/path.ts';

/** One RUN and all that is around it. */
export interface Scene {
  readonly stack: Stack;
  readonly dockerfile: Dockerfile;
  /** The stages of the Dockerfile. */
  readonly images: readonly Image[];
  /** The stage of the RUN. */
  readonly image: Image;
  readonly instruction: DockerInstruction;
  readonly script: ShellScript;
}

/** The lists or the archives lie in a mount, so the layer does not keep them: https://docs.docker.com/reference/dockerfile/#run---mounttypecache */
export const isMounted = ({ flags }: DockerInstruction): boolean =>
  flags.some(({ name, value = '' }) => name === 'mount' && /\/var(?:\/|,|$)/.test(value));

/** Something that reads the package lists without fetching them first, or a script that may. */
export function readsLists({ stack }: Pick<Scene, 'stack'>, instruction: DockerInstruction): boolean {
  if (instruction.keyword === 'ONBUILD') return /\bapt\b|\bapt-/.test(instruction.script);
  if (instruction.keyword !== 'RUN') return false;
  const script = runScript(instruction);
  if (!script) return /\bapt\b|\bapt-/.test(instruction.exec?.join(' ') ?? instruction.script);
  if (
    /\bapt-(?:cache|file)\b|\b(?:aptitude|mk-build-deps|gdebi|tasksel)\b|\/var\/lib\/apt\/lists\/[^*\s;&|]/.test(
      instruction.script,
    )
  )
    return true;
  if (script.commands.some((command) => callsReader(stack, command))) return true;
  const verbs = aptCommands(script).map(({ verb }) => verb?.text);
  const first = verbs.findIndex((verb) => verb !== 'update');
  if (first < 0 || verbs.slice(0, first).includes('update')) return false;
  return verbs.some((verb) => verb === undefined || !/^(?:clean|autoclean|autoremove|remove|purge|update)$/.test(verb));
}

/** A script of its own that installs with apt and fetches no lists, or that cannot be seen. */
function callsReader({ repo }: Stack, { words }: ShellCommand): boolean {
  const [program = '', argument = ''] = words.map(({ text }) => text);
  const isShell = /^(?:\.|source|sh|bash|ash|dash)$/.test(program) && /^[^-$]/.test(argument);
  const script = isShell
    ? argument
    : /^\.{0,2}\/.*(?:\.sh|\/[^./]+)$/.test(program) && !/^\/(?:usr|bin|sbin|opt\/venv)\//.test(program)
      ? program
      : undefined;
  if (script === undefined || /\/activate$/.test(script)) return false;
  const texts = repo.paths.filter((path) => nameOf(path) === nameOf(script)).map((path) => repo.read(path) ?? '');
  return (
    texts.length === 0 ||
    texts.some((text) => /\bapt(?:-get)?\b.*\binstall\b/.test(text) && !/\bapt(?:-get)?\b.*\bupdate\b/.test(text))
  );
}
