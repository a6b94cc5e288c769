import { readShell } from '../../parse/shell.ts';
import type { ImageLayer } from './layer.ts';

/** True for the user that may write everywhere; official images start as root. */
export const isRoot = (user: string | undefined): boolean => user === undefined || /^(?:root|0)(?::|$)/.test(user);

/** The home folder of the user that a layer works as; `undefined` when no layer says. */
export function homeOf(layers: readonly ImageLayer[], user: string | undefined): string | undefined {
  const set = layers.at(-1)?.expand('$HOME');
  if (set) return set;
  if (isRoot(user)) return '/root';
  const name = user?.split(':')[0] ?? '';
  if (!/^[a-z_][\w.-]*$/i.test(name)) return undefined;
  for (const { instruction } of layers) {
    if (instruction.keyword !== 'RUN' || !instruction.script.includes(name)) continue;
    for (const { words } of readShell(instruction.at.path, instruction.script).commands) {
      const texts = words.map(({ text }) => text);
      if (!/^(?:useradd|adduser)$/.test(texts[0] ?? '') || !texts.includes(name)) continue;
      const index = texts.findIndex((text) => /^(?:-d|--home|--home-dir|-h)$/.test(text));
      if (index > 0) return texts[index + 1];
      const joined = texts.find((text) => /^--home(?:-dir)?=/.test(text));
      if (joined) return joined.slice(joined.indexOf('=') + 1);
      // Debian's `adduser --system` gives no home: https://manpages.debian.org/bookworm/adduser/adduser.8.en.html
      const isSystem = texts[0] === 'adduser' && texts.some((text) => /^(?:--system|-S)$/.test(text));
      return isSystem ? '/nonexistent' : `/home/${name}`;
    }
  }
  return name === 'node' ? '/home/node' : undefined;
}
