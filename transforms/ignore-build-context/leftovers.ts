import type { Evidence } from '../../src/finding.ts';
import { type BuildContext, bringing, type ContextUser, ownCopies } from '../../src/model/context/build-context.ts';
import { installationsOf } from '../../src/model/image/installations.ts';
import type { Image } from '../../src/model/image.ts';
import type { Stack } from '../../src/model/stack.ts';
import { readDockerignore } from '../../src/parse/dockerignore.ts';
import { folderOf, nameOf, within } from '../../src/repo/path.ts';
import { namesModules, needsGit, readsEnvFile, usesHostsVenv } from './needs.ts';

/** Something that lies beside the code on the host and that no image needs. */
export interface Leftover {
  /** A line for the ignore file. */
  readonly pattern: string;
  /** Why it is there; without one it is too small to write a file for. */
  readonly reason: Evidence | undefined;
  readonly isPrivate: boolean;
}

/** What the context holds, or gets from its own tools, besides what the images need. */
export function leftoversOf(
  stack: Stack,
  context: BuildContext,
  users: readonly ContextUser[],
  overwritten: readonly string[],
): readonly Leftover[] {
  const { folder } = context;
  const files = stack.repo.paths.flatMap((path) => within(folder, path) ?? []);
  const found = [
    ...gitFolder(stack, context),
    ...envFiles(stack, context, files),
    ...python(stack, context, files),
    ...node(stack, context, users, files),
    ...cargo(stack, context, users, files),
  ];
  const covered = (path: string): boolean => found.some(({ pattern }) => readDockerignore('', pattern).ignores(path));
  const rest = overwritten.filter((path) => !covered(path));
  const at = users[0]?.at ?? { path: folder, start: 0, end: 0 };
  return [
    ...found,
    ...[...new Set(rest)].map((pattern) => ({
      pattern,
      reason: { at, says: `${pattern} is installed in the image and copied over afterwards` },
      isPrivate: false,
    })),
  ];
}

const inContext = ({ folder }: BuildContext, relative: string): string => [folder, relative].filter(Boolean).join('/');

const seenAt = (context: BuildContext, relative: string, says: string): Evidence => ({
  at: { path: inContext(context, relative), start: 0, end: 0 },
  says,
});

const plain = (pattern: string): Leftover => ({ pattern, reason: undefined, isPrivate: false });

const OF_GIT = /^(?:\.gitignore|\.gitmodules|\.gitlab-ci\.yml|\.github\/.*)$/;

/** A snapshot does not show `.git`; the files that only a git repository has do. */
function gitFolder(stack: Stack, context: BuildContext): readonly Leftover[] {
  if (context.folder !== '' || needsGit(stack, context)) return [];
  const sign = stack.repo.paths.find((path) => OF_GIT.test(path));
  const reason = sign === undefined ? undefined : seenAt(context, sign, 'the repository is kept in git: .git is here');
  return [{ pattern: '.git', reason, isPrivate: false }];
}

const EXAMPLE = /^\.env\.(?:example|sample|template|dist|defaults?)$|^(?:example|sample)\.env$/;

/** Settings of one machine: the files themselves are a reason, the example or the Compose file that asks for one is none yet. */
function envFiles(stack: Stack, context: BuildContext, files: readonly string[]): readonly Leftover[] {
  const own = files.filter((path) => nameOf(path) === '.env');
  const asked = [...files.filter((path) => EXAMPLE.test(nameOf(path))), ...composeFilesAsking(stack, context)];
  const others = files.filter(
    (path) => stack.repo.isIgnored(inContext(context, path)) && /^\.env\..+$/.test(nameOf(path)),
  );
  if (own.length + asked.length + others.length === 0 || readsEnvFile(stack, context)) return [];
  const [first] = own;
  const pattern = [...own, ...asked].some((path) => path.includes('/')) ? '**/.env' : '.env';
  const says = 'this file holds settings and secrets of one machine';
  const usual = first === undefined ? plain(pattern) : secret(context, pattern, first, says);
  return [
    ...(own.length + asked.length > 0 ? [usual] : []),
    ...others.map((path) => secret(context, path, path, says)),
  ];
}

const secret = (context: BuildContext, pattern: string, path: string, says: string): Leftover => ({
  pattern,
  reason: seenAt(context, path, says),
  isPrivate: true,
});

