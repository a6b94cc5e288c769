import type { ImportCall } from '../../src/model/python/import-time.ts';
import { calledFactory } from '../../src/model/python/server-processes.ts';
import type { ServiceView } from '../../src/model/stack.ts';
import { enclosing, type PythonModule } from '../../src/parse/python.ts';
import type { Group } from './move.ts';

/**
 * The name under which code inside a function reaches the Flask application that the server serves: a local variable of the factory
 * whose result is served, or a parameter that such a factory fills. A command on any other application would not be found.
 */
export function flaskAppAround(view: ServiceView, { module, candidates, statements }: Group): string | undefined {
  const first = candidates[0]?.found;
  const [statement] = statements;
  if (!first || !statement) return undefined;
  const heads = enclosing(module, statement.index).filter(({ kind }) => kind === 'with');
  const context = heads
    .map(({ head }) => /^(\w+)\.app_context\(\)$/.exec(head.trim())?.[1])
    .find((name) => name !== undefined);
  const made = module.assignments.find(
    ({ scope, target, value }) =>
      scope === first.call.scope && /^\w+$/.test(target) && /(?:^|\.)(?:Flask|APIFlask)\(/.test(value?.text ?? ''),
  );
  const name = context ?? made?.target;
  return name !== undefined && isServed(view, module, first.call.scope, name, first.via) ? name : undefined;
}

function isServed(
  view: ServiceView,
  module: PythonModule,
  scope: string,
  name: string,
  via: ImportCall['via'],
): boolean {
  const made = module.assignments.find((each) => each.scope === scope && each.target === name);
  const caller = via.at(-1);
  if (made) {
    const returned = module.statements.some(
      (each) =>
        each.kind === 'return' &&
        each.scope === scope &&
        module.text.slice(each.at.start, each.at.end).trim() === `return ${name}`,
    );
    const factory = calledFactory(view)?.object === scope && module === view.entry;
    return (
      /(?:^|\.)(?:Flask|APIFlask)\(/.test(made.value?.text ?? '') &&
      returned &&
      (factory || (caller !== undefined && !caller.call.whole && caller.call.scope === ''))
    );
  }
  const fn = module.functions.find(({ qualified }) => qualified === scope);
  const index = fn?.parameters.findIndex((each) => each.name === name) ?? -1;
  const arg =
    caller?.call.args.find((each) => each.name === name) ??
    caller?.call.args.filter((each) => each.name === undefined)[index];
  if (index < 0 || !caller || !arg || !/^\w+$/.test(arg.text)) return false;
  if (caller.call.scope === '')
    return caller.module === view.entry && (view.startup.main?.program.app?.object ?? 'app') === arg.text;
  return isServed(view, caller.module, caller.call.scope, arg.text, via.slice(0, -1));
}
