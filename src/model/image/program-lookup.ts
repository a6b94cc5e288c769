import type { Evidence, Span } from '../../finding.ts';
import { copyOf } from '../../parse/dockerfile.ts';
import { folderOf, joinContainer, nameOf, within } from '../../repo/path.ts';
import type { Repo } from '../../repo/repo.ts';
import type { Container } from '../container.ts';
import { DEFAULT_PATH, type Image } from '../image.ts';
import type { Mount } from '../service.ts';
import { programsOfBase } from './base-image.ts';
import { brings, isConsoleScript } from './console-scripts.ts';
import { type Installation, installationsOf, programsOf } from './installations.ts';
import { readManifest } from './manifest-packages.ts';
import { pythonOfBase } from './python-base.ts';

/** Whether an installation brings a program, and the line that says so. */
export interface Provision {
  readonly is: 'yes' | 'no' | 'unknown';
  readonly at: Span | undefined;
  readonly package: string | undefined;
}

/** An installation of the image that has the program, with what stands between it and the process. */
export interface Holder {
  readonly installation: Installation;
  readonly provision: Provision;
  /** Its folder of programs. */
  readonly programs: string;
  /** The bind mount that hides it. */
  readonly hiddenBy: Mount | undefined;
  /** The interpreter that its scripts name is not there: it was made at another path. */
  readonly deadShebang: boolean;
  readonly onPath: boolean;
}

/** Whether a container finds a program, and everything that the answer rests on. */
export interface ProgramLookup {
  readonly is: 'yes' | 'no' | 'unknown';
  readonly program: string;
  /** The folders that are searched. */
  readonly path: SearchPath;
  /** Where it is found. */
  readonly foundAt: string | undefined;
  /** Installations that certainly have the program, reachable or not. */
  readonly holders: readonly Holder[];
  /** The whole chain: what makes the program, what hides it, the PATH, and that it is not found. */
  readonly evidence: readonly Evidence[];
}

export interface SearchPath {
  readonly folders: readonly string[];
  readonly setBy: 'compose' | 'image' | 'base';
  readonly at: Span | undefined;
}

/** The PATH that a container's process gets; `undefined` when it cannot be known. */
export function searchPath(container: Container): SearchPath | undefined {
  const own = container.service.environment.get('PATH');
  if (own && (!own.value || own.value.unknown)) return undefined;
  if (own?.value) return { folders: foldersIn(own.value.text), setBy: 'compose', at: own.at };
  const set = container.image?.env.get('PATH');
  return set
    ? { folders: foldersIn(set.value), setBy: 'image', at: set.at }
    : { folders: foldersIn(DEFAULT_PATH), setBy: 'base', at: container.image?.stage.from.at };
}

const foldersIn = (path: string): readonly string[] => [...new Set(path.split(':').filter(Boolean))];

