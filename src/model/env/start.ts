import { enclosing, type PythonModule, type PythonStatement } from '../../parse/python.ts';
import { type CodeStart, callsFrom, functionOf } from '../python/import-time.ts';
import { calledFactory } from '../python/server-processes.ts';
import type { ServiceView, Stack } from '../stack.ts';
import { unusedConfigs } from './config-class.ts';

/** The code that certainly runs when a service's process starts. */
export interface StartingCode {
  /** Every module of the repository that the process imports then. */
  readonly modules: readonly PythonModule[];
  /** Whether a statement surely runs: not under a condition, not in a function that may never be called. */
  readonly runs: (module: PythonModule, statement: number, scope: string) => boolean;
  /** Scopes (`path:Class`) of configuration classes that another configuration is chosen instead of. */
  readonly unusedConfigs: ReadonlySet<string>;
}

const known = new WeakMap<ServiceView, { readonly code: StartingCode | undefined }>();

/** What runs at the start of a service; `undefined` without a module of the repository to begin with. */
export function startingCode(stack: Stack, view: ServiceView): StartingCode | undefined {
  const found = known.get(view) ?? { code: codeOf(stack, view) };
  known.set(view, found);
  return found.code;
}

function codeOf(stack: Stack, view: ServiceView): StartingCode | undefined {
  const { entry, python } = view;
  if (!entry) return undefined;
  const loaded = modulesOf(stack, view, entry);
  const program = view.startup.main?.program;
  const script = program?.app?.module.endsWith('.py') || /^python/.test(program?.name ?? '') ? entry : undefined;
  const factory = calledFactory(view)?.object;
  const tasks = taskStarts(view, loaded);
  const starts = [
    ...loaded.map((module) => ({ module, scope: '' })),
    ...(factory === undefined ? [] : [{ module: entry, scope: factory }]),
    ...tasks,
  ];
  const certain = (module: PythonModule, statement: number): boolean => isUnconditional(module, statement, script);
  const started = new Set<string>(factory === undefined ? [] : [`${entry.path}:${factory}`]);
  for (const { module, scope } of tasks) started.add(`${module.path}:${scope}`);
  for (const { call, module, via } of callsFrom(python, starts, { script, skip: () => false })) {
    if (![...via, { module, call }].every((link) => certain(link.module, link.call.statement))) continue;
    const target = functionOf(python, module, call);
    if (target) started.add(`${target.module.path}:${target.fn.qualified}`);
  }
  const modules = withImportsInside(stack, view, loaded, started, certain);
  const runs = (module: PythonModule, statement: number, scope: string): boolean => {
    const outer = outsideClasses(module, scope);
    return (outer === '' || started.has(`${module.path}:${outer}`)) && certain(module, statement);
  };
  return { modules, runs, unusedConfigs: unusedConfigs(modules, view) };
}

/** A Celery worker runs the `__call__` of its default Task before each task. https://docs.celeryq.dev/en/stable/userguide/tasks.html#custom-task-classes */
function taskStarts(view: ServiceView, modules: readonly PythonModule[]): readonly CodeStart[] {
  const program = view.startup.main?.program;
  if (program?.role !== 'worker' || !program.name.startsWith('celery')) return [];
  return modules.flatMap((module) =>
    module.assignments.flatMap(({ target, scope, value }) => {
      const call = `${value?.text}.__call__`;
      const known =
        scope === '' && /\.Task$/.test(target) && module.functions.some(({ qualified }) => qualified === call);
      return known ? [{ module, scope: call }] : [];
    }),
  );
}

/** The modules, and those that a function which surely runs imports in its body. */
function withImportsInside(
  stack: Stack,
  view: ServiceView,
  modules: readonly PythonModule[],
  started: ReadonlySet<string>,
  certain: (module: PythonModule, statement: number) => boolean,
): readonly PythonModule[] {
  const all = new Map(modules.map((module) => [module.path, module]));
  for (const each of started) {
    const [path = '', scope = ''] = each.split(/:(?=[^:]*$)/);
    const module = stack.sources.python(path);
    for (const imported of module?.imports ?? [])
      if (module && imported.scope === scope && !imported.typing && certain(module, imported.statement))
        for (const target of view.python.targets(module, imported))
          for (const next of view.python.reachable(target, false)) all.set(next.path, next);
  }
  return [...all.values()];
}

