import { readShell } from '../../parse/shell.ts';
import { joinContainer, within } from '../../repo/path.ts';
import type { Image } from '../image.ts';
import { type RunCommand, runCommands } from './run-commands.ts';
import { homeOf } from './user-home.ts';

/** Folders that a command makes, by absolute path. */
export interface MadeFolders {
  readonly paths: readonly string[];
  /** Who they are given to; `undefined`: they belong to whoever runs the command. */
  readonly owner: string | undefined;
  readonly mode: string | undefined;
}

/** What `mkdir a b` and `install -d -o app /data` make; `undefined` for other commands, and where only the shell knows. */
export function foldersMadeBy({ words, cwd }: RunCommand): MadeFolders | undefined {
  const [name, ...rest] = words;
  const isInstall = name === 'install' && rest.some((word) => /^-[a-zA-Z]*d|^--directory$/.test(word ?? ''));
  if ((name !== 'mkdir' && !isInstall) || cwd === undefined || rest.includes(undefined)) return undefined;
  const known = rest.flatMap((word) => word ?? []);
  const { options, paths } = sorted(known);
  return {
    paths: paths.map((path) => joinContainer(cwd, path)),
    owner: options.get('o') ?? options.get('owner'),
    mode: options.get('m') ?? options.get('mode'),
  };
}

/** The values of options (`-o app`, `-dm755`, `--owner=app`), and the words that are no options. */
function sorted(words: readonly string[]) {
  const options = new Map<string, string>();
  const paths: string[] = [];
  let wanting: string | undefined;
  for (const word of words) {
    const [, long, value] = /^--(\w[\w-]*)=(.*)$/.exec(word) ?? [];
    const [, short, attached = ''] = /^-[dDvp]*([ogm])(.*)$/.exec(word) ?? [];
    if (wanting !== undefined) options.set(wanting, word);
    else if (long !== undefined) options.set(long, value ?? '');
    else if (short !== undefined && attached !== '') options.set(short, attached);
    else if (!word.startsWith('-')) paths.push(word);
    wanting = wanting === undefined && attached === '' ? short : undefined;
  }
  return { options, paths };
}

/** Whether the steps of an image make a folder and give it to the user that its process runs as, or to everybody. */
export function ownsFolder(image: Image, folder: string): boolean {
  let owner: string | undefined;
  for (const [index, layer] of image.layers.entries()) {
    if (layer.instruction.keyword !== 'RUN') continue;
    const home = homeOf(image.layers.slice(0, index + 1), layer.user);
    for (const command of runCommands(layer, home) ?? [])
      if (!command.conditional) owner = ownerAfter(command, folder, owner, layer.user ?? 'root');
  }
  return owner === EVERYBODY || (owner !== undefined && namesOf(image, image.user).has(owner.split(':')[0] ?? ''));
}

const EVERYBODY = '*';

function ownerAfter(command: RunCommand, folder: string, before: string | undefined, user: string): string | undefined {
  const made = foldersMadeBy(command);
  if (made?.paths.includes(folder)) {
    const owner = made.owner ?? (command.words[0] === 'install' ? user : (before ?? user));
    return made.mode !== undefined && isOpen(made.mode) ? EVERYBODY : owner;
  }
  if (made) return before ?? (made.paths.some((path) => within(folder, path) !== undefined) ? user : undefined);
  const [name, ...rest] = command.words;
  const { cwd } = command;
  if (cwd === undefined || rest.includes(undefined) || !/^(?:chown|chmod|rm)$/.test(name ?? '')) return before;
  const isDeep = rest.some((word) => /^-\w*[Rr]|^--recursive$/.test(word ?? ''));
  const [first, ...others] = rest.filter((word) => !/^-[A-Za-z-]/.test(word ?? '-x'));
  const paths = (name === 'rm' ? [first, ...others] : others).flatMap((path) => path ?? []);
  const meant = paths.some((path) => {
    const rest = within(joinContainer(cwd, path), folder);
    return rest === '' || (rest !== undefined && isDeep);
  });
  if (!meant || before === undefined) return before;
  if (name === 'rm') return undefined;
  return name === 'chown' ? first : isOpen(first ?? '') ? EVERYBODY : before;
}

/** A mode that lets everybody write. */
const isOpen = (mode: string): boolean => /^[0-7]*[2367]$|^(?:a|[ugo]*o[ugo]*)[+=][rxX]*w/.test(mode);

/** A user by name and by number, as far as `useradd` says. */
function namesOf({ layers }: Image, user: string | undefined): ReadonlySet<string> {
  const [wanted = 'root'] = (user ?? 'root').split(':');
  const names = new Set([wanted]);
  for (const { instruction } of layers) {
    if (instruction.keyword !== 'RUN') continue;
    for (const { words } of readShell(instruction.at.path, instruction.script).commands) {
      const texts = words.map(({ text }) => text);
      if (!/^(?:useradd|adduser)$/.test(texts[0] ?? '')) continue;
      const at = texts.findIndex((text) => /^(?:-u|--uid)$/.test(text));
      const number = at > 0 ? texts[at + 1] : texts.find((text) => text.startsWith('--uid='))?.slice('--uid='.length);
      const pair = [number ?? '', texts.at(-1) ?? ''];
      if (number !== undefined && pair.includes(wanted)) for (const name of pair) names.add(name);
    }
  }
  return names;
}
