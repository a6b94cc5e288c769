import type { Edit, Span } from '../../src/finding.ts';
import { eolOf, lineStart } from '../../src/lines.ts';
import { type Installation, installationsOf } from '../../src/model/image/installations.ts';
import type { ImageLayer } from '../../src/model/image/layer.ts';
import { lineBelow } from '../../src/model/image/line-below.ts';
import { repointed } from '../../src/model/image/repointed.ts';
import { isRoot } from '../../src/model/image/user-home.ts';
import type { Image } from '../../src/model/image.ts';
import type { ServiceView, Stack } from '../../src/model/stack.ts';
import { copyOf, type DockerInstruction } from '../../src/parse/dockerfile.ts';
import { within } from '../../src/repo/path.ts';

/** The edits that move a virtual environment, or why they cannot be made. */
export type Relocation =
  | { readonly target: string; readonly edits: readonly Edit[] }
  | { readonly target: string; readonly why: string };

/** Moves the environment at `root`: what makes it, what carries it from stage to stage, and whatever names its path. */
export function relocation(stack: Stack, image: Image, root: string, views: readonly ServiceView[]): Relocation {
  const { dockerfile } = image;
  const target = freePlace(stack, image, views);
  const chain = installationsOf(stack.repo, image).all.find((each) => each.root === root);
  const maker = chain && makerOf(stack, image, chain);
  if (!chain || !maker || maker.layer.dockerfile !== dockerfile)
    return { target, why: 'It is not made in this Dockerfile' };
  if (!isRoot(maker.layer.user)) return { target, why: `${maker.layer.user} may not write to /opt` };
  if (chain.origin.some(({ says }) => says.startsWith('moved')))
    return { target, why: 'The environment is moved after it is made' };
  const made = howMade(maker.image, maker.layer, chain, target);
  if (made === undefined) return { target, why: `${chain.tool} chooses the place itself` };
  const replaced = made.flatMap(({ start, end }) => (end > start ? [{ start, end }] : []));
  const layers = new Map(
    dockerfile.stages
      .flatMap(
        (stage) => (image.stage.index === stage.index ? image : image.earlierStage(String(stage.index)))?.layers ?? [],
      )
      .filter((layer) => layer.dockerfile === dockerfile)
      .map((layer) => [layer.instruction, layer] as const),
  );
  const named = [...layers.values()]
    .filter(({ instruction: { at } }) => !replaced.some(({ start, end }) => at.start >= start && at.end <= end))
    .flatMap((layer) => [...inInstruction(layer, root, target), ...carried(layer, chain, root, target)]);
  const edits = [...made, ...named, ...outside(stack, views, root, target)];
  return { target, edits: unique(edits) };
}

const unique = (edits: readonly Edit[]): readonly Edit[] => [
  ...new Map(edits.map((edit) => [`${edit.path} ${edit.start} ${edit.end}`, edit])).values(),
];

/** `/opt/venv` when nothing else is there. */
function freePlace(stack: Stack, image: Image, views: readonly ServiceView[]): string {
  const taken = installationsOf(stack.repo, image).all.flatMap(({ root }) => root ?? []);
  const isFree = (path: string): boolean =>
    !taken.includes(path) && views.every(({ container }) => container.mountOver(path) === undefined);
  return ['/opt/venv', '/opt/app-venv', '/venv'].find(isFree) ?? '/opt/virtualenv';
}

/** The stage and the layer whose RUN makes an installation. */
function makerOf(
  stack: Stack,
  image: Image,
  chain: Installation,
): { readonly image: Image; readonly layer: ImageLayer } | undefined {
  const at = chain.origin[0]?.at;
  const images = image.dockerfile.stages.flatMap((stage) =>
    stage.index === image.stage.index ? [image] : (image.earlierStage(String(stage.index)) ?? []),
  );
  for (const each of images) {
    const layer = each.layers.find(
      ({ instruction, dockerfile }) =>
        at !== undefined &&
        instruction.at.path === at.path &&
        instruction.at.start <= at.start &&
        instruction.at.end >= at.end &&
        dockerfile.path === stack.sources.dockerfile(at.path)?.path,
    );
    if (layer && layer.instruction.stage === each.stage.index) return { image: each, layer };
  }
  return undefined;
}

