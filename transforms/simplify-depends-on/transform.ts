import type { Change, Evidence, Finding } from '../../src/finding.ts';
import type { Dependency, Part, Service } from '../../src/model/service.ts';
import type { ServiceView, Stack } from '../../src/model/stack.ts';
import { needAtStart } from '../../src/model/start-need.ts';
import { healthcheckLines } from '../../src/model/store-health.ts';
import { insertEntries } from '../../src/parse/compose.ts';
import { defineTransform } from '../../src/transform.ts';
import { healthOf, isApplication, judge, type Verdict } from './judge.ts';
import { rewriteEdges, type Wanted } from './rewrite.ts';

/** One service's edges as they are and as they should be. */
interface Plan {
  readonly view: ServiceView;
  readonly verdicts: readonly Verdict[];
  readonly missing: readonly {
    readonly name: string;
    readonly broken: boolean;
    readonly evidence: readonly Evidence[];
  }[];
}

/**
 * A project whose edges all do their job is left alone as a whole. Where one is broken, the application's processes get what
 * they need (their stores, answering) and lose what they do not; other services only lose what is broken.
 */
export default defineTransform({
  id: 'simplify-depends-on',
  group: 'repair',
  summary: 'Make services wait for the stores they use, and for nothing else',
  *find(stack) {
    for (const project of stack.projects) {
      const plans = stack.services
        .filter((service) => service.project === project)
        .map((service) => planOf(stack, stack.view(service)));
      const broken = plans.some(
        ({ verdicts, missing }) => verdicts.some((each) => each.broken) || missing.some((each) => each.broken),
      );
      if (broken) for (const plan of plans) yield* findingOf(stack, plan);
    }
  },
});

function planOf(stack: Stack, view: ServiceView): Plan {
  const { service } = view;
  const verdicts = service.dependsOn.map((edge) => judge(stack, view, edge));
  if (!isApplication(view))
    return { view, verdicts: verdicts.map((each) => (each.broken ? each : { ...each, wish: 'keep' })), missing: [] };
  const missing = view.stores.flatMap(({ store, evidence }) => {
    const known = service.dependsOn.some((edge) => edge.name === store.service.name);
    const reachable = store.service.profiles.every((name) => service.profiles.includes(name));
    if (known || !reachable || waitCondition(stack.view(store.service)) === undefined) return [];
    const need = needAtStart(stack, view, store);
    return [
      { name: store.service.name, broken: need !== undefined, evidence: [...evidence.slice(0, 1), ...(need ?? [])] },
    ];
  });
  return { view, verdicts, missing };
}

/** `service_healthy` where the store has a check or can get one. */
function waitCondition(view: ServiceView): 'service_healthy' | undefined {
  const health = healthOf(view);
  const can = health === 'no' && !view.service.healthcheck && view.store && healthcheckLines(view.store);
  return health === 'yes' || can ? 'service_healthy' : undefined;
}

function* findingOf(stack: Stack, plan: Plan): Iterable<Finding> {
  const { service } = plan.view;
  const wrong = plan.verdicts.filter(({ wish, broken }) => wish !== 'keep' || broken);
  if (wrong.length + plan.missing.length === 0) return;
  const at = wrong[0]?.edge.at ?? service.at;
  const evidence = [...wrong.flatMap((each) => each.evidence), ...plan.missing.flatMap((each) => each.evidence)];
  const reasons = [
    ...wrong.map(({ why }) => why),
    ...plan.missing.map(({ name }) => `${service.name} uses ${name} and does not wait for it`),
  ];
  const unclear = wrong.find(({ wish }) => wish === 'keep');
  if (unclear) {
    yield {
      message: `${unclear.why}, so Compose refuses to start them.`,
      at,
      evidence,
      advice: `Decide which of the two can start first and remove its depends_on entry (${service.name} → ${unclear.edge.name} is used).`,
    };
    return;
  }
  const message = `${[...new Set(reasons)].join('; ')}.`;
  const changes = changesFor(stack, plan);
  if (!changes) {
    yield {
      message,
      at,
      evidence,
      fix: { title: `Rewrite depends_on of ${service.name}`, safety: 'manual', changes: [] },
      advice: adviceFor(plan),
    };
    return;
  }
  yield { message, at, evidence, fix: { title: titleFor(plan), safety: 'review', changes } };
}

function titleFor({ view, verdicts, missing }: Plan): string {
  const stores = [
    ...verdicts.filter(({ wish }) => typeof wish === 'object').map(({ edge }) => edge.name),
    ...missing.map(({ name }) => name),
  ];
  const dropped = verdicts.filter(({ wish }) => wish === 'drop').map(({ edge }) => edge.name);
  const parts = [
    ...(stores.length > 0 ? [`wait for ${stores.join(' and ')} with the right condition`] : []),
    ...(dropped.length > 0 ? [`no longer wait for ${dropped.join(' and ')}`] : []),
    ...(verdicts.some(({ wish }) => wish === 'optional') ? ['wait only for what is active'] : []),
  ];
  return `Make ${view.service.name} ${parts.join(' and ')}`;
}

