import type { ImageLayer } from '../../src/model/image/layer.ts';
import { nameOf } from '../../src/repo/path.ts';
import { codeUse, commandsOf, type RunCommand } from './commands.ts';
import type { CopiedFile, StageFiles } from './copies.ts';
import type { Installer, InstallSite, Reading } from './installer.ts';
import { node } from './node.ts';
import { bundle, cargo, composer, go } from './other.ts';
import { pip } from './pip.ts';
import { pipenv, poetry, uv } from './python.ts';

const INSTALLERS: readonly Installer[] = [pip, poetry, uv, pipenv, node, bundle, composer, go, cargo];

export type Ecosystem = Installer['ecosystem'];

/** A command that installs what manifests name. */
export interface Install {
  readonly command: RunCommand;
  readonly ecosystem: Ecosystem;
  readonly reading: Reading;
}

/** The installs among a RUN's commands. */
export function installsOf(files: StageFiles, layer: number, commands: readonly RunCommand[]): readonly Install[] {
  const { expand } = files.layers[layer] as ImageLayer;
  return commands.flatMap((command): Install[] => {
    if (command.cwd === undefined) return [];
    const site: InstallSite = {
      cwd: command.cwd,
      file: (target) => files.fileAt(target, layer),
      below: (folder) => files.filesBelow(folder, layer),
      read: files.read,
      expand,
    };
    for (const { ecosystem, read } of INSTALLERS) {
      const reading = read(command.words, site);
      if (reading) return [{ command, ecosystem, reading }];
    }
    return [];
  });
}

/** A RUN cut where the code is needed: `head` only installs and prepares, `tail` starts at the first command that may read code. */
export interface RunParts {
  readonly commands: readonly RunCommand[];
  readonly head: readonly RunCommand[];
  readonly tail: readonly RunCommand[];
  /** The installs of the head. */
  readonly installs: readonly Install[];
  /** The installs of the head and the tail. */
  readonly every: readonly Install[];
}

/** Cuts a RUN; `undefined` when it installs nothing or nothing before it needs the code. */
export function partsOf(files: StageFiles, layer: number, code: readonly string[]): RunParts | undefined {
  const commands = commandsOf(files.layers[layer] as ImageLayer);
  if (!commands) return undefined;
  const installs = installsOf(files, layer, commands);
  if (installs.length === 0) return undefined;
  let end = commands.length;
  for (const [index, command] of commands.entries()) {
    const install = installs.find((each) => each.command === command);
    if (install?.reading.kind === 'install') {
      if (install.reading.first === undefined) continue;
      end = index + 1;
      break;
    }
    if (install || codeUse(command, code) !== 'no') {
      end = index;
      break;
    }
  }
  const head = commands.slice(0, end);
  return {
    commands,
    head,
    tail: commands.slice(end),
    installs: installs.filter(({ command }) => head.includes(command)),
    every: installs,
  };
}

const NODE_TOOL = /^(?:npm|yarn|pnpm|npx)$/;

/** How an instruction between the code and an install stands to both. */
export type Between = 'stays' | 'follows the code' | 'blocks';

/** Whether a RUN between the code's COPY and an install of `ecosystem` must follow the code, may stay, or ties the install to the code. */
export function betweenRun(
  files: StageFiles,
  layer: number,
  code: readonly string[],
  ecosystem: Ecosystem,
  manifests: ReadonlySet<string>,
): Between {
  const commands = commandsOf(files.layers[layer] as ImageLayer);
  if (!commands) return 'blocks';
  const installs = installsOf(files, layer, commands);
  const uses = commands.map((command) => {
    const install = installs.find((each) => each.command === command);
    const foreign = install
      ? install.ecosystem !== ecosystem
      : ecosystem !== 'node' && NODE_TOOL.test(command.words[0]?.text ?? '');
    const use = install ? 'yes' : codeUse(command, code);
    return use === 'yes' && foreign ? 'files' : use;
  });
  if (uses.includes('yes')) return 'blocks';
  if (!uses.includes('files')) return 'stays';
  return commands.some((command) => touches(command, manifests)) ? 'blocks' : 'follows the code';
}

/** True when a command names one of the files by name, so that it may write or change it. */
export const touches = (command: RunCommand, manifests: ReadonlySet<string>): boolean =>
  [...manifests].some((path) => {
    const name = path.slice(path.lastIndexOf('/') + 1);
    return command.text.split(/[\s'"=/<>;]+/).includes(name);
  });

/** Whether an earlier layer already installs the same, so that only what changes with the code is left to this RUN. */
export function installedBefore(files: StageFiles, end: number, install: Install): boolean {
  const wanted = install.reading.kind === 'install' ? install.reading.reads : [];
  return files.layers.slice(0, end).some((layer, index) => {
    const commands = layer.instruction.keyword === 'RUN' ? commandsOf(layer) : undefined;
    if (!commands) return false;
    const tool = install.command.words[0]?.text;
    if (bindsManifest(layer, wanted) && commands.some(({ words }) => words[0]?.text === tool)) return true;
    if (install.ecosystem === 'rust')
      return commands.some(
        ({ words }) =>
          words[0]?.text === 'cargo' && words.slice(1, 3).some(({ text }) => /^(?:build|chef|fetch)$/.test(text)),
      );
    return installsOf(files, index, commands).some(({ ecosystem, reading, command }) => {
      if (ecosystem !== install.ecosystem) return false;
      if (install.reading.kind !== 'install') return reading.kind === 'install' || command.words[0]?.text === 'pip';
      const repeated = install.reading.first !== undefined || command.words[0]?.text === install.command.words[0]?.text;
      return reading.kind === 'install' && repeated && covers(reading.reads, wanted);
    });
  });
}

/** `RUN --mount=type=bind,source=uv.lock,target=uv.lock`: the manifests of an install without a COPY. */
const bindsManifest = (layer: ImageLayer, wanted: readonly CopiedFile[]): boolean =>
  layer.instruction.flags.some(({ name, value }) => {
    if (name !== 'mount' || !/type=bind/.test(value ?? '') || /(?:^|,)from=/.test(value ?? '')) return false;
    const source = /(?:^|,)(?:source|src)=([^,]+)/.exec(value ?? '')?.[1] ?? '';
    return wanted.some(({ path }) => nameOf(path) === nameOf(source));
  });

const covers = (has: readonly CopiedFile[], wanted: readonly CopiedFile[]): boolean =>
  wanted.every(({ path }) => has.some((file) => file.path === path)) ||
  has.some(({ path }) => path === wanted[0]?.path);
