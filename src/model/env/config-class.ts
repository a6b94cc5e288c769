import type { PythonModule } from '../../parse/python.ts';
import type { ServiceView } from '../stack.ts';
import { lookupsIn } from './calls.ts';

/** Variables that choose a configuration: FLASK_CONFIG, APP_ENV, APP_SETTINGS, STAGE. */
const CHOICE = /CONFIG|ENV|SETTINGS|STAGE|MODE|PROFILE/i;

/** A class of a module, by its qualified name. */
interface ConfigClass {
  readonly module: PythonModule;
  readonly name: string;
}

/**
 * The scopes (`path:Class`) of configuration classes that the process does not use: `from_object(CONFIGS[name])` takes one of a
 * table, and the others beside it say nothing about this container. Empty where the choice cannot be told.
 */
export function unusedConfigs(modules: readonly PythonModule[], view: ServiceView): ReadonlySet<string> {
  const unused = new Set<string>();
  for (const module of modules)
    for (const { target, scope, value } of module.assignments) {
      const table = scope === '' && value ? tableIn(value.text) : new Map<string, string>();
      if (table.size < 2 || !isConfigTable(modules, target)) continue;
      const classes = [...table].map(([key, name]) => ({ key, found: classNamed(module, name, view) }));
      const chosen = chosenKey(modules, view, new Set(table.keys()));
      const used = classes.find(({ key }) => key === chosen)?.found;
      if (!used) continue;
      const line = new Set(lineOf(used, view).map(nameOf));
      for (const { found } of classes)
        for (const each of found ? lineOf(found, view) : []) if (!line.has(nameOf(each))) unused.add(nameOf(each));
    }
  return unused;
}

const nameOf = ({ module, name }: ConfigClass): string => `${module.path}:${name}`;

/** `{"production": ProductionConfig, "testing": TestingConfig}`, and nothing else in it. */
function tableIn(text: string): ReadonlyMap<string, string> {
  const inner =
    /^\{([\s\S]*)\}$/.exec(text)?.[1] ?? /^dict\(([\s\S]*)\)$/.exec(text)?.[1]?.replace(/(\w+)\s*=/g, '"$1":');
  const entries = (inner ?? '')
    .split(',')
    .map((entry) => entry.replace(/#.*$/gm, '').trim())
    .filter(Boolean)
    .map((entry) => /^(['"])([\w-]+)\1\s*:\s*([A-Za-z_][\w.]*)$/.exec(entry));
  return entries.every((entry) => entry !== null)
    ? new Map(entries.map((entry) => [entry?.[2] ?? '', entry?.[3] ?? '']))
    : new Map();
}

/** Something is configured from an entry of the table. */
const isConfigTable = (modules: readonly PythonModule[], table: string): boolean =>
  modules.some(({ calls }) =>
    calls.some(
      ({ callee, args }) =>
        /(?:^|\.)from_object$/.test(callee) &&
        new RegExp(`^(?:\\w+\\.)*${table}(?:\\[|\\.get\\()`).test(args[0]?.text ?? ''),
    ),
  );

/** The key that a variable of the process, or its default, names; `undefined` unless all that name one agree. */
function chosenKey(modules: readonly PythonModule[], view: ServiceView, keys: ReadonlySet<string>): string | undefined {
  const named = modules.flatMap((module) =>
    lookupsIn(module)
      .filter(({ name }) => CHOICE.test(name))
      .flatMap(({ name, fallback }) => view.container.variable(name) ?? fallback?.string ?? []),
  );
  const chosen = new Set(named.filter((value) => keys.has(value)));
  return chosen.size === 1 ? [...chosen][0] : undefined;
}

function classNamed(module: PythonModule, name: string, view: ServiceView): ConfigClass | undefined {
  const origin = view.python.origin(module, name, '');
  return origin?.kind === 'defined' && origin.module.classes.some(({ qualified }) => qualified === origin.name)
    ? { module: origin.module, name: origin.name }
    : undefined;
}

/** A class and all that it inherits from. */
function lineOf(start: ConfigClass, view: ServiceView): readonly ConfigClass[] {
  const line: ConfigClass[] = [];
  const queue = [start];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const { module, name } = next;
    if (line.some((each) => nameOf(each) === `${module.path}:${name}`)) continue;
    line.push(next);
    const bases = module.classes.find(({ qualified }) => qualified === name)?.bases ?? [];
    for (const base of bases) queue.push(...[classNamed(module, base.text, view) ?? []].flat());
  }
  return line;
}
