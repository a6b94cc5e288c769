import type { Evidence } from '../../src/finding.ts';
import { closesCycle, waitsThrough } from '../../src/model/compose/dependency-graph.ts';
import type { Dependency } from '../../src/model/service.ts';
import type { ServiceView, Stack } from '../../src/model/stack.ts';
import { needAtStart } from '../../src/model/store/start-need.ts';
import { judge } from './judge.ts';
import { schemaOwnerOf } from './schema-owner.ts';
import { canBeWaitedFor, healthOf } from './store-behind.ts';
import { isOwnProcess, type Verdict } from './verdict.ts';

/** A store that a process uses and does not wait for, or the service that makes its tables. */
export interface Missing {
  readonly name: string;
  readonly condition: 'service_healthy' | 'service_started';
  /** What is wrong, as a clause. */
  readonly why: string;
  readonly broken: boolean;
  readonly evidence: readonly Evidence[];
}

/** One service's edges as they are and as they should be. */
export interface Plan {
  readonly view: ServiceView;
  readonly verdicts: readonly Verdict[];
  readonly missing: readonly Missing[];
}

/** An edge as it should be; `condition` undefined: as it is. `edge` undefined: it is new. */
export interface Wanted {
  readonly name: string;
  readonly edge: Dependency | undefined;
  readonly condition: string | undefined;
  readonly optional: boolean;
}

/** The application's processes get what they need and lose what they do not; other services only lose what is broken. */
export function planOf(stack: Stack, view: ServiceView): Plan {
  const verdicts = view.service.dependsOn.map((edge) => judge(stack, view, edge));
  if (isOwnProcess(view))
    return { view, verdicts, missing: [...missingStores(stack, view, verdicts), ...missingOwner(stack, view)] };
  return { view, verdicts: verdicts.map((each) => (each.broken ? each : { ...each, wish: 'keep' })), missing: [] };
}

/** True when something of a plan keeps the stack from starting right. */
export const isBroken = ({ verdicts, missing }: Plan): boolean =>
  verdicts.some((each) => each.broken) || missing.some((each) => each.broken);

/** The edges that a plan leaves. */
export const wantedOf = ({ verdicts, missing }: Plan): readonly Wanted[] => [
  ...verdicts
    .filter(({ wish }) => wish !== 'drop')
    .map(({ edge, wish }) => ({
      name: edge.name,
      edge,
      condition: typeof wish === 'object' ? wish.condition : undefined,
      optional: wish === 'optional',
    })),
  ...missing.map(({ name, condition }) => ({ name, edge: undefined, condition, optional: false })),
];

/** The edges that a plan takes away. */
export const droppedOf = ({ verdicts }: Plan): readonly Dependency[] =>
  verdicts.filter(({ wish }) => wish === 'drop').map(({ edge }) => edge);

function missingStores(stack: Stack, view: ServiceView, verdicts: readonly Verdict[]): readonly Missing[] {
  const { service } = view;
  const kept = verdicts.flatMap(({ edge, wish }) => (wish === 'drop' ? [] : [edge]));
  return view.stores.flatMap(({ store, evidence }) => {
    const target = store.service;
    const isKnown = service.dependsOn.some((edge) => edge.name === target.name);
    const isActive = target.profiles.every((name) => service.profiles.includes(name));
    if (isKnown || !isActive || !canBeWaitedFor(stack.view(target), store)) return [];
    if (waitsThrough(stack, service, kept, target) || closesCycle(stack, service, target)) return [];
    const need = needAtStart(stack, view, store);
    const why = `${service.name} uses ${target.name} and does not wait for it`;
    const condition = 'service_healthy';
    return [
      {
        name: target.name,
        condition,
        why,
        broken: need !== undefined,
        evidence: [...evidence.slice(0, 1), ...(need ?? [])],
      },
    ];
  });
}

/** The first task may come before the tables are there: `sqlite3.OperationalError: no such table`. */
function missingOwner(stack: Stack, view: ServiceView): readonly Missing[] {
  const { service } = view;
  const found = schemaOwnerOf(stack, view);
  if (!found || service.dependsOn.some((edge) => edge.name === found.owner.name)) return [];
  const { owner, file, evidence } = found;
  const isActive = owner.profiles.every((name) => service.profiles.includes(name));
  if (!isActive || waitsThrough(stack, service, service.dependsOn, owner) || closesCycle(stack, service, owner))
    return [];
  const why = `only ${owner.name} makes the tables of ${file}, and ${service.name} does not wait for it`;
  // Without a check the edge orders the starts and promises nothing, which is no reason of its own to touch a project.
  const isHealthy = healthOf(stack.view(owner)) === 'yes';
  const condition = isHealthy ? 'service_healthy' : 'service_started';
  return [{ name: owner.name, condition, why, broken: isHealthy, evidence }];
}