/** Compose files in the context that take values from a `.env` beside them. */
const composeFilesAsking = (stack: Stack, { folder }: BuildContext): readonly string[] =>
  stack.projects.flatMap(({ files }) =>
    files.flatMap(({ path, text }) => (/\$\{\w|env_file:/.test(text) ? (within(folder, path) ?? []) : [])),
  );

const PYTHON = /^(?:requirements[\w.-]*\.(?:txt|in)|pyproject\.toml|Pipfile|setup\.(?:py|cfg))$/;
const CACHES: readonly (readonly [RegExp, readonly string[]])[] = [
  [/\bpytest\b/i, ['.pytest_cache']],
  [/\bpytest-cov\b|\bcoverage\b/i, ['.coverage', 'htmlcov']],
  [/\bmypy\b/i, ['.mypy_cache']],
  [/\bruff\b/i, ['.ruff_cache']],
  [/\btox\b/i, ['.tox']],
];

function python(stack: Stack, context: BuildContext, files: readonly string[]): readonly Leftover[] {
  const manifests = files.filter((path) => PYTHON.test(nameOf(path)));
  const [first] = manifests;
  if (first === undefined) return [];
  const isDeep = manifests.some((path) => !/^(?:requirements|$)/.test(folderOf(path)));
  const own = (name: string): string => (isDeep ? `**/${name}` : name);
  const ignored = stack.repo.read(inContext(context, '.gitignore')) ?? '';
  const names = ['.venv', 'venv', 'env'].filter(
    (name) => name === '.venv' || new RegExp(`^/?${name}/?\\r?$`, 'm').test(ignored),
  );
  const venvs = usesHostsVenv(stack, context)
    ? []
    : names.map((name) => ({
        pattern: own(name),
        reason: seenAt(context, first, `who works on this code has its packages in ${name}`),
        isPrivate: false,
      }));
  const text = manifests.map((path) => stack.repo.read(inContext(context, path)) ?? '').join('\n');
  const caches = CACHES.flatMap(([tool, made]) => (tool.test(text) ? made.map((name) => plain(own(name))) : []));
  const compiled = files.some((path) => path.endsWith('.py')) ? [plain('**/__pycache__')] : [];
  return [...venvs, ...compiled, ...caches];
}

function node(
  stack: Stack,
  context: BuildContext,
  users: readonly ContextUser[],
  files: readonly string[],
): readonly Leftover[] {
  const manifests = files.filter((path) => nameOf(path) === 'package.json');
  const [first] = manifests;
  if (first === undefined) return [];
  const isDeep = manifests.some((path) => path.includes('/'));
  const own = (name: string): string => (isDeep ? `**/${name}` : name);
  const text = manifests.map((path) => stack.repo.read(inContext(context, path)) ?? '').join('\n');
  const reports = /"(?:jest|vitest|nyc|c8|@vitest\/coverage-\w+)"/.test(text) ? [plain(own('coverage'))] : [];
  // Where a stage installs nothing itself, the modules of the host may be those that it runs.
  const needed = manifests.some((path) =>
    receiving(stack, context, users, `${path.slice(0, -'package.json'.length)}node_modules`).some(
      (image) =>
        !installationsOf(stack.repo, image).all.some(({ kind }) => kind === 'node_modules') &&
        (image.hasProgram('node').is !== 'no' || namesModules(stack, context)),
    ),
  );
  const reason = seenAt(context, first, 'npm and its like install into node_modules beside it');
  return [...(needed ? [] : [{ pattern: own('node_modules'), reason, isPrivate: false }]), ...reports];
}

function cargo(
  stack: Stack,
  context: BuildContext,
  users: readonly ContextUser[],
  files: readonly string[],
): readonly Leftover[] {
  if (!files.includes('Cargo.toml')) return [];
  const builds = receiving(stack, context, users, 'target').every((image) =>
    image.layers.some(({ instruction }) => instruction.keyword === 'RUN' && /\bcargo\b/.test(instruction.script)),
  );
  const reason = seenAt(context, 'Cargo.toml', 'cargo builds into target beside it');
  return builds ? [{ pattern: 'target', reason, isPrivate: false }] : [];
}

/** The stages that a path of the context would be copied into. */
const receiving = (
  stack: Stack,
  context: BuildContext,
  users: readonly ContextUser[],
  relative: string,
): readonly Image[] =>
  users
    .flatMap(({ stages }) => stages)
    .filter((image) => bringing(ownCopies(stack, image), inContext(context, relative)).length > 0);