/** What tells the tool to make the environment at `target`; nothing where its path stands in the command itself. */
function howMade(image: Image, layer: ImageLayer, chain: Installation, target: string): readonly Edit[] | undefined {
  const eol = eolOf(image.dockerfile.text);
  const before = ({ lines }: DockerInstruction, text: readonly string[]): Edit => {
    const start = commentStart(image, layer.instruction) ?? lines.start;
    return { path: lines.path, start, end: start, text: text.map((line) => `${line}${eol}`).join('') };
  };
  switch (chain.tool) {
    case 'python -m venv':
    case 'python -m virtualenv':
    case 'virtualenv':
      return [];
    case 'uv':
    case 'uv venv': {
      if (layer.expand('$UV_PROJECT_ENVIRONMENT') !== '' || layer.instruction.script.includes(`uv venv ${chain.root}`))
        return [];
      const pip = /\buv\s+(?:venv|pip)\b/.test(layer.instruction.script);
      if (layer.expand('$VIRTUAL_ENV') !== '') return [];
      return pip ? undefined : [before(layer.instruction, [`ENV UV_PROJECT_ENVIRONMENT=${target}`])];
    }
    case 'poetry':
    case 'pipenv': {
      const lines = [`ENV VIRTUAL_ENV=${target}`, 'RUN python -m venv $VIRTUAL_ENV'];
      if (layer.expand('$VIRTUAL_ENV') !== '') return undefined;
      const setting = image.stage.instructions.find(
        ({ keyword, script }) =>
          keyword === 'RUN' && /^poetry config virtualenvs\.in-project true$/.test(script.trim()),
      );
      if (!setting) return [before(layer.instruction, lines)];
      const start = commentStart(image, setting) ?? setting.at.start;
      const comment = `# The environment is outside ${layer.workdir}, which a bind mount covers`;
      return [{ path: setting.at.path, start, end: setting.at.end, text: [comment, ...lines].join(eol) }];
    }
  }
  return undefined;
}

/** Where the comment directly above an instruction begins. */
function commentStart(image: Image, { comments }: DockerInstruction): number | undefined {
  const [first] = comments;
  return first && lineStart(image.dockerfile.text, first.start);
}

/** The path's mentions in one instruction. */
function inInstruction(layer: ImageLayer, root: string, target: string): readonly Edit[] {
  const { instruction, dockerfile, workdir } = layer;
  if (instruction.keyword === 'FROM' || instruction.keyword === 'WORKDIR') return [];
  const copy = copyOf(instruction);
  if (!copy) return repointed(dockerfile.text, instruction.args, workdir, root, target);
  const from =
    copy.from === undefined ? [] : copy.sources.flatMap(({ at }) => repointed(dockerfile.text, at, '/', root, target));
  // Host files that are copied into the environment stay where they are.
  return copy.from === undefined
    ? []
    : [...from, ...repointed(dockerfile.text, copy.destination.at, workdir, root, target)];
}

/** A COPY that carries a folder above the environment needs another one beside it. */
function carried(layer: ImageLayer, chain: Installation, root: string, target: string): readonly Edit[] {
  const { instruction, dockerfile } = layer;
  const copy = copyOf(instruction);
  const isStep = chain.origin
    .slice(1)
    .some(({ at }) => at.start === instruction.at.start && at.path === instruction.at.path);
  if (!copy || copy.from === undefined || !isStep) return [];
  if (copy.sources.some(({ text }) => within(root, text.replace(/\/$/, '')) !== undefined)) return [];
  const head = dockerfile.text.slice(instruction.at.start, instruction.args.start);
  return [lineBelow(dockerfile, instruction, `${head.trimEnd()} ${target} ${target}`)];
}

/** The path's mentions in Compose and in the scripts that containers start with. */
function outside(stack: Stack, views: readonly ServiceView[], root: string, target: string): readonly Edit[] {
  return views.flatMap(({ service, startup, container }) => {
    const workdir = container.workdir ?? '/';
    const parts = ['command', 'entrypoint', 'environment', 'healthcheck'].flatMap(
      (key) => service.parts.get(key) ?? [],
    );
    const inCompose = parts.flatMap(({ file, entry }) => repointed(file.text, entry.at, workdir, root, target));
    const inScripts = startup.scripts.flatMap(({ path }) => {
      const text = stack.repo.read(path) ?? '';
      const whole: Span = { path, start: 0, end: text.length };
      return repointed(text, whole, workdir, root, target);
    });
    return [...inCompose, ...inScripts];
  });
}
