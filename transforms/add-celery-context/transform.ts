import type { Evidence, Finding } from '../../src/finding.ts';
import type { Stack } from '../../src/model/stack.ts';
import { defineTransform } from '../../src/transform.ts';
import { type AppSource, appSource } from './app-source.ts';
import { brokerIsSet } from './broker.ts';
import { evidenceOf } from './evidence.ts';
import type { FlaskFacts } from './flask-use.ts';
import { type Loaded, loadedBy } from './loaded.ts';
import { hasOldSqlalchemy } from './old-sqlalchemy.ts';
import { type DefaultTask, defaultTasks, pushesContext } from './pushed.ts';
import { type RepairPlan, repairEdits } from './repair.ts';
import { type BrokenTask, brokenTasks } from './tasks.ts';
import { type Worker, workerOf } from './worker.ts';

const MESSAGE =
  'The Celery worker runs tasks that use Flask without an application context: they fail with “Working outside of application context”.';

/** Runs Celery tasks inside the Flask application's context. */
export default defineTransform({
  id: 'add-celery-context',
  group: 'repair',
  summary: 'run Celery tasks that use Flask inside its application context',
  *find(stack) {
    const workers = stack.services.flatMap((service) => workerOf(stack.view(service)) ?? []);
    const keyOf = ({ celery }: Worker): string => `${celery.module.path}#${celery.name}`;
    for (const key of new Set(workers.map(keyOf))) {
      const found = findingFor(stack, workers.filter((worker) => keyOf(worker) === key));
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
  const evidence: readonly Evidence[] = evidenceOf(stack, broken.map((each) => each.worker), first.loaded, tasks, source);
  const finding = { message: MESSAGE, at: celery.assignment.at, evidence };
  const why = whyManual(stack, first, source);
  if (why !== undefined || typeof source === 'string') return manual(finding, worker, why ?? String(source));
  const plan = planOf(first, source, broken.some((each) => pathIsShort(each.worker)));
  if (typeof plan === 'string') return manual(finding, worker, plan);
  const fix = { title: 'Give every task the application context by default', safety: 'review' as const, changes: repairEdits(plan) };
  const advice = adviceOf(stack, worker, tasks);
  return advice === undefined ? { ...finding, fix } : { ...finding, fix, advice };
}

interface Case {
  readonly worker: Worker;
  readonly loaded: Loaded;
  readonly defaults: readonly DefaultTask[];
  readonly tasks: readonly BrokenTask[];
}

function manual(finding: Finding, worker: Worker, why: string): Finding {
  const advice = `No fix is applied: ${why}. In ${worker.celery.module.path}, set ${worker.celery.name}.Task to a class whose __call__ runs the task inside app.app_context().`;
  return { ...finding, fix: { title: 'Give every task the application context', safety: 'manual', changes: [] }, advice };
}

function whyManual(stack: Stack, { worker, loaded, tasks }: Case, source: AppSource | string): string | undefined {
  if (typeof source === 'string') return source;
  if (worker.celery.module.errors.length > 0) return `${worker.celery.module.path} has syntax errors`;
  if (!brokerIsSet(worker, loaded))
    return 'the worker sees no broker setting when it starts, because only the factory configures Celery; let a module that calls the factory be what -A names';
  if (!tasks.some((task) => task.cured)) return 'the tasks have a base class of their own, which does not derive from the default Task';
  return stack.repo.has(worker.celery.module.path) ? undefined : 'the module is not in the repository';
}

function planOf({ worker, defaults }: Case, source: AppSource, short: boolean): RepairPlan | string {
  const { celery, entry } = worker;
  // The module that -A names has an application of its own: the tasks of this process belong to it.
  const site = source.kind === 'bound' ? source.module : celery.module;
  const local = site.path === celery.module.path ? celery.name : boundName(worker);
  if (local === undefined) return `${entry.path} does not import the Celery object by name`;
  const base = defaults.filter((each) => each.module.path === site.path && each.at);
  const statements = base.flatMap(({ at }) => site.assignments.find((each) => each.at.start === at?.start && each.scope === '')?.statement ?? []);
  const own =
    site.path === celery.module.path
      ? celery.assignment.statement
      : site.imports.find((each) => each.scope === '' && each.binds === local.split('.')[0])?.statement;
  const after = [...statements, ...(own === undefined ? [] : [own]), ...(source.kind === 'bound' ? [source.statement] : [])];
  return { site, celery: local, source, after, callsBase: defaults.some(({ cls }) => cls.call), pathIsShort: short };
}

/** The name under which the worker's entry module imports the Celery object. */
function boundName({ view, entry, celery }: Worker): string | undefined {
  return entry.imports.find((each) => {
    const origin = each.scope === '' && each.name !== undefined ? view.python.origin(entry, each.binds, '') : undefined;
    return origin?.kind === 'defined' && origin.module.path === celery.module.path && origin.name === celery.name;
  })?.binds;
}

/** `python -m celery` and PYTHONPATH keep the folder; the `celery` program drops it after start. */
function pathIsShort({ view, command }: Worker): boolean {
  if (/^(?:.*\/)?python[\d.]*$/.test(command.argv[0] ?? '')) return false;
  const folders = (view.container.variable('PYTHONPATH') ?? '').split(':');
  const { workdir } = view.container;
  return !folders.some((folder) => folder === '.' || (workdir !== undefined && folder.replace(/(?<=.)\/$/, '') === workdir));
}

function adviceOf(stack: Stack, { view }: Worker, tasks: readonly BrokenTask[]): string | undefined {
  const web = stack.neighbours(view.service).map((other) => stack.view(other)).filter((other) => other.startup.main?.program.role === 'web');
  const missing = web.flatMap((other) => [...other.service.environment.keys()]).filter((name) => !view.service.environment.has(name));
  const uncured = tasks.filter((task) => !task.cured).map((task) => task.fn.name);
  const notes = [
    ...(missing.length > 0 ? [`the factory now runs in ${view.service.name} too, which lacks variables of the web service: ${[...new Set(missing)].join(', ')}`] : []),
    ...(uncured.length > 0 ? [`tasks with a base class of their own stay without a context: ${uncured.join(', ')}`] : []),
  ];
  return notes.length > 0 ? `Check: ${notes.join('; ')}.` : undefined;
}