/** What the entry imports, with the modules that frameworks load by name: Django's settings, Flask's `from_object("config.Production")`. */
function modulesOf(stack: Stack, view: ServiceView, entry: PythonModule): readonly PythonModule[] {
  const found = new Map<string, PythonModule>();
  const add = (path: string): void => {
    for (const module of view.python.reachable(path, false)) {
      if (found.has(module.path)) continue;
      found.set(module.path, module);
      for (const name of namedModules(view, module)) {
        const next = nearest(view, name);
        if (next !== undefined && !found.has(next)) add(next);
      }
    }
  };
  add(entry.path);
  const settings = view.container.variable('DJANGO_SETTINGS_MODULE');
  const path = settings === undefined ? undefined : view.python.find(settings);
  if (path !== undefined && stack.sources.python(path)) add(path);
  return [...found.values()];
}

function namedModules(view: ServiceView, module: PythonModule): readonly string[] {
  return module.calls.flatMap(({ callee, args }) => {
    const [first, second] = args;
    if (/(?:^|\.)config\.from_object$|(?:^|\.)import_module$/.test(callee)) return first?.string ?? [];
    if (callee.endsWith('.setdefault') && first?.string === 'DJANGO_SETTINGS_MODULE')
      return view.container.variable('DJANGO_SETTINGS_MODULE') === undefined ? (second?.string ?? []) : [];
    return [];
  });
}

/** `config.Production` is a class of the module `config`. */
const nearest = (view: ServiceView, dotted: string): string | undefined =>
  view.python.find(dotted) ?? (dotted.includes('.') ? view.python.find(dotted.replace(/\.\w+$/, '')) : undefined);

/** The function that a scope lies in, class bodies left out: they run together with what encloses them. */
function outsideClasses(module: PythonModule, scope: string): string {
  let outer = scope;
  while (outer !== '' && module.classes.some((each) => each.qualified === outer))
    outer = outer.includes('.') ? outer.slice(0, outer.lastIndexOf('.')) : '';
  return outer;
}

function isUnconditional(module: PythonModule, statement: number, script: PythonModule | undefined): boolean {
  let inner = module.statements[statement];
  for (const outer of enclosing(module, statement)) {
    if (outer.kind === 'function') return true;
    if (isFirstTime(module, outer, inner)) {
      inner = outer;
      continue;
    }
    const isMain = outer.kind === 'if' && /__name__\s*==/.test(outer.head);
    if (isMain && !(module === script && inner?.clause === 'body')) return false;
    if (!isMain && /^(?:if|for|while|match)$/.test(outer.kind)) return false;
    if (
      outer.kind === 'try' &&
      !(inner?.clause === 'finally' || (inner?.clause === 'body' && stops(module, outer.index)))
    )
      return false;
    inner = outer;
  }
  return true;
}

/** `if _app is None:` where the module sets `_app` to None and this function makes it once: the first call gets there. */
function isFirstTime(module: PythonModule, outer: PythonStatement, inner: PythonStatement | undefined): boolean {
  const name = /^(?:(\w+)\s+is\s+None|not\s+(\w+))$/.exec(outer.head.trim())?.slice(1).find(Boolean);
  return (
    outer.kind === 'if' &&
    inner?.clause === 'body' &&
    module.globals.some((each) => each.name === name && each.scope === outer.scope) &&
    module.assignments.some(({ target, scope, value }) => target === name && scope === '' && value?.text === 'None')
  );
}

/** Every handler of a `try` ends in `raise` or an exit, so that what fails in the body stops the process. */
function stops(module: PythonModule, attempt: number): boolean {
  const handled = module.statements.filter(({ parent, clause }) => parent === attempt && clause === 'except');
  const heads = new Set(handled.map(({ clauseHead }) => clauseHead));
  return [...heads].every((head) => handled.some((each) => each.clauseHead === head && isStop(module, each.index)));
}

/** True for a statement that ends the process: `raise`, `sys.exit(…)`. */
export const isStop = (module: PythonModule, statement: number): boolean =>
  module.statements[statement]?.kind === 'raise' ||
  module.calls.some((call) => call.statement === statement && /^(?:sys\.exit|exit|quit|os\._exit)$/.test(call.callee));
