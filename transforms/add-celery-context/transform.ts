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

interface Case {
  readonly worker: Worker;
  readonly loaded: Loaded;
  readonly defaults: readonly DefaultTask[];
  readonly tasks: readonly BrokenTask[];
}

/** Why a fix is not applied, and what to do instead. */
interface Hindrance {
  readonly why: string;
  readonly instead: string;
}

function manual(finding: Finding, { why, instead }: Hindrance): Finding {
  const advice = `No fix is applied: ${why}. ${instead}.`;
  return {
    ...finding,
    fix: { title: 'Give every task the application context', safety: 'manual', changes: [] },
    advice,
  };
}

function hindranceOf({ worker, loaded, tasks, defaults }: Case, source: AppSource | string): Hindrance | undefined {
  const { celery, entry } = worker;
  const site = typeof source !== 'string' && source.kind === 'bound' ? source.module : celery.module;
  const set = `In ${site.path}, set ${celery.name}.Task to a class whose __call__ runs the task inside app.app_context()`;
  if (typeof source === 'string') return { why: source, instead: set };
  if (site.errors.length > 0) return { why: `${site.path} has syntax errors`, instead: set };
  if (!brokerIsSet(worker, loaded))
    return {
      why: 'the worker sees no broker setting when it starts, because nothing that it imports configures Celery',
      instead: `Let -A name a module that calls the factory and then imports ${celery.name} from ${celery.module.path}`,
    };
  if (!tasks.some((task) => task.cured))
    return {
      why: 'the tasks have base classes of their own, which do not derive from the default Task',
      instead: `${set}, and derive those base classes from ${celery.name}.Task`,
    };
  // An assignment that runs elsewhere or later would replace the new class.
  if (
    defaults.some(
      (each) => each.setBy === 'assignment' && (each.statement === undefined || each.module.path !== site.path),
    )
  )
    return { why: 'the default Task is set in several places', instead: `${set}, after all other assignments` };
  if (site.path !== celery.module.path && boundName(worker) === undefined)
    return { why: `${entry.path} does not import the Celery object by name`, instead: set };
  return undefined;
}

function planOf({ worker, defaults }: Case, source: AppSource, short: boolean): RepairPlan {
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
  return !folders.some(
    (folder) => folder === '.' || (workdir !== undefined && folder.replace(/(?<=.)\/$/, '') === workdir),
  );
}

function adviceOf(stack: Stack, { view }: Worker, tasks: readonly BrokenTask[], source: AppSource): string | undefined {
  const read = view.python.reachable((source.app.factory?.module ?? source.app.module).path, true);
  const web = stack.neighbours(view.service).filter((other) => stack.view(other).startup.main?.program.role === 'web');
  const missing = [...new Set(web.flatMap((other) => [...other.environment.keys()]))].filter(
    (name) => !view.service.environment.has(name) && read.some((module) => module.text.includes(name)),
  );
  const uncured = tasks.filter((task) => !task.cured).map((task) => task.fn.name);
  const notes = [
    ...(missing.length > 0
      ? [
          `the application is now made in ${view.service.name} too, which lacks variables that the web service has: ${missing.join(', ')}`,
        ]
      : []),
    ...(uncured.length > 0
      ? [`tasks whose base class does not derive from the default Task stay without a context: ${uncured.join(', ')}`]
      : []),
    ...(tasks.some(({ use }) => use.name === 'url_for')
      ? ['url_for() outside a request needs SERVER_NAME in the configuration too']
      : []),
  ];
  return notes.length > 0 ? `Check: ${notes.join('; ')}.` : undefined;
}
