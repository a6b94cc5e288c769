import { runScript } from '../../src/model/image/apt.ts';
import { imageFamily, imageTag, programsOfBase } from '../../src/model/image/base-image.ts';
import { foldersMadeBy } from '../../src/model/image/folder-owner.ts';
import { installationsOf } from '../../src/model/image/installations.ts';
import { runCommands } from '../../src/model/image/run-commands.ts';
import { isRoot } from '../../src/model/image/user-home.ts';
import type { Image } from '../../src/model/image.ts';
import type { ServiceView, Stack } from '../../src/model/stack.ts';
import { within } from '../../src/repo/path.ts';
import { isPlainProcess } from './process.ts';

/** A stage whose process runs as root, and of which everything that matters is understood. */
export interface Case {
  readonly stack: Stack;
  readonly image: Image;
  /** The services that run it. */
  readonly views: readonly ServiceView[];
  readonly alpine: boolean;
  /** Folders that a RUN of the image makes. */
  readonly made: readonly string[];
}

/** `undefined` when the stage has a user, or needs root, or may need it. */
export function caseFor(stack: Stack, image: Image, views: readonly ServiceView[]): Case | undefined {
  const { dockerfile, layers, base = '' } = image;
  if (imageFamily(base) !== 'python' || !programsOfBase(base).complete || !isRoot(image.user)) return undefined;
  if (layers.some((layer) => layer.dockerfile !== dockerfile)) return undefined;
  if (layers.some(({ instruction }) => /^(?:USER|VOLUME|ONBUILD|SHELL)$/.test(instruction.keyword))) return undefined;
  if (!isWorkFolder(image.workdir) || isBuiltUpon(stack, image, views) || mentionsHome(image)) return undefined;
  const { all } = installationsOf(stack.repo, image);
  if (all.some(({ root }) => root === undefined || within('/root', root) !== undefined)) return undefined;
  if (!views.every((view) => isPlainProcess(stack, view))) return undefined;
  const made = foldersMade(image);
  return made && { stack, image, views, alpine: /alpine/.test(imageTag(base)), made };
}

/** A folder that belongs to the application alone. */
const isWorkFolder = (workdir: string): boolean =>
  /^\/usr\/src\/[^/]/.test(workdir) ||
  (/^\/(?:srv|opt|home|var\/www)\/[^/]/.test(workdir) && !workdir.startsWith('/opt/venv')) ||
  /^\/(?!(?:root|usr|etc|bin|sbin|lib|lib64|proc|sys|dev|tmp|run|boot|var|opt|srv|home|mnt|media)(?:\/|$))[^/]/.test(
    workdir,
  );

/** Another stage or another image goes on from this one, and would go on as its user. */
function isBuiltUpon(stack: Stack, { dockerfile, stage }: Image, views: readonly ServiceView[]): boolean {
  const name = stage.name?.toLowerCase();
  const images = new Set(views.flatMap(({ service }) => service.image?.text ?? []));
  return stack.dockerfiles.some((path) =>
    stack.sources
      .dockerfile(path)
      ?.stages.some(({ base }) => images.has(base) || (path === dockerfile.path && base.toLowerCase() === name)),
  );
}

/** Something lies in root's home, which no other user may enter. */
const mentionsHome = ({ layers, dockerfile, env }: Image): boolean =>
  env.has('HOME') ||
  layers.some(({ instruction: { at, args } }) =>
    /\/root\b|(?:^|[\s=:"'])~|\$\{?HOME\b|--user\b/.test(
      dockerfile.text
        .slice(Math.min(args.start, at.end), at.end)
        .replace(/rm -rf (?:\/root|~)\/\.cache\S*|--mount=\S+/g, ''),
    ),
  );

/** Commands that install for everybody. */
const FOR_ALL =
  /^(?:apt-get|apt|apk|pip|poetry|set|echo|printf|true|:|test|\[|export|cd|sed|dos2unix|ldconfig|locale-gen|update-ca-certificates|curl|wget|ls)$/;
const FOR_ALL_MODE = /^(?:[augo]*\+[rwxX]+|0?7[57]5|0?777)$/;

/** The folders that RUN instructions make; `undefined` when one does what is not understood. */
function foldersMade({ layers }: Image): readonly string[] | undefined {
  const made: string[] = [];
  for (const layer of layers) {
    if (layer.instruction.keyword !== 'RUN') continue;
    const commands = layer.instruction.exec || runScript(layer.instruction) ? runCommands(layer, '/root') : undefined;
    if (!commands) return undefined;
    for (const command of commands) {
      const { words } = command;
      const [name, ...rest] = words;
      if (words.length === 0 || (name !== undefined && FOR_ALL.test(name))) continue;
      const paths = rest.filter((word) => !word?.startsWith('-'));
      if (name === 'python' && rest[0] === '-m' && /^(?:venv|ensurepip)$/.test(rest[1] ?? '')) continue;
      if (name === 'rm') continue;
      if (name === 'chmod' && FOR_ALL_MODE.test(paths[0] ?? '')) continue;
      const folders = foldersMadeBy(command);
      if (!folders || folders.owner !== undefined || folders.mode !== undefined) return undefined;
      made.push(...folders.paths);
    }
  }
  return [...new Set(made)];
}
