import type { Evidence } from '../../src/finding.ts';
import { contextCopies } from '../../src/model/image/files.ts';
import { installationsOf } from '../../src/model/image/installations.ts';
import type { ImageLayer } from '../../src/model/image/layer.ts';
import { type RunCommand, runCommands } from '../../src/model/image/run-commands.ts';
import type { Image } from '../../src/model/image.ts';
import type { Stack } from '../../src/model/stack.ts';
import { joinContainer, nameOf, within } from '../../src/repo/path.ts';

/** What makes a path in a stage. */
export type Made = Evidence;

/** The instruction of a stage itself (not of a stage that it builds on) that makes a path, or something below it. */
export function madeIn(stack: Stack, image: Image, path: string): Made | undefined {
  const own = (start: number): boolean =>
    image.stage.instructions.some(({ at }) => at.path === image.dockerfile.path && at.start === start);
  for (const { kind, root, origin } of installationsOf(stack.repo, image).all) {
    const [made] = origin;
    const last = origin.at(-1);
    if (root !== undefined && made && last && overlaps(kind, root, path) && own(last.at.start)) return made;
  }
  for (const [index, layer] of image.layers.entries()) {
    if (layer.dockerfile !== image.dockerfile || layer.instruction.stage !== image.stage.index) continue;
    const { instruction } = layer;
    const says = byCopy(stack, image, index, path) ?? byRun(layer, path) ?? byWorkdir(layer, path);
    if (says !== undefined) return { at: instruction.at, says };
  }
  return undefined;
}

/** Of a folder of packages only what pip itself writes there. */
function overlaps(kind: string, root: string, path: string): boolean {
  const rest = within(root, path);
  if (rest === undefined) return within(path, root) !== undefined;
  return kind !== 'packages' || /^(?:$|bin|lib)/.test(rest);
}

function byCopy(stack: Stack, image: Image, index: number, path: string): string | undefined {
  const found = contextCopies(stack.repo, image.layers, index).some((copy) => {
    if (within(path, copy.target) !== undefined) return true;
    const rest = copy.folder ? within(copy.target, path) : undefined;
    const source = rest === undefined ? undefined : [copy.source, rest].filter(Boolean).join('/');
    return source !== undefined && (stack.repo.has(source) || stack.repo.hasFolder(source));
  });
  return found ? `${path} is copied into this stage here` : undefined;
}

function byWorkdir(layer: ImageLayer, path: string): string | undefined {
  if (layer.instruction.keyword !== 'WORKDIR') return undefined;
  const folder = joinContainer(layer.workdir, layer.expand(layer.instruction.words[0]?.text ?? ''));
  return within(path, folder) === undefined ? undefined : `this stage works in ${folder}`;
}

/** Options that name what a command writes. */
const OUTPUT =
  /^(?:-o|-w|--wheel-dir|--output|--out|--outDir|--outdir|--output-path|-d|--dest|--prefix|--target|-t|-C|--destination)$/;
/** Build tools by the folder that they write when nothing else is said. */
const RESULTS: readonly { readonly tool: RegExp; readonly folders: RegExp }[] = [
  {
    tool: /^(?:npm|yarn|pnpm|npx|bun|vite|ng|next|nuxt|tsc|webpack)$/,
    folders: /^(?:dist|build|out|public|\.next|\.output)$/,
  },
  { tool: /^cargo$/, folders: /^target$/ },
  { tool: /^(?:mvn|mvnw)$/, folders: /^target$/ },
  { tool: /^(?:gradle|gradlew)$/, folders: /^build$/ },
  { tool: /^(?:python|poetry|uv|hatch|pdm)$/, folders: /^dist$/ },
  { tool: /^(?:mkdocs)$/, folders: /^site$/ },
];

function byRun(layer: ImageLayer, path: string): string | undefined {
  if (layer.instruction.keyword !== 'RUN') return undefined;
  for (const command of runCommands(layer, '/root') ?? [])
    if (!command.conditional && makes(command, path)) return `${path} is made here`;
  return undefined;
}

function makes(command: RunCommand, path: string): boolean {
  const { cwd } = command;
  const words = command.words.map((word) => word ?? '');
  const at = (word: string): string | undefined =>
    word.startsWith('/') || cwd !== undefined ? joinContainer(cwd ?? '/', word) : undefined;
  const isPath = (word: string | undefined): boolean => {
    const found = word === undefined || word === '' ? undefined : at(word);
    return found !== undefined && within(path, found) !== undefined;
  };
  const [name = '', ...rest] = words;
  if (/^(?:mkdir|touch)$/.test(name)) return rest.some((word) => !word.startsWith('-') && isPath(word));
  if (/^(?:cp|mv|ln|install)$/.test(name)) return isPath(rest.at(-1));
  const output = words.some((word, index) => {
    if (OUTPUT.test(word)) return isPath(words[index + 1]);
    const joined = /^--?[\w-]+=(.+)$/.exec(word);
    return joined !== null && OUTPUT.test(word.slice(0, word.indexOf('='))) && isPath(joined[1]);
  });
  if (output) return true;
  const below = cwd === undefined ? undefined : within(cwd === '/' ? '' : cwd, path)?.replace(/^\//, '');
  const result = below === undefined ? undefined : below.split('/')[0];
  const builds = words.some((word) =>
    /^(?:build|run|package|install|generate|export|assemble|bootJar|sdist|bdist_wheel)(?::|$)/.test(word),
  );
  return (
    result !== undefined &&
    builds &&
    RESULTS.some(({ tool, folders }) => tool.test(nameOf(name)) && folders.test(result))
  );
}
