import type { Finding } from '../../src/finding.ts';
import { callsByName } from '../../src/model/compose/callers.ts';
import { extendsFrom } from '../../src/model/compose/service-references.ts';
import type { ServiceView, Stack } from '../../src/model/stack.ts';
import { defineTransform } from '../../src/transform.ts';
import { webMigrates } from './carry.ts';
import { type Fault, faultsOf } from './faults.ts';
import { type Migrator, migratorOf } from './migrator.ts';
import { repairOf } from './repair.ts';
import { racesOf, waitsForSuccess, websOf } from './web.ts';

/** Moves one-shot migration services that cannot work, or that nobody waits for, into the entrypoint of the web service. */
export default defineTransform({
  id: 'remove-migrator',
  group: 'repair',
  summary: 'Run migrations in the web service instead of a one-shot service that fails or races it',
  *find(stack, request) {
    const claimed = new Set<string>();
    for (const service of stack.services) {
      const migrator = migratorOf(stack, stack.view(service));
      // What extends another migrator goes along with that one.
      if (migrator && stack.services.some((other) => other.name === service.name && extendsFrom(service, other)))
        continue;
      const finding = migrator && findingOf(stack, migrator, request?.named === true);
      if (!finding) continue;
      // Two migrators may share a Dockerfile or a script: the one that goes last takes it along, in the next pass.
      const owned = [service.build?.dockerfile ?? '', ...(migrator?.scripts ?? [])].filter(Boolean);
      if (finding.fix && finding.fix.safety !== 'manual') {
        if (owned.some((path) => claimed.has(path))) continue;
        for (const path of owned) claimed.add(path);
      }
      yield finding;
    }
  },
});

function findingOf(stack: Stack, migrator: Migrator, named: boolean): Finding | undefined {
  const { service } = migrator.view;
  const waiting = stack
    .neighbours(service)
    .filter((other) => other.dependsOn.some((edge) => edge.name === service.name));
  // Behind a profile and waited for by nobody, it is a tool that people start by hand.
  if (service.profiles.length > 0 && waiting.length === 0) return undefined;
  const faults = faultsOf(stack, migrator);
  const webs = websOf(stack, migrator);
  const races = faults.length > 0 ? [] : racesOf(stack, migrator, webs);
  const calls = callsByName(stack, service);
  if (faults.length + races.length === 0) {
    const waits = stack.neighbours(service).some((other) => waitsForSuccess(stack, other, service));
    if (!waits) return undefined;
    return named ? repairFinding(stack, migrator, webs, [], calls) : information(stack, migrator);
  }
  if (faults.length === 0 && calls.length > 0 && waiting.length === 0)
    return calledByHand(migrator, races, calls, named);
  return repairFinding(stack, migrator, webs, faults.length > 0 ? faults : races, calls);
}

/** A working one-shot is a good way, too. */
function information(stack: Stack, { view, run }: Migrator): Finding {
  const { service } = view;
  const edges = stack
    .neighbours(service)
    .flatMap((other) =>
      other.dependsOn
        .filter((edge) => edge.name === service.name)
        .map(({ at }) => ({ at, says: `${other.name} waits for its success` })),
    );
  return {
    message: `${service.name} runs ${run.tool} and ends, and the services that need the schema wait for its success: this works and stays as it is.`,
    at: service.at,
    evidence: [{ at: run.at, says: `${service.name} runs ${run.tool}` }, ...edges],
    advice: `To run it in the entrypoint of the web service instead: dockfix apply --only remove-migrator`,
  };
}

/** A script keeps the order that Compose does not: who starts the stack by hand alone is not said here. */
function calledByHand(
  { view, run }: Migrator,
  races: readonly Fault[],
  calls: Finding['evidence'],
  named: boolean,
): Finding {
  const { service } = view;
  const [call] = calls;
  const finding: Finding = {
    message: `Only a script runs ${service.name} in time; with a plain \`docker compose up\`, ${races.map(({ why }) => why).join(', ')}.`,
    at: service.at,
    evidence: [
      { at: run.at, says: `${service.name} runs ${run.tool}` },
      ...races.flatMap(({ evidence }) => evidence),
      ...calls,
    ],
    advice: `If the stack is always started by ${call?.at.path ?? 'that script'}, all is well. Else let the web service wait for ${service.name} with service_completed_successfully, or migrate in its entrypoint.`,
  };
  return named ? { ...finding, fix: { title: `Remove ${service.name}`, safety: 'manual', changes: [] } } : finding;
}

function consequence(migrator: Migrator, webs: readonly ServiceView[], broken: boolean): string {
  const own = webs.find((web) => webMigrates(migrator, web));
  if (own && broken) return `It is not needed either: ${own.service.name} does so at its own start.`;
  if (own) return `${own.service.name} does so at its own start, so both migrate at the same time.`;
  return broken
    ? 'So nothing brings the schema up to date before the application starts.'
    : 'It may start on a schema that is not there yet.';
}

function repairFinding(
  stack: Stack,
  migrator: Migrator,
  webs: readonly ServiceView[],
  faults: readonly Fault[],
  calls: Finding['evidence'],
): Finding {
  const { view, run } = migrator;
  const { service } = view;
  const works = faults.length === 0;
  const broken = faultsOf(stack, migrator).length > 0;
  const why = faults.map((fault) => fault.why).join('; ');
  const message = works
    ? `${service.name} runs ${run.tool} in a service of its own.`
    : `${broken ? `${service.name} cannot run ${run.tool}` : `Nothing makes the application wait until ${service.name} has run ${run.tool}`}: ${why}. ${consequence(migrator, webs, broken)}`;
  const raced = broken ? racesOf(stack, migrator, webs) : [];
  const evidence = [
    { at: run.at, says: `${service.name} runs ${run.tool} and ends` },
    ...[...faults, ...raced].flatMap((fault) => fault.evidence),
  ];
  const called = calls.map(({ at }) => at.path).join(', ');
  const repair =
    calls.length > 0 ? { manual: `${called} calls ${service.name} by its name` } : repairOf(stack, migrator, webs);
  if ('manual' in repair)
    return {
      message,
      at: service.at,
      evidence: [...evidence, ...calls],
      fix: { title: `Remove ${service.name}`, safety: 'manual', changes: [] },
      advice: `It is left to you because ${repair.manual}. Run ${run.tool} in a script that waits for the database and ends in exec "$@", make that the entrypoint of one web service, then remove ${service.name} and every depends_on entry that names it.`,
    };
  const { title, changes, notes } = repair;
  const advice = notes.length > 0 ? notes.join(' ') : undefined;
  return {
    message,
    at: service.at,
    evidence: [...evidence, ...repair.evidence],
    fix: { title, safety: 'review', changes },
    ...(advice === undefined ? {} : { advice }),
  };
}
