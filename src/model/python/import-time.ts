import type { Evidence } from '../../finding.ts';
import { enclosing, type PythonCall, type PythonFunction, type PythonModule } from '../../parse/python.ts';
import type { AppReference } from '../program.ts';
import type { PythonPath } from '../python-app.ts';

/** A call that runs when a process imports its application. */
export interface ImportCall {
  readonly call: PythonCall;
  readonly module: PythonModule;
  /** The function of the repository whose body holds it; `undefined` at module or class level. */
  readonly inside: PythonFunction | undefined;
  /** How it is reached: the calls that lead to it, outermost first. Empty when it stands at module level. */
  readonly via: readonly { readonly module: PythonModule; readonly call: PythonCall }[];
}

/** Where a process starts to run code of the repository: a module's top level (`scope` ''), or a function. */
export interface CodeStart {
  readonly module: PythonModule;
  readonly scope: string;
}

export interface CallWalk {
  /** The module that runs as a script, so that its `if __name__ == "__main__"` part runs. */
  readonly script: PythonModule | undefined;
  /** Calls that are not entered. */
  readonly skip: (call: PythonCall) => boolean;
}

const MAX_CALLS_IN_A_ROW = 8;

/**
 * The calls that run when `entry` is imported: those at module level of every module that is imported with it, and those in
 * functions of the repository that are called on the way, the app factory that the server calls included.
 * Left out: what stands under `if __name__ == "__main__"`, in lambdas, and in functions that only a framework calls.
 */
export function importTimeCalls(
  python: PythonPath,
  entry: PythonModule,
  app: AppReference | undefined,
): readonly ImportCall[] {
  const factory = app?.object === undefined ? undefined : entry.functions.find((each) => each.qualified === app.object);
  const starts = [{ module: entry, scope: '' }, ...(factory ? [{ module: entry, scope: factory.qualified }] : [])];
  return callsFrom(python, starts, { script: undefined, skip: () => false });
}

/** The calls that run from some starts on, in the order in which they are met; modules that are imported on the way run too. */
export function callsFrom(
  python: PythonPath,
  starts: readonly CodeStart[],
  { script, skip }: CallWalk,
): readonly ImportCall[] {
  const found: ImportCall[] = [];
  const entered = new Set<PythonFunction>();
  const imported = new Set<string>();
  const load = (path: string, via: ImportCall['via']): void => {
    for (const module of python.reachable(path, false))
      if (!imported.has(module.path)) {
        imported.add(module.path);
        visit(module, '', undefined, via);
      }
  };
  const visit = (
    module: PythonModule,
    scope: string,
    inside: PythonFunction | undefined,
    via: ImportCall['via'],
  ): void => {
    if (scope !== '')
      for (const each of module.imports)
        if (each.scope === scope && !each.typing) for (const target of python.targets(module, each)) load(target, via);
    for (const call of module.calls) {
      if (call.deferred || !runsIn(module, call, scope) || (module !== script && isGuarded(module, call))) continue;
      found.push({ call, module, inside, via });
      const target = skip(call) ? undefined : functionOf(python, module, call);
      if (!target || entered.has(target.fn) || via.length >= MAX_CALLS_IN_A_ROW) continue;
      entered.add(target.fn);
      visit(target.module, target.fn.qualified, target.fn, [...via, { module, call }]);
    }
  };
  for (const { module, scope } of starts) {
    const fn = module.functions.find(({ qualified }) => qualified === scope);
    if (scope === '') load(module.path, []);
    else if (fn && !entered.has(fn)) {
      entered.add(fn);
      visit(module, scope, fn, []);
    }
  }
  return found;
}

/** The function of the repository that a call enters; `undefined` for classes, packages and what cannot be told. */
export function functionOf(
  python: PythonPath,
  module: PythonModule,
  call: PythonCall,
): { readonly module: PythonModule; readonly fn: PythonFunction } | undefined {
  const segments = call.scope === '' ? [] : call.scope.split('.');
  for (let take = segments.length; take > 0; take -= 1) {
    const nested = `${segments.slice(0, take).join('.')}.${call.callee}`;
    const fn = module.functions.find((each) => each.qualified === nested);
    if (fn) return { module, fn };
  }
  const origin = python.origin(module, call.callee, call.scope);
  if (origin?.kind !== 'defined') return undefined;
  const fn = origin.module.functions.find((each) => each.qualified === origin.name);
  return fn && { module: origin.module, fn };
}

/** The places of a chain of calls, as links of a finding's evidence. */
export const callEvidence = ({ via, call, module }: ImportCall): readonly Evidence[] =>
  [...via, { module, call }].map((link) => ({
    at: { ...link.call.at, path: link.module.path },
    says:
      link.call.scope === ''
        ? `${link.call.callee}() runs on import`
        : `${link.call.scope}() calls ${link.call.callee}()`,
  }));

/** A class body runs together with what encloses it. */
function runsIn(module: PythonModule, call: PythonCall, scope: string): boolean {
  if (call.scope === scope) return true;
  const rest =
    scope === '' ? call.scope : call.scope.startsWith(`${scope}.`) ? call.scope.slice(scope.length + 1) : undefined;
  if (rest === undefined) return false;
  let name = scope;
  return rest.split('.').every((segment) => {
    name = name === '' ? segment : `${name}.${segment}`;
    return module.classes.some((each) => each.qualified === name);
  });
}

/** Under `if __name__ == "__main__"` (not its `else`), or in a module's TYPE_CHECKING part. */
const isGuarded = (module: PythonModule, call: PythonCall): boolean =>
  enclosing(module, call.statement).some((statement, index, all) => {
    const inner = index === 0 ? module.statements[call.statement] : all[index - 1];
    return statement.kind === 'if' && inner?.clause === 'body' && /__name__\s*==|TYPE_CHECKING/.test(statement.head);
  });
