import type { AppSource } from './app-source.ts';
import { brokerIsSet } from './broker.ts';
import type { Loaded } from './loaded.ts';
import type { DefaultTask } from './pushed.ts';
import type { BrokenTask } from './tasks.ts';
import type { Worker } from './worker.ts';

/** A worker whose tasks lack a context, with what its import leaves behind. */
export interface BrokenWorker {
  readonly worker: Worker;
  readonly loaded: Loaded;
  readonly defaults: readonly DefaultTask[];
  readonly tasks: readonly BrokenTask[];
}

/** Why a fix is not applied, and what to do instead. */
export interface Hindrance {
  readonly why: string;
  readonly instead: string;
}

/** The first reason that stands against a fix. */
export function hindranceOf(
  { worker, loaded, tasks, defaults }: BrokenWorker,
  source: AppSource | string,
): Hindrance | undefined {
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

/** The name under which the worker's entry module imports the Celery object. */
export function boundName({ view, entry, celery }: Worker): string | undefined {
  return entry.imports.find((each) => {
    const origin = each.scope === '' && each.name !== undefined ? view.python.origin(entry, each.binds, '') : undefined;
    return origin?.kind === 'defined' && origin.module.path === celery.module.path && origin.name === celery.name;
  })?.binds;
}
