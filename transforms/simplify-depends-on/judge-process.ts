import type { Evidence } from '../../src/finding.ts';
import { contactOf } from '../../src/model/compose/contact.ts';
import { closesCycle } from '../../src/model/compose/dependency-graph.ts';
import { migrationsOf } from '../../src/model/migration.ts';
import type { Dependency } from '../../src/model/service.ts';
import type { ServiceView, Stack } from '../../src/model/stack.ts';
import type { StoreKind } from '../../src/model/store.ts';
import { healthOf } from './store-behind.ts';
import { isApplication, keep, type Verdict } from './verdict.ts';

const DATABASES: readonly StoreKind[] = ['postgres', 'mysql', 'mariadb', 'mongo'];

/** An edge to a process that is no store, or one that closes a cycle. */
export function judgeProcess(stack: Stack, view: ServiceView, edge: Dependency, other: ServiceView): Verdict {
  const circular = closesCycle(stack, view.service, other.service);
  const fault = circular ? `${view.service.name} and ${edge.name} wait for each other` : faultOf(edge, other);
  const broken = fault !== undefined;
  const here: Evidence = { at: edge.at, says: `${view.service.name} waits for ${edge.name} (${edge.condition})` };
  const evidence = broken ? [here, { at: other.service.at, says: fault }] : [here];
  const contact = contactOf(stack, view, other.service);
  const deliberate = edge.condition === 'service_healthy' && healthOf(other) !== 'no';
  if (contact.is === 'no' && isNeedless(view, other, circular) && (broken || !deliberate)) {
    const why = fault ?? `${view.service.name} neither names nor contacts ${edge.name}`;
    return { ...keep(edge), wish: 'drop', broken, why, evidence };
  }
  if (circular)
    return {
      ...keep(edge),
      broken,
      why: `${fault}, so Compose refuses to start them`,
      evidence: contact.is === 'yes' ? [here, contact.evidence] : [here],
      advice: `Decide which of the two can start first and remove its depends_on entry; ${view.service.name} may need ${edge.name}.`,
    };
  return broken ? { ...keep(edge), wish: { condition: 'service_started' }, broken, why: fault, evidence } : keep(edge);
}

/** Why a condition can never come true. */
function faultOf(edge: Dependency, other: ServiceView): string | undefined {
  if (edge.condition === 'service_healthy' && healthOf(other) === 'no') return `${edge.name} has no healthcheck`;
  if (edge.condition === 'service_completed_successfully' && isApplication(other)) return `${edge.name} never ends`;
  return undefined;
}

/**
 * Edges that nothing speaks for: those between processes of one codebase. Where two services wait for each other one edge has
 * to go, so there an application of the repository also loses its edge to anything that it does not contact, and a store any edge.
 */
function isNeedless(view: ServiceView, other: ServiceView, circular: boolean): boolean {
  if (ownsSchema(view, other)) return false;
  return isSibling(view, other) || (circular && (view.store !== undefined || isApplication(view)));
}

/** Two processes of one codebase: the same build context, or the same image. */
function isSibling(view: ServiceView, other: ServiceView): boolean {
  if (!isApplication(view) || !isApplication(other)) return false;
  const context = view.image?.build.context;
  return context !== undefined && context === other.image?.build.context;
}

/** The other service is the only one that makes the tables this one uses: no database server, but files on a shared volume. */
function ownsSchema(view: ServiceView, other: ServiceView): boolean {
  if (view.stores.some(({ store }) => DATABASES.includes(store.kind))) return false;
  const sources = new Set(other.service.mounts.flatMap((mount) => mount.source ?? []));
  const shared = view.service.mounts.some((mount) => mount.source !== undefined && sources.has(mount.source));
  return shared && (migrationsOf(other).length > 0 || other.startup.main?.program.role === 'web');
}
