import type { Evidence, Span } from '../../finding.ts';
import { readRequirements } from '../../parse/requirements.ts';
import { escapeRegExp } from '../../pattern.ts';
import { folderOf, nameOf, resolveIn, within } from '../../repo/path.ts';
import type { Repo } from '../../repo/repo.ts';
import { type Contents, type Installation, installationsOf } from '../image/installations.ts';
import { readManifest } from '../image/manifest-packages.ts';
import { installsItself } from '../image/needed-program.ts';
import { searchPath } from '../image/program-lookup.ts';
import { pythonOfBase } from '../image/python-base.ts';
import type { ServiceView, Stack } from '../stack.ts';
import { bringsAlong } from './dependencies.ts';
import type { Distribution } from './distributions.ts';

/** A distribution that is installed by name. */
export interface InstalledDistribution {
  /** Normalised, extras in brackets. */
  readonly name: string;
  readonly at: Span;
  /** It stands in a list that names its dependencies, too. */
  readonly locked: boolean;
}

/** Every Python distribution that an image installs by name. */
export interface InstalledPython {
  readonly distributions: readonly InstalledDistribution[];
  /** What installs the process's environment. */
  readonly contents: Contents;
  /** Repository paths of what it reads, included files behind the file that includes them. */
  readonly manifests: readonly string[];
  readonly evidence: readonly Evidence[];
}

/** Installs that leave out dependencies or take them from elsewhere. */
const ELSEWHERE = /--no-deps\b|--no-index\b|--find-links\b|\s-f\s|\bPIP_(?:NO_INDEX|NO_DEPS|FIND_LINKS)\b/;
/** Debian and Alpine package Python modules too. */
const SYSTEM_PACKAGES =
  /\b(?:apt-get|apt|apk|aptitude)\b[^;&|]*\s(?:python3?|py3)-(?!(?:pip|venv|dev|setuptools|wheel|distutils|full|minimal)\b)[a-z]/;
