import type { Evidence, Finding } from '../../src/finding.ts';
import type { ImageLayer } from '../../src/model/image-layer.ts';
import type { Stack } from '../../src/model/stack.ts';
import { assignmentsOf, copyOf, type DockerInstruction } from '../../src/parse/dockerfile.ts';
import { joinContainer, within } from '../../src/repo/path.ts';
import {
  bareNames,
  bringsCode,
  type CopiedFile,
  copiesContext,
  isCode,
  namesOf,
  type StageFiles,
  targetFolders,
} from './copies.ts';
import { ignoreChanges } from './ignore.ts';
import { copyLines } from './manifest-copy.ts';
import { blocksOf, reordered } from './order.ts';
import { betweenRun, type Install, installedBefore, partsOf, type RunParts, touches } from './run.ts';

/** What is known about one RUN: nothing to do, a finding, or that its manifests are not where this context puts them. */
export type Verdict = Finding | 'fine' | 'absent';

/** Judges one RUN of a stage. `own` are the indexes of the stage's own layers, in order. */
export function judge(stack: Stack, files: StageFiles, own: readonly number[], run: number): Verdict {
  const layer = files.layers[run] as ImageLayer;
  if (
    layer.instruction.keyword !== 'RUN' ||
    layer.instruction.flags.some(({ name, value }) => name === 'mount' && /type=bind/.test(value ?? ''))
  )
    return 'fine';
  const earlier = own.filter((index) => index < run);
  const code = earlier.flatMap((index) => targetFolders(files, index));
  const parts = partsOf(files, run, code);
  if (!parts) return 'fine';
  const project = parts.installs.length === 0 ? projectOf(parts) : undefined;
  const installs = project ? [project] : parts.installs;
  if (installs.length === 0) return parts.every.some(({ reading }) => reading.kind === 'absent') ? 'absent' : 'fine';
  const manifests = new Set(
    installs.flatMap(({ reading }) => (reading.kind === 'install' ? reading.reads.map(({ path }) => path) : [])),
  );
  const broad = earlier.filter((index) => bringsCode(files, index, manifests));
  const first = broad[0];
  if (first === undefined || installs.every((install) => installedBefore(files, first, install))) return 'fine';
  if (
    onPurpose(
      stack,
      [...broad, run].map((index) => files.layers[index] as ImageLayer),
    )
  )
    return 'fine';
  if (project?.reading.kind === 'project') return manual(stack, files, broad, run, [project], project.reading.advice);
  if (parts.head.some((command) => command.conditional && installs.some((install) => install.command === command)))
    return 'fine';
  if (isGenerated(files, earlier, parts, manifests) || isBroughtFromStage(files, earlier, installs)) return 'fine';
  return split(stack, files, { first, broad, run, parts, manifests });
}

/** `COPY --from=deps /app/node_modules ./node_modules`: another stage installs, this one only completes it. */
const isBroughtFromStage = (files: StageFiles, earlier: readonly number[], installs: readonly Install[]): boolean =>
  earlier.some((index) => {
    const copy = copyOf((files.layers[index] as ImageLayer).instruction);
    const words =
      copy?.from === undefined
        ? []
        : [...copy.sources, copy.destination].map(({ text }) => text.replace(/\/$/, '').split('/').at(-1));
    return installs.some(
      ({ reading }) => reading.kind === 'install' && reading.fills !== undefined && words.includes(reading.fills),
    );
  });

interface Site {
  readonly first: number;
  readonly broad: readonly number[];
  readonly run: number;
  readonly parts: RunParts;
  readonly manifests: ReadonlySet<string>;
}

/** The project install that a RUN begins with, when its dependencies cannot be told apart. */
function projectOf({ tail, every }: RunParts): Install | undefined {
  const found = every.find(({ command }) => command === tail[0]);
  return found?.reading.kind === 'project' ? found : undefined;
}

