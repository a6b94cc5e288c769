import type { Evidence, Span } from '../finding.ts';
import { assignmentsOf, copyOf, type Dockerfile, type DockerInstruction, type DockerStage } from '../parse/dockerfile.ts';
import { interpolate } from '../parse/dotenv.ts';
import { joinContainer, resolveIn, within } from '../repo/path.ts';
import type { Repo } from '../repo/repo.ts';
import { programsOfBase } from './base-image.ts';
import { readShell, type ShellCommand } from '../parse/shell.ts';
import type { Build } from './service.ts';
import type { Sources } from './sources.ts';

/** A claim about a container, with what it rests on. `unknown` never leads to an applied fix. */
export type Answer = { readonly is: 'yes' | 'no' | 'unknown'; readonly evidence: readonly Evidence[] };

/** What a container path holds. */
export type ContainerFile =
  | { readonly kind: 'repo'; readonly path: string; readonly at: Span }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unknown'; readonly why: string };

/** A command line as Docker runs it. Shell form is `['/bin/sh', '-c', text]` with `shell` set. */
export interface ImageArgv {
  readonly words: readonly string[];
  readonly shell: boolean;
  readonly at: Span;
  readonly instruction: DockerInstruction;
  readonly dockerfile: Dockerfile;
}

/** A COPY or ADD from the build context, with absolute destination. */
export interface ImageCopy {
  readonly instruction: DockerInstruction;
  readonly dockerfile: Dockerfile;
  /** Repository path of a source (file or folder); a source with a wildcard is expanded. */
  readonly source: string;
  readonly folder: boolean;
  /** Container path of the file, or of the folder's contents. */
  readonly target: string;
}

/** The final stage of a build, seen from inside: what is where, and what runs. */
export interface Image {
  readonly build: Build;
  readonly dockerfile: Dockerfile;
  readonly stage: DockerStage;
  /** The first base that is not built here (`python:3.11-slim`), undefined when variable. */
  readonly base: string | undefined;
  readonly workdir: string;
  readonly user: string | undefined;
  readonly env: ReadonlyMap<string, { readonly value: string; readonly at: Span }>;
  readonly entrypoint: ImageArgv | undefined;
  readonly cmd: ImageArgv | undefined;
  /** Instructions that the final image is made of, base stages first. */
  readonly layers: readonly { readonly instruction: DockerInstruction; readonly dockerfile: Dockerfile; readonly workdir: string; readonly context: string | undefined }[];
  /** What stands at an absolute container path. */
  readonly fileAt: (path: string) => ContainerFile;
  /** Container paths under which a repository path is found, the last COPY first. */
  readonly placesOf: (path: string) => readonly string[];
  /** Whether a program (by bare name) is on the image. */
  readonly hasProgram: (name: string) => Answer;
}

interface StageState {
  workdir: string;
  user: string | undefined;
  env: Map<string, { value: string; at: Span }>;
  args: Map<string, string | undefined>;
  entrypoint: ImageArgv | undefined;
  cmd: ImageArgv | undefined;
  layers: Image['layers'][number][];
  base: string | undefined;
}

/** How another service's build makes an image of this name, so that `FROM name` can be followed. */
export type ImageOwners = (image: string) => Build | undefined;

/** Reads the final image of a build; `undefined` when its Dockerfile is missing, broken or not known. */
export function readImage(repo: Repo, sources: Sources, build: Build, owners: ImageOwners, depth = 0): Image | undefined {
  const path = build.dockerfile;
  const dockerfile = path === undefined || !repo.has(path) ? undefined : sources.dockerfile(path);
  if (!dockerfile || dockerfile.problems.length > 0) return undefined;
  const stage = targetStage(dockerfile, build.target);
  if (!stage) return undefined;
  const state = stageState(repo, sources, dockerfile, stage, build, owners, depth);
  const files = new LayeredFiles(repo, sources, build, state.layers, dockerfile, (name) => {
    const other = dockerfile.stages.find((each) => each.name === name || String(each.index) === name);
    return other && other.index < stage.index ? stageState(repo, sources, dockerfile, other, build, owners, depth) : undefined;
  });
  return {
    build,
    dockerfile,
    stage,
    base: state.base,
    workdir: state.workdir,
    user: state.user,
    env: state.env,
    entrypoint: state.entrypoint,
    cmd: state.cmd,
    layers: state.layers,
    fileAt: (target) => files.at(target, state.layers),
    placesOf: (source) => files.placesOf(source),
    hasProgram: (name) => hasProgram(name, state),
  };
}

const targetStage = (dockerfile: Dockerfile, target: string | undefined): DockerStage | undefined =>
  target === undefined ? dockerfile.stages.at(-1) : dockerfile.stages.find((stage) => stage.name?.toLowerCase() === target.toLowerCase() || String(stage.index) === target);

