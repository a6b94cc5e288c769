import type { Span } from '../../finding.ts';
import { readRequirements } from '../../parse/requirements.ts';
import { folderOf, nameOf, resolveIn } from '../../repo/path.ts';
import type { Repo } from '../../repo/repo.ts';

/** A distribution that a manifest asks for. */
export interface ManifestPackage {
  /** Normalised, extras in brackets: `uvicorn[standard]`. */
  readonly name: string;
  readonly at: Span;
  /** Asked for in a group or an extra that an install may leave out. */
  readonly optional: boolean;
}

/** What a manifest asks for. `locked`: every dependency of a dependency is in the list. */
export interface Manifest {
  readonly path: string;
  readonly packages: readonly ManifestPackage[];
  readonly locked: boolean;
}

/** Reads a requirements file, `pyproject.toml`, `setup.cfg`, `setup.py` or `Pipfile` with the lock file beside it. */
export function readManifest(repo: Repo, path: string): Manifest | undefined {
  const text = repo.read(path);
  if (text === undefined) return undefined;
  switch (nameOf(path)) {
    case 'pyproject.toml':
      return withLock(repo, path, pyproject(path, text), ['poetry.lock', 'uv.lock', 'pdm.lock']);
    case 'Pipfile':
      return withLock(repo, path, pipfile(path, text), []);
    case 'setup.py':
    case 'setup.cfg':
      return { path, packages: quoted(path, text, 0, false), locked: false };
  }
  return { path, packages: requirements(repo, path, text, new Set()), locked: false };
}

/** `Flask_Migrate [Extra]` → `flask-migrate[extra]`. */
export function distributionName(specifier: string): string {
  const match = /^\s*([\w.-]+)\s*(?:\[([^\]]*)\])?/.exec(specifier);
  const name = (match?.[1] ?? '').toLowerCase().replace(/[-_.]+/g, '-');
  return match?.[2] === undefined ? name : `${name}[${match[2].replaceAll(/\s/g, '').toLowerCase()}]`;
}

function requirements(repo: Repo, path: string, text: string, seen: Set<string>): readonly ManifestPackage[] {
  if (seen.has(path)) return [];
  seen.add(path);
  return readRequirements(path, text).flatMap((line): readonly ManifestPackage[] => {
    if (line.kind === 'package') return [{ name: distributionName(line.text), at: line.at, optional: false }];
    const other = line.kind === 'requirements' ? resolveIn(folderOf(path), line.text) : undefined;
    const included = other === undefined ? undefined : repo.read(other);
    return other === undefined || included === undefined ? [] : requirements(repo, other, included, seen);
  });
}

/** Tables of a TOML file with the text below each header. */
function tables(text: string): readonly { readonly header: string; readonly body: string; readonly start: number }[] {
  const headers = [...text.matchAll(/^\[{1,2}([^\]\n]+)\]{1,2}[^\S\n]*(?:#.*)?\r?$/gm)];
  return headers.map((match, index) => {
    const start = match.index + match[0].length;
    return {
      header: (match[1] ?? '').trim(),
      body: text.slice(start, headers[index + 1]?.index ?? text.length),
      start,
    };
  });
}

const KEY = /^[ \t]*["']?([\w.-]+)["']?[ \t]*=[ \t]*(.*)$/gm;

function keyed(path: string, body: string, start: number, optional: boolean): readonly ManifestPackage[] {
  return [...body.matchAll(KEY)].flatMap((match) => {
    const extras = /\bextras\s*=\s*\[([^\]]*)\]/.exec(match[2] ?? '')?.[1]?.replaceAll(/["'\s]/g, '');
    const name = distributionName(extras ? `${match[1]}[${extras}]` : (match[1] ?? ''));
    const at = { path, start: start + match.index, end: start + match.index + match[0].trimEnd().length };
    const skips = /\boptional\s*=\s*true/.test(match[2] ?? '');
    return name === 'python' ? [] : [{ name, at, optional: optional || skips }];
  });
}

const quoted = (path: string, text: string, start: number, optional: boolean): readonly ManifestPackage[] =>
  [...text.matchAll(/(["'])([A-Za-z][\w.-]*(?:\[[^\]\n]*\])?)[^"'\n]*\1/g)].map((match) => ({
    name: distributionName(match[2] ?? ''),
    at: { path, start: start + match.index, end: start + match.index + match[0].length },
    optional,
  }));

function pyproject(path: string, text: string): Manifest {
  const packages = tables(text).flatMap(({ header, body, start }): readonly ManifestPackage[] => {
    if (header === 'tool.poetry.dependencies') return keyed(path, body, start, false);
    if (/^tool\.poetry\.(?:dev-dependencies|group\.[\w-]+\.dependencies)$/.test(header))
      return keyed(path, body, start, true);
    if (header === 'project') {
      const list = /^dependencies\s*=\s*\[([\s\S]*?)\][ \t]*(?:#.*)?\r?$/m.exec(body);
      return list ? quoted(path, list[1] ?? '', start + list.index + list[0].indexOf('[') + 1, false) : [];
    }
    if (/^(?:project\.optional-dependencies|dependency-groups)$/.test(header)) return quoted(path, body, start, true);
    return [];
  });
  return { path, packages, locked: false };
}

function pipfile(path: string, text: string): Manifest {
  const packages = tables(text).flatMap(({ header, body, start }) =>
    header === 'packages'
      ? keyed(path, body, start, false)
      : header === 'dev-packages'
        ? keyed(path, body, start, true)
        : [],
  );
  return { path, packages, locked: false };
}

/** A lock file names everything; what only it names comes along as a dependency of something. */
function withLock(repo: Repo, path: string, manifest: Manifest, names: readonly string[]): Manifest {
  for (const name of names) {
    const lock = resolveIn(folderOf(path), name);
    const text = lock === undefined ? undefined : repo.read(lock);
    if (lock === undefined || text === undefined) continue;
    const known = new Set(manifest.packages.map((each) => each.name.replace(/\[.*$/, '')));
    const locked = [...text.matchAll(/^\[\[package\]\]\r?\nname = "([^"\n]+)"/gm)].flatMap((match) => {
      const found = distributionName(match[1] ?? '');
      if (known.has(found)) return [];
      const end = match.index + match[0].length;
      const next = text.indexOf('[[package]]', end);
      const block = text.slice(end, next < 0 ? text.length : next);
      const groups = /^groups = \[([^\]]*)\]/m.exec(block)?.[1];
      const optional = groups !== undefined && !groups.includes('"main"');
      return [{ name: found, at: { path: lock, start: match.index, end }, optional }];
    });
    return { path, packages: [...manifest.packages, ...locked], locked: true };
  }
  return manifest;
}
