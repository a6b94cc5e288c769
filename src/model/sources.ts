import { type ComposeFile, readCompose } from '../parse/compose.ts';
import { type Dockerfile, readDockerfile } from '../parse/dockerfile.ts';
import { type Dockerignore, readDockerignore } from '../parse/dockerignore.ts';
import { type DotenvFile, readDotenv } from '../parse/dotenv.ts';
import { type PythonModule, readPython } from '../parse/python.ts';
import { readShell, type ShellScript } from '../parse/shell.ts';
import { readTypescript, type ScriptModule } from '../parse/typescript.ts';
import type { Repo } from '../repo/repo.ts';

/** Parsed files that outlive a snapshot: an entry holds as long as the file's text is the same. */
export type ParseCache = Map<string, { readonly text: string; readonly parsed: unknown }>;

/** The files of one snapshot as their parsers see them; `undefined` when a file is absent or not text. */
export interface Sources {
  readonly compose: (path: string) => ComposeFile | undefined;
  readonly dockerfile: (path: string) => Dockerfile | undefined;
  readonly dockerignore: (path: string) => Dockerignore | undefined;
  readonly dotenv: (path: string) => DotenvFile | undefined;
  readonly python: (path: string) => PythonModule | undefined;
  readonly shell: (path: string) => ShellScript | undefined;
  /** Nothing until `loadTypescript` is done. */
  readonly typescript: (path: string) => ScriptModule | undefined;
  readonly cache: ParseCache;
}

/** Reads files of `repo` on first use and keeps them in `cache`. */
export function sourcesOf(repo: Repo, cache: ParseCache): Sources {
  const reader =
    <T>(kind: string, parse: (path: string, text: string) => T) =>
    (path: string): T | undefined => {
      const text = repo.read(path);
      if (text === undefined) return undefined;
      const key = `${kind}:${path}`;
      const known = cache.get(key);
      if (known?.text === text) return known.parsed as T;
      const parsed = parse(path, text);
      cache.set(key, { text, parsed });
      return parsed;
    };
  return {
    compose: reader('compose', readCompose),
    dockerfile: reader('dockerfile', readDockerfile),
    dockerignore: reader('dockerignore', readDockerignore),
    dotenv: reader('dotenv', readDotenv),
    python: reader('python', readPython),
    shell: reader('shell', (path, text) => readShell(path, text)),
    typescript: reader('typescript', readTypescript),
    cache,
  };
}