function stageState(repo: Repo, sources: Sources, dockerfile: Dockerfile, stage: DockerStage, build: Build, owners: ImageOwners, depth: number): StageState {
  const globals = new Map<string, string | undefined>();
  for (const instruction of dockerfile.instructions)
    if (instruction.stage === -1 && instruction.keyword === 'ARG')
      for (const { name, value } of assignmentsOf(instruction)) globals.set(name, build.args.get(name) ?? value);
  const base = interpolate(stage.base, (name) => globals.get(name));
  const state = baseState(repo, sources, dockerfile, stage, base.missing.length > 0 ? undefined : base.text, build, owners, depth);
  for (const instruction of stage.instructions) step(state, instruction, dockerfile, build, globals);
  return state;
}

function baseState(repo: Repo, sources: Sources, dockerfile: Dockerfile, stage: DockerStage, base: string | undefined, build: Build, owners: ImageOwners, depth: number): StageState {
  const earlier = dockerfile.stages.find((each) => each.index < stage.index && each.name?.toLowerCase() === base?.toLowerCase());
  if (earlier) return { ...stageState(repo, sources, dockerfile, earlier, build, owners, depth), args: new Map() };
  const owner = base === undefined || depth > 5 ? undefined : owners(base);
  const image = owner ? readImage(repo, sources, owner, owners, depth + 1) : undefined;
  if (image)
    return { workdir: image.workdir, user: image.user, env: new Map(image.env), args: new Map(), entrypoint: image.entrypoint, cmd: image.cmd, layers: [...image.layers], base: image.base };
  return { workdir: '/', user: undefined, env: new Map(), args: new Map(), entrypoint: undefined, cmd: undefined, layers: [], base };
}

function step(state: StageState, instruction: DockerInstruction, dockerfile: Dockerfile, build: Build, globals: ReadonlyMap<string, string | undefined>): void {
  const expand = (text: string): string => interpolate(text, (name) => state.env.get(name)?.value ?? state.args.get(name)).text;
  const argv = (): ImageArgv => ({
    words: instruction.exec ?? ['/bin/sh', '-c', instruction.script],
    shell: instruction.exec === undefined,
    at: instruction.at,
    instruction,
    dockerfile,
  });
  state.layers.push({ instruction, dockerfile, workdir: state.workdir, context: build.context });
  switch (instruction.keyword) {
    case 'WORKDIR':
      state.workdir = joinContainer(state.workdir, expand(instruction.words.map((word) => word.text).join(' ')));
      break;
    case 'USER':
      state.user = expand(instruction.words[0]?.text ?? '');
      break;
    case 'ENV':
      for (const { name, value, at } of assignmentsOf(instruction)) state.env.set(name, { value: expand(value ?? ''), at });
      break;
    case 'ARG':
      for (const { name, value } of assignmentsOf(instruction)) state.args.set(name, build.args.get(name) ?? value ?? globals.get(name));
      break;
    case 'ENTRYPOINT':
      state.entrypoint = argv();
      // A new ENTRYPOINT resets a CMD that came from the base image: https://docs.docker.com/reference/dockerfile/#understand-how-cmd-and-entrypoint-interact
      if (state.cmd && state.cmd.instruction.stage !== instruction.stage) state.cmd = undefined;
      break;
    case 'CMD':
      state.cmd = argv();
      break;
  }
}

/** Answers where files are by walking the layers from the last to the first. */
class LayeredFiles {
  readonly #repo: Repo;
  readonly #sources: Sources;
  readonly #build: Build;
  readonly #layers: Image['layers'];
  readonly #dockerfile: Dockerfile;
  readonly #stageByName: (name: string) => StageState | undefined;

  constructor(repo: Repo, sources: Sources, build: Build, layers: Image['layers'], dockerfile: Dockerfile, stageByName: (name: string) => StageState | undefined) {
    this.#repo = repo;
    this.#sources = sources;
    this.#build = build;
    this.#layers = layers;
    this.#dockerfile = dockerfile;
    this.#stageByName = stageByName;
  }

