import type { Evidence, Span } from '../finding.ts';
import type { ComposeNode } from '../parse/compose.ts';
import { textOf } from '../parse/compose.ts';
import { readShell } from '../parse/shell.ts';
import { joinContainer, within } from '../repo/path.ts';
import type { Repo } from '../repo/repo.ts';
import type { Answer, ContainerFile } from './image/layer.ts';
import type { Image, ImageArgv } from './image.ts';
import type { Mount, Part, Service } from './service.ts';

/** A word of a command line, with its place when it stands alone in the file. */
export interface ArgvWord {
  readonly text: string;
  readonly at: Span;
}

/** The command line that a container starts with, entrypoint and command joined. */
export interface ContainerArgv {
  readonly words: readonly ArgvWord[];
  /** The words that `"$@"` stands for in an entrypoint script. */
  readonly command: readonly ArgvWord[];
  readonly entrypoint:
    | { readonly at: Span; readonly part: Part | undefined; readonly image: ImageArgv | undefined }
    | undefined;
  readonly cmd:
    | { readonly at: Span; readonly part: Part | undefined; readonly image: ImageArgv | undefined }
    | undefined;
  /** Links of the chain: what overrides what. */
  readonly evidence: readonly Evidence[];
}

/** A service's container before its process runs: the image with Compose's settings laid over it. */
export interface Container {
  readonly service: Service;
  readonly image: Image | undefined;
  /** Absolute; `undefined` when neither Compose nor a readable Dockerfile says. */
  readonly workdir: string | undefined;
  readonly argv: ContainerArgv | undefined;
  /** What stands at an absolute container path, mounts included. */
  readonly fileAt: (path: string) => ContainerFile;
  /** The mount that covers a container path. */
  readonly mountOver: (path: string) => Mount | undefined;
  readonly hasProgram: (name: string) => Answer;
  /** A variable's value as the process sees it. */
  readonly variable: (name: string) => string | undefined;
}

/** Lays a service's Compose settings over its image. */
export function containerOf(repo: Repo, service: Service, image: Image | undefined): Container {
  const workdir = service.workingDir ? joinContainer('/', service.workingDir.text) : image?.workdir;
  const mountOver = (path: string): Mount | undefined =>
    service.mounts
      .filter((mount) => within(mount.target, path) !== undefined)
      .sort((a, b) => b.target.length - a.target.length)[0];
  return {
    service,
    image,
    workdir,
    argv: argvOf(service, image),
    fileAt: (path) => fileAt(repo, path, mountOver(path), image),
    mountOver,
    hasProgram: (name) => image?.hasProgram(name) ?? { is: 'unknown', evidence: [] },
    variable: (name) => {
      const own = service.environment.get(name);
      if (own) return own.value && !own.value.unknown ? own.value.text : undefined;
      return image?.env.get(name)?.value;
    },
  };
}

function fileAt(repo: Repo, path: string, mount: Mount | undefined, image: Image | undefined): ContainerFile {
  if (mount?.kind === 'bind') {
    if (mount.source === undefined) return { kind: 'unknown', why: 'a mount from outside the repository covers it' };
    const rest = within(mount.target, path) ?? '';
    const source = [mount.source, rest].filter(Boolean).join('/');
    return repo.has(source) ? { kind: 'repo', path: source, at: mount.at } : { kind: 'absent' };
  }
  if (mount && mount.kind !== 'volume' && mount.kind !== 'anonymous')
    return { kind: 'unknown', why: 'a mount covers it' };
  return image ? image.fileAt(path) : { kind: 'unknown', why: 'the image is not built from this repository' };
}

/** https://docs.docker.com/reference/compose-file/services/#entrypoint: a Compose entrypoint also drops the image's CMD. */
function argvOf(service: Service, image: Image | undefined): ContainerArgv | undefined {
  const entrypointPart = service.parts.get('entrypoint')?.at(-1);
  const commandPart = service.parts.get('command')?.at(-1);
  const entrypoint = entrypointPart ? wordsOf(entrypointPart.node, service) : imageWords(image?.entrypoint);
  const command = commandPart ? wordsOf(commandPart.node, service) : entrypointPart ? [] : imageWords(image?.cmd);
  if (!entrypoint && !command) return undefined;
  const evidence: Evidence[] = [];
  if (entrypointPart) evidence.push({ at: entrypointPart.entry.at, says: 'the entrypoint that Compose sets' });
  else if (image?.entrypoint) evidence.push({ at: image.entrypoint.at, says: 'the entrypoint of the image' });
  if (commandPart)
    evidence.push({
      at: commandPart.entry.at,
      says: image?.cmd ? 'the command, which replaces the CMD of the image' : 'the command that Compose sets',
    });
  else if (image?.cmd && !entrypointPart) evidence.push({ at: image.cmd.at, says: 'the CMD of the image' });
  // A shell-form ENTRYPOINT ignores CMD: https://docs.docker.com/reference/dockerfile/#shell-form-entrypoint-example
  const ignored = !entrypointPart && image?.entrypoint?.shell;
  return {
    words: [...(entrypoint ?? []), ...(ignored ? [] : (command ?? []))],
    command: command ?? [],
    entrypoint:
      entrypointPart || image?.entrypoint
        ? {
            at: entrypointPart?.entry.at ?? image?.entrypoint?.at ?? service.at,
            part: entrypointPart,
            image: entrypointPart ? undefined : image?.entrypoint,
          }
        : undefined,
    cmd:
      commandPart || (image?.cmd && !entrypointPart)
        ? {
            at: commandPart?.entry.at ?? image?.cmd?.at ?? service.at,
            part: commandPart,
            image: commandPart ? undefined : image?.cmd,
          }
        : undefined,
    evidence,
  };
}

function imageWords(argv: ImageArgv | undefined): ArgvWord[] | undefined {
  return argv?.words.map((text) => ({ text, at: argv.shell ? argv.instruction.args : argv.at }));
}

/** Words of `command`/`entrypoint`: a list as it is, a string split as a shell would, without running one. `$$` is a dollar. */
function wordsOf(node: ComposeNode, service: Service): ArgvWord[] | undefined {
  const plain = (text: string): string => text.replaceAll('$$', '$');
  if (node.kind === 'seq')
    return node.items.flatMap(({ value }) => [{ text: plain(textOf(value) ?? ''), at: value.at }]);
  const text = textOf(node);
  if (node.kind !== 'scalar' || text === undefined) return undefined;
  const words = readShell(service.at.path, text).commands;
  // Compose splits into words but gives `&&`, `;` and `|` no meaning, so that such a string is one command line.
  const flat = words.length <= 1 ? (words[0]?.words.map((word) => word.text) ?? []) : splitWords(text);
  return flat.map((word) => ({ text: plain(word), at: node.at }));
}

const splitWords = (text: string): string[] =>
  [...text.matchAll(/(?:[^\s"']+|"(?:[^"\\]|\\.)*"|'[^']*')+/g)].map((match) =>
    match[0].replace(/"((?:[^"\\]|\\.)*)"|'([^']*)'/g, (_, double, single) => double ?? single ?? ''),
  );
