import type { Evidence, Span } from '../../finding.ts';
import { copyOf } from '../../parse/dockerfile.ts';
import { joinContainer, within } from '../../repo/path.ts';
import type { Repo } from '../../repo/repo.ts';
import type { Image } from '../image.ts';
import type { ImageLayer } from './layer.ts';
import { type Effect, effectsOf } from './run-effects.ts';

/** What one command put into an installation. */
export interface Contents {
  readonly at: Span;
  /** Repository paths of the manifests that it reads. */
  readonly manifests: readonly string[];
  /** Distributions named on the command line. */
  readonly named: readonly string[];
  /** Nothing but these was installed (and what they depend on). */
  readonly complete: boolean;
}

/** What RUN instructions installed in one place of an image: a virtual environment, a folder of packages, node_modules. */
export interface Installation {
  readonly kind: 'venv' | 'packages' | 'node_modules';
  /** Where it is; `undefined` for a cache folder whose name is not known before the build. */
  readonly root: string | undefined;
  /** Where it was made: the scripts of a virtual environment name the interpreter there. */
  readonly madeAt: string | undefined;
  /** `poetry`, `python -m venv`, `npm` … */
  readonly tool: string;
  /** The base image of the stage that made it. */
  readonly base: string | undefined;
  /** As whom it was made. */
  readonly user: string | undefined;
  /** The instruction that made it, then those that carried it here. */
  readonly origin: readonly Evidence[];
  readonly contents: readonly Contents[];
  /** It may be missing, or only parts of it may be here. */
  readonly doubtful: boolean;
  /** Only its libraries were copied, not its programs. */
  readonly withoutPrograms: boolean;
}

/** Everything known to be installed in an image. */
export interface Installations {
  readonly all: readonly Installation[];
  /** Instructions that may have installed anything. */
  readonly doubts: readonly Span[];
}

/** The installation's folder of programs. */
export const programsOf = (installation: Installation): string | undefined =>
  installation.root === undefined || installation.kind === 'node_modules' ? undefined : `${installation.root}/bin`;

const known = new WeakMap<Image, Installations>();

/** Follows RUN and COPY of an image from the first layer to the last. */
export function installationsOf(repo: Repo, image: Image): Installations {
  let found = known.get(image);
  if (!found) {
    const state: State = { repo, image, all: [], doubts: [] };
    image.layers.forEach((layer, index) => {
      if (layer.instruction.keyword === 'RUN')
        for (const effect of effectsOf({ repo, image, layers: image.layers.slice(0, index + 1), all: () => state.all }))
          apply(state, layer, effect);
      else copies(state, layer);
    });
    found = { all: state.all, doubts: state.doubts };
    known.set(image, found);
  }
  return found;
}

interface State {
  readonly repo: Repo;
  readonly image: Image;
  all: Installation[];
  readonly doubts: Span[];
}

function apply(state: State, layer: ImageLayer, effect: Effect): void {
  const { image } = state;
  switch (effect.kind) {
    case 'doubt':
      state.doubts.push(effect.at);
      return;
    case 'remove':
      state.all = state.all.filter(({ root }) => root === undefined || within(effect.path, root) === undefined);
      return;
    case 'move':
      state.all = state.all.flatMap((each) => {
        const rest = each.root === undefined ? undefined : within(effect.from, each.root);
        if (rest === undefined) return [each];
        const step = { at: effect.at, says: `${effect.keeps ? 'copied' : 'moved'} to ${effect.to} here` };
        const moved = { ...each, root: joinContainer(effect.to, rest), origin: [...each.origin, step] };
        return effect.keeps ? [each, moved] : [moved];
      });
      return;
    case 'install': {
      const old = state.all.findIndex((each) => each.root === effect.root && each.kind === effect.type);
      const contents = effect.contents ? [effect.contents] : [];
      const previous = effect.root === undefined ? undefined : state.all[old];
      if (previous) state.all[old] = { ...previous, contents: [...previous.contents, ...contents] };
      else
        state.all.push({
          kind: effect.type,
          root: effect.root,
          madeAt: effect.root,
          tool: effect.tool,
          base: image.base,
          user: layer.user,
          origin: [{ at: effect.at, says: effect.says }],
          contents,
          doubtful: effect.conditional,
          withoutPrograms: false,
        });
    }
  }
}

/** Folders of which a copy from an unknown image may bring anything. */
const BROAD = /^\/(?:usr(?:\/local)?(?:\/bin)?|bin|opt|)$/;

function copies(state: State, layer: ImageLayer): void {
  const copy = copyOf(layer.instruction);
  if (copy?.from === undefined) return;
  const other = layer.dockerfile === state.image.dockerfile ? state.image.earlierStage(copy.from) : undefined;
  const to = joinContainer(layer.workdir, layer.expand(copy.destination.text));
  for (const source of copy.sources) {
    const from = joinContainer('/', layer.expand(source.text));
    if (!other) {
      if (BROAD.test(from) || /[*?[]/.test(from)) state.doubts.push(layer.instruction.at);
      continue;
    }
    const installed = installationsOf(state.repo, other);
    if (/[*?[]/.test(from)) {
      state.doubts.push(layer.instruction.at);
      continue;
    }
    const says = `${from} of the stage ${other.stage.name ?? other.stage.index} is copied to ${to} here`;
    const carried = installed.all.flatMap((each) => carry(each, from, to, { at: layer.instruction.at, says }));
    if (from === '/' || BROAD.test(from)) state.doubts.push(...installed.doubts);
    state.all = [...state.all.filter(({ root }) => !carried.some((each) => each.root === root)), ...carried];
  }
}

/** What a copy of `from` takes of an installation: all of it, or a part. */
function carry(each: Installation, from: string, to: string, step: Evidence): readonly Installation[] {
  if (each.root === undefined) return [];
  const origin = [...each.origin, step];
  const rest = within(from === '/' ? '' : from, each.root);
  if (rest !== undefined) return [{ ...each, root: joinContainer(to, rest.replace(/^\//, '')), origin }];
  const part = within(each.root, from);
  if (part === undefined) return [];
  if (part === 'bin' && /\/bin$/.test(to)) return [{ ...each, root: to.replace(/\/bin$/, '') || '/', origin }];
  const root = part.startsWith('lib') && to.endsWith(`/${part}`) ? to.slice(0, -part.length - 1) : undefined;
  return root === undefined
    ? [{ ...each, root: to, origin, doubtful: true }]
    : [{ ...each, root, origin, withoutPrograms: true }];
}
