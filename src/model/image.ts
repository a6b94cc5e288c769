import type { Span } from '../finding.ts';
import { assignmentsOf, type Dockerfile, type DockerInstruction, type DockerStage } from '../parse/dockerfile.ts';
import { interpolate } from '../parse/dotenv.ts';
import { joinContainer } from '../repo/path.ts';
import type { Repo } from '../repo/repo.ts';
import { imageFiles } from './image/files.ts';
import type { Answer, ContainerFile, ImageLayer } from './image/layer.ts';
import { hasProgram } from './image/programs.ts';
import type { BuildPlan } from './service.ts';
import type { Sources } from './sources.ts';

/** A command line as Docker runs it. Shell form is `['/bin/sh', '-c', text]` with `shell` set. */
export interface ImageArgv {
  readonly words: readonly string[];
  readonly shell: boolean;
  readonly at: Span;
  readonly instruction: DockerInstruction;
  readonly dockerfile: Dockerfile;
}

/** The final stage of a build, seen from inside: what is where, and what runs. */
export interface Image {
  readonly build: BuildPlan;
  readonly dockerfile: Dockerfile;
  readonly stage: DockerStage;
  /** The first base that is not built here (`python:3.11-slim`); `undefined` when variable. */
  readonly base: string | undefined;
  readonly workdir: string;
  readonly user: string | undefined;
  readonly env: ReadonlyMap<string, { readonly value: string; readonly at: Span }>;
  readonly entrypoint: ImageArgv | undefined;
  readonly cmd: ImageArgv | undefined;
  /** The instructions that the final image is made of, base stages first. */
  readonly layers: readonly ImageLayer[];
  /** An earlier stage of the same Dockerfile, by name or number. */
  readonly earlierStage: (name: string) => Image | undefined;
  /** What stands at an absolute container path. */
  readonly fileAt: (path: string) => ContainerFile;
  /** What stood there when the layer of that index was about to run. */
  readonly fileBefore: (layer: number, path: string) => ContainerFile;
  /** Container paths under which a repository path is found, the last COPY first. */
  readonly placesOf: (path: string) => readonly string[];
  /** Whether a program (by bare name) is on the image. */
  readonly hasProgram: (name: string) => Answer;
}

/** How another service's build makes an image of this name, so that `FROM name` can be followed. */
export type ImageOwners = (image: string) => BuildPlan | undefined;

/** What one image is read from. */
interface Reading {
  readonly repo: Repo;
  readonly sources: Sources;
  readonly dockerfile: Dockerfile;
  readonly build: BuildPlan;
  readonly owners: ImageOwners;
  /** How many images built here lie above this one. */
  readonly depth: number;
  /** ARGs before the first FROM. */
  readonly globals: ReadonlyMap<string, string | undefined>;
}

interface StageState {
  base: string | undefined;
  workdir: string;
  user: string | undefined;
  env: Map<string, { value: string; at: Span }>;
  args: Map<string, string | undefined>;
  entrypoint: ImageArgv | undefined;
  cmd: ImageArgv | undefined;
  layers: ImageLayer[];
}

const MAX_IMAGES_IN_A_ROW = 5;

/** Where programs are looked for when no ENV says otherwise: https://github.com/moby/buildkit/blob/master/util/system/path.go */
export const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Reads the final image of a build; `undefined` when its Dockerfile is missing, broken or not known. */
export const readImage = (repo: Repo, sources: Sources, build: BuildPlan, owners: ImageOwners): Image | undefined =>
  readNested(repo, sources, build, owners, 0);

function readNested(
  repo: Repo,
  sources: Sources,
  build: BuildPlan,
  owners: ImageOwners,
  depth: number,
): Image | undefined {
  const dockerfile = build.dockerfile === undefined ? undefined : sources.dockerfile(build.dockerfile);
  if (!dockerfile || dockerfile.problems.length > 0) return undefined;
  const stage = targetStage(dockerfile, build.target);
  if (!stage) return undefined;
  const reading: Reading = { repo, sources, dockerfile, build, owners, depth, globals: globalsOf(dockerfile, build) };
  const { args: _args, ...state } = stageState(reading, stage);
  const files = imageFiles(repo, sources, (name) => {
    const other = stageNamed(dockerfile, name);
    return other && other.index < stage.index ? stageState(reading, other).layers : undefined;
  });
  return {
    ...state,
    build,
    dockerfile,
    stage,
    earlierStage: (name) => {
      const other = stageNamed(dockerfile, name);
      const plan = { ...build, target: String(other?.index) };
      return other && other.index < stage.index ? readNested(repo, sources, plan, owners, depth) : undefined;
    },
    fileAt: (target) => files.at(target, state.layers),
    fileBefore: (layer, target) => files.at(target, state.layers.slice(0, layer)),
    placesOf: (source) => files.placesOf(source, state.layers),
    hasProgram: (name) => hasProgram(name, state.layers, state.base),
  };
}