/** What builds the application's environment, and is no part of it. */
const TOOLS =
  /^(?:pip|setuptools|wheel|build|virtualenv|poetry(?:-[\w-]+)?|pipenv|uv|pdm|hatch|pip-tools|pipx)(?:\[|$)/;

/** What a service's image installs; `undefined` when something of it cannot be seen. */
export function installedPython(stack: Stack, view: ServiceView): InstalledPython | undefined {
  const { image, container, startup } = view;
  if (!image || !pythonOfBase(image.base) || !startup.complete || installsItself(view)) return undefined;
  const scripts = image.layers.filter(({ instruction }) => /^(?:RUN|ENV|ARG)$/.test(instruction.keyword));
  if (scripts.some(({ instruction: { script } }) => ELSEWHERE.test(script) || SYSTEM_PACKAGES.test(script)))
    return undefined;
  const { all, doubts } = installationsOf(stack.repo, image);
  const python = all.filter(({ kind }) => kind !== 'node_modules');
  if (doubts.length > 0 || python.some(({ doubtful }) => doubtful) || isMounted(view, python)) return undefined;
  const path = searchPath(container);
  if (!path || path.folders.some((folder) => container.mountOver(folder))) return undefined;
  const used = python.filter(({ contents }) => contents.some(isForTheApplication));
  const [installation, ...others] = used;
  const own = installation?.contents.filter(isForTheApplication) ?? [];
  const contents = own.findLast(({ manifests }) => manifests.length > 0) ?? own.at(-1);
  if (!installation || !contents || others.length > 0) return undefined;
  const read = python.flatMap((each) => each.contents).map((each) => namedBy(stack.repo, each));
  const manifests = namedBy(stack.repo, contents)?.manifests;
  if (!manifests || read.some((each) => each === undefined)) return undefined;
  if (manifests.some((file) => scripts.some(({ instruction }) => writes(instruction.script, file)))) return undefined;
  return {
    distributions: read.flatMap((each) => each?.distributions ?? []),
    contents,
    manifests,
    evidence: installation.origin,
  };
}

/** Whether an image brings a distribution, by name or as a dependency of another one. */
export function hasDistribution(installed: InstalledPython, wanted: Distribution): 'yes' | 'no' | 'unknown' {
  const answers = installed.distributions.map(({ name, locked }) =>
    locked ? bringsAlong(name, { ...wanted, broughtBy: /^$/ }) : bringsAlong(name, wanted),
  );
  if (answers.includes('yes')) return 'yes';
  return answers.includes('unknown') ? 'unknown' : 'no';
}

/** A RUN that writes a manifest: `poetry export > requirements.txt`, `sed -i … requirements.txt`. */
function writes(script: string, file: string): boolean {
  const name = escapeRegExp(nameOf(file));
  return new RegExp(`(?:>>?|\\s-o|--output(?:-file)?|\\btee\\b|\\bsed\\b[^;&|]*)[=\\s]*\\S*${name}`).test(script);
}

const isForTheApplication = ({ manifests, named }: Contents): boolean =>
  manifests.length > 0 || named.some((name) => !TOOLS.test(name));

/** A mount over an environment, or in it, brings what nobody can see from here. */
const isMounted = ({ service, container }: ServiceView, all: readonly Installation[]): boolean =>
  all.some(
    ({ root }) =>
      root !== undefined &&
      (container.mountOver(root) !== undefined ||
        service.mounts.some(({ target }) => within(root, target) !== undefined)),
  );

interface Named {
  readonly distributions: InstalledPython['distributions'];
  readonly manifests: readonly string[];
}

function namedBy(repo: Repo, contents: Contents): Named | undefined {
  if (!contents.complete) return undefined;
  const manifests: string[] = [];
  const distributions = contents.named.map((name) => ({
    name: asOfVersion(repo, name, contents.at),
    at: contents.at,
    locked: false,
  }));
  for (const path of contents.manifests) {
    const files = nameOf(path).endsWith('.txt') ? requirementFiles(repo, path, new Set()) : project(repo, path);
    const manifest = readManifest(repo, path);
    if (!files || !manifest) return undefined;
    manifests.push(...files);
    distributions.push(
      ...manifest.packages.map(({ name, at }) => ({ name: asOfVersion(repo, name, at), at, locked: manifest.locked })),
    );
  }
  return { distributions, manifests: [...new Set(manifests)] };
}

/** FastAPI 0.111 alone brings what is the extra "standard" since. https://github.com/fastapi/fastapi/releases/tag/0.112.0 */
const asOfVersion = (repo: Repo, name: string, { path, start, end }: Span): string =>
  name === 'fastapi' && /fastapi\W[^;\n]*?(?:\b0\.111\b|<\s*0\.112\b)/i.test(repo.read(path)?.slice(start, end) ?? '')
    ? 'fastapi[standard]'
    : name;

/** A requirements file and what it includes; `undefined` when it takes something from a path or an address. */
function requirementFiles(repo: Repo, path: string, seen: Set<string>): readonly string[] | undefined {
  if (seen.has(path)) return [];
  seen.add(path);
  const text = repo.read(path);
  if (text === undefined) return undefined;
  const files: string[] = [path];
  for (const line of readRequirements(path, text)) {
    if (line.kind === 'local' || (line.kind === 'package' && /@|:\/\//.test(line.text))) return undefined;
    if (line.kind === 'option' && /:\/\/|--no-index/.test(line.text) && !/^--(?:extra-)?index-url\b/.test(line.text))
      return undefined;
    const other = line.kind === 'requirements' ? resolveIn(folderOf(path), line.text) : undefined;
    const included = other === undefined ? [] : requirementFiles(repo, other, seen);
    if ((line.kind === 'requirements' && other === undefined) || !included) return undefined;
    files.push(...included);
  }
  return files;
}

const OTHER_SOURCE = /\{[^}\n]*\b(?:git|path|url|file|workspace)\s*=\s*["'t]/;

/** A project file that says all of its dependencies itself. */
function project(repo: Repo, path: string): readonly string[] | undefined {
  const text = repo.read(path) ?? '';
  if (nameOf(path) === 'Pipfile') return OTHER_SOURCE.test(text) ? undefined : [path];
  if (nameOf(path) !== 'pyproject.toml') return undefined;
  const isListed = /^\[project\][^\S\n]*(?:#.*)?\r?$/m.test(text) && /^dependencies\s*=\s*\[/m.test(text);
  if (!isListed && !/^\[tool\.poetry\.dependencies\]/m.test(text)) return undefined;
  const isElsewhere =
    /^dynamic\s*=\s*\[[^\]]*["']dependencies["']/m.test(text) ||
    OTHER_SOURCE.test(text) ||
    /@\s*(?:git\+|https?:|file:)/.test(text);
  return isElsewhere ? undefined : [path];
}
