import type { Evidence } from '../../finding.ts';
import { enclosing, type PythonImport, type PythonModule } from '../../parse/python.ts';
import { startingCode } from '../env/start.ts';
import type { ServiceView, Stack } from '../stack.ts';

/** An import that surely runs when a service's process starts. */
export interface StartingImport {
  readonly module: PythonModule;
  readonly imported: PythonImport;
  /** The imports that lead to its module, the first one in the module that the process names. */
  readonly via: readonly Evidence[];
}

/** What a service's process imports at its start, without a condition and without something that catches the failure. */
export function importsAtStart(stack: Stack, view: ServiceView): readonly StartingImport[] {
  return walk(stack, view).imports;
}

/** The modules of the repository that a service's process surely loads at its start, the one that it names first. */
export function modulesAtStart(stack: Stack, view: ServiceView): readonly PythonModule[] {
  return walk(stack, view).modules;
}

interface Walk {
  readonly imports: readonly StartingImport[];
  readonly modules: readonly PythonModule[];
}

const known = new WeakMap<ServiceView, Walk>();

function walk(stack: Stack, view: ServiceView): Walk {
  const found = known.get(view) ?? followImports(stack, view);
  known.set(view, found);
  return found;
}

function followImports(stack: Stack, view: ServiceView): Walk {
  const code = startingCode(stack, view);
  if (!code || !view.entry) return { imports: [], modules: [] };
  const modules: PythonModule[] = [];
  const found: StartingImport[] = [];
  const queue: { readonly path: string; readonly via: readonly Evidence[] }[] = [
    ...packagesOf(view, view.entry).map((path) => ({ path, via: [] })),
    { path: view.entry.path, via: [] },
  ];
  const seen = new Set<string>();
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const { path, via } = next;
    const module = seen.has(path) ? undefined : stack.sources.python(path);
    seen.add(path);
    if (!module || module.errors.length > 0) continue;
    modules.push(module);
    for (const imported of module.imports) {
      if (imported.optional || imported.typing || !code.runs(module, imported.statement, imported.scope)) continue;
      if (isCaught(module, imported)) continue;
      found.push({ module, imported, via });
      const step = { at: imported.at, says: `${path} imports ${nameIn(imported)} when it is loaded` };
      for (const target of view.python.targets(module, imported)) queue.push({ path: target, via: [...via, step] });
    }
  }
  return { imports: found, modules };
}

/** The packages that run before a module of theirs. */
function packagesOf(view: ServiceView, module: PythonModule): readonly string[] {
  const segments = view.python.nameOf(module.path)?.split('.') ?? [];
  return segments.slice(0, -1).flatMap((_, index) => view.python.find(segments.slice(0, index + 1).join('.')) ?? []);
}

/** As it is written: `app.db`, `.client`. */
const nameIn = ({ module, level, name }: PythonImport): string =>
  `${'.'.repeat(level)}${module || (level > 0 ? (name ?? '') : '')}`;

/** In a `try` that does anything but stop, or in a `with` that may swallow the failure. */
const isCaught = (module: PythonModule, { statement }: PythonImport): boolean =>
  enclosing(module, statement).some(({ kind }) => kind === 'try' || kind === 'with');
