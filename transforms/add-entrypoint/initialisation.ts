import type { Evidence, Span } from '../../src/finding.ts';
import type { StartStep } from '../../src/model/entrypoint.ts';
import type { ServiceView } from '../../src/model/stack.ts';
import { waiterOf } from '../../src/model/store/wait.ts';
import type { PythonCall, PythonFunction, PythonModule, PythonStatement } from '../../src/parse/python.ts';

/** A one-time initialisation that the server never runs. */
export interface Initialisation {
  readonly message: string;
  readonly at: Span;
  /** The functions of the repository that do it. */
  readonly functions: readonly string[];
  readonly evidence: readonly Evidence[];
  readonly step: StartStep | { readonly manual: string };
}

/** Creates what is missing and leaves what is there: it may run at every start. */
const CREATES = /(?:^|\.)(?:create_all|create_tables|create_db_and_tables)$/;
const INIT_NAME =
  /^_?(?:init|initiali[sz]e|create|setup|bootstrap|prepare)_?(?:db|database|tables|schema|db_and_tables)s?$/i;
/** Calls that start a server, say something, or open a context: none of them changes data. */
const HARMLESS =
  /(?:^|\.)(?:run|serve|print|echo|info|debug|warning|app_context|test_request_context|getenv|get|int|bool|str|create_engine|import_models|import_module)$/;

/** The initialisation of a Python application that stands only where its server never comes along. */
export function initialisationOf(view: ServiceView, migrated: boolean): Initialisation | undefined {
  const { entry, python, startup } = view;
  if (!entry || entry.errors.length > 0 || migrated || isScript(view)) return undefined;
  const modules = python.reachable(entry.path, true).filter(({ errors }) => errors.length === 0);
  const guarded = guardedCall(entry);
  if (guarded && !createsElsewhere(modules, entry, guarded)) return underMain(view, entry, guarded);
  if (startup.main === undefined || modules.some((module) => runsCreation(modules, module))) return undefined;
  for (const module of modules)
    for (const fn of module.functions) {
      const step = isExplicitInit(module, fn) && !isCalled(modules, fn) ? stepFor(view, module, fn) : undefined;
      if (!step) continue;
      return {
        message: `Nothing calls ${fn.name}() before ${view.service.name} starts its server, so it answers on a database without its tables.`,
        at: fn.at,
        functions: [fn.name],
        evidence: [{ at: fn.at, says: `${fn.name}() creates the tables; no module that the server imports calls it` }],
        step,
      };
    }
  return undefined;
}

/** `python app.py` runs its `__main__` block. */
const isScript = ({ startup }: ServiceView): boolean =>
  startup.main?.program.name === 'python' || startup.main?.program.name === 'runserver';