const adviceFor = ({ view, verdicts, missing }: Plan): string =>
  [
    `The depends_on of ${view.service.name} is shared with services that need another one (an anchor or extends). Give it its own:`,
    ...verdicts.map(({ edge, wish }) => `${edge.name}: ${typeof wish === 'object' ? wish.condition : wish}`),
    ...missing.map(({ name }) => `${name}: service_healthy`),
  ].join(' ');

function changesFor(stack: Stack, plan: Plan): readonly Change[] | undefined {
  const { service } = plan.view;
  const dropped = plan.verdicts.filter(({ wish }) => wish === 'drop').map(({ edge }) => edge);
  const wanted: Wanted[] = [
    ...plan.verdicts
      .filter(({ wish }) => wish !== 'drop')
      .map(({ edge, wish }) => ({
        name: edge.name,
        edge,
        condition: typeof wish === 'object' ? wish.condition : undefined,
        optional: wish === 'optional',
      })),
    ...plan.missing.map(({ name }) => ({ name, edge: undefined, condition: 'service_healthy', optional: false })),
  ];
  const edges = sharedParts(service).some((part) => touches(part, dropped, wanted))
    ? rewriteShared(stack, service, dropped, wanted)
    : rewriteEdges(service, dropped, wanted);
  const checks = edges && checksFor(stack, service, wanted);
  return edges && checks && edges.length > 0 ? [...edges, ...checks] : undefined;
}

const sharedParts = (service: Service): readonly Part[] =>
  (service.parts.get('depends_on') ?? []).filter((part) => part.shared);

const touches = (part: Part, dropped: readonly Dependency[], wanted: readonly Wanted[]): boolean =>
  dropped.some((edge) => edge.part === part) ||
  wanted.some(({ edge, condition, optional }) =>
    edge ? edge.part === part && (condition !== undefined || optional) : true,
  );

/** Edits at the anchor when all that share it want the same; a merged key may else be hidden by one of the service's own. */
function rewriteShared(
  stack: Stack,
  service: Service,
  dropped: readonly Dependency[],
  wanted: readonly Wanted[],
): readonly Change[] | undefined {
  const shared = sharedParts(service);
  const users = stack.services.filter(
    (other) =>
      other !== service &&
      sharedParts(other).some((part) =>
        shared.some((own) => own.node.at.start === part.node.at.start && own.file.path === part.file.path),
      ),
  );
  const shape = (edges: readonly Wanted[]): string =>
    edges
      .map(({ name, condition, edge }) => `${name}:${condition ?? edge?.condition}`)
      .sort()
      .join(' ');
  const same = users.every((other) => shape(wishesOf(stack, other)) === shape(wanted));
  if (same) return rewriteEdges(service, dropped, wanted);
  const [part] = shared;
  if (shared.length !== 1 || !part?.entry.merged || service.parts.get('depends_on')?.length !== 1) return undefined;
  const definition = service.definitions[0];
  const lines = wanted.flatMap(({ name, condition, edge }) => [
    `  ${name}:`,
    `    condition: ${condition ?? edge?.condition ?? 'service_started'}`,
  ]);
  return definition && insertEntries(definition.file, definition.path, ['depends_on:', ...lines]);
}

function wishesOf(stack: Stack, service: Service): readonly Wanted[] {
  const { verdicts, missing } = planOf(stack, stack.view(service));
  return [
    ...verdicts
      .filter(({ wish }) => wish !== 'drop')
      .map(({ edge, wish }) => ({
        name: edge.name,
        edge,
        condition: typeof wish === 'object' ? wish.condition : undefined,
        optional: wish === 'optional',
      })),
    ...missing.map(({ name }) => ({ name, edge: undefined, condition: 'service_healthy', optional: false })),
  ];
}

/** The healthchecks that stores need for the conditions; the same for every service, so that equal edits fall together. */
function checksFor(stack: Stack, service: Service, wanted: readonly Wanted[]): readonly Change[] | undefined {
  const changes: Change[] = [];
  for (const { name, condition, edge } of wanted) {
    const target = stack.neighbours(service).find((other) => other.name === name);
    const store = target && stack.view(target).store;
    if (
      (condition ?? edge?.condition) !== 'service_healthy' ||
      !target ||
      !store ||
      healthOf(stack.view(target)) !== 'no'
    )
      continue;
    const lines = healthcheckLines(store);
    const definition = target.definitions[0];
    const edits = lines && definition && insertEntries(definition.file, definition.path, lines);
    if (!edits) return undefined;
    changes.push(...edits);
  }
  return changes;
}
