import type { Span } from '../../src/finding.ts';
import type { PythonPath } from '../../src/model/python-app.ts';
import type { PythonCall, PythonClass, PythonFunction, PythonModule } from '../../src/parse/python.ts';

/** A function of the repository. */
export interface FunctionPlace {
  readonly module: PythonModule;
  readonly fn: PythonFunction;
}

/** A class of the repository. */
export interface ClassPlace {
  readonly module: PythonModule;
  readonly cls: PythonClass;
}

/** True when `scope` is `outer` or lies in it. */
export const inScope = (scope: string, outer: string): boolean => scope === outer || scope.startsWith(`${outer}.`);

/** The call that a value consists of: `SQLAlchemy()` in `db = SQLAlchemy()`. */
export const callAt = (module: PythonModule, at: Span): PythonCall | undefined =>
  module.calls.find((call) => call.at.start === at.start && call.at.end === at.end);

/** The class that a dotted name stands for. */
export function classAt(
  python: PythonPath,
  module: PythonModule,
  dotted: string,
  scope: string,
): ClassPlace | undefined {
  const local = module.classes.find((cls) => scope !== '' && cls.qualified === `${scope}.${dotted}`);
  if (local) return { module, cls: local };
  const origin = python.origin(module, dotted, scope);
  if (origin?.kind !== 'defined') return undefined;
  const cls = origin.module.classes.find((each) => each.qualified === origin.name);
  return cls && { module: origin.module, cls };
}

/** The function that a callee runs: by name, through an import, a method of a class or of an object that is made in sight. */
export function functionAt(
  python: PythonPath,
  module: PythonModule,
  callee: string,
  scope: string,
): FunctionPlace | undefined {
  const [head = '', ...rest] = callee.split('.');
  if (/^(?:self|cls)$/.test(head))
    return functionNamed(module, `${scope.slice(0, scope.lastIndexOf('.'))}.${rest.join('.')}`);
  const nested = scope === '' ? undefined : functionNamed(module, `${scope}.${callee}`);
  if (nested) return nested;
  if (isLocal(module, head, scope)) return methodOf(python, module, head, rest, scope);
  const origin = python.origin(module, callee, scope);
  if (origin?.kind !== 'defined') return undefined;
  const [object = '', ...method] = origin.name.split('.');
  return (
    functionNamed(origin.module, origin.name) ??
    functionNamed(origin.module, `${origin.name}.__init__`) ??
    methodOf(python, origin.module, object, method, '')
  );
}

/** True when a function binds the name itself, so that it doesn't mean the module's. */
export function isLocal(module: PythonModule, name: string, scope: string): boolean {
  if (scope === '') return false;
  const binds = (outer: string): boolean =>
    module.functions.some((fn) => fn.qualified === outer && fn.parameters.some((parameter) => parameter.name === name));
  return (
    module.assignments.some((each) => each.target === name && each.scope !== '' && inScope(scope, each.scope)) ||
    scope.split('.').some((_, index, segments) => binds(segments.slice(0, index + 1).join('.')))
  );
}

const functionNamed = (module: PythonModule, qualified: string): FunctionPlace | undefined => {
  const fn = module.functions.find((each) => each.qualified === qualified);
  return fn && { module, fn };
};

/** `service.run` after `service = Service()`. */
function methodOf(
  python: PythonPath,
  module: PythonModule,
  object: string,
  method: readonly string[],
  scope: string,
): FunctionPlace | undefined {
  const made = module.assignments.filter((each) => each.target === object && each.scope === scope);
  const call = made.length === 1 && made[0]?.value ? callAt(module, made[0].value.at) : undefined;
  const cls = call && method.length === 1 ? classAt(python, module, call.callee, scope) : undefined;
  return cls && functionNamed(cls.module, `${cls.cls.qualified}.${method[0]}`);
}
