import { readDotenv } from '../../parse/dotenv.ts';
import { folderOf, resolveIn } from '../../repo/path.ts';
import type { Repo } from '../../repo/repo.ts';
import { isComposePath } from '../compose/project.ts';
import { isCommon, isRandom } from '../secret.ts';
import { isDockerfilePath } from '../stack.ts';
import { isToken } from './shapes.ts';
import { isEnvPath, isExamplePath, secretsIn } from './written.ts';

/** The secrets of a repository, in every form in which they are written there. */
export interface Secrets {
  /** Long or strange enough to be recognised wherever they stand. */
  readonly anywhere: ReadonlySet<string>;
  /** Usual words: a secret only where a password stands. */
  readonly inPlace: ReadonlySet<string>;
}

const found = new WeakMap<Repo, Secrets>();

/**
 * The secrets that stand in a repository's Compose files, env files (also those that git ignores), Dockerfiles, scripts
 * that call Docker, and files of `secrets:`. Files that do not parse are read as well: this looks at text.
 */
export function secretsOf(repo: Repo): Secrets {
  const known = found.get(repo);
  if (known) return known;
  const secrets = sorted(repo, sourcePaths(repo));
  found.set(repo, secrets);
  return secrets;
}

/** The same, with what stands in further files. */
export const secretsWith = (repo: Repo, paths: readonly string[]): Secrets => {
  const base = secretsOf(repo);
  const more = sorted(repo, paths);
  return {
    anywhere: new Set([...base.anywhere, ...more.anywhere]),
    inPlace: new Set([...base.inPlace, ...more.inPlace]),
  };
};

function sorted(repo: Repo, paths: readonly string[]): Secrets {
  const examples = exampleValues(repo);
  const anywhere = new Set<string>();
  const inPlace = new Set<string>();
  for (const path of paths) {
    const text = repo.read(path) ?? '';
    for (const value of isSecretFile(path) ? [...secretsIn(path, text), ...linesOf(text)] : secretsIn(path, text)) {
      if (isExample(value, isExamplePath(path) ? new Set([value]) : examples)) continue;
      (isCommon(value) ? inPlace : anywhere).add(value);
    }
  }
  return { anywhere, inPlace };
}

/** Whether a value is what an example shows: everybody may read it there. A key that was put there by mistake stays one. */
export const isExample = (value: string, examples: ReadonlySet<string>): boolean =>
  examples.has(value) && !isRandom(value) && !isToken(value);

const shown = new WeakMap<Repo, ReadonlySet<string>>();

/** The values of the repository's example files. */
export function exampleValues(repo: Repo): ReadonlySet<string> {
  const known = shown.get(repo);
  if (known) return known;
  const values = new Set(
    repo.paths
      .filter((path) => /env/i.test(path) && isExamplePath(path))
      .flatMap((path) => readDotenv(path, repo.read(path) ?? '').entries.flatMap(({ value }) => value || [])),
  );
  shown.set(repo, values);
  return values;
}

function sourcePaths(repo: Repo): readonly string[] {
  const compose = repo.paths.filter((path) => isComposePath(repo, path));
  const named = compose.flatMap((path) => namedFiles(repo, path));
  const others = repo.paths.filter(
    (path) =>
      isEnvPath(path) ||
      isDockerfilePath(path) ||
      (/\.(?:sh|bash)$|(?:^|\/)(?:Makefile|justfile)$/.test(path) && callsDocker(repo, path)),
  );
  return [...new Set([...compose, ...named, ...others])];
}

const callsDocker = (repo: Repo, path: string): boolean =>
  /\bdocker\b|\bpodman\b|\bPASSWORD\b|\bSECRET/.test(repo.read(path) ?? '');

/** Env files and files of secrets that a Compose file names. */
const namedFiles = (repo: Repo, path: string): readonly string[] =>
  [
    ...(repo.read(path) ?? '').matchAll(
      /(?:^|[\s:-])["']?(\.{0,2}[\w./-]*(?:env|secret|passw|token|key|cred)[\w./-]*)["']?\s*$/gim,
    ),
  ].flatMap(([, name = '']) => {
    const resolved = resolveIn(folderOf(path), name);
    return resolved !== undefined && repo.has(resolved) ? [resolved] : [];
  });

/** `secrets/db_password.txt`: all of it is the secret. */
const isSecretFile = (path: string): boolean =>
  /(?:^|\/)\.?secrets?\/[^/]+$|(?:password|passwd|secret|token|api_?key)[\w-]*(?:\.txt)?$/i.test(path) &&
  !/\.(?:ya?ml|py|[cm]?[jt]sx?|sh|md|json|env|html|css)$/.test(path);

const linesOf = (text: string): readonly string[] =>
  text.length > 10_000
    ? []
    : text
        .split(/\r?\n/)
        .map((line) => line.trim())
        .filter((line) => line.length >= 4);
