import type { Span } from '../../src/finding.ts';
import type { PythonPath } from '../../src/model/python-app.ts';
import type { ServiceView, Stack } from '../../src/model/stack.ts';
import type { PythonAssignment, PythonCall, PythonModule } from '../../src/parse/python.ts';
import { callAt, functionAt, inScope } from './callee.ts';

/** The Flask application that a process serves: an object, or what a factory returns. */
export interface FlaskApp {
  /** The module that the process imports, and the name of the object or factory there. */
  readonly module: PythonModule;
  readonly name: string;
  /** The factory's call; `undefined` for an object that needs none. */
  readonly factory: FactoryCall | undefined;
  /** Where it is made or named. */
  readonly at: Span;
}

/** How a factory is called. */
export interface FactoryCall {
  /** Module and name as the caller writes them. */
  readonly callee: string;
  /** Arguments as written, and the module whose names they use. */
  readonly args: string;
  readonly argsAt: Span | undefined;
  readonly caller: PythonModule | undefined;
  /** The function itself. */
  readonly module: PythonModule;
  readonly name: string;
}

/** The application of a web service. */
export function webApp(view: ServiceView): FlaskApp | undefined {
  const program = view.startup.main?.program;
  const { python, entry } = view;
  if (program?.role !== 'web' || !entry) return undefined;
  const flask =
    program.name.startsWith('flask') && program.app === undefined ? view.container.variable('FLASK_APP') : undefined;
  const match = /:(\w+)(?:\((.*)\))?$/s.exec(flask ?? '');
  const named = program.app?.object ?? match?.[1];
  const args = program.app?.call ?? match?.[2];
  const at = program.app?.at ?? view.startup.main?.at ?? view.service.at;
  const names = named !== undefined ? [named] : ['app', 'application', 'create_app', 'make_app'];
  for (const name of names) {
    const found = appNamed(python, entry, name, args ?? '', at);
    if (found) return found;
  }
  return undefined;
}

/** An object or factory by its name in a module. */
export function appNamed(
  python: PythonPath,
  module: PythonModule,
  name: string,
  args: string,
  at: Span,
): FlaskApp | undefined {
  const factory = factoryAt(python, module, name, '');
  if (factory)
    return { module, name, at, factory: { callee: name, args, argsAt: undefined, caller: undefined, ...factory } };
  const origin = python.origin(module, name, '');
  if (origin?.kind !== 'defined') return undefined;
  const made = origin.module.assignments.filter(
    (each) => each.target === origin.name && each.scope === '' && each.operator === '=',
  );
  const [assignment] = made;
  return made.length === 1 && assignment ? appOf(python, origin.module, assignment) : undefined;
}

/** The application that an assignment makes: `app = Flask(…)`, `app = create_app(…)`, also inside an ASGI wrapper. */
export function appOf(python: PythonPath, module: PythonModule, assignment: PythonAssignment): FlaskApp | undefined {
  const call = assignment.value && callAt(module, assignment.value.at);
  if (!call) return undefined;
  const made = { module, name: assignment.target, at: assignment.at };
  if (isFlask(python, module, call)) return { ...made, factory: undefined };
  const factory = factoryAt(python, module, call.callee, call.scope);
  if (!factory) return undefined;
  const first = call.args[0];
  const last = call.args.at(-1);
  const argsAt = first && last ? { path: module.path, start: first.at.start, end: last.at.end } : undefined;
  const args = argsAt ? module.text.slice(argsAt.start, argsAt.end) : '';
  return { ...made, factory: { callee: call.callee, args, argsAt, caller: module, ...factory } };
}

/** Every application that modules make at their top level, `if __name__ == "__main__"` included. */
export function madeApps(stack: Stack, python: PythonPath): readonly FlaskApp[] {
  const paths = stack.repo.paths.filter(
    (path) => path.endsWith('.py') && !/(?:^|\/)(?:tests?\/|conftest\.py|test_)/.test(path),
  );
  return paths.flatMap((path) => {
    if (python.nameOf(path) === undefined || !/Flask|create_app|make_app/.test(stack.repo.read(path) ?? '')) return [];
    const module = stack.sources.python(path);
    return (module?.assignments ?? []).flatMap((each) =>
      module && each.scope === '' ? (appOf(python, module, each) ?? []) : [],
    );
  });
}

/** Every factory that the image holds. */
export function factories(stack: Stack, python: PythonPath): readonly FlaskApp[] {
  const paths = stack.repo.paths.filter(
    (path) => path.endsWith('.py') && !/(?:^|\/)(?:tests?\/|conftest\.py|test_)/.test(path),
  );
  return paths.flatMap((path) => {
    if (python.nameOf(path) === undefined || !(stack.repo.read(path) ?? '').includes('Flask')) return [];
    const module = stack.sources.python(path);
    return (module?.functions ?? []).flatMap((fn) =>
      module && !fn.qualified.includes('.') ? (appNamed(python, module, fn.name, '', fn.at) ?? []) : [],
    );
  });
}

function factoryAt(
  python: PythonPath,
  module: PythonModule,
  callee: string,
  scope: string,
): { module: PythonModule; name: string } | undefined {
  const place = functionAt(python, module, callee, scope);
  if (
    !place ||
    place.fn.qualified.includes('.') ||
    place.fn.async ||
    !makesFlask(python, place.module, place.fn.qualified, 0)
  )
    return undefined;
  return { module: place.module, name: place.fn.name };
}

/** True for a function that makes a Flask object and returns a name or call, through another factory too. */
function makesFlask(python: PythonPath, module: PythonModule, scope: string, depth: number): boolean {
  const statements = module.statements.filter((each) => each.kind === 'return' && each.scope === scope);
  const calls = module.calls.filter((call) => inScope(call.scope, scope) && call.scope === scope);
  const made = calls.find((call) => isFlask(python, module, call) || innerFactory(python, module, call, depth));
  if (!made) return false;
  const name = module.assignments.find(
    (each) => each.scope === scope && each.value?.at.start === made.at.start,
  )?.target;
  return statements.some((each) => {
    const value = module.text.slice(each.at.start, each.at.end).replace(/^return\s*/, '');
    return value === name || (each.at.start <= made.at.start && made.at.end <= each.at.end && !value.includes(',\n'));
  });
}

function innerFactory(python: PythonPath, module: PythonModule, call: PythonCall, depth: number): boolean {
  const place = depth > 3 ? undefined : functionAt(python, module, call.callee, call.scope);
  return place !== undefined && makesFlask(python, place.module, place.fn.qualified, depth + 1);
}

function isFlask(python: PythonPath, module: PythonModule, call: PythonCall): boolean {
  const origin = python.origin(module, call.callee, call.scope);
  return origin?.kind === 'external' && /^(?:flask(?:\.app)?\.Flask|apiflask(?:\.app)?\.APIFlask)$/.test(origin.dotted);
}
