import type { Stack } from '../model/stack.ts';
import { escapeRegExp } from '../pattern.ts';
import { nameOf } from '../repo/path.ts';
import type { Frame, Lead, RepositoryPlace, Sighting } from './types.ts';

/** More places than that help nobody. */
const MOST = 4;

/** Where the repository speaks of what a message names: where to look when no finding explains it. */
export function leadsFor({ symptom, names, frame }: Sighting, stack: Stack): readonly Lead[] {
  const words = symptom.search.flatMap((name) => {
    const value = names[name];
    if (value === undefined) return [];
    return name === 'path' || name === 'program' ? [nameOf(value.replace(/\/$/, ''))] : [value];
  });
  const traced = frame && placeOfFrame(frame, stack);
  const first = traced ? [{ ...traced, text: lineOf(stack, traced) }] : [];
  const found = words
    .filter((word) => word.length > 1)
    .flatMap((word) => filesFor(symptom.id, stack).flatMap((path) => linesWith(stack, path, word)));
  return [...first, ...found].slice(0, MOST);
}

/** The file of the repository that a path of a container is: the longest end of the path that is the end of exactly one. */
export function placeOfFrame({ path, line }: Frame, stack: Stack): RepositoryPlace | undefined {
  const parts = path.split('/').filter(Boolean);
  for (let from = 0; from < parts.length; from += 1) {
    const end = parts.slice(from).join('/');
    if (stack.repo.has(end)) return { path: end, line };
    const matches = stack.repo.paths.filter((each) => each.endsWith(`/${end}`));
    if (matches.length > 0)
      return matches.length === 1 && matches[0] !== undefined ? { path: matches[0], line } : undefined;
  }
  return undefined;
}

/** Compose files and Dockerfiles first, then configuration; the source only for what stands nowhere else. */
function filesFor(symptom: string, stack: Stack): readonly string[] {
  const compose = stack.projects.flatMap(({ files, overlays }) => [...files, ...overlays].map(({ path }) => path));
  const configured = stack.repo.paths.filter((path) =>
    /\.conf(?:\.template)?$|(?:^|\/)[\w.-]*\.env(?:\.[\w-]+)?$|\.sh$/.test(path),
  );
  const source =
    symptom === 'task-unregistered' || symptom === 'relation-missing'
      ? stack.repo.paths.filter((path) => /\.(?:py|[cm]?[jt]s)$/.test(path))
      : [];
  return [...new Set([...compose, ...stack.dockerfiles, ...configured, ...source])];
}

function linesWith(stack: Stack, path: string, word: string): readonly Lead[] {
  const text = stack.repo.read(path);
  if (text === undefined) return [];
  const last = /\./.test(word) && /\.py$/.test(path) ? (word.split('.').at(-1) ?? word) : word;
  const pattern = new RegExp(`(?<![\\w.-])${escapeRegExp(last)}(?![\\w-])`);
  return text
    .split(/\r?\n/)
    .flatMap((row, index) => (pattern.test(row) ? [{ path, line: index + 1, text: row.trim() }] : []));
}

const lineOf = (stack: Stack, { path, line }: RepositoryPlace): string =>
  (stack.repo.read(path)?.split(/\r?\n/)[line - 1] ?? '').trim();
