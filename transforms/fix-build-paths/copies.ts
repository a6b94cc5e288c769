import type { Finding } from '../../src/finding.ts';
import { isIgnoredByDocker } from '../../src/model/image/files.ts';
import { readImage } from '../../src/model/image.ts';
import type { BuildPlan } from '../../src/model/service.ts';
import type { Stack } from '../../src/model/stack.ts';
import { copyOf, type Dockerfile, type DockerInstruction, type DockerWord } from '../../src/parse/dockerfile.ts';
import { folderOf, relativeTo, resolveIn, within } from '../../src/repo/path.ts';
import { candidatesFor, isMissing } from './candidates.ts';
import { report } from './report.ts';

/** A COPY source that its build context does not hold. */
interface MissingSource {
  readonly instruction: DockerInstruction;
  readonly word: DockerWord;
  /** Repository path that it names. */
  readonly path: string;
}

/** COPY sources that are not in the build context and that no build makes. */
export function missingSources(stack: Stack, dockerfile: Dockerfile, plan: BuildPlan): readonly MissingSource[] {
  const { context } = plan;
  if (context === undefined) return [];
  return dockerfile.stages.flatMap((stage) => {
    const image = readImage(stack.repo, stack.sources, { ...plan, target: String(stage.index) }, () => undefined);
    const own = (image?.layers ?? []).filter(({ instruction }) => instruction.stage === stage.index);
    return own.flatMap(({ instruction, expand }) => {
      const copy = copyOf(instruction);
      if (!copy || copy.from !== undefined || instruction.flags.some(({ name }) => name === 'parents')) return [];
      return copy.sources.flatMap((word) => {
        const text = expand(word.text);
        if (/[*?[$]|:\/\/|^git@/.test(text)) return [];
        // An absolute path below an earlier stage is what `copy-from-stage` looks at.
        if (text.startsWith('/') && stage.index > 0) return [];
        const path = resolveIn(context, text.replace(/^\/+/, ''));
        return path !== undefined && path !== '' && isMissing(stack, path) ? [{ instruction, word, path }] : [];
      });
    });
  });
}

/** COPY sources of a Dockerfile that none of its builds finds. */
export function brokenCopies(stack: Stack, dockerfile: Dockerfile): readonly Finding[] {
  const named = stack.builds.filter((build) => build.dockerfile === dockerfile.path);
  const known = named.flatMap((build): BuildPlan[] =>
    build.context !== undefined && stack.repo.hasFolder(build.context) ? [build] : [],
  );
  const lone: BuildPlan = { context: '', dockerfile: dockerfile.path, target: undefined, args: new Map() };
  // Nobody says from where a Dockerfile in a folder is built; one at the root has a single context.
  const plans = named.length > 0 ? known : folderOf(dockerfile.path) === '' ? [lone] : [];
  const [first, ...others] = plans;
  if (!first || known.length !== named.length) return [];
  const elsewhere = others.map((plan) => missingSources(stack, dockerfile, plan));
  return missingSources(stack, dockerfile, first).flatMap((missing) => {
    if (!elsewhere.every((each) => each.some(({ word }) => word === missing.word))) return [];
    const contexts = new Set(plans.map(({ context }) => context));
    return [brokenCopy(stack, dockerfile, first, missing, contexts.size > 1)];
  });
}

function brokenCopy(
  stack: Stack,
  dockerfile: Dockerfile,
  plan: BuildPlan,
  { instruction, word, path }: MissingSource,
  several: boolean,
): Finding {
  const context = plan.context ?? '';
  const sent = (each: string): boolean => {
    const relative = within(context, each);
    return relative !== undefined && !isIgnoredByDocker(stack.sources, context, dockerfile, relative);
  };
  const inside = candidatesFor(stack, path, sent);
  const outside = inside.length > 0 ? [] : candidatesFor(stack, path, (each) => within(context, each) === undefined);
  const [hidden] = candidatesFor(stack, path, (each) => within(context, each) !== undefined && !sent(each));
  const [only] = inside;
  const relative = only === undefined ? '' : relativeTo(context, only);
  const text = word.text.startsWith('./') ? `./${relative}` : word.text.startsWith('/') ? `/${relative}` : relative;
  const plain = !/[\s"'\\$]/.test(text) && (instruction.exec !== undefined || word.source === word.text);
  const place = context || 'the root of the repository';
  const hint =
    outside.length > 0
      ? `${outside.length > 1 ? 'Files of that name are' : `${outside[0]} is`} outside the build context (${place}), where COPY cannot reach: build from a folder that holds both, and write the COPY sources relative to it.`
      : hidden !== undefined
        ? `${hidden} has that name, but \`.dockerignore\` keeps it out of the build context: let it in there and copy it.`
        : `No other file of that name is in the repository. Add it, or take it out of the COPY.`;
  return report(stack, {
    at: word.at,
    message: `${word.text} is not in the build context, so the build stops with "failed to calculate checksum … ${path}: not found"`,
    evidence: [
      ...stack.builds
        .filter((build) => build.dockerfile === dockerfile.path)
        .slice(0, 1)
        .map(({ at }) => ({ at, says: `the build context is ${place}` })),
      { at: instruction.at, says: `copies ${word.text}, which would be ${path}` },
    ],
    candidates: inside,
    changes:
      plain && !word.text.includes('$')
        ? [{ ...word.at, text: instruction.exec ? JSON.stringify(text) : text }]
        : undefined,
    title: `Copy ${only}`,
    doubt: several ? 'The services build this Dockerfile from different contexts' : undefined,
    without: hint,
  });
}
