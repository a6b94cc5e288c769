import { enclosing, type PythonModule } from '../../parse/python.ts';
import { callsFrom, functionOf } from '../python/import-time.ts';
import { calledFactory } from '../python/server-processes.ts';
import type { ServiceView, Stack } from '../stack.ts';

/** The code that certainly runs when a service's process starts. */
export interface StartingCode {
  /** Every module of the repository that the process imports then. */
  readonly modules: readonly PythonModule[];
  /** Whether a statement surely runs: not under a condition, not in a function that may never be called. */
  readonly runs: (module: PythonModule, statement: number, scope: string) => boolean;
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
  const modules = modulesOf(stack, view, entry);
  const program = view.startup.main?.program;
  const script = program?.app?.module.endsWith('.py') || /^python/.test(program?.name ?? '') ? entry : undefined;
  const factory = calledFactory(view)?.object;
  const starts = [
    ...modules.map((module) => ({ module, scope: '' })),
    ...(factory === undefined ? [] : [{ module: entry, scope: factory }]),
  ];
  const certain = (module: PythonModule, statement: number): boolean => isUnconditional(module, statement, script);
  const started = new Set<string>(factory === undefined ? [] : [`${entry.path}:${factory}`]);
  for (const { call, module, via } of callsFrom(python, starts, { script, skip: () => false })) {
    if (![...via, { module, call }].every((link) => certain(link.module, link.call.statement))) continue;
    const target = functionOf(python, module, call);
    if (target) started.add(`${target.module.path}:${target.fn.qualified}`);
  }
  const runs = (module: PythonModule, statement: number, scope: string): boolean => {
    const outer = outsideClasses(module, scope);
    return (outer === '' || started.has(`${module.path}:${outer}`)) && certain(module, statement);
  };
  return { modules, runs };
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