  at(target: string, layers: Image['layers']): ContainerFile {
    let doubt: string | undefined;
    for (const layer of [...layers].reverse()) {
      const { instruction } = layer;
      if (instruction.keyword === 'RUN') {
        const effect = effectOfRun(instruction, layer.workdir, target);
        if (effect === 'removes') return { kind: 'absent' };
        if (effect === 'unknown') doubt ??= instruction.script;
        continue;
      }
      const from = copyOf(instruction)?.from;
      if (from !== undefined) {
        const found = this.#fromStage(layer, from, target);
        if (found) return found;
        continue;
      }
      for (const copy of this.copies(layer)) {
        const rest = copy.folder ? within(copy.target, target) : copy.target === target ? '' : undefined;
        if (rest === undefined) continue;
        const path = copy.folder ? [copy.source, rest].filter(Boolean).join('/') : copy.source;
        if (this.#repo.has(path) && this.#sent(layer.context, path, layer.dockerfile)) return { kind: 'repo', path, at: instruction.at };
      }
    }
    return doubt === undefined ? { kind: 'absent' } : { kind: 'unknown', why: `a RUN may create it: ${doubt.slice(0, 80)}` };
  }

  placesOf(path: string): string[] {
    return [...this.#layers].reverse().flatMap((layer) =>
      this.copies(layer).flatMap((copy) => {
        const rest = copy.folder ? within(copy.source, path) : copy.source === path ? '' : undefined;
        if (rest === undefined || !this.#sent(layer.context, path, layer.dockerfile)) return [];
        return [copy.folder ? joinContainer(copy.target, rest) : copy.target];
      }),
    );
  }

  /** The context copies of one layer. https://docs.docker.com/reference/dockerfile/#copy */
  copies(layer: Image['layers'][number]): ImageCopy[] {
    const copy = copyOf(layer.instruction);
    if (!copy || copy.from !== undefined || layer.context === undefined) return [];
    const context = layer.context;
    const destination = copy.destination.text;
    const intoFolder = destination.endsWith('/') || copy.sources.length > 1 || destination === '.';
    const target = joinContainer(layer.workdir, destination);
    return copy.sources.flatMap(({ text }) => this.#expand(context, text)).map((source) => {
      const folder = !this.#repo.has(source);
      const name = source.slice(source.lastIndexOf('/') + 1);
      return { instruction: layer.instruction, dockerfile: layer.dockerfile, source, folder, target: folder || !intoFolder ? target : joinContainer(target, name) };
    });
  }

  #fromStage(layer: Image['layers'][number], from: string, target: string): ContainerFile | undefined {
    const copy = copyOf(layer.instruction);
    if (!copy) return undefined;
    const stage = this.#stageByName(from);
    for (const source of copy.sources) {
      const destination = joinContainer(layer.workdir, copy.destination.text);
      const name = source.text.slice(source.text.replace(/\/$/, '').lastIndexOf('/') + 1);
      const rest = within(destination, target);
      if (rest === undefined) continue;
      if (!stage) return { kind: 'unknown', why: `it may come from ${from}` };
      const origin = joinContainer('/', source.text);
      const asFile = this.at(rest === '' || rest === name ? origin : joinContainer(origin, rest), stage.layers);
      if (asFile.kind !== 'absent') return asFile;
    }
    return undefined;
  }