/** Looks a program up as the container's process does: on PATH by bare name, else by path. */
export function lookUpProgram(repo: Repo, container: Container, program: string): ProgramLookup {
  const { image } = container;
  const path = searchPath(container);
  const nothing = { program, path: path ?? { folders: [], setBy: 'base', at: undefined }, foundAt: undefined } as const;
  if (!image || !path || program === '' || /[$`{]/.test(program))
    return { ...nothing, is: 'unknown', holders: [], evidence: [] };
  const isPath = program.includes('/');
  const name = program.split('/').at(-1) ?? program;
  const folders = isPath
    ? [joinContainer(container.workdir ?? '/', program).slice(0, -name.length - 1) || '/']
    : path.folders;
  const { all, doubts } = installationsOf(repo, image);
  const holders = all.flatMap((each) => holderOf(repo, container, all, each, name, folders));
  const seen = folders.map((folder) => inFolder(repo, container, image, all, folder, name));
  const first = seen.findIndex((is) => is !== 'no');
  const found = seen[first] === 'yes' ? folders[first] : undefined;
  const nowhere = all.some(({ kind, root }) => kind === 'packages' && root === undefined);
  const unsure = (doubts.length > 0 || nowhere) && !isHidden(container, folders, isPath);
  const is = found !== undefined ? 'yes' : first >= 0 || unsure || !isKnownBase(image.base) ? 'unknown' : 'no';
  const foundAt = found === undefined ? undefined : `${found}/${name}`;
  return { is, program, path, foundAt, holders, evidence: chain(container, program, path, holders, is) };
}

/** The base is an official image: what it brings is known. */
const isKnownBase = (base: string | undefined): boolean =>
  programsOfBase(base).complete || pythonOfBase(base) !== undefined;

/** A program named by a path under a bind mount of the repository comes from nowhere else. */
const isHidden = (container: Container, folders: readonly string[], isPath: boolean): boolean => {
  const mount = isPath ? container.mountOver(folders[0] ?? '/') : undefined;
  return mount?.kind === 'bind' && mount.source !== undefined;
};

function holderOf(
  repo: Repo,
  container: Container,
  all: readonly Installation[],
  installation: Installation,
  name: string,
  folders: readonly string[],
): readonly Holder[] {
  const programs = programsOf(installation);
  const provision = provides(repo, installation, name);
  if (programs === undefined || provision.is !== 'yes' || installation.doubtful) return [];
  const mount = container.mountOver(programs);
  const hiddenBy = mount?.kind === 'bind' && mount.target !== '/' ? mount : undefined;
  const { root, madeAt, kind } = installation;
  const deadShebang =
    kind === 'venv' &&
    root !== madeAt &&
    !isInterpreter(name) &&
    !all.some((each) => each.kind === 'venv' && each.root === madeAt);
  return [{ installation, provision, programs, hiddenBy, deadShebang, onPath: folders.includes(programs) }];
}

const isInterpreter = (name: string): boolean => /^(?:python[\d.]*|activate)$/.test(name);

/** Whether an installation brings a program. */
export function provides(repo: Repo, installation: Installation, name: string): Provision {
  const no: Provision = { is: 'no', at: undefined, package: undefined };
  if (installation.withoutPrograms || installation.kind === 'node_modules') return no;
  if (installation.kind === 'venv' && /^(?:python[\d.]*|pip[\d.]*)$/.test(name)) return { ...no, is: 'yes' };
  let is: 'no' | 'unknown' = isConsoleScript(name) ? 'no' : 'unknown';
  for (const contents of installation.contents) {
    for (const distribution of contents.named) {
      const answer = brings(distribution, name);
      if (answer === 'yes') return { is: 'yes', at: contents.at, package: distribution };
      if (answer === 'unknown') is = 'unknown';
    }
    if (!contents.complete) is = 'unknown';
    for (const path of contents.manifests) {
      const manifest = readManifest(repo, path);
      const found = manifest?.packages.find((each) => brings(each.name, name) === 'yes');
      if (found && !found.optional) return { is: 'yes', at: found.at, package: found.name };
      if (found || !manifest?.locked) is = 'unknown';
    }
  }
  return { ...no, is };
}

/** Whether a program stands in one folder of the container. */
function inFolder(
  repo: Repo,
  container: Container,
  image: Image,
  all: readonly Installation[],
  folder: string,
  name: string,
): 'yes' | 'no' | 'unknown' {
  const path = `${folder}/${name}`;
  const mount = container.mountOver(path);
  if (mount?.kind === 'bind') {
    if (mount.source === undefined) return 'unknown';
    const rest = within(mount.target, path) ?? '';
    return repo.has([mount.source, rest].filter(Boolean).join('/')) ? 'yes' : 'no';
  }
  if (mount && mount.kind !== 'volume' && mount.kind !== 'anonymous') return 'unknown';
  let answer: 'no' | 'unknown' = 'no';
  for (const each of all) {
    if (programsOf(each) !== folder) continue;
    const { is } = provides(repo, each, name);
    const isDead = holderOf(repo, container, all, each, name, [folder]).some(({ deadShebang }) => deadShebang);
    if (is === 'yes' && !isDead) return each.doubtful ? 'unknown' : 'yes';
    if (is === 'unknown') answer = 'unknown';
  }
  if (image.fileAt(path).kind === 'repo' || isCopiedTo(image, path)) return 'yes';
  const isSystem = /^(?:\/usr(?:\/local)?)?\/s?bin$/.test(folder);
  if (!isSystem) return answer;
  if (!isConsoleScript(name)) return folder === '/usr/bin' ? image.hasProgram(name).is : answer;
  return /\/local\//.test(folder) ? answer : fromSystemPackages(image, name);
}

/** `COPY --from=ghcr.io/astral-sh/uv /uv /bin/`. */
const isCopiedTo = (image: Image, path: string): boolean =>
  image.layers.some(({ instruction, workdir, expand }) => {
    const copy = copyOf(instruction);
    const to = joinContainer(workdir, expand(copy?.destination.text ?? ''));
    return copy?.sources.some(({ text }) => nameOf(text) === nameOf(path) && (to === path || to === folderOf(path)));
  });

/** Debian packages Python programs too: `apt-get install gunicorn`, `python3-gunicorn`. */
function fromSystemPackages(image: Image, name: string): 'yes' | 'no' | 'unknown' {
  const pattern = new RegExp(
    `\\b(?:apt-get|apt|apk|dnf|yum)\\b[^;&|]*\\b(?:add|install)\\b[^;&|]*[\\s](?:python3-|py3-)?${name.replace(/[.]/g, '\\.')}(?![\\w-])`,
  );
  return image.layers.some(({ instruction }) => instruction.keyword === 'RUN' && pattern.test(instruction.script))
    ? 'yes'
    : 'no';
}

function chain(
  container: Container,
  program: string,
  path: SearchPath,
  holders: readonly Holder[],
  is: ProgramLookup['is'],
): readonly Evidence[] {
  const evidence: Evidence[] = [...(container.argv?.evidence ?? [])];
  for (const { installation, provision, hiddenBy } of holders) {
    evidence.push(...installation.origin);
    if (provision.at)
      evidence.push({
        at: provision.at,
        says: `${provision.package ?? 'this'} brings the program ${program.split('/').at(-1)}`,
      });
    if (hiddenBy)
      evidence.push({ at: hiddenBy.at, says: `this mount covers ${hiddenBy.target}, and hides ${installation.root}` });
  }
  if (is === 'no' && !program.includes('/') && path.at)
    evidence.push({
      at: path.at,
      says: `${program} is looked for on the PATH ${path.folders.join(':')}, and is in none of these folders`,
    });
  return evidence;
}
