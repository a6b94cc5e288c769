import type { Finding } from '../../src/finding.ts';
import type { ImageLayer } from '../../src/model/image/layer.ts';
import type { Stack } from '../../src/model/stack.ts';
import { copyOf } from '../../src/parse/dockerfile.ts';
import { nameOf } from '../../src/repo/path.ts';
import { bareNames, bringsCode, type StageFiles, targetFolders } from './copies.ts';
import { manifestLines, movedWith, type Site } from './crossing.ts';
import { runTexts } from './cut.ts';
import { described, manual } from './described.ts';
import { ignoreChanges } from './ignore.ts';
import { blocksOf, reordered } from './order.ts';
import { type Install, installedBefore, partsOf, type RunParts, touches } from './run.ts';

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
  if (project && broad.every((index) => isStub(files, index, manifests))) return 'fine';
  if (project?.reading.kind === 'project') return manual(stack, files, broad, run, [project], project.reading.advice);
  if (parts.head.some((command) => command.conditional && installs.some((install) => install.command === command)))
    return 'fine';
  if (isGenerated(files, earlier, parts, manifests) || isBroughtFromStage(files, earlier, installs)) return 'fine';
  return split(stack, files, { first, broad, run, parts, manifests });
}

/** `COPY src/app/__init__.py src/app/`: the part of a project without which its dependencies cannot be installed. */
const isStub = (files: StageFiles, index: number, manifests: ReadonlySet<string>): boolean =>
  files.copied(index).every(({ path }) => manifests.has(path) || nameOf(path) === '__init__.py');

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
  const ignored = ignoreChanges(stack, files, site.first, run, parts.installs);
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