  #expand(context: string, source: string): string[] {
    const resolved = resolveIn(context, source.replace(/^\/+/, '').replace(/\/$/, '') || '.');
    if (resolved === undefined) return [];
    if (!/[*?[]/.test(source)) return this.#repo.has(resolved) || this.#repo.hasFolder(resolved) ? [resolved] : [];
    const pattern = new RegExp(`^${resolved.split('*').map((piece) => piece.split('?').map(escapeRegExp).join('[^/]')).join('[^/]*')}$`);
    const folders = this.#repo.paths.flatMap((path) => ancestors(path));
    return [...new Set([...this.#repo.paths, ...folders])].filter((path) => pattern.test(path));
  }

  /** A file is in the build context unless a .dockerignore leaves it out. */
  #sent(context: string | undefined, path: string, dockerfile: Dockerfile): boolean {
    if (context === undefined) return false;
    const relative = within(context, path);
    if (relative === undefined) return false;
    return !isIgnoredByDocker(this.#sources, context, dockerfile, relative) && this.#build === this.#build && this.#dockerfile === this.#dockerfile;
  }
}

/** Whether the context's `.dockerignore` (or `<Dockerfile>.dockerignore`, which goes first) leaves a path out. */
export function isIgnoredByDocker(sources: Sources, context: string, dockerfile: Dockerfile, relative: string): boolean {
  const own = sources.dockerignore(`${dockerfile.path}.dockerignore`);
  const shared = own ?? sources.dockerignore(context === '' ? '.dockerignore' : `${context}/.dockerignore`);
  return shared?.ignores(relative) ?? false;
}

const escapeRegExp = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

function ancestors(path: string): string[] {
  const found: string[] = [];
  for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) found.push(path.slice(0, slash));
  return found;
}

/** Commands of a RUN that install or configure but never create or remove application files. */
const HARMLESS = /^(?:apt-get|apt|apk|yum|dnf|microdnf|pip3?|poetry|uv|pipenv|npm|npx|yarn|pnpm|corepack|set|echo|true|:|test|\[|useradd|adduser|groupadd|addgroup|usermod|chown|chmod|mkdir|export|cd|dos2unix|sed|ldconfig|locale-gen|update-ca-certificates|python3?|gem|bundle|composer|go|cargo|curl|wget|cat|ls|which|command|touch|ln|gpg|install)$/;

function effectOfRun(instruction: DockerInstruction, workdir: string, target: string): 'none' | 'removes' | 'unknown' {
  for (const command of readShell(instruction.at.path, instruction.script).commands) {
    const [name, ...rest] = command.words.map((word) => word.text);
    if (name === undefined) continue;
    const paths = rest.filter((word) => !word.startsWith('-')).map((word) => joinContainer(workdir, word));
    if ((name === 'rm' || name === 'mv') && paths.some((path) => within(path, target) !== undefined)) return 'removes';
    if (['cp', 'mv', 'tar', 'unzip', 'git', 'make', 'sh', 'bash'].includes(name) || !(HARMLESS.test(name) || name === 'rm')) return 'unknown';
    if (['curl', 'wget', 'touch', 'ln', 'install', 'python', 'python3'].includes(name) && paths.some((path) => path === target)) return 'unknown';
  }
  return 'none';
}

/** Programs that a package brings along, by Debian's and Alpine's package names. */
const PACKAGE_PROGRAMS: Readonly<Record<string, readonly string[]>> = {
  'postgresql-client': ['pg_isready', 'psql', 'pg_dump'],
  postgresql: ['pg_isready', 'psql', 'pg_dump'],
  'default-mysql-client': ['mysql', 'mysqladmin'],
  'mysql-client': ['mysql', 'mysqladmin'],
  'mariadb-client': ['mariadb', 'mysql', 'mysqladmin', 'mariadb-admin'],
  'redis-tools': ['redis-cli'],
  redis: ['redis-cli', 'redis-server'],
  netcat: ['nc', 'netcat'],
  'netcat-openbsd': ['nc', 'netcat'],
  'netcat-traditional': ['nc', 'netcat'],
  procps: ['ps', 'pgrep', 'pkill', 'free', 'top'],
  'util-linux': ['flock', 'setpriv'],
  'wait-for-it': ['wait-for-it'],
};

function hasProgram(name: string, state: StageState): Answer {
  const evidence: Evidence[] = [];
  let doubt = false;
  for (const { instruction, dockerfile } of state.layers) {
    if (instruction.keyword === 'RUN')
      for (const command of readShell(dockerfile.path, instruction.script).commands) {
        const installed = packagesOf(command);
        if (installed.some((each) => each === name || each.startsWith(`${name}=`) || PACKAGE_PROGRAMS[each.replace(/(?:[=<>~].*|-\d+)$/, '')]?.includes(name)))
          return { is: 'yes', evidence: [{ at: instruction.at, says: `${name} is installed here` }] };
        if (installed.some((each) => each.includes('$')) || /^(?:curl|wget|make|git|sh|bash|\.\/.*)$/.test(command.words[0]?.text ?? '')) doubt = true;
      }
    const copied = copyOf(instruction);
    if (copied && [copied.destination, ...copied.sources].some(({ text }) => text.split('/').at(-1) === name))
      return { is: 'yes', evidence: [{ at: instruction.at, says: `${name} is copied here` }] };
    if (copied && /^(?:\/usr(?:\/local)?)?\/s?bin\/?$|^\/usr(?:\/local)?\/?$/.test(copied.destination.text)) doubt = true;
  }
  const base = programsOfBase(state.base);
  if (base.has(name)) return { is: 'yes', evidence };
  if (doubt || !base.complete) return { is: 'unknown', evidence };
  return { is: 'no', evidence: [{ at: state.layers[0]?.instruction.at ?? { path: '', start: 0, end: 0 }, says: `nothing in this image installs ${name}` }] };
}

/** Packages that one command installs, from system or language package managers. */
export function packagesOf(command: ShellCommand): readonly string[] {
  const words = command.words.map((word) => word.text);
  const install = words.findIndex((word) => word === 'install' || word === 'add' || word === '-S');
  const manager = (words[0] ?? '').split('/').at(-1) ?? '';
  const viaPython = /^python[\d.]*$/.test(manager) && words[1] === '-m' && words[2] === 'pip';
  if (install < 0 || !(viaPython || /^(?:apt-get|apt|apk|yum|dnf|microdnf|pip3?|pipx|uv|npm|yarn|pnpm|gem)$/.test(manager))) return [];
  return words.slice(install + 1).filter((word) => !word.startsWith('-'));
}
