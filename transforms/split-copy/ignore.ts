import type { Change } from '../../src/finding.ts';
import { eolOf } from '../../src/lines.ts';
import type { ImageLayer } from '../../src/model/image/layer.ts';
import type { Stack } from '../../src/model/stack.ts';
import { copyOf } from '../../src/parse/dockerfile.ts';
import { joinContainer, within } from '../../src/repo/path.ts';
import { commandsOf } from './commands.ts';
import { type StageFiles, targetFolders } from './copies.ts';
import type { Install } from './run.ts';

/**
 * Keeps a folder that the install fills out of the build context: the code is now copied after the install,
 * so a `node_modules` of the host would overwrite the image's.
 */
export function ignoreChanges(
  stack: Stack,
  files: StageFiles,
  code: number,
  run: number,
  installs: readonly Install[],
): { readonly changes: readonly Change[] } | { readonly why: string } {
  const { context, dockerfile } = files.layers[code] as ImageLayer;
  if (context === undefined) return { changes: [] };
  const own = `${dockerfile.path}.dockerignore`;
  const path = stack.repo.has(own) ? own : context === '' ? '.dockerignore' : `${context}/.dockerignore`;
  const ignore = stack.sources.dockerignore(path);
  const patterns = new Set<string>();
  for (const { reading } of installs) {
    if (reading.kind !== 'install' || reading.fills === undefined) continue;
    const all = homesOf(
      context,
      reading.reads.map((file) => file.path),
    );
    for (const home of reading.fills === 'node_modules' ? all : all.slice(0, 1)) {
      const folder = home === '' ? reading.fills : `${home}/${reading.fills}`;
      if (!bringsFolder(files, context, folder) || ignore?.ignores(folder) || ignore?.ignores(`${folder}/x`)) continue;
      if (stack.repo.hasFolder(context === '' ? folder : `${context}/${folder}`))
        return { why: `${folder} is part of the repository and would overwrite what was installed` };
      patterns.add(
        home === '' &&
          reading.reads.every(
            (file) =>
              (within(context, file.path) ?? '/').split('/').length === 1 || !file.path.endsWith('package.json'),
          )
          ? reading.fills
          : `**/${reading.fills}`,
      );
    }
  }
  for (const folder of environmentsMade(files, context, code, run)) {
    if (ignore?.ignores(folder) || ignore?.ignores(`${folder}/x`)) continue;
    if (stack.repo.hasFolder(context === '' ? folder : `${context}/${folder}`))
      return { why: `${folder} is part of the repository and would overwrite what was installed` };
    patterns.add(folder);
  }
  if (patterns.size === 0) return { changes: [] };
  const lines = patterns.has(`**/node_modules`)
    ? [...patterns].filter((pattern) => pattern !== 'node_modules')
    : [...patterns];
  const text = stack.repo.read(path);
  if (text === undefined)
    return stack.repo.has(path)
      ? { why: `${path} cannot be read` }
      : { changes: [{ path, create: `${lines.join('\n')}\n` }] };
  const eol = eolOf(text);
  const glue = text === '' || text.endsWith('\n') ? '' : eol;
  return { changes: [{ path, start: text.length, end: text.length, text: `${glue}${lines.join(eol)}${eol}` }] };
}

/** Virtual environments that RUNs make inside the folder of the code, relative to the context. */
const environmentsMade = (files: StageFiles, context: string, code: number, run: number): readonly string[] =>
  files.layers.slice(code, run + 1).flatMap((layer) => {
    const commands = layer.instruction.keyword === 'RUN' ? (commandsOf(layer) ?? []) : [];
    return commands.flatMap(({ words, cwd }) => {
      const text = words.map((word) => word.text).join(' ');
      const made = /^(?:python[\d.]* -m venv|virtualenv|uv venv)(?: -\S+)* ([^\s$-]\S*)$/.exec(text)?.[1];
      const target = made === undefined || cwd === undefined ? undefined : joinContainer(cwd, made);
      return target === undefined ? [] : (inContext(files, context, code, target) ?? []);
    });
  });

/** The path in the context that a COPY would put at a container path. */
function inContext(files: StageFiles, context: string, code: number, target: string): string | undefined {
  for (const folder of targetFolders(files, code)) {
    const rest = within(folder, target);
    const sample = files.copied(code).find((file) => within(folder, file.target) !== undefined);
    const own = sample && within(folder, sample.target);
    if (!rest || !own || !sample.path.endsWith(own)) continue;
    return within(context, `${sample.path.slice(0, -own.length)}${rest}`);
  }
  return undefined;
}

/** Folders of the manifests beside which the install makes its own, relative to the context. */
const homesOf = (context: string, paths: readonly string[]): readonly string[] => [
  ...new Set(
    paths
      .filter((path) => /(?:^|\/)(?:package\.json|pyproject\.toml|Pipfile|composer\.json|Cargo\.toml)$/.test(path))
      .map((path) => within(context, path) ?? '')
      .map((path) => path.slice(0, Math.max(0, path.lastIndexOf('/')))),
  ),
];

/** Whether a COPY of the stage would bring the folder from the host. */
const bringsFolder = (files: StageFiles, context: string, folder: string): boolean =>
  files.layers.some((layer) => {
    const copy = layer.context === context ? copyOf(layer.instruction) : undefined;
    if (!copy || copy.from !== undefined) return false;
    return copy.sources.some(({ text }) => {
      const source = layer
        .expand(text)
        .replace(/^(?:\.?\/)+/, '')
        .replace(/\/?\*?$/, '')
        .replace(/^\.$/, '');
      return source === '' ? true : within(source, folder) !== undefined;
    });
  });
