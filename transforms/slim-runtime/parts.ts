import { aptCommands, runScript } from '../../src/model/image/apt.ts';
import type { ImageLayer } from '../../src/model/image/layer.ts';
import { runCommands } from '../../src/model/image/run-commands.ts';
import type { ShellWord } from '../../src/parse/shell.ts';

/** What a RUN is for; `undefined` when it is not understood, or does several of these. */
export type RunKind = 'apt' | 'pip' | 'set-up' | 'project' | undefined;

const SET_UP = /^(?:mkdir|chmod|chown|useradd|groupadd|adduser|addgroup|usermod|true)$/;
/** They may also change what a build reads: apt's mirrors, pip's configuration. */
const LOOSE = /^(?:touch|echo|printf|sed|rm|cd|dos2unix)$/;

/** Understands a RUN: `set-up` makes users and folders, `project` changes files or runs the project's own Python. */
export function kindOf(layer: ImageLayer): RunKind {
  const { instruction } = layer;
  const script = instruction.exec ? undefined : runScript(instruction);
  const commands = instruction.exec || script ? runCommands(layer, '/root') : undefined;
  if (!commands || commands.some(({ conditional, words }) => conditional || words.some((word) => word === undefined)))
    return undefined;
  const kinds = new Set(
    commands.flatMap(({ words }): RunKind[] => {
      const [name = '', ...rest] = words.map((word) => word ?? '');
      if (words.length === 0 || name === 'set') return [];
      if (name === 'apt-get' || name === 'apt')
        return [/^(?:-\S+\s+)*(?:update|install|clean)\b/.test(rest.join(' ')) ? 'apt' : undefined];
      if (name === 'rm' && rest.every((word) => /^-|^\/(?:var\/(?:lib\/apt|cache)|root\/\.cache|tmp)\b/.test(word)))
        return [];
      if (name === 'pip') return [isPlainInstall(rest) ? 'pip' : undefined];
      if (name === 'python' && /^manage\.py (?:collectstatic|compilemessages)\b/.test(rest.join(' ')))
        return ['project'];
      if (LOOSE.test(name)) return ['project'];
      return [SET_UP.test(name) ? 'set-up' : undefined];
    }),
  );
  if ([...kinds].every((kind) => kind === 'set-up' || kind === 'project'))
    return kinds.has('project') ? 'project' : 'set-up';
  return kinds.size === 1 ? [...kinds][0] : undefined;
}

/** From requirements files and an index; not into a chosen folder, and not from the project's own source. */
const isPlainInstall = (words: readonly string[]): boolean =>
  words.find((word) => !word.startsWith('-')) === 'install' &&
  !words.some(
    (word, index) =>
      /^(?:--(?:user|target|prefix|root|editable|break-system-packages|python)(?:=|$)|-[te]$)/.test(word) ||
      (/^(?:\.|\/|~|file:)|\.(?:whl|tar\.gz)$/.test(word) &&
        !/^(?:-r|-c|--requirement|--constraint)$/.test(words[index - 1] ?? '')),
  );

/** The packages that apt installs in a RUN, as written. */
export const packagesIn = (layer: ImageLayer): readonly ShellWord[] => {
  const script = layer.instruction.exec ? undefined : runScript(layer.instruction);
  return script ? aptCommands(script).flatMap(({ verb, packages }) => (verb?.text === 'install' ? packages : [])) : [];
};

/** Every install in a RUN leaves recommended packages out. */
export const leavesRecommends = (layer: ImageLayer): boolean => {
  const script = layer.instruction.exec ? undefined : runScript(layer.instruction);
  return (script ? aptCommands(script) : []).every(
    ({ verb, options }) => verb?.text !== 'install' || options.some(({ text }) => text === '--no-install-recommends'),
  );
};
