import type { ServiceView } from '../../src/model/stack.ts';
import type { PythonModule } from '../../src/parse/python.ts';
import type { Candidate } from './candidates.ts';

/** Modules that register tables when they are imported. */
const definesTables = (module: PythonModule): boolean =>
  module.classes.some(
    ({ bases, body }) =>
      bases.length > 0 &&
      /__tablename__|\bColumn\(|\bmapped_column\(|\brelationship\(|\bField\(/.test(
        module.text.slice(body.start, body.end),
      ),
  ) || module.calls.some(({ callee, scope }) => scope === '' && /(?:^|\.)Table$/.test(callee));

/**
 * Imports that a one-time command needs before the modules that it names, so that it knows every table that the server knows:
 * none, or the server's own module. `undefined` when even that does not load them all.
 */
export function importPrefix(
  view: ServiceView,
  named: readonly PythonModule[],
  candidates: readonly Candidate[],
): readonly string[] | undefined {
  const { entry, python } = view;
  if (!entry || !candidates.some(({ effects }) => effects.some(({ kind }) => kind === 'schema'))) return [];
  const wanted = python
    .reachable(entry.path, true)
    .filter(definesTables)
    .map(({ path }) => path);
  const loads = (modules: readonly PythonModule[]): ReadonlySet<string> =>
    new Set(modules.flatMap((module) => python.reachable(module.path, false)).map(({ path }) => path));
  const inside = candidates.flatMap(({ calls }) =>
    calls.flatMap(({ module, inside: fn }) => (fn ? [{ module, fn }] : [])),
  );
  const lazily = inside.flatMap(({ module, fn }) =>
    module.imports.filter(({ scope }) => scope === fn.qualified).flatMap((each) => python.targets(module, each)),
  );
  const known = new Set([
    ...loads(named),
    ...lazily.flatMap((path) => python.reachable(path, false)).map(({ path }) => path),
  ]);
  if (wanted.every((path) => known.has(path))) return [];
  const name = python.nameOf(entry.path);
  const all = new Set([...known, ...loads([entry])]);
  return name !== undefined && wanted.every((path) => all.has(path)) ? [`import ${name}`] : undefined;
}
