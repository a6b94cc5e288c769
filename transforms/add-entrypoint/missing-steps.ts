import type { Evidence, Finding } from '../../src/finding.ts';
import { planEntrypoint, type StartStep } from '../../src/model/entrypoint.ts';
import { type AppMigrations, migrationsOfApp } from '../../src/model/migration/app-migrations.ts';
import { runByHand } from '../../src/model/migration/by-hand.ts';
import { deployedMigration } from '../../src/model/migration/deployed-migrations.ts';
import type { ServiceView, Stack } from '../../src/model/stack.ts';
import { databasesOf } from '../../src/model/store/databases.ts';
import { anotherCreates, somethingPrepares, tablesWithoutMigration } from './already.ts';
import { type Initialisation, initialisationOf } from './initialisation.ts';

/** Web services whose database nobody prepares before the server starts. */
export function* missingSteps(stack: Stack): Iterable<Finding> {
  const done = new Set<string>();
  for (const service of stack.services) {
    const view = stack.view(service);
    if (!isWeb(view)) continue;
    const migrations = migrationsOfApp(stack, view);
    const init = initialisationOf(view, migrations !== undefined);
    const key = `${stack.projects.indexOf(service.project)} ${migrations?.folder ?? init?.at.path}`;
    if ((!migrations && !init) || done.has(key) || somethingPrepares(stack, view)) continue;
    if (!migrations && init && anotherCreates(stack, view, ['create_all', ...init.functions])) continue;
    done.add(key);
    yield migrations ? migrationFinding(stack, view, migrations) : initFinding(stack, view, init);
  }
}

/** A service that serves HTTP: a known server, or a program of its own with a published or exposed port. */
export function isWeb({ service, startup, store }: ServiceView): boolean {
  const program = startup.main?.program;
  if (store || program?.role !== 'web' || !startup.complete) return false;
  const known =
    /^(?:gunicorn|uvicorn|hypercorn|daphne|granian|uwsgi|waitress-serve|fastapi|flask run|runserver|next)$/.test(
      program.name,
    );
  return known || service.ports.length > 0 || service.parts.has('expose');
}

const HAND: Readonly<Record<string, RegExp>> = {
  'flask db upgrade': /db +upgrade/,
  'alembic upgrade': /alembic.* upgrade/,
  'manage.py migrate': /migrate/,
};

function migrationFinding(stack: Stack, view: ServiceView, migrations: AppMigrations): Finding {
  const { service } = view;
  const evidence = [...startEvidence(view), ...migrations.evidence];
  const message = `Nothing runs ${migrations.tool} before ${service.name} starts its server, so it answers on a database without its tables.`;
  const at = view.startup.main?.at ?? service.at;
  const manual = (why: string): Finding =>
    manualFinding(message, at, evidence, `Run ${migrations.tool} before ${service.name} starts`, why);
  const hand = runByHand(stack, HAND[migrations.tool] ?? /migrat/);
  if (hand)
    return {
      message: `Nothing runs ${migrations.tool} when ${service.name} starts; a script of this repository does it by hand, so every start without that script meets an old schema.`,
      at,
      evidence: [...evidence, { at: hand, says: 'the migrations are run by hand here' }],
      advice: `If the script is how this stack is always started, all is well. Else run ${migrations.tool} in an entrypoint of ${service.name} and drop it from the script.`,
    };
  const deployed = deployedMigration(stack, migrations.tool);
  if (deployed) {
    evidence.push(deployed);
    return manual(
      `${deployed.at.path} runs ${migrations.tool} when the image is deployed, and an entrypoint in the image would run it there once more, in every container`,
    );
  }
  const created = tablesWithoutMigration(view);
  if (created) {
    evidence.push({ at: created, says: 'this creates the tables without a migration' });
    return manual(
      'the application creates its tables by itself, and the first migration would then stop at tables that exist: take that call out, and mark a database that it made with "stamp head"',
    );
  }
  if ('manual' in migrations.step) return manual(migrations.step.manual);
  const sharing = stack.neighbours(service).filter((other) => {
    if (other === service) return false;
    const theirs = stack.view(other);
    return isWeb(theirs) && migrationsOfApp(stack, theirs)?.folder === migrations.folder;
  });
  if (sharing.length > 0) {
    evidence.push(...sharing.map((other) => ({ at: other.at, says: `${other.name} serves the same database` })));
    return manual(
      `${[service, ...sharing].map(({ name }) => name).join(' and ')} share these migrations, and only one of them may run them`,
    );
  }
  return withPlan(stack, view, [migrations.step], message, evidence, manual);
}

function initFinding(stack: Stack, view: ServiceView, init: Initialisation | undefined): Finding {
  const { service } = view;
  const evidence = [...startEvidence(view), ...(init?.evidence ?? [])];
  const message = init?.message ?? '';
  const at = init?.at ?? service.at;
  const manual = (why: string): Finding =>
    manualFinding(message, at, evidence, `Run the initialisation of ${service.name} before its server`, why);
  if (!init || 'manual' in init.step) return manual(init && 'manual' in init.step ? init.step.manual : '');
  return withPlan(stack, view, [init.step], message, evidence, manual);
}

function withPlan(
  stack: Stack,
  view: ServiceView,
  steps: readonly StartStep[],
  message: string,
  evidence: readonly Evidence[],
  manual: (why: string) => Finding,
): Finding {
  const plan = planEntrypoint(stack, { view, waitFor: databasesOf(view), steps });
  if ('manual' in plan) return manual(plan.manual);
  return {
    message,
    at: view.startup.main?.at ?? view.service.at,
    evidence: [...evidence, ...plan.evidence],
    fix: { title: plan.title, safety: 'review', changes: plan.changes },
  };
}

const manualFinding = (
  message: string,
  at: Finding['at'],
  evidence: readonly Evidence[],
  title: string,
  why: string,
): Finding => ({
  message,
  at,
  evidence,
  fix: { title, safety: 'manual', changes: [] },
  advice: `It is left to you because ${why}. ${title}, once and in one container: in a script that ends in exec "$@", wired as the entrypoint of that service alone.`,
});

const startEvidence = (view: ServiceView): readonly Evidence[] => {
  const { main, evidence } = view.startup;
  return main
    ? [
        ...evidence.filter(({ at }) => at.start !== main.at.start),
        { at: main.at, says: `${view.service.name} starts ${main.program.name} here` },
      ]
    : evidence;
};
