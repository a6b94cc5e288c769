import type { Evidence, Finding } from '../../src/finding.ts';
import type { Stack } from '../../src/model/stack.ts';
import { defineTransform } from '../../src/transform.ts';
import { adviceOf } from './advice.ts';
import { type AppSource, appSource } from './app-source.ts';
import { evidenceOf } from './evidence.ts';
import type { FlaskFacts } from './flask-use.ts';
import { type BrokenWorker, boundName, type Hindrance, hindranceOf } from './hindrance.ts';
import { loadedBy } from './loaded.ts';
import { hasOldSqlalchemy } from './old-sqlalchemy.ts';
import { defaultTasks, pushesContext } from './pushed.ts';
import { type RepairPlan, repairEdits } from './repair.ts';
import { brokenTasks } from './tasks.ts';
import { type Worker, workerOf } from './worker.ts';

const MESSAGE =
  'The Celery worker runs tasks that use Flask without an application context: they fail with “Working outside of application context”.';

/** Runs Celery tasks inside the Flask application's context. */
export default defineTransform({
  id: 'add-celery-context',
  group: 'repair',
  summary: 'Run Celery tasks that use Flask inside its application context',
  *find(stack) {
    const workers = stack.services.flatMap((service) => workerOf(stack.view(service)) ?? []);
    const keyOf = ({ celery }: Worker): string => `${celery.module.path}#${celery.name}`;
    for (const key of new Set(workers.map(keyOf))) {
      const found = findingFor(
        stack,
        workers.filter((worker) => keyOf(worker) === key),
      );
      if (found) yield found;
    }
  },
});

function findingFor(stack: Stack, workers: readonly Worker[]): Finding | undefined {
  const broken = workers.flatMap((worker) => {
    const loaded = loadedBy(stack, worker);
    const defaults = defaultTasks(stack, worker, loaded);
    if (defaults.some(({ cls }) => cls.context) || pushesContext(worker.view.python, loaded)) return [];
    const facts: FlaskFacts = { python: worker.view.python, oldSqlalchemy: hasOldSqlalchemy(stack) };
    const tasks = brokenTasks(facts, worker, loaded);
    return tasks.length > 0 ? [{ worker, loaded, defaults, tasks }] : [];
  });
  const [first] = broken;
  // A worker of the same object that has its context elsewhere would get it twice from two applications.
  if (!first || broken.length < workers.length) return undefined;
  const { worker, tasks } = first;
  const source = appSource(stack, worker);
  const { celery } = worker;
  const evidence: readonly Evidence[] = evidenceOf(
    stack,
    broken.map((each) => each.worker),
    first.loaded,
    tasks,
    source,
  );
  const finding = { message: MESSAGE, at: celery.assignment.at, evidence };
  const hindrance = hindranceOf(first, source);
  if (hindrance) return manual(finding, hindrance);
  if (typeof source === 'string') return undefined;
  const plan = planOf(
    first,
    source,
    broken.some((each) => pathIsShort(each.worker)),
  );
  const fix = {
    title: 'Give every task the application context by default',
    safety: 'review' as const,
    changes: repairEdits(plan),
  };
  const advice = adviceOf(stack, worker, tasks, source);
  return advice === undefined ? { ...finding, fix } : { ...finding, fix, advice };
}

function manual(finding: Finding, { why, instead }: Hindrance): Finding {
  const advice = `No fix is applied: ${why}. ${instead}.`;
  return {
    ...finding,
    fix: { title: 'Give every task the application context', safety: 'manual', changes: [] },
    advice,
  };
}

function planOf({ worker, defaults }: BrokenWorker, source: AppSource, short: boolean): RepairPlan {
  const { celery } = worker;
  // The module that -A names has an application of its own: the tasks of this process belong to it.
  const site = source.kind === 'bound' ? source.module : celery.module;
  const own = site.path === celery.module.path;
  const local = own ? celery.name : (boundName(worker) ?? celery.name);
  const base = defaults.flatMap(({ statement }) => statement ?? []);
  const named = own
    ? celery.assignment.statement
    : site.imports.find((each) => each.scope === '' && each.binds === local)?.statement;
  const after = [
    ...base,
    ...(named === undefined ? [] : [named]),
    ...(source.kind === 'bound' ? [source.statement] : []),
  ];
  return { site, celery: local, source, after, callsBase: defaults.some(({ cls }) => cls.call), pathIsShort: short };
}

/** `python -m celery` and PYTHONPATH keep the folder; the `celery` program drops it after start. */
function pathIsShort({ view, command }: Worker): boolean {
  if (/^(?:.*\/)?python[\d.]*$/.test(command.argv[0] ?? '')) return false;
  const folders = (view.container.variable('PYTHONPATH') ?? '').split(':');
  const { workdir } = view.container;
  return !folders.some(
    (folder) => folder === '.' || (workdir !== undefined && folder.replace(/(?<=.)\/$/, '') === workdir),
  );
}
