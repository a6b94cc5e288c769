import type { PythonPath } from '../../src/model/python-app.ts';
import type { Stack } from '../../src/model/stack.ts';
import type { PythonCall, PythonModule } from '../../src/parse/python.ts';
import { functionAt, inScope } from './callee.ts';
import { type TaskClass, taskClass } from './context-task.ts';
import { isGuarded, type Loaded, runs } from './loaded.ts';
import type { CeleryApp, Worker } from './worker.ts';

/** The default Task that a worker's import leaves behind. */
export interface DefaultTask {
  /** The statement at a module's top level that sets it; `undefined` for `task_cls=` and inside functions. */
  readonly statement: number | undefined;
  /** `task_cls=` or `celery.Task =`; `undefined` for Celery's own. */
  readonly setBy: 'task_cls' | 'assignment' | undefined;
  readonly cls: TaskClass;
  readonly module: PythonModule;
}

const PLAIN: TaskClass = { context: false, call: false, derived: false };
const SIGNALS = /^celery\.signals\.(?:worker_process_init|worker_init|worker_ready|task_prerun|celeryd_init)\.connect$/;
const PUSH = /(?:^|\.)(?:app_context|test_request_context)(?:\(\)\.(?:push|__enter__))?$/;

/** True when a dotted name is the `Task` of this very Celery object. */
export function isOwnTask(python: PythonPath, celery: CeleryApp, module: PythonModule, dotted: string): boolean {
  if (!dotted.endsWith('.Task')) return false;
  const origin = python.origin(module, dotted.slice(0, -'.Task'.length), '');
  return origin?.kind === 'defined' && origin.module.path === celery.module.path && origin.name === celery.name;
}

/** The default Task classes that the import sets, in the order in which they are found. */
export function defaultTasks(stack: Stack, worker: Worker, loaded: Loaded): readonly DefaultTask[] {
  const { python } = worker.view;
  const { call, callModule } = worker.celery;
  const own = (module: PythonModule, dotted: string): boolean => isOwnTask(python, worker.celery, module, dotted);
  const unseen: DefaultTask = {
    statement: undefined,
    setBy: undefined,
    cls: { context: true, call: true, derived: false },
    module: callModule,
  };
  const found: DefaultTask[] = [];
  for (const arg of call.args) {
    // `**options` may hold a task_cls: nothing is claimed.
    if (arg.star === '**') return [unseen];
    if (arg.name !== 'task_cls') continue;
    const cls = classOf(stack, python, callModule, arg.string ?? arg.text, call.scope, own);
    found.push({ statement: undefined, setBy: 'task_cls', cls, module: callModule });
  }
  for (const executed of loaded.executed) {
    if (
      executed.module.calls.some(
        (each) => runs(executed, each) && each.callee === 'setattr' && each.args[1]?.string === 'Task',
      )
    )
      return [unseen];
    for (const each of executed.module.assignments) {
      if (!runs(executed, each) || !each.value || isGuarded(executed.module, each.statement)) continue;
      if (/(?:\.|^)Task\.__call__$/.test(each.target)) return [unseen];
      if (!/\.(?:Task|task_cls)$/.test(each.target)) continue;
      const cls = classOf(stack, python, executed.module, each.value.string ?? each.value.text, each.scope, own);
      found.push({
        statement: each.scope === '' ? each.statement : undefined,
        setBy: 'assignment',
        cls,
        module: executed.module,
      });
    }
  }
  return found.length > 0
    ? found
    : [{ statement: undefined, setBy: undefined, cls: PLAIN, module: worker.celery.module }];
}

/** A class by name, or by the string `pkg.mod:Class` that Celery imports. */
function classOf(
  stack: Stack,
  python: PythonPath,
  module: PythonModule,
  text: string,
  scope: string,
  own: (module: PythonModule, dotted: string) => boolean,
): TaskClass {
  const match = /^([\w.]+)[:.](\w+)$/.exec(text);
  const path = match?.[1] === undefined ? undefined : python.find(match[1]);
  const named = path === undefined ? undefined : stack.sources.python(path);
  return named && match?.[2] !== undefined
    ? taskClass(python, named, match[2], '', own)
    : taskClass(python, module, text, scope, own);
}

/** True when the worker enters a context at import or in a signal handler. */
export function pushesContext(python: PythonPath, loaded: Loaded): boolean {
  const atImport = loaded.executed.some((executed) =>
    executed.module.calls.some(
      (call) => runs(executed, call) && !isGuarded(executed.module, call.statement) && stays(executed.module, call),
    ),
  );
  return atImport || handlers(python, loaded).some((call) => call);
}

/** A push that outlives its statement: not `with app.app_context():`. */
const stays = (module: PythonModule, call: PythonCall): boolean =>
  PUSH.test(call.callee) && module.statements[call.statement]?.kind !== 'with';

function handlers(python: PythonPath, loaded: Loaded): readonly boolean[] {
  return loaded.modules.flatMap((module) => {
    const isSignal = (callee: string, scope: string): boolean => {
      const origin = python.origin(module, callee, scope);
      return origin?.kind === 'external' && SIGNALS.test(origin.dotted);
    };
    const decorated = module.functions
      .filter((fn) => fn.decorators.some((each) => isSignal(each.callee, '')))
      .map((fn) => pushesInside(python, module, fn.qualified, 0));
    const connected = module.calls
      .filter((call) => !call.decorator && isSignal(call.callee, call.scope))
      .map((call) => {
        const target = functionAt(python, module, call.args[0]?.text ?? '', call.scope);
        // A handler that cannot be seen may push one.
        return !target || pushesInside(python, target.module, target.fn.qualified, 0);
      });
    return [...decorated, ...connected];
  });
}

function pushesInside(python: PythonPath, module: PythonModule, scope: string, depth: number): boolean {
  const calls = module.calls.filter((call) => inScope(call.scope, scope));
  if (calls.some((call) => stays(module, call))) return true;
  return (
    depth < 4 &&
    calls.some((call) => {
      const target = functionAt(python, module, call.callee, call.scope);
      return target !== undefined && pushesInside(python, target.module, target.fn.qualified, depth + 1);
    })
  );
}
