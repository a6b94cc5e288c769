import type { ImageLayer } from '../../src/model/image/layer.ts';
import { copyOf } from '../../src/parse/dockerfile.ts';
import { folderOf, joinContainer, within } from '../../src/repo/path.ts';
import type { CopiedFile, StageFiles } from './copies.ts';

/** Flags of the original COPY that a COPY of some of its files takes over. */
const KEPT = new Set(['chown', 'chmod', 'link']);

/** One COPY for each folder that the files go to, written like the COPY that brought them. */
export function copyLines(
  files: StageFiles,
  missing: readonly CopiedFile[],
): { readonly text: readonly string[] } | { readonly why: string } {
  const groups = new Map<string, CopiedFile[]>();
  for (const file of missing) {
    const key = `${file.layer}\0${folderOf(file.target)}`;
    groups.set(key, [...(groups.get(key) ?? []), file]);
  }
  const text: string[] = [];
  for (const group of groups.values()) {
    const line = copyLine(files.layers[group[0]?.layer ?? 0] as ImageLayer, group);
    if (typeof line !== 'string') return line;
    text.push(line);
  }
  return { text };
}

function copyLine(layer: ImageLayer, group: readonly CopiedFile[]): string | { readonly why: string } {
  const { instruction, dockerfile, context } = layer;
  const copy = copyOf(instruction);
  const foreign = instruction.flags.find(({ name }) => !KEPT.has(name));
  if (!copy || context === undefined) return { why: 'the COPY cannot be followed' };
  if (foreign) return { why: `the COPY has the flag --${foreign.name}` };
  const folder = folderOf(group[0]?.target ?? '/') || '/';
  const renamed = group.find(
    ({ path, target }) => path.slice(path.lastIndexOf('/') + 1) !== target.slice(target.lastIndexOf('/') + 1),
  );
  if (renamed) return { why: `the COPY renames ${renamed.path}` };
  const source = dockerfile.text;
  const written = source.slice(instruction.at.start, instruction.at.start + instruction.keyword.length);
  const keyword = /^[a-z]/.test(written) ? 'copy' : 'COPY';
  const flags = instruction.flags.map(({ at }) => source.slice(at.start, at.end));
  const names = group.map(({ path }) => within(context, path) ?? path);
  const destination = destinationOf(
    layer,
    instruction.exec ? copy.destination.text : copy.destination.source,
    folder,
    names.length,
  );
  const words = [...names, destination];
  const plain = words.every((word) => !/[\s[\]*?]/.test(word));
  const args =
    plain && !instruction.exec ? words.join(' ') : `[${words.map((word) => JSON.stringify(word)).join(', ')}]`;
  if (words.some((word) => /[*?[\]]/.test(word))) return { why: `${namesWith(words)} is a pattern to Docker` };
  return [keyword, ...flags, args].join(' ');
}

const namesWith = (words: readonly string[]): string => words.find((word) => /[*?[\]]/.test(word)) ?? '';

/** The folder as the original COPY would write it; with a slash at its end when Docker asks for one. */
function destinationOf(layer: ImageLayer, written: string, folder: string, count: number): string {
  const base = joinContainer(layer.workdir, layer.expand(written));
  const rest = within(base === '/' ? '' : base, folder)?.replace(/^\//, '');
  const relative =
    rest === undefined ? within(layer.workdir === '/' ? '' : layer.workdir, folder)?.replace(/^\//, '') : rest;
  if (rest === undefined) return relative === undefined ? `${folder}/` : relative === '' ? './' : `${relative}/`;
  if (rest === '') return written === '.' ? (count > 1 ? './' : '.') : written.endsWith('/') ? written : `${written}/`;
  if (written === '.') return `${rest}/`;
  return `${written.replace(/\/$/, '')}/${rest}/`;
}