const stageNamed = (dockerfile: Dockerfile, name: string): DockerStage | undefined =>
  dockerfile.stages.find((stage) => stage.name?.toLowerCase() === name.toLowerCase() || String(stage.index) === name);

const targetStage = (dockerfile: Dockerfile, target: string | undefined): DockerStage | undefined =>
  target === undefined ? dockerfile.stages.at(-1) : stageNamed(dockerfile, target);

function globalsOf(dockerfile: Dockerfile, build: BuildPlan): ReadonlyMap<string, string | undefined> {
  const globals = new Map<string, string | undefined>();
  for (const instruction of dockerfile.instructions)
    if (instruction.stage === -1 && instruction.keyword === 'ARG')
      for (const { name, value } of assignmentsOf(instruction)) globals.set(name, build.args.get(name) ?? value);
  return globals;
}

function stageState(reading: Reading, stage: DockerStage): StageState {
  const base = interpolate(stage.base, (name) => reading.globals.get(name));
  const state = baseState(reading, stage, base.missing.length > 0 ? undefined : base.text);
  for (const instruction of stage.instructions) step(state, instruction, reading);
  return state;
}

function baseState(reading: Reading, stage: DockerStage, base: string | undefined): StageState {
  const earlier = base === undefined ? undefined : stageNamed(reading.dockerfile, base);
  if (earlier && earlier.index < stage.index) return { ...stageState(reading, earlier), args: new Map() };
  const { repo, sources, owners, depth } = reading;
  const owner = base === undefined || depth >= MAX_IMAGES_IN_A_ROW ? undefined : owners(base);
  const image = owner && readNested(repo, sources, owner, owners, depth + 1);
  if (image) {
    const { base: first, workdir, user, entrypoint, cmd } = image;
    const env = new Map(image.env);
    return { base: first, workdir, user, entrypoint, cmd, env, args: new Map(), layers: [...image.layers] };
  }
  const nothing = { user: undefined, entrypoint: undefined, cmd: undefined };
  return { base, workdir: '/', ...nothing, env: new Map(), args: new Map(), layers: [] };
}

function step(state: StageState, instruction: DockerInstruction, reading: Reading): void {
  const { dockerfile, build, globals } = reading;
  const set = [...state.env].map(([name, { value }]) => [name, value] as const);
  const scope = new Map([['PATH', DEFAULT_PATH], ...state.args, ...set]);
  const expand = (text: string): string => interpolate(text, (name) => scope.get(name)).text;
  const argv = (): ImageArgv => ({
    words: instruction.exec ?? ['/bin/sh', '-c', instruction.script],
    shell: instruction.exec === undefined,
    at: instruction.at,
    instruction,
    dockerfile,
  });
  const { workdir, user } = state;
  state.layers.push({ instruction, dockerfile, workdir, user, context: build.context, expand });
  switch (instruction.keyword) {
    case 'WORKDIR':
      state.workdir = joinContainer(state.workdir, expand(instruction.words.map((word) => word.text).join(' ')));
      break;
    case 'USER':
      state.user = expand(instruction.words[0]?.text ?? '');
      break;
    case 'ENV':
      for (const { name, value, at } of assignmentsOf(instruction))
        state.env.set(name, { value: expand(value ?? ''), at });
      break;
    case 'ARG':
      for (const { name, value } of assignmentsOf(instruction))
        state.args.set(name, build.args.get(name) ?? value ?? globals.get(name));
      break;
    case 'ENTRYPOINT':
      state.entrypoint = argv();
      if (state.cmd && isInherited(state.cmd, instruction, dockerfile)) state.cmd = undefined;
      break;
    case 'CMD':
      state.cmd = argv();
      break;
  }
}

/** A new ENTRYPOINT resets a CMD of the base image: https://docs.docker.com/reference/dockerfile/#understand-how-cmd-and-entrypoint-interact */
const isInherited = (cmd: ImageArgv, instruction: DockerInstruction, dockerfile: Dockerfile): boolean =>
  cmd.dockerfile !== dockerfile || cmd.instruction.stage !== instruction.stage;
