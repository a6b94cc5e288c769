import type { Evidence } from '../../src/finding.ts';
import { contactOf } from '../../src/model/compose/contact.ts';
import { closesCycle, waitsThrough } from '../../src/model/compose/dependency-graph.ts';
import type { Dependency } from '../../src/model/service.ts';
import type { ServiceView, Stack } from '../../src/model/stack.ts';
import { needAtStart } from '../../src/model/store/start-need.ts';
import { type Store, storesInEnvironment } from '../../src/model/store.ts';
import { judgeProcess } from './judge-process.ts';
import { canBeWaitedFor, healthOf } from './store-behind.ts';
import { isApplication, isOwnProcess, keep, type Verdict } from './verdict.ts';

/** An edge to a store. */
export function judgeStore(
  stack: Stack,
  view: ServiceView,
  edge: Dependency,
  other: ServiceView,
  store: Store,
): Verdict {
  if (closesCycle(stack, view.service, other.service)) return judgeProcess(stack, view, edge, other);
  const use =
    view.stores.find((each) => each.store.service === store.service) ?? storesInEnvironment(view.service, [store])[0];
  const vain = waitsInVain(edge, other);
  const here: Evidence = { at: edge.at, says: `${view.service.name} waits for ${edge.name} (${edge.condition})` };
  if (!use && isUnused(stack, view, other, store)) {
    const alike = view.stores.filter((each) => each.store.kind === store.kind);
    return {
      ...keep(edge),
      wish: 'drop',
      broken: vain !== undefined,
      why: `nothing in ${view.service.name} uses ${edge.name}`,
      evidence: [here, ...alike.flatMap(({ evidence }) => evidence.slice(0, 1))],
    };
  }
  if (vain !== undefined) {
    const condition = canBeWaitedFor(other, store) ? 'service_healthy' : 'service_started';
    const evidence = [here, { at: other.service.at, says: vain }];
    return { ...keep(edge), wish: { condition }, broken: true, why: vain, evidence };
  }
  if (edge.condition === 'service_healthy' || !use || !isOwnProcess(view) || !canBeWaitedFor(other, store))
    return keep(edge);
  const need = needAtStart(stack, view, store);
  return {
    ...keep(edge),
    wish: { condition: 'service_healthy' },
    broken: need !== undefined && !waitsThrough(stack, view.service, view.service.dependsOn, other.service),
    why: `${view.service.name} waits only until ${edge.name} is started, not until it answers`,
    evidence: [here, ...use.evidence.slice(0, 1), ...(need ?? [])],
  };
}

function waitsInVain(edge: Dependency, other: ServiceView): string | undefined {
  if (edge.condition === 'service_completed_successfully') return `${edge.name} never ends`;
  if (edge.condition !== 'service_healthy' || healthOf(other) !== 'no') return undefined;
  return `${edge.name} has no healthcheck`;
}

/** Only where the process is known to use another store of the kind, and everything that could name this one has been read. */
const isUnused = (stack: Stack, view: ServiceView, other: ServiceView, store: Store): boolean =>
  isApplication(view) &&
  view.stores.some((each) => each.store.kind === store.kind) &&
  contactOf(stack, view, other.service).is === 'no';