const isMainGuard = ({ kind, head, parent }: PythonStatement): boolean =>
  kind === 'if' &&
  parent === -1 &&
  /^__name__\s*==\s*["']__main__["']$|^["']__main__["']\s*==\s*__name__$/.test(head.trim());

/** The statements above one, innermost first. */
function ancestors(module: PythonModule, index: number): readonly PythonStatement[] {
  const found: PythonStatement[] = [];
  for (let at = module.statements[index]; at; at = module.statements[at.parent]) found.push(at);
  return found;
}

const isGuarded = (module: PythonModule, call: PythonCall): boolean =>
  ancestors(module, call.statement).some((statement) => isMainGuard(statement) && statement.clause === 'body');

const isCreation = (module: PythonModule, call: PythonCall): boolean =>
  CREATES.test(call.callee) ||
  (INIT_NAME.test(call.callee) &&
    (module.functions.some(({ qualified }) => qualified === call.callee) ||
      module.imports.some(({ binds }) => binds === call.callee)));

const guardedCall = (module: PythonModule): PythonCall | undefined =>
  module.calls.find((call) => call.whole && call.scope === '' && isCreation(module, call) && isGuarded(module, call));

/** The same creation happens where the server comes along (module level, a factory, a hook), or who knows where. */
function createsElsewhere(modules: readonly PythonModule[], entry: PythonModule, guarded: PythonCall): boolean {
  const target = entry.functions.find(({ qualified }) => qualified === guarded.callee)?.qualified;
  return modules.some((module) =>
    module.calls.some(
      (call) =>
        isCreation(module, call) &&
        !(module === entry && isGuarded(module, call)) &&
        !(module === entry && call.scope === target),
    ),
  );
}

function underMain(view: ServiceView, entry: PythonModule, call: PythonCall): Initialisation {
  const guard = ancestors(entry, call.statement).find(isMainGuard);
  const at = call.at;
  const evidence = [
    ...(guard
      ? [
          {
            at: { ...guard.at, end: guard.at.start + (entry.text.slice(guard.at.start).indexOf('\n') + 1 || 1) - 1 },
            says: 'this block runs only when the file is started as a script',
          },
        ]
      : []),
    { at, says: `the only place that calls ${call.callee}()` },
  ];
  return {
    message: `${call.callee}() stands under if __name__ == "__main__", which ${view.startup.main?.program.name ?? 'the server'} never executes because it imports ${entry.path}, so ${view.service.name} answers on a database without its tables.`,
    at,
    functions: [call.callee.split('.').at(-1) ?? ''],
    evidence,
    step: mainStep(view, entry, call),
  };
}

/** `with app.app_context(): db.create_all()` as a program of its own. */
function mainStep(view: ServiceView, entry: PythonModule, call: PythonCall): StartStep | { readonly manual: string } {
  const module = view.python.nameOf(entry.path);
  const within = ancestors(entry, call.statement);
  const contexts = within.slice(1).filter((statement) => !isMainGuard(statement));
  const text = entry.text.slice(call.at.start, call.at.end);
  const manual = (why: string) => ({ manual: why });
  if (module === undefined) return manual(`${entry.path} cannot be imported by name in this container`);
  if (contexts.some(({ kind }) => kind !== 'with') || contexts.length > 1)
    return manual(`${call.callee}() stands under a condition`);
  if (
    call.args.length > 0 &&
    !/^\w+(?:\.\w+)*$/.test(call.args.map(({ text: arg }) => arg.replace(/^\w+\s*=\s*/, '')).join('.'))
  )
    return manual(`the arguments of ${call.callee}() are not plain names`);
  const head = contexts[0]?.head.trim();
  const names = [
    ...new Set(
      [head, text].flatMap((part) =>
        [...(part ?? '').matchAll(/(?<![.\w])[A-Za-z_]\w*(?!\w|\s*=)/g)].map((match) => match[0]),
      ),
    ),
  ];
  const known = (name: string): boolean =>
    entry.imports.some(({ binds, scope }) => binds === name && scope === '') ||
    entry.functions.some(({ qualified }) => qualified === name) ||
    entry.assignments.some(
      ({ target, scope, statement }) =>
        target === name && scope === '' && !ancestors(entry, statement).some(isMainGuard),
    );
  const missing = names.find((name) => !known(name) && name !== 'with' && name !== 'as');
  if (missing !== undefined) return manual(`${missing} exists only in the __main__ block of ${entry.path}`);
  const lines = head === undefined ? [text] : [`with ${head}:`, `    ${text}`];
  const python = waiterOf(view) ?? 'python3';
  const statements = [`from ${module} import ${names.join(', ')}`, ...(lines.length > 1 ? ['', ...lines] : lines)];
  return { kind: 'init', argv: [python, '-c', lines.length > 1 ? statements.join('\n') : statements.join('; ')] };
}

const runsCreation = (modules: readonly PythonModule[], module: PythonModule): boolean =>
  module.calls.some((call) => {
    if (!CREATES.test(call.callee)) return false;
    if (call.scope === '') return true;
    const holder = module.functions.find(({ qualified }) => qualified === call.scope);
    return !holder || !isExplicitInit(module, holder) || isCalled(modules, holder);
  });

/** A function without required parameters that does nothing but create tables. */
function isExplicitInit(module: PythonModule, fn: PythonFunction): boolean {
  if (fn.async || !INIT_NAME.test(fn.name) || fn.qualified !== fn.name) return false;
  if (fn.parameters.some((each) => each.default === undefined && each.star === '')) return false;
  const calls = module.calls.filter(({ scope }) => scope === fn.qualified);
  return (
    calls.some(({ callee }) => CREATES.test(callee)) &&
    calls.every(({ callee }) => CREATES.test(callee) || HARMLESS.test(callee))
  );
}

const isCalled = (modules: readonly PythonModule[], fn: PythonFunction): boolean =>
  modules.some((module) =>
    module.names.some(
      ({ dotted, at }) =>
        dotted.split('.').at(-1) === fn.name &&
        !(at.start >= fn.at.start && at.end <= fn.at.end && at.path === fn.at.path),
    ),
  );

function stepFor(view: ServiceView, module: PythonModule, fn: PythonFunction): Initialisation['step'] {
  const name = view.python.nameOf(module.path);
  const command = fn.decorators.find(({ callee }) => /\.cli\.command$|^click\.command$/.test(callee));
  if (command) {
    const flask = /\.cli\.command$/.test(command.callee) && view.container.variable('FLASK_APP') !== undefined;
    const label = command.args[0]?.string ?? fn.name.replace(/_command$/, '').replaceAll('_', '-');
    return flask
      ? { kind: 'init', argv: ['flask', label] }
      : { manual: `it is not known how ${fn.name}() is called from the command line` };
  }
  if (fn.decorators.length > 0) return { manual: `${fn.name}() is decorated` };
  const calls = module.calls.filter(({ scope }) => scope === fn.qualified);
  const opens = calls.some(({ callee }) => callee.endsWith('.app_context'));
  const needs = calls.some(({ callee, args }) => /^\w+\.create_all$/.test(callee) && args.length === 0);
  if (name === undefined) return { manual: `${module.path} cannot be imported by name in this container` };
  if (needs && !opens) return { manual: `${fn.name}() needs an application context that it does not open itself` };
  return { kind: 'init', argv: [waiterOf(view) ?? 'python3', '-c', `from ${name} import ${fn.name}; ${fn.name}()`] };
}
