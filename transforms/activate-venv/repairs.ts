import type { Edit, Safety } from '../../src/finding.ts';
import { lineBelow } from '../../src/model/image/line-below.ts';
import { type Holder, lookUpProgram } from '../../src/model/image/program-lookup.ts';
import { repointed } from '../../src/model/image/repointed.ts';
import type { Image } from '../../src/model/image.ts';
import { rehearse, sameService } from '../../src/model/rehearsal.ts';
import type { ServiceView, Stack } from '../../src/model/stack.ts';
import { deleteItems, textOf } from '../../src/parse/compose.ts';
import { copyOf } from '../../src/parse/dockerfile.ts';
import { joinContainer } from '../../src/repo/path.ts';

/** `ENV PATH` behind the instruction that brings the environment into the stage that runs. */
export function onPath(
  stack: Stack,
  view: ServiceView,
  program: string,
  holder: Holder,
): { readonly safety: Safety; readonly changes: readonly Edit[] } | undefined {
  const edit = view.image && pathEdit(view.image, holder);
  if (!edit || !finds(stack, view, program, [edit])) return undefined;
  // Whoever else runs the image gets another `python` first on PATH.
  const others = stack.services
    .map((service) => stack.view(service))
    .filter((other) => other !== view && other.image?.dockerfile.path === view.image?.dockerfile.path);
  const allBroken = others.every((other) => {
    const name = other.startup.main?.argv[0];
    return name !== undefined && lookUpProgram(stack.repo, other.container, name).is === 'no';
  });
  return { safety: allBroken ? 'safe' : 'review', changes: [edit] };
}

function pathEdit(image: Image, { installation, programs }: Holder): Edit | undefined {
  const brought = installation.origin.at(-1)?.at;
  const instruction =
    image.stage.instructions.find(
      ({ at }) =>
        brought !== undefined && at.path === brought.path && at.start <= brought.start && at.end >= brought.end,
    ) ?? image.stage.from;
  const { text, path } = image.dockerfile;
  if (instruction.at.path !== path) return undefined;
  const env = text.startsWith(instruction.keyword.toLowerCase(), instruction.at.start) ? 'env' : 'ENV';
  return lineBelow(image.dockerfile, instruction, `${env} PATH="${programs}:$PATH"`);
}

/** The environment copied to where it was made; whatever names the other place follows. */
export function samePath(
  stack: Stack,
  view: ServiceView,
  program: string,
  { installation }: Holder,
): readonly Edit[] | undefined {
  const { image } = view;
  const { root, madeAt, origin } = installation;
  const last = origin.at(-1)?.at;
  if (!image || root === undefined || madeAt === undefined || view.container.mountOver(madeAt)) return undefined;
  const layer = image.layers.find(
    ({ instruction }) => instruction.at.start === last?.start && instruction.at.path === last.path,
  );
  const copy = layer && copyOf(layer.instruction);
  if (!layer || !copy || copy.sources.length !== 1 || layer.instruction.stage !== image.stage.index) return undefined;
  if (joinContainer('/', layer.expand(copy.sources[0]?.text ?? '')) !== madeAt || layer.instruction.exec)
    return undefined;
  const { text } = image.dockerfile;
  const destination = { ...copy.destination.at, text: madeAt };
  const after = image.layers.slice(image.layers.indexOf(layer) + 1);
  const named = after.flatMap(({ instruction, workdir }) =>
    instruction.keyword === 'WORKDIR' || copyOf(instruction)
      ? []
      : repointed(text, instruction.args, workdir, root, madeAt),
  );
  const before = image.stage.instructions
    .filter(({ keyword, at }) => keyword === 'ENV' && at.start < layer.instruction.at.start)
    .flatMap(({ args }) => repointed(text, args, image.workdir, root, madeAt));
  const workdir = view.container.workdir ?? '/';
  const inCompose = ['command', 'entrypoint', 'environment', 'healthcheck'].flatMap((key) =>
    (view.service.parts.get(key) ?? []).flatMap(({ file, entry }) =>
      repointed(file.text, entry.at, workdir, root, madeAt),
    ),
  );
  const edits = [destination, ...before, ...named, ...inCompose];
  const next = program.startsWith(`${root}/`) ? madeAt + program.slice(root.length) : program;
  if (finds(stack, view, next, edits)) return edits;
  // PATH did not name the environment before either: activate it in the same step.
  const env = pathEdit(image, { installation: { ...installation }, programs: `${madeAt}/bin` } as Holder);
  const both = env && !program.includes('/') ? [...edits, env] : undefined;
  return both && finds(stack, view, next, both) ? both : undefined;
}

/** The start command without `poetry run`, and PATH where it lacks the environment. */
export function withoutRunner(
  stack: Stack,
  view: ServiceView,
  runner: string,
  program: string,
  holder: Holder,
): readonly Edit[] | undefined {
  const start = startEdits(stack, view, runner);
  const path = holder.onPath || !view.image ? [] : [pathEdit(view.image, holder)];
  if (!start || path.some((edit) => edit === undefined)) return undefined;
  const edits = [...start, ...path.flatMap((edit) => edit ?? [])];
  return finds(stack, view, program, edits) ? edits : undefined;
}

function startEdits(stack: Stack, view: ServiceView, runner: string): readonly Edit[] | undefined {
  const pattern = new RegExp(
    `\\b${runner}\\s+run\\s+(?!-)|"${runner}",\\s*"run",\\s*(?!"-)|'${runner}',\\s*'run',\\s*(?!'-)`,
  );
  const cut = (
    text: string,
    at: { readonly path: string; readonly start: number; readonly end: number },
  ): Edit | undefined => {
    const match = pattern.exec(text.slice(at.start, at.end));
    if (!match) return undefined;
    const start = at.start + match.index;
    return { path: at.path, start, end: start + match[0].length, text: '' };
  };
  const { image, service, startup } = view;
  const script = startup.main?.script;
  if (script !== undefined) {
    const text = stack.repo.read(script) ?? '';
    const edit = cut(text, { path: script, start: 0, end: text.length });
    return edit && [edit];
  }
  const part = [service.parts.get('command')?.at(-1), service.parts.get('entrypoint')?.at(-1)].find(Boolean);
  if (part) {
    if (part.shared) return undefined;
    const items = part.node.kind === 'seq' ? part.node.items.map(({ value }) => textOf(value)) : [];
    const index = items.findIndex((text, at) => text === runner && items[at + 1] === 'run');
    if (index >= 0 && part.node.kind === 'seq' && !part.node.flow)
      return items[index + 2]?.startsWith('-') ? undefined : deleteItems(part.file, part.path, [index, index + 1]);
    const edit = cut(part.file.text, part.entry.at);
    if (edit) return [edit];
  }
  for (const argv of [image?.cmd, image?.entrypoint]) {
    const edit =
      argv && argv.dockerfile === image?.dockerfile ? cut(argv.dockerfile.text, argv.instruction.args) : undefined;
    if (edit) return [edit];
  }
  return undefined;
}

/** After the edits the service's program is found. */
function finds(stack: Stack, view: ServiceView, program: string, edits: readonly Edit[]): boolean {
  const next = rehearse(stack, edits);
  const after = sameService(next, view);
  return after !== undefined && lookUpProgram(next.repo, after.container, program).is === 'yes';
}
