import type { Span } from '../../finding.ts';
import { joinContainer, within } from '../../repo/path.ts';
import type { Repo } from '../../repo/repo.ts';
import type { Image } from '../image.ts';
import type { Contents, Installation } from './installations.ts';
import { install } from './installers.ts';
import type { ImageLayer } from './layer.ts';
import { type RunCommand, runCommands } from './run-commands.ts';
import { homeOf } from './user-home.ts';

/** What one command of a RUN does to an image's installations. */
export type Effect =
  | {
      readonly kind: 'install';
      readonly type: Installation['kind'];
      readonly root: string | undefined;
      readonly tool: string;
      readonly says: string;
      readonly at: Span;
      readonly contents: Contents | undefined;
      readonly conditional: boolean;
    }
  | { readonly kind: 'move'; readonly from: string; readonly to: string; readonly keeps: boolean; readonly at: Span }
  | { readonly kind: 'remove'; readonly path: string }
  /** It may install anything. */
  | { readonly kind: 'doubt'; readonly at: Span };

/** What a RUN meets: the layers up to and including its own, and what they installed. */
export interface RunScene {
  readonly repo: Repo;
  readonly image: Image;
  readonly layers: readonly ImageLayer[];
  /** At this moment, between two commands. */
  readonly all: () => readonly Installation[];
}

/** Commands that never install a program on PATH or a virtual environment. */
const HARMLESS =
  /^(?:apt-get|apt|apk|yum|dnf|microdnf|dpkg|set|echo|printf|true|:|test|\[|\[\[|useradd|adduser|groupadd|addgroup|usermod|chown|chmod|chgrp|mkdir|export|cd|dos2unix|sed|ldconfig|locale-gen|update-ca-certificates|npx|corepack|ls|which|command|touch|gpg|find|cat|sleep|date|id|env|rmdir|umask|unset|source|\.|git|go|cargo|gem|bundle|composer|tee|head|tail|grep|sort|uname|curl|wget|tar|unzip|playwright)$/;
const READS_A_SCRIPT = /^(?:sh|bash|ash|dash|python)$/;

/** The effects of the last layer, a RUN, command by command. */
export function* effectsOf(scene: RunScene): Iterable<Effect> {
  const layer = scene.layers.at(-1);
  if (!layer) return;
  const commands = runCommands(layer, homeOf(scene.layers, layer.user));
  if (!commands) yield { kind: 'doubt', at: layer.instruction.at };
  for (const command of commands ?? []) yield* effectOf(scene, layer, command);
}

function effectOf(scene: RunScene, layer: ImageLayer, command: RunCommand): readonly Effect[] {
  const [name] = command.words;
  if (name === undefined && command.words.length === 0) return [];
  const doubt: readonly Effect[] = [{ kind: 'doubt', at: layer.instruction.at }];
  const paths = command.words
    .slice(1)
    .flatMap((word) => (word === undefined || word.startsWith('-') || command.cwd === undefined ? [] : [word]))
    .map((word) => joinContainer(command.cwd ?? '/', word));
  switch (name) {
    case 'rm':
      return command.conditional ? [] : paths.map((path) => ({ kind: 'remove', path }));
    case 'mv':
    case 'cp': {
      const [from, to] = paths;
      const knows = paths.length === 2 && from !== undefined && to !== undefined && !/[*?[]/.test(from);
      if (!knows) return paths.some((path) => touches(scene, path)) ? doubt : [];
      if (!touches(scene, from)) return [];
      const target = /\/\.?$/.test(command.words.at(-1) ?? '') ? joinContainer(to, from.split('/').at(-1) ?? '') : to;
      return [{ kind: 'move', from, to: target, keeps: name === 'cp', at: command.at }];
    }
    case 'ln':
      return doubt;
  }
  const installed = install(scene, layer, command);
  if (installed) return installed;
  if (name === undefined) return doubt;
  if (READS_A_SCRIPT.test(name)) {
    const text = command.words.slice(1).join(' ');
    const standalone = standaloneInstall(scene, layer, command);
    if (standalone) return [standalone];
    return /^(?:-c |--version|-V|-m (?:compileall|ensurepip|nltk|spacy))/.test(text) || isManage(text) ? [] : doubt;
  }
  return HARMLESS.test(name) ? [] : doubt;
}

/** `curl … | python3 -` and `| sh` of the installers that poetry and uv offer. */
function standaloneInstall(scene: RunScene, layer: ImageLayer, command: RunCommand): Effect | undefined {
  const tool = /install\.python-poetry\.org|astral\.sh\/uv\b/.exec(layer.instruction.script)?.[0];
  if (tool === undefined) return undefined;
  const name = tool.startsWith('astral') ? 'uv' : 'poetry';
  const home = homeOf(scene.layers, layer.user);
  const chosen = command.variable(name === 'uv' ? 'UV_INSTALL_DIR' : 'POETRY_HOME');
  const root = chosen === '' ? home && `${home}/.local` : name === 'uv' ? chosen.replace(/\/bin\/?$/, '') : chosen;
  const { at } = layer.instruction;
  const contents = { at, manifests: [], named: [name], complete: true };
  const says = `${name} is installed into ${root ?? 'its own folder'} here`;
  const conditional = command.conditional;
  return { kind: 'install', type: 'packages', root, tool: name, says, at, contents, conditional };
}

/** `manage.py collectstatic` and the like install nothing. */
const isManage = (text: string): boolean => /^(?:\S*\/)?manage\.py /.test(text);

/** True when a path holds an installation or lies in one. */
const touches = (scene: RunScene, path: string): boolean =>
  scene.all().some(({ root }) => root !== undefined && (within(path, root) ?? within(root, path)) !== undefined);
