import type { Span } from '../../src/finding.ts';
import { option } from '../../src/model/program.ts';
import type { PythonPath } from '../../src/model/python-app.ts';
import type { Stack } from '../../src/model/stack.ts';
import { enclosing, type PythonCall, type PythonModule } from '../../src/parse/python.ts';
import { functionAt } from './callee.ts';
import type { Worker } from './worker.ts';

/** Code that runs when a module is imported: its top level (`scope` ''), or a function that this calls. */
export interface Executed {
  readonly module: PythonModule;
  readonly scope: string;
}

/** What a worker has run before its first task. */
export interface Loaded {
  readonly modules: readonly PythonModule[];
  readonly executed: readonly Executed[];
}

const MAX_CALLS = 400;

/** The modules that a worker imports, through `include`, `imports` and `autodiscover_tasks` too, and what runs in them. */
export function loadedBy(stack: Stack, worker: Worker): Loaded {
  const { python } = worker.view;
  const modules = new Map<string, PythonModule>();
  const load = (path: string): void => {
    // Python runs the packages on the way first.
    const names = (python.nameOf(path) ?? '').split('.');
    const packages = names.map((_, index) => python.find(names.slice(0, index).join('.')) ?? path);
    for (const each of [...packages, path])
      for (const module of python.reachable(each, false)) modules.set(module.path, module);
  };
  load(worker.entry.path);
  // celery worker -I a,b
  for (const name of (option(worker.command.argv, ['-I', '--include']) ?? '').split(',')) {
    const path = name === '' ? undefined : python.find(name.trim());
    if (path !== undefined) load(path);
  }
  let executed = executedIn(python, [...modules.values()]);
  const settings = [
    worker.celery.module,
    worker.celery.callModule,
    worker.entry,
    ...configModules(stack, python, executed),
  ];
  for (const path of taskModules(stack, python, worker, settings, executed)) load(path);
  executed = executedIn(python, [...modules.values()]);
  return { modules: [...modules.values()], executed };
}

/** The calls and assignments that some executed code makes itself (not a function that it defines). */
export const runs = (executed: Executed, each: { readonly scope: string }): boolean => each.scope === executed.scope;

/** Guarded by `if __name__ == "__main__"` or `if TYPE_CHECKING`: not run by an import. */
export const isGuarded = (module: PythonModule, statement: number): boolean =>
  enclosing(module, statement).some(({ kind, head }) => kind === 'if' && /__name__|TYPE_CHECKING/.test(head));

function executedIn(python: PythonPath, modules: readonly PythonModule[]): readonly Executed[] {
  const found = new Map<string, Executed>(modules.map((module) => [`${module.path}#`, { module, scope: '' }]));
  for (const { module, scope } of found.values())
    for (const call of module.calls) {
      if (call.scope !== scope || call.deferred || isGuarded(module, call.statement)) continue;
      const target = functionAt(python, module, call.callee, scope);
      if (target && found.size < MAX_CALLS)
        found.set(`${target.module.path}#${target.fn.qualified}`, {
          module: target.module,
          scope: target.fn.qualified,
        });
    }
  return [...found.values()];
}

/** Modules that `config_from_object` names: as a string, or as the module or class itself. */
function configModules(stack: Stack, python: PythonPath, executed: readonly Executed[]): readonly PythonModule[] {
  return executed.flatMap((each) =>
    each.module.calls
      .filter((call) => runs(each, call) && /\.config_from_object$/.test(call.callee))
      .flatMap((call) => {
        const arg = call.args[0];
        const path = arg?.string === undefined ? undefined : python.find(arg.string.replace(/:.*$/, ''));
        if (path !== undefined) return stack.sources.python(path) ?? [];
        const origin = arg && arg.string === undefined ? python.origin(each.module, arg.text, call.scope) : undefined;
        return origin?.kind === 'defined' ? origin.module : [];
      }),
  );
}

function taskModules(
  stack: Stack,
  python: PythonPath,
  worker: Worker,
  settings: readonly PythonModule[],
  executed: readonly Executed[],
): readonly string[] {
  const paths = new Set<string>();
  const { call, callModule } = worker.celery;
  const lists: { readonly module: PythonModule; readonly at: Span; readonly related: string }[] = [];
  for (const arg of call.args)
    if (arg.name === 'include') lists.push({ module: callModule, at: arg.value, related: '' });
  for (const module of new Set(settings)) {
    const ran = (scope: string): boolean =>
      executed.some((each) => each.module === module && each.scope === scope) || scope === '';
    for (const each of module.assignments)
      if (each.value && /(?:^|\.|["'])(?:CELERY_)?(?:imports|include)(?:["']\])?$/i.test(each.target))
        lists.push({ module, at: each.value.at, related: '' });
    for (const each of module.calls.filter((one) => ran(one.scope))) lists.push(...listsOf(module, each));
  }
  for (const { module, at, related } of lists) {
    const names = stringsIn(module, at);
    // A list that is computed: any module of the image may be in it.
    if (names.length === 0) return visibleModules(stack, python);
    for (const name of names)
      for (const candidate of related === '' ? [name] : [`${name}.${related}`, name]) {
        const path = python.find(candidate);
        if (path !== undefined) paths.add(path);
      }
  }
  return [...paths];
}

function listsOf(module: PythonModule, call: PythonCall): { module: PythonModule; at: Span; related: string }[] {
  if (/\.autodiscover_tasks$/.test(call.callee)) {
    const related = call.args.find((arg) => arg.name === 'related_name')?.string ?? 'tasks';
    const packages = call.args.find((arg) => arg.name === 'packages' || (arg.name === undefined && arg.star === ''));
    return packages ? [{ module, at: packages.value, related }] : [];
  }
  if (!/\.conf\.update$/.test(call.callee)) return [];
  return call.args.flatMap((arg) => {
    if (arg.name !== undefined)
      return /^(?:imports|include)$/.test(arg.name) ? [{ module, at: arg.value, related: '' }] : [];
    const entry = /["'](?:imports|include|CELERY_IMPORTS|CELERY_INCLUDE)["']\s*:\s*[[(]([^\])]*)/.exec(arg.text);
    const start = entry ? arg.value.start + entry.index : 0;
    return entry ? [{ module, at: { ...arg.value, start, end: start + entry[0].length }, related: '' }] : [];
  });
}

/** The strings of a literal list, of a single string, or of the constant that a name stands for. */
function stringsIn(module: PythonModule, at: Span): readonly string[] {
  const text = module.text.slice(at.start, at.end);
  const constant = module.assignments.find((each) => each.target === text && each.scope === '')?.value?.text;
  return [...(constant ?? text).matchAll(/["']([A-Za-z_][\w.]*)["']/g)].flatMap((match) => match[1] ?? []);
}

const visibleModules = (stack: Stack, python: PythonPath): readonly string[] =>
  stack.repo.paths.filter(
    (path) => path.endsWith('.py') && !/(?:^|\/)tests?\//.test(path) && python.nameOf(path) !== undefined,
  );
