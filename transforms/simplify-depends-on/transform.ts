import type { Change, Finding } from '../../src/finding.ts';
import type { Stack } from '../../src/model/stack.ts';
import { defineTransform } from '../../src/transform.ts';
import { listed } from '../../src/words.ts';
import { checksFor } from './checks.ts';
import { droppedOf, isBroken, type Plan, planOf, wantedOf } from './plan.ts';
import { rewriteEdges } from './rewrite.ts';
import type { Verdict } from './verdict.ts';

/** A project whose edges all do their job is left alone as a whole; where one is broken, all of its services are put right. */
export default defineTransform({
  id: 'simplify-depends-on',
  group: 'repair',
  summary: 'Make services wait for the stores they use, and for nothing else',
  *find(stack) {
    for (const project of stack.projects) {
      const services = stack.services.filter((service) => service.project === project);
      const plans = services.map((service) => planOf(stack, stack.view(service)));
      if (plans.some(isBroken)) for (const plan of plans) yield* findingsOf(stack, plan);
    }
  },
});

function* findingsOf(stack: Stack, plan: Plan): Iterable<Finding> {
  const undecided = plan.verdicts.filter(({ wish, broken }) => wish === 'keep' && broken);
  for (const { why, edge, evidence, advice } of undecided)
    yield { message: `${why}.`, at: edge.at, evidence, ...(advice === undefined ? {} : { advice }) };
  const changed = plan.verdicts.filter(({ wish }) => wish !== 'keep');
  if (changed.length + plan.missing.length === 0) return;
  const finding = {
    message: messageOf(plan, changed),
    at: changed[0]?.edge.at ?? plan.view.service.at,
    evidence: [...changed, ...plan.missing].flatMap(({ evidence }) => evidence),
  };
  const changes = changesFor(stack, plan);
  yield changes
    ? { ...finding, fix: { title: titleOf(plan), safety: 'review', changes } }
    : { ...finding, fix: { title: titleOf(plan), safety: 'manual', changes: [] }, advice: adviceOf(plan) };
}

function changesFor(stack: Stack, plan: Plan): readonly Change[] | undefined {
  const edges = rewriteEdges(stack, plan);
  const checks = edges && checksFor(stack, plan.view.service, wantedOf(plan));
  return edges && checks && edges.length + checks.length > 0 ? [...edges, ...checks] : undefined;
}

function messageOf({ missing }: Plan, changed: readonly Verdict[]): string {
  const reasons = [...changed.map(({ why }) => why), ...missing.map(({ why }) => why)];
  return `${[...new Set(reasons)].join('; ')}.`;
}

function titleOf(plan: Plan): string {
  const waits = wantedOf(plan)
    .filter(({ condition }) => condition !== undefined)
    .map(({ name }) => name);
  const dropped = droppedOf(plan).map(({ name }) => name);
  const parts = [
    ...(waits.length > 0 ? [`wait for ${listed(waits)} with the right condition`] : []),
    ...(dropped.length > 0 ? [`no longer wait for ${listed(dropped)}`] : []),
    ...(wantedOf(plan).some(({ optional }) => optional) ? ['wait only for what is active'] : []),
  ];
  return `Make ${plan.view.service.name} ${listed(parts)}`;
}

function adviceOf(plan: Plan): string {
  const wanted = wantedOf(plan).map(
    ({ name, edge, condition, optional }) =>
      `${name} with condition: ${condition ?? edge?.condition}${optional ? ' and required: false' : ''}`,
  );
  const { name } = plan.view.service;
  const wish = wanted.length > 0 ? `it has to wait for ${listed(wanted)}` : 'it has to wait for nothing';
  return `The depends_on of ${name} (or the healthcheck that it needs) stands where other services share it and need another one, or is written in a way that is not edited. Give ${name} its own: ${wish}.`;
}