const PURPOSE =
  /\bon purpose\b|\bintentional|\bdeliberate|\bexpr[eè]s\b|\bvolontair|\b(?:needs?|requires?|reads?|uses?)\b.*\b(?:code|sources?|source tree|whole|entire|project)\b|\bmust (?:be|come|run|stay)\b|\b(?:do not|don't|never) (?:move|split|reorder|separate)|\bne pas (?:d[eé]placer|s[eé]parer)|\bbesoin (?:du|de tout|des) |\bdoit (?:[eê]tre|venir|rester)\b/i;

/** A comment at the COPY or the RUN says that the order is meant. */
const onPurpose = (stack: Stack, layers: readonly ImageLayer[]): boolean =>
  layers.some(({ instruction, dockerfile }) => {
    const text = stack.sources.dockerfile(dockerfile.path)?.text ?? '';
    const inside = text.slice(instruction.at.start, instruction.at.end).match(/^[ \t]*#.*$/gm) ?? [];
    return PURPOSE.test(
      [...instruction.comments.map(({ start, end }) => text.slice(start, end)), ...inside].join('\n'),
    );
  });

/** A RUN before the install (or a command before it) handles a manifest, so the file that is installed is not the repository's. */
function isGenerated(
  files: StageFiles,
  earlier: readonly number[],
  parts: RunParts,
  manifests: ReadonlySet<string>,
): boolean {
  const installing = parts.installs.map(({ command }) => command);
  const before = parts.head.slice(0, parts.head.indexOf(installing.at(-1) as (typeof parts.head)[number]));
  if (before.some((command) => !installing.includes(command) && touches(command, manifests))) return true;
  return earlier.some((index) => {
    const { instruction } = files.layers[index] as ImageLayer;
    if (instruction.keyword !== 'RUN' || partsOf(files, index, [])) return false;
    const words = instruction.script.split(/[\s'"=/<>;]+/);
    return [...manifests].some((path) => words.includes(path.slice(path.lastIndexOf('/') + 1)));
  });
}

function split(stack: Stack, files: StageFiles, site: Site): Verdict {
  const { run, parts, broad } = site;
  const layer = files.layers[run] as ImageLayer;
  const moved = movedWith(files, site);
  if (moved === 'blocked') return 'fine';
  if ('why' in moved) return manual(stack, files, broad, run, parts.installs, moved.why);
  const lines = manifestLines(files, site, moved.layers);
  if ('why' in lines) return manual(stack, files, broad, run, parts.installs, lines.why);
  const text = runTexts(layer, parts);
  if ('why' in text) return manual(stack, files, broad, run, parts.installs, text.why);
  const region = files.layers.slice(site.first, run + 1).map(({ instruction }) => instruction);
  const { blocks, at } = blocksOf(layer.dockerfile.path, layer.dockerfile.text, region);
  const movedInstructions = new Set(moved.layers.map((index) => (files.layers[index] as ImageLayer).instruction));
  const ignored = ignoreChanges(stack, files, site.first, parts.installs);
  if ('why' in ignored) return manual(stack, files, broad, run, parts.installs, ignored.why);
  const review =
    moved.layers.some((index) => files.layers[index]?.instruction.keyword === 'RUN') ||
    parts.installs.some(({ reading }) => 'review' in reading);
  const names = bareNames([...site.manifests]);
  return {
    ...described(stack, files, broad, run, parts.installs),
    fix: {
      title:
        lines.text.length > 0
          ? `Copy ${names} alone, install, then copy the code`
          : `Install before the code is copied`,
      safety: review ? 'review' : 'safe',
      changes: [
        { ...at, text: reordered(layer.dockerfile.text, blocks, movedInstructions, { above: lines.text, ...text }) },
        ...ignored.changes,
      ],
    },
  };
}

/** The layers that go below the install: the code and what handles it; or why they cannot. */
function movedWith(
  files: StageFiles,
  { first, broad, run, parts, manifests }: Site,
): { readonly layers: readonly number[] } | { readonly why: string } | 'blocked' {
  const layers: number[] = [];
  const code = broad.flatMap((index) => targetFolders(files, index));
  const ecosystem = parts.installs[0]?.ecosystem ?? 'python';
  for (let index = first; index < run; index += 1) {
    const { instruction } = files.layers[index] as ImageLayer;
    if (broad.includes(index)) {
      layers.push(index);
      continue;
    }
    if (instruction.keyword === 'RUN') {
      const between = betweenRun(files, index, code, ecosystem, manifests);
      if (between === 'blocks') return 'blocked';
      if (between === 'follows the code') {
        layers.push(index);
        continue;
      }
    }
    const why = layers.map((each) => conflict(files, each, index)).find((each) => each !== undefined);
    if (why !== undefined) return { why };
  }
  return { layers };
}

/** Why `moved` cannot go below `stays`. */
function conflict(files: StageFiles, moved: number, stays: number): string | undefined {
  const a = files.layers[moved] as ImageLayer;
  const b = files.layers[stays] as ImageLayer;
  const isRun = a.instruction.keyword === 'RUN';
  const named = `\`${firstLine(a.instruction)}\` would have to move below \`${firstLine(b.instruction)}\``;
  const after = (files.layers[stays + 1] as ImageLayer).workdir;
  switch (b.instruction.keyword) {
    case 'WORKDIR':
      return after !== a.workdir && (isRun || !a.expand(copyOf(a.instruction)?.destination.text ?? '').startsWith('/'))
        ? `${named}, which changes the folder that it works in`
        : undefined;
    case 'USER':
    case 'SHELL':
      return isRun ? `${named}, which changes how it runs` : undefined;
    case 'ENV':
    case 'ARG': {
      const source = a.dockerfile.text.slice(a.instruction.at.start, a.instruction.at.end);
      return assignmentsOf(b.instruction).some(({ name }) => new RegExp(`\\$\\{?${name}\\b`).test(source))
        ? `${named}, which changes what it says`
        : undefined;
    }
    case 'COPY':
    case 'ADD':
      return isRun
        ? undefined
        : overwrites(files, moved, stays)
          ? `${named}, which puts other files in the same place`
          : undefined;
    default:
      return undefined;
  }
}

function overwrites(files: StageFiles, moved: number, stays: number): boolean {
  const mine = files.copied(moved);
  const theirs = files.copied(stays);
  if (theirs.length > 0)
    return theirs.some((file) => mine.some((other) => other.target === file.target && other.path !== file.path));
  const layer = files.layers[stays] as ImageLayer;
  const destination = copyOf(layer.instruction)?.destination.text;
  if (destination === undefined) return true;
  const target = joinContainer(layer.workdir, layer.expand(destination));
  if (
    mine.some(
      (file) =>
        file.target === target ||
        (within(target, file.target) !== undefined && !targetFolders(files, moved).includes(target)),
    )
  )
    return true;
  return copiesContext(files.layers[moved]) && targetFolders(files, moved).some((folder) => folder === target);
}

function manifestLines(
  files: StageFiles,
  { run, parts }: Site,
  moved: readonly number[],
): { readonly text: readonly string[] } | { readonly why: string } {
  const needed = parts.installs.flatMap(({ reading }) => (reading.kind === 'install' ? reading.reads : []));
  const missing = needed.filter((file) => moved.includes(file.layer) && !remains(files, file, run, moved));
  const homes = new Set([
    ...needed.map(({ target }) => target.slice(0, target.lastIndexOf('/')) || '/'),
    (files.layers[run] as ImageLayer).workdir,
  ]);
  const lost = parts.installs.find(
    ({ command }) =>
      ![...homes].some(
        (home) => command.cwd !== undefined && within(command.cwd === '/' ? '' : command.cwd, home) !== undefined,
      ),
  );
  if (lost) return { why: `${lost.command.cwd ?? 'its folder'} only exists once the code is copied` };
  return copyLines(files, missing);
}

/** Another COPY that stays brings the same file to the same place. */
const remains = (files: StageFiles, file: CopiedFile, run: number, moved: readonly number[]): boolean =>
  files.layers
    .slice(0, run)
    .some(
      (_, index) =>
        !moved.includes(index) &&
        files.copied(index).some((other) => other.target === file.target && other.path === file.path),
    );

/** The RUN before the code and, when something of it needs the code, the RUN after it. */
function runTexts(
  layer: ImageLayer,
  parts: RunParts,
): { readonly head: string; readonly tail: string | undefined } | { readonly why: string } {
  const { instruction, dockerfile } = layer;
  const source = dockerfile.text;
  const whole = source.slice(instruction.at.start, instruction.at.end);
  const last = parts.head.at(-1);
  const again = parts.installs.find(
    (install) => install.command === last && install.reading.kind === 'install' && install.reading.first !== undefined,
  );
  if (!last || (parts.tail.length === 0 && !again)) return { head: whole, tail: undefined };
  const from = again ? again.command : parts.tail[0];
  if (!from) return { head: whole, tail: undefined };
  const shared = [...parts.head, ...parts.tail];
  if (!again || parts.commands.length > 1) {
    if (
      instruction.exec ||
      instruction.heredocs.length > 0 ||
      !shared.every(({ plain }) => plain) ||
      !isAndList(source, shared)
    )
      return { why: 'its commands would have to be divided between two RUN instructions' };
  }
  const first =
    again?.reading.kind === 'install' ? again.reading.first?.(again.command.words, again.command.text) : undefined;
  const prefix = source.slice(instruction.at.start, instruction.args.start);
  const state = parts.head
    .filter((command) => command.state && command.at.end <= from.at.start)
    .map(({ text }) => `${text} && `);
  if (instruction.exec) return execTexts(instruction, prefix, whole, first);
  return {
    head: source.slice(instruction.at.start, again ? again.command.at.start : last.at.end) + (first ?? ''),
    tail: `${prefix}${state.join('')}${source.slice(from.at.start, instruction.at.end)}`,
  };
}

const execTexts = (
  instruction: DockerInstruction,
  prefix: string,
  whole: string,
  first: string | undefined,
): { readonly head: string; readonly tail: string | undefined } | { readonly why: string } =>
  first === undefined || /[$&|;<>'"]/.test(first)
    ? { why: `\`${firstLine(instruction)}\` is in exec form` }
    : {
        head: `${prefix}[${first
          .split(' ')
          .map((word) => JSON.stringify(word))
          .join(', ')}]`,
        tail: whole,
      };

/** Only `&&` (and line continuations) stands between the commands. */
const isAndList = (
  source: string,
  commands: readonly { readonly at: { readonly start: number; readonly end: number } }[],
): boolean =>
  commands.every((command, index) => {
    const next = commands[index + 1];
    return !next || /^(?:\s|\\|#[^\n]*\n)*&&(?:\s|\\|#[^\n]*\n)*$/.test(source.slice(command.at.end, next.at.start));
  });

const firstLine = (instruction: DockerInstruction): string =>
  `${instruction.keyword} ${instruction.script.split('\n')[0]?.trim() ?? ''}`.slice(0, 80);

function described(
  stack: Stack,
  files: StageFiles,
  broad: readonly number[],
  run: number,
  installs: readonly Install[],
): Omit<Finding, 'fix'> {
  const layer = files.layers[run] as ImageLayer;
  const copies = broad.map((index) => files.layers[index] as ImageLayer);
  const commands = [...new Set(installs.map(({ command }) => command.words.map(({ text }) => text).join(' ')))];
  const reads = installs.flatMap(({ reading }) =>
    reading.kind === 'install' ? reading.reads : reading.kind === 'project' ? [reading.at] : [],
  );
  const manifests = new Set(reads.map(({ path }) => path));
  const evidence: Evidence[] = broad.map((index) => {
    const others = files.copied(index).filter(({ path }) => !manifests.has(path));
    return {
      at: (files.layers[index] as ImageLayer).instruction.at,
      says: `copies ${others.length} other ${others.length === 1 ? 'file' : 'files'} (${namesOf([...others].sort((a, b) => Number(isCode(b.path)) - Number(isCode(a.path))).map(({ path }) => path))})`,
    };
  });
  evidence.push({
    at: layer.instruction.at,
    says: `\`${commands.join('` and `')}\` runs after it, in a layer that any of those files invalidates`,
  });
  for (const file of reads) {
    const text = stack.repo.read(file.path) ?? '';
    const end = text.search(/\r?\n|$/);
    evidence.push({ at: { path: file.path, start: 0, end: Math.max(0, end) }, says: `the install reads ${file.path}` });
  }
  return {
    message: `\`${commands[0] ?? ''}\` runs after \`${copies.map(({ instruction }) => firstLine(instruction)).join('` and `')}\`, so every edit of the code installs all dependencies again`,
    at: layer.instruction.at,
    evidence,
  };
}

function manual(
  stack: Stack,
  files: StageFiles,
  broad: readonly number[],
  run: number,
  installs: readonly Install[],
  advice: string,
): Finding {
  const title = 'Copy the dependency manifests and install before the code is copied';
  return { ...described(stack, files, broad, run, installs), fix: { title, safety: 'manual', changes: [] }, advice };
}
