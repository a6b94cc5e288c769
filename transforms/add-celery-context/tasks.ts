import type { PythonFunction, PythonModule } from '../../src/parse/python.ts';
import { taskClass } from './context-task.ts';
import { type FlaskFacts, type FlaskUse, flaskUse } from './flask-use.ts';
import type { Loaded } from './loaded.ts';
import { isOwnTask } from './pushed.ts';
import type { Worker } from './worker.ts';

/** A task that uses Flask's state without a context. */
export interface BrokenTask {
  readonly module: PythonModule;
  readonly fn: PythonFunction;
  readonly use: FlaskUse;
  /** False when a `base=` of its own keeps it from the default Task. */
  readonly cured: boolean;
}

/** The tasks of a worker's Celery object that need a context and have none. */
export function brokenTasks(facts: FlaskFacts, worker: Worker, loaded: Loaded): readonly BrokenTask[] {
  return loaded.modules.flatMap((module) =>
    module.functions.flatMap((fn) => {
      const base = baseOf(facts, worker, module, fn);
      if (!base || base.context) return [];
      const use = flaskUse(facts, { module, fn });
      return use ? [{ module, fn, use, cured: base.derived }] : [];
    }),
  );
}

/** The class below a task function, or below the class whose `run` it is; `undefined` when it is no task of this Celery object. */
function baseOf(
  facts: FlaskFacts,
  worker: Worker,
  module: PythonModule,
  fn: PythonFunction,
): { context: boolean; derived: boolean } | undefined {
  const { python } = facts;
  const own = (from: PythonModule, dotted: string): boolean => isOwnTask(python, worker.celery, from, dotted);
  const decorator = fn.decorators.find(({ callee }) => isTaskDecorator(worker, module, callee));
  if (decorator) {
    const base = decorator.args.find((arg) => arg.name === 'base');
    return base ? taskClass(python, module, base.text, '', own) : { context: false, derived: true };
  }
  const [cls, method] = fn.qualified.split('.');
  if (method !== 'run' || cls === undefined || fn.qualified !== `${cls}.run`) return undefined;
  const read = taskClass(python, module, cls, '', own);
  return read.derived ? read : undefined;
}

function isTaskDecorator(worker: Worker, module: PythonModule, callee: string): boolean {
  const { python } = worker.view;
  const origin = python.origin(module, callee, '');
  if (origin?.kind === 'external') return /^celery(?:\.app)?\.shared_task$/.test(origin.dotted);
  const { celery } = worker;
  return (
    origin?.kind === 'defined' && origin.module.path === celery.module.path && origin.name === `${celery.name}.task`
  );
}
