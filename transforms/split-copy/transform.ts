import type { Finding } from '../../src/finding.ts';
import { readImage } from '../../src/model/image.ts';
import { lonePlans } from '../../src/model/lone-build.ts';
import type { BuildPlan } from '../../src/model/service.ts';
import type { Stack } from '../../src/model/stack.ts';
import type { Dockerfile } from '../../src/parse/dockerfile.ts';
import { defineTransform } from '../../src/transform.ts';
import { stageFiles } from './copies.ts';
import { judge, type Verdict } from './plan.ts';

/** Copies dependency manifests before the code, so that an edit of the code does not install everything again. */
export default defineTransform({
  id: 'split-copy',
  group: 'repair',
  summary: 'Copy dependency manifests before the code, so that an edit does not reinstall everything',
  *find(stack) {
    for (const path of stack.dockerfiles) {
      const dockerfile = stack.sources.dockerfile(path);
      if (!dockerfile || dockerfile.problems.length > 0 || dockerfile.escape === '`') continue;
      yield* findIn(stack, dockerfile);
    }
  },
});

/** A Dockerfile that several services build is only changed when the change suits all of them. */
function findIn(stack: Stack, dockerfile: Dockerfile): readonly Finding[] {
  const named = stack.builds.filter((build) => build.dockerfile === dockerfile.path);
  if (named.length === 0) {
    const lone = loneVerdicts(stack, dockerfile);
    return lone.flatMap((verdict) => (typeof verdict === 'string' ? [] : [verdict]));
  }
  const known = named.filter((build) => build.context !== undefined);
  const all = [
    ...new Map(known.map((build) => [JSON.stringify([build.context, [...build.args]]), build])).values(),
  ].map((build) => verdicts(stack, dockerfile, build));
  return (all[0] ?? []).flatMap((verdict, index) => {
    if (typeof verdict === 'string') return [];
    const others = all.slice(1).map((each) => each[index]);
    if (others.some((other) => other === undefined || typeof other === 'string')) return [];
    if (known.length === named.length && others.every((other) => sameFix(other, verdict))) return [verdict];
    const advice =
      'The services build this Dockerfile from different contexts, so no one COPY suits all of them. Give each its own Dockerfile, or one context.';
    return [
      {
        ...verdict,
        fix: { title: 'Copy the dependency manifests before the code', safety: 'manual' as const, changes: [] },
        advice,
      },
    ];
  });
}

const sameFix = (a: Verdict | undefined, b: Finding): boolean =>
  typeof a === 'object' &&
  JSON.stringify(a.fix?.changes.filter((change) => 'text' in change && change.path === b.at.path)) ===
    JSON.stringify(b.fix?.changes.filter((change) => 'text' in change && change.path === b.at.path)) &&
  a.fix?.safety === b.fix?.safety;

/** One verdict for each instruction of the Dockerfile, built in one way. */
function verdicts(stack: Stack, dockerfile: Dockerfile, build: BuildPlan): readonly Verdict[] {
  return dockerfile.stages.flatMap((stage) => {
    const image = readImage(stack.repo, stack.sources, { ...build, target: String(stage.index) }, () => undefined);
    if (!image) return stage.instructions.map((): Verdict => 'fine');
    const files = stageFiles(stack, image.layers);
    const own = image.layers.flatMap((layer, index) => (layer.instruction.stage === stage.index ? [index] : []));
    return own.map((index) => judge(stack, files, own, index));
  });
}

/** Without a service the context is the Dockerfile's folder, or the repository's root when only that one has what it copies. */
function loneVerdicts(stack: Stack, dockerfile: Dockerfile): readonly Verdict[] {
  for (const plan of lonePlans(stack, dockerfile)) {
    const found = verdicts(stack, dockerfile, plan);
    if (!found.includes('absent')) return found;
  }
  return [];
}
