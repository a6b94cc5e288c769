import type { Edit, Evidence, Finding } from '../../src/finding.ts';
import { checkOfService, type HealthCheck } from '../../src/model/health/check.ts';
import { type CheckFault, hasStartPeriod, type Judgement, judgeCheck, patience } from '../../src/model/health/judge.ts';
import { slowStart, withStartPeriod } from '../../src/model/health/write.ts';
import type { ServiceView, Stack } from '../../src/model/stack.ts';
import { storeOf } from '../../src/model/store.ts';
import { defineTransform } from '../../src/transform.ts';
import { mended } from './repair.ts';

/** Seconds that a start which waits for a database or migrates it may well take. */
const SLOW = 30;

/** A check that cannot succeed marks a sound service unhealthy, and whoever waits for its health never starts. */
export default defineTransform({
  id: 'fix-healthcheck',
  group: 'repair',
  summary: 'Let healthchecks ask a route, a port and a program that are there',
  *find(stack) {
    const seen = new Set<string>();
    for (const view of webFirst(stack)) {
      const found = checkOfService(stack, view);
      if (found.is !== 'read') continue;
      const { at } = found.check.place;
      const finding = findingOf(stack, view, found.check);
      // Services that share a check share its repair.
      if (!finding || seen.has(`${at.path}:${at.start}`)) continue;
      seen.add(`${at.path}:${at.start}`);
      yield finding;
    }
  },
});

/** Of services that share the check of an image, the one that serves shows what it should ask. */
function webFirst(stack: Stack): readonly ServiceView[] {
  const views = stack.services.filter((service) => !storeOf(service)).map((service) => stack.view(service));
  const roleOf = ({ startup }: ServiceView): string | undefined => startup.main?.program.role;
  const others = views.filter((view) => !/^(?:worker|beat|monitor|migration)$/.test(roleOf(view) ?? ''));
  return [...others.filter((view) => roleOf(view) === 'web'), ...others.filter((view) => roleOf(view) !== 'web')];
}

function findingOf(stack: Stack, view: ServiceView, check: HealthCheck): Finding | undefined {
  const judgement = judgeCheck(stack, view, check);
  return judgement.faults.length > 0
    ? brokenCheck(stack, view, check, judgement)
    : impatientCheck(stack, view, check, judgement);
}

function brokenCheck(stack: Stack, view: ServiceView, check: HealthCheck, judgement: Judgement): Finding | undefined {
  const { faults } = judgement;
  const others = sharing(stack, view, check);
  // A check of an image that other services run too is judged for each of them.
  if (others.some((other) => judgesOtherwise(stack, other, faults))) return undefined;
  const message = `${sentence(faults.map(({ says }) => says))}: ${view.service.name} never becomes healthy.`;
  const evidence: Evidence[] = faults.flatMap((fault) => fault.evidence);
  const repair = mended(stack, view, check, judgement);
  if ('advice' in repair)
    return {
      message,
      at: check.place.at,
      evidence,
      advice: repair.advice,
      fix: { title: repair.title, safety: 'manual', changes: [] },
    };
  const changes = [...repair.changes, ...startPeriod(view, check)];
  return {
    message,
    at: check.place.at,
    evidence: [...evidence, ...repair.evidence],
    fix: { title: repair.title, safety: 'review', changes },
  };
}

const sentence = (parts: readonly string[]): string => {
  const text = parts.join('; ');
  return text.charAt(0).toUpperCase() + text.slice(1);
};

/** Other services that run the check of the same image or the same anchor. */
const sharing = (stack: Stack, view: ServiceView, check: HealthCheck): readonly ServiceView[] =>
  stack.services
    .filter((other) => other !== view.service && !storeOf(other))
    .map((other) => stack.view(other))
    .filter((other) => {
      const theirs = checkOfService(stack, other);
      return (
        theirs.is === 'read' &&
        theirs.check.place.at.path === check.place.at.path &&
        theirs.check.place.at.start === check.place.at.start
      );
    });

function judgesOtherwise(stack: Stack, other: ServiceView, faults: readonly CheckFault[]): boolean {
  const theirs = checkOfService(stack, other);
  if (theirs.is !== 'read') return true;
  const { role } = other.startup.main?.program ?? {};
  // A worker that inherits the check of its image serves nothing that the check could ask for.
  if (theirs.check.place.kind === 'image' && role !== 'web') return false;
  const kinds = judgeCheck(stack, other, theirs.check).faults.map(({ kind }) => kind);
  return faults.some(({ kind }) => !kinds.includes(kind));
}

const startPeriod = (view: ServiceView, check: HealthCheck): readonly Edit[] =>
  slowStart(view) === undefined || hasStartPeriod(check) ? [] : (withStartPeriod(check.place, '60s') ?? []);

/** A check that gives up before a start that waits and migrates can be done. */
function impatientCheck(
  stack: Stack,
  view: ServiceView,
  check: HealthCheck,
  { port, listeners }: Judgement,
): Finding | undefined {
  const slow = slowStart(view);
  const seconds = patience(check);
  if (slow === undefined || seconds === undefined || seconds >= SLOW || hasStartPeriod(check)) return undefined;
  if (port === undefined || !listeners || sharing(stack, view, check).length > 0) return undefined;
  const changes = withStartPeriod(check.place, '60s');
  if (!changes) return undefined;
  const { name } = view.service;
  const main = view.startup.main;
  return {
    message: `The check of ${name} gives up after ${seconds} seconds, and ${slow}: a first start that takes longer counts as unhealthy, and services that wait for ${name} do not start.`,
    at: check.place.at,
    evidence: [
      { at: check.place.at, says: `the check may fail for ${seconds} seconds in all` },
      ...(main ? [{ at: main.at, says: `${slow}` }] : []),
    ],
    fix: { title: `Give ${name} a start_period in which failures do not count`, safety: 'safe', changes },
  };
}
