import type { PythonModule } from '../../parse/python.ts';
import { functionOf } from '../python/import-time.ts';
import type { PythonPath } from '../python-app.ts';
import { environNames } from './calls.ts';
import type { EnvRead } from './read.ts';
import { isStop, type StartingCode } from './start.ts';

/** What is read through a function of the repository that raises for a missing variable: `require_env("X")`. */
export function helperReads(module: PythonModule, code: StartingCode, python: PythonPath): readonly EnvRead[] {
  return module.calls.flatMap((call): EnvRead[] => {
    const [first] = call.args;
    if (call.args.length !== 1 || first?.string === undefined || !/^[A-Z][A-Z0-9_]*$/.test(first.string)) return [];
    if (!code.runs(module, call.statement, call.scope)) return [];
    const target = functionOf(python, module, call);
    const check = target && demand(target.module, target.fn.qualified, target.fn.parameters);
    if (!check) return [];
    const name = first.string;
    const evidence = [
      { at: call.at, says: `${call.callee}("${name}") reads it` },
      { at: check, says: `${target.fn.name}() raises when it is missing` },
    ];
    return [{ name, names: [name], anyCase: false, at: call.at, need: 'required', fallback: undefined, evidence }];
  });
}

/** Where a function raises for the variable that its first parameter names; `undefined` when it need not. */
function demand(
  module: PythonModule,
  scope: string,
  parameters: readonly { readonly name: string; readonly default: string | undefined }[],
): EnvRead['at'] | undefined {
  const [first] = parameters;
  if (!first) return undefined;
  const names = environNames(module);
  const outer = (parent: number): boolean => {
    const statement = module.statements[parent];
    return statement?.kind === 'function';
  };
  const inside = module.statements.filter((each) => each.scope === scope && outer(each.parent));
  const environ = [...names.environ].map((each) => each.replace('.', '\\.')).join('|') || '$^';
  const getenv = [...names.getenv].map((each) => each.replace('.', '\\.')).join('|') || '$^';
  const textOf = (statement: { readonly at: { readonly start: number; readonly end: number } }): string =>
    module.text.slice(statement.at.start, statement.at.end);
  const direct = inside.find(
    (each) =>
      /^(?:return|assignment)$/.test(each.kind) &&
      new RegExp(`(?:${environ})\\[\\s*${first.name}\\s*\\]`).test(textOf(each)),
  );
  if (direct) return direct.at;
  const lookup = new RegExp(`^(?:(?:${environ})\\.get|(?:${getenv}))\\(\\s*${first.name}\\s*\\)$`);
  const value = module.assignments.find((each) => each.scope === scope && lookup.test(each.value?.text ?? ''));
  const check = inside.find(
    (each) =>
      each.kind === 'if' &&
      value !== undefined &&
      (each.head === `not ${value.target}` || each.head === `${value.target} is None`) &&
      module.statements.some(
        (inner) => inner.parent === each.index && inner.clause === 'body' && isStop(module, inner.index),
      ),
  );
  return check?.at;
}
