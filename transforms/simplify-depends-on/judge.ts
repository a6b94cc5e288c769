import type { Evidence } from '../../src/finding.ts';
import { contactOf } from '../../src/model/contact.ts';
import { migrationsOf } from '../../src/model/migration.ts';
import type { Dependency, Service } from '../../src/model/service.ts';
import type { ServiceView, Stack } from '../../src/model/stack.ts';
import { needAtStart } from '../../src/model/start-need.ts';
import { isOneShot } from '../../src/model/start-script.ts';
import type { Store, StoreKind } from '../../src/model/store.ts';
import { hasHealthcheck, healthcheckLines } from '../../src/model/store-health.ts';

/** What should become of one edge. `broken`: it keeps the stack from starting (or from starting right) today. */
export interface Verdict {
  readonly edge: Dependency;
  readonly wish: 'keep' | 'drop' | 'optional' | { readonly condition: string };
  readonly broken: boolean;
  /** What is wrong, as a clause; empty for `keep`. */
  readonly why: string;
  readonly evidence: readonly Evidence[];
}

const DATABASES: readonly StoreKind[] = ['postgres', 'mysql', 'mariadb', 'mongo'];

/** An application process of this repository: built here, and a server, worker or scheduler. */
export const isApplication = ({ image, startup }: ServiceView): boolean =>
  image !== undefined && ['web', 'worker', 'beat', 'monitor'].includes(startup.main?.program.role ?? '');

/** How a service tells that it is healthy. */
export function healthOf(view: ServiceView): 'yes' | 'no' | 'unknown' {
  const instructions = view.image?.layers.map(({ instruction, dockerfile }) =>
    dockerfile.text.slice(instruction.at.start, instruction.at.end),
  );
  return hasHealthcheck(view.service, instructions, view.store);
}

/** Judges one edge of a service, apart from all others. */
export function judge(stack: Stack, view: ServiceView, edge: Dependency): Verdict {
  const { service } = view;
  const at = (says: string): Evidence => ({ at: edge.at, says });
  const keep: Verdict = { edge, wish: 'keep', broken: false, why: '', evidence: [] };
  const target = stack.neighbours(service).find((other) => other.name === edge.name);
  if (!edge.required || edge.restart) return keep;
  if (!target)
    return {
      ...keep,
      wish: 'drop',
      broken: true,
      why: `${edge.name} is not a service`,
      evidence: [at(`${service.name} waits for ${edge.name}, which no file defines`)],
    };
  if (isHiddenBehindProfile(service, target))
    return {
      ...keep,
      wish: 'optional',
      broken: true,
      why: `${edge.name} only exists under the profile ${target.profiles.join(', ')}`,
      evidence: [at('a required dependency'), { at: target.at, says: `profiles: ${target.profiles.join(', ')}` }],
    };
  const other = stack.view(target);
  if (isOneShot(other)) return oneShot(edge, other, keep);
  if (other.store) return judgeStore(stack, view, edge, other, other.store);
  return judgeProcess(stack, view, edge, other);
}

/** Compose leaves a service with profiles out unless one of them is active. https://docs.docker.com/compose/how-tos/profiles/ */
const isHiddenBehindProfile = (service: Service, target: Service): boolean =>
  target.profiles.length > 0 && !service.profiles.some((name) => target.profiles.includes(name));

function oneShot(edge: Dependency, other: ServiceView, keep: Verdict): Verdict {
  if (edge.condition === 'service_completed_successfully') return keep;
  const why = `${edge.name} does its work and ends, and nobody waits for its success`;
  const main = other.startup.main;
  return {
    ...keep,
    wish: { condition: 'service_completed_successfully' },
    broken: true,
    why,
    evidence: [
      { at: edge.at, says: `waits for ${edge.condition}` },
      ...(main ? [{ at: main.at, says: `${edge.name} runs ${main.argv.join(' ')} and ends` }] : []),
    ],
  };
}

function judgeStore(stack: Stack, view: ServiceView, edge: Dependency, other: ServiceView, store: Store): Verdict {
  const keep: Verdict = { edge, wish: 'keep', broken: false, why: '', evidence: [] };
  const use = view.stores.find((each) => each.store.service === store.service);
  const health = healthOf(other);
  const canWait =
    health === 'yes' || (health === 'no' && healthcheckLines(store) !== undefined && !other.service.healthcheck);
  const waitsInVain =
    (edge.condition === 'service_healthy' && health === 'no') || edge.condition === 'service_completed_successfully';
  const here: Evidence = { at: edge.at, says: `waits for ${edge.condition}` };
  if (!use && isApplication(view) && view.stores.some((each) => each.store.kind === store.kind))
    return {
      ...keep,
      wish: 'drop',
      broken: waitsInVain,
      why: `nothing in ${view.service.name} uses ${edge.name}`,
      evidence: [
        here,
        ...view.stores.filter((each) => each.store.kind === store.kind).flatMap((each) => each.evidence),
      ],
    };
  if (waitsInVain) {
    const why = edge.condition === 'service_healthy' ? `${edge.name} has no healthcheck` : `${edge.name} never ends`;
    const wish = { condition: canWait ? 'service_healthy' : 'service_started' };
    return { ...keep, wish, broken: true, why, evidence: [here, { at: other.service.at, says: why }] };
  }
  if (edge.condition === 'service_healthy' || !use || !canWait || !isApplication(view)) return keep;
  const need = needAtStart(stack, view, store);
  return {
    ...keep,
    wish: { condition: 'service_healthy' },
    broken: need !== undefined,
    why: `${view.service.name} waits only until ${edge.name} is started, not until it answers`,
    evidence: [here, ...use.evidence.slice(0, 1), ...(need ?? [])],
  };
}

function judgeProcess(stack: Stack, view: ServiceView, edge: Dependency, other: ServiceView): Verdict {
  const keep: Verdict = { edge, wish: 'keep', broken: false, why: '', evidence: [] };
  const health = healthOf(other);
  const contact = contactOf(stack, view, other.service);
  const inVain = edge.condition === 'service_healthy' && health === 'no';
  const endless = edge.condition === 'service_completed_successfully' && isApplication(other);
  const circular = closesCycle(stack, view.service, other.service);
  const here: Evidence = { at: edge.at, says: `${view.service.name} waits for ${edge.name} (${edge.condition})` };
  const why = circular
    ? `${view.service.name} and ${edge.name} wait for each other`
    : inVain
      ? `${edge.name} has no healthcheck`
      : `${edge.name} never ends`;
  const broken = circular || inVain || endless;
  const evidence = [here, ...(broken ? [{ at: other.service.at, says: why }] : [])];
  const needless = !contact && (view.store !== undefined || isSibling(view, other)) && !ownsSchema(view, other);
  const deliberate = edge.condition === 'service_healthy' && health !== 'no';
  if (needless && (broken || !deliberate))
    return {
      ...keep,
      wish: 'drop',
      broken,
      why: broken ? why : `${view.service.name} neither names nor contacts ${edge.name}`,
      evidence,
    };
  if (circular) return { ...keep, broken: true, why, evidence: contact ? [here, contact] : [here] };
  return inVain || endless ? { ...keep, wish: { condition: 'service_started' }, broken, why, evidence } : keep;
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

function closesCycle(stack: Stack, from: Service, to: Service): boolean {
  const all = stack.neighbours(from);
  const seen = new Set<string>();
  const queue = [to.name];
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (name === from.name) return true;
    if (seen.has(name)) continue;
    seen.add(name);
    queue.push(...(all.find((each) => each.name === name)?.dependsOn ?? []).map((edge) => edge.name));
  }
  return false;
}
