import type { Span } from '../../src/finding.ts';
import { lineContentEnd } from '../../src/lines.ts';
import type { ImportCall } from '../../src/model/python/import-time.ts';
import type { PythonPath } from '../../src/model/python-app.ts';
import type { ServiceView, Stack } from '../../src/model/stack.ts';
import type { PythonImport, PythonModule } from '../../src/parse/python.ts';

/**
 * Imports that nothing uses any more once some places are gone. What is exported, imported from here by others, marked with
 * `noqa`, or loads a module that does something when it is imported, stays.
 */
export function unusedImports(
  stack: Stack,
  view: ServiceView,
  module: PythonModule,
  gone: readonly Span[],
  needed: readonly string[],
  calls: readonly ImportCall[],
): readonly PythonImport[] {
  const isGone = (offset: number): boolean => gone.some(({ start, end }) => offset >= start && offset < end);
  const unused = module.imports.filter((each) => {
    if (isGone(each.at.start) || each.optional || each.typing || needed.includes(each.binds)) return false;
    const uses = module.names.filter(({ name }) => name === each.binds);
    if (!uses.some(({ at }) => isGone(at.start)) || uses.some(({ at }) => !isGone(at.start))) return false;
    if (module.imports.some((other) => other !== each && other.binds === each.binds)) return false;
    if (module.exports?.includes(each.binds)) return false;
    const line = module.text.slice(each.at.start, lineContentEnd(module.text, each.at.end));
    return !/noqa/.test(line) && !isImportedElsewhere(stack, view.python, module, each.binds);
  });
  const executed = new Set(
    calls.flatMap((each) => (each.inside ? [`${each.module.path}#${each.inside.qualified}`] : [])),
  );
  return unused.filter((each) => staysLoaded(view, module, each, unused, executed));
}

/** `from app import db` in any file of the repository, by this container's module path. */
function isImportedElsewhere(stack: Stack, python: PythonPath, module: PythonModule, name: string): boolean {
  const word = new RegExp(`\\b${name}\\b`);
  return stack.repo.paths.some((path) => {
    if (path === module.path || !path.endsWith('.py') || !word.test(stack.repo.read(path) ?? '')) return false;
    const other = stack.sources.python(path);
    return other?.imports.some(
      (each) =>
        ((each.name === name || each.name === '*') && python.targets(other, each).includes(module.path)) ||
        (python.targets(other, each).includes(module.path) &&
          other.names.some(({ dotted }) => dotted.split('.').includes(name) && dotted.startsWith(`${each.binds}.`))),
    );
  });
}

/** Without the import, every module that does something on import is loaded all the same. */
function staysLoaded(
  { entry, python }: ServiceView,
  module: PythonModule,
  dropped: PythonImport,
  unused: readonly PythonImport[],
  executed: ReadonlySet<string>,
): boolean {
  if (!entry) return false;
  const reached = new Set<string>();
  const queue = [entry.path];
  const known = new Map(python.reachable(entry.path, true).map((each) => [each.path, each]));
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const current = reached.has(next) ? undefined : known.get(next);
    if (!current) continue;
    reached.add(next);
    for (const each of current.imports)
      if (
        !each.typing &&
        !(current === module && unused.includes(each)) &&
        (each.scope === '' || executed.has(`${current.path}#${each.scope}`))
      )
        queue.push(...python.targets(current, each));
  }
  const targets = python.targets(module, dropped);
  const lost = targets.flatMap((path) => python.reachable(path, true)).filter(({ path }) => !reached.has(path));
  return lost.every((each) => isInert(each));
}

/** Only imports, constants, functions and objects that do nothing until they are asked: leaving such a module out changes nothing. */
const isInert = (module: PythonModule): boolean =>
  module.statements.every(
    (each) => each.parent !== -1 || /^(?:import|assignment|function|class|pass|expression)$/.test(each.kind),
  ) &&
  module.functions.every(({ decorators }) => decorators.length === 0) &&
  module.classes.every(({ bases, decorators }) => bases.length === 0 && decorators.length === 0) &&
  module.calls.every(
    ({ scope, callee }) =>
      scope !== '' ||
      /(?:^|\.)(?:getLogger|getenv|get|Path|int|str|frozenset|compile|namedtuple|MetaData|SQLAlchemy|Migrate|create_engine|create_async_engine|sessionmaker|async_sessionmaker|scoped_session|declarative_base)$/.test(
        callee,
      ),
  );
