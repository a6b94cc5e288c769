import type { Evidence, Finding } from '../../src/finding.ts';
import { failureOf, type NeededProgram, neededProgram } from '../../src/model/image/needed-program.ts';
import { type Holder, lookUpProgram } from '../../src/model/image/program-lookup.ts';
import type { Image } from '../../src/model/image.ts';
import { rehearse, sameService } from '../../src/model/rehearsal.ts';
import type { ServiceView, Stack } from '../../src/model/stack.ts';
import { nameOf } from '../../src/repo/path.ts';
import { relocation } from './relocation.ts';

interface Hidden {
  readonly view: ServiceView;
  readonly image: Image;
  readonly needed: NeededProgram;
  readonly program: string;
  readonly holder: Holder;
  readonly evidence: readonly Evidence[];
}

/** Virtual environments that a bind mount covers while the service's program is in them: one finding for each environment of a Dockerfile. */
export function* hiddenEnvironments(stack: Stack): Iterable<Finding> {
  const groups = new Map<string, Hidden[]>();
  for (const service of stack.services) {
    const found = hiddenIn(stack, stack.view(service));
    if (!found) continue;
    const key = `${found.image.dockerfile.path} ${found.holder.installation.root}`;
    groups.set(key, [...(groups.get(key) ?? []), found]);
  }
  for (const group of groups.values()) yield* findingOf(stack, group);
}

function hiddenIn(stack: Stack, view: ServiceView): Hidden | undefined {
  const needed = neededProgram(stack, view);
  // `uv run` makes the environment anew, in the mount.
  if (!needed || !view.image || needed.runner === 'uv') return undefined;
  const program = needed.module ?? needed.name;
  const name = nameOf(program);
  const isPython = /^python[\d.]*$/.test(name);
  const lookup = lookUpProgram(stack.repo, view.container, program);
  const [holder, ...others] = lookup.holders.filter(
    ({ hiddenBy, installation, deadShebang }) =>
      hiddenBy?.source !== undefined &&
      hiddenBy.target !== installation.root &&
      installation.kind === 'venv' &&
      !installation.doubtful &&
      !deadShebang,
  );
  if (!holder || others.length > 0) return undefined;
  // An interpreter is found further down the PATH, but there the packages are missing.
  const instead = isPython && holder.onPath && lookup.holders.every((each) => each === holder);
  if (lookup.is !== 'no' && !instead) return undefined;
  return { view, image: view.image, needed, program, holder, evidence: lookup.evidence };
}

function* findingOf(stack: Stack, group: readonly Hidden[]): Iterable<Finding> {
  const [first] = group;
  const root = first?.holder.installation.root;
  const mount = first?.holder.hiddenBy;
  if (!first || root === undefined || !mount) return;
  const { view, image, program } = first;
  const names = group.map((each) => each.view.service.name).join(' and ');
  const isPython = /^python/.test(nameOf(program));
  const follows = isPython
    ? `${names} ${group.length > 1 ? 'run' : 'runs'} another Python, without the packages ("ModuleNotFoundError")`
    : `${names} ${group.length > 1 ? 'stop' : 'stops'} with \`${failureOf(view, first.needed)}\` although the image has it`;
  const plan = relocation(stack, image, root, views(stack, image));
  const finding = {
    message: `The mount of ${mount.source === '' ? 'the repository' : mount.source} on ${mount.target} hides the virtual environment ${root}, so ${follows}`,
    at: mount.at,
    evidence: [
      ...first.evidence,
      ...group.slice(1).map((each) => ({
        at: each.holder.hiddenBy?.at ?? mount.at,
        says: `${each.view.service.name} mounts it as well`,
      })),
    ],
  };
  const title = `Move the virtual environment from ${root} to ${plan.target}, outside the mount`;
  if ('edits' in plan && frees(stack, view, program, plan.edits))
    yield { ...finding, fix: { title, safety: 'review', changes: plan.edits } };
  else
    yield {
      ...finding,
      fix: { title, safety: 'manual', changes: [] },
      advice: `${'why' in plan ? `${plan.why}. ` : ''}Make the environment in ${plan.target} instead of ${root}, and let PATH, COPY and the commands follow.`,
    };
}

/** Services that run an image of the same Dockerfile. */
const views = (stack: Stack, image: Image): readonly ServiceView[] =>
  stack.services
    .map((service) => stack.view(service))
    .filter((view) => view.image?.layers.some(({ dockerfile }) => dockerfile.path === image.dockerfile.path));

/** After the edits nothing hides the program any more. */
function frees(stack: Stack, view: ServiceView, program: string, edits: Parameters<typeof rehearse>[1]): boolean {
  const next = rehearse(stack, edits);
  const after = sameService(next, view);
  const name = nameOf(program);
  const holders = after ? lookUpProgram(next.repo, after.container, name).holders : [];
  return holders.some(({ hiddenBy, deadShebang }) => !hiddenBy && !deadShebang);
}
