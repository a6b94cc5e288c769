import type { StartCommand } from '../../src/model/process.ts';
import type { PythonPath } from '../../src/model/python-app.ts';
import type { ServiceView } from '../../src/model/stack.ts';
import type { PythonAssignment, PythonCall, PythonModule } from '../../src/parse/python.ts';
import { callAt, functionAt, inScope } from './callee.ts';

/** A Celery object that a worker runs. */
export interface CeleryApp {
  /** The module that defines it, and its name there. */
  readonly module: PythonModule;
  readonly name: string;
  readonly assignment: PythonAssignment;
  /** `Celery(…)`, in the assignment or in the function that it calls. */
  readonly call: PythonCall;
  readonly callModule: PythonModule;
}

/** A service whose process runs the tasks of a Celery object. */
export interface Worker {
  readonly view: ServiceView;
  readonly command: StartCommand;
  /** The module that `-A` names. */
  readonly entry: PythonModule;
  readonly celery: CeleryApp;
}

/** The worker that a service runs; `undefined` when it runs none, or its Celery object cannot be seen. */
export function workerOf(view: ServiceView): Worker | undefined {
  const command = view.startup.main;
  const { entry } = view;
  if (command?.program.role !== 'worker' || !command.program.name.startsWith('celery') || !entry) return undefined;
  const celery = celeryAppOf(view.python, entry, objectName(view.python, entry, command));
  return celery && { view, command, entry, celery };
}

/** `-A pkg.mod:name`, or `-A pkg.mod.name` where `name` is no module. */
function objectName(python: PythonPath, entry: PythonModule, command: StartCommand): string | undefined {
  const reference = command.program.app;
  if (!reference || reference.object !== undefined) return reference?.object;
  if (python.find(reference.module) !== undefined) return undefined;
  const [last = '', ...before] = reference.module.split('.').reverse();
  return python.find(before.reverse().join('.')) === entry.path ? last : undefined;
}

/** Celery takes `app`, then `celery`, then any Celery object of the module. https://docs.celeryq.dev/en/stable/getting-started/next-steps.html#about-the-app-argument */
function celeryAppOf(python: PythonPath, entry: PythonModule, named: string | undefined): CeleryApp | undefined {
  if (named !== undefined) return celeryNamed(python, entry, named);
  for (const name of ['app', 'celery'])
    if (python.origin(entry, name, '')?.kind === 'defined' && !isModule(python, entry, name))
      return celeryNamed(python, entry, name);
  const found = entry.assignments
    .filter((each) => each.scope === '')
    .flatMap((each) => celeryNamed(python, entry, each.target) ?? []);
  return found.length === 1 ? found[0] : undefined;
}

function isModule(python: PythonPath, entry: PythonModule, name: string): boolean {
  const origin = python.origin(entry, name, '');
  return origin?.kind === 'defined' && origin.name === '';
}

function celeryNamed(python: PythonPath, entry: PythonModule, dotted: string): CeleryApp | undefined {
  const origin = python.origin(entry, dotted, '');
  if (origin?.kind !== 'defined') return undefined;
  const { module, name } = origin;
  const made = module.assignments.filter((each) => each.target === name && each.scope === '' && each.value);
  const [assignment] = made;
  if (made.length !== 1 || !assignment?.value || module.statements[assignment.statement]?.parent !== -1)
    return undefined;
  const call = callAt(module, assignment.value.at);
  if (!call) return undefined;
  if (isCelery(python, module, call)) return { module, name, assignment, call, callModule: module };
  const maker = functionAt(python, module, call.callee, '');
  const inner =
    maker?.module.calls.filter(
      (each) => inScope(each.scope, maker.fn.qualified) && isCelery(python, maker.module, each),
    ) ?? [];
  return maker && inner.length === 1 && inner[0]
    ? { module, name, assignment, call: inner[0], callModule: maker.module }
    : undefined;
}

/** Celery's own class; a subclass (FlaskCelery, Flask-CeleryExt) may push the context in ways of its own. */
function isCelery(python: PythonPath, module: PythonModule, call: PythonCall): boolean {
  const origin = python.origin(module, call.callee, call.scope);
  return origin?.kind === 'external' && /^celery(?:\.app)?(?:\.base)?\.Celery$/.test(origin.dotted);
}
