import type { Span } from '../finding.ts';
import type { PythonImport, PythonModule } from '../parse/python.ts';
import { folderOf, joinContainer } from '../repo/path.ts';
import type { Repo } from '../repo/repo.ts';
import type { Container } from './container.ts';
import type { Program } from './program.ts';
import type { Sources } from './sources.ts';

/** Where a name comes from: a place in the repository, or a dotted name of a package outside it. */
export type Origin =
  | { readonly kind: 'defined'; readonly module: PythonModule; readonly name: string }
  | { readonly kind: 'external'; readonly dotted: string };

/** The Python that a container's processes can import from this repository. */
export interface PythonPath {
  /** Repository path of a dotted module; `undefined` when it is not in the repository or cannot be seen. */
  readonly find: (dotted: string) => string | undefined;
  /** True when every folder that modules are looked for in is seen and none holds this one. */
  readonly absent: (dotted: string) => boolean;
  /** The module of a server's reference (`pkg.mod`, `app.py`). */
  readonly entry: (reference: string) => string | undefined;
  /** Repository paths that an import statement brings in, packages on the way included. */
  readonly targets: (module: PythonModule, imported: PythonImport) => readonly string[];
  /** The dotted name under which this container imports a file; `undefined` when it cannot. */
  readonly nameOf: (path: string) => string | undefined;
  /**
   * Modules that run when `path` is imported, itself first. Imports inside functions count only when `lazy`;
   * those under TYPE_CHECKING never do.
   */
  readonly reachable: (path: string, lazy: boolean) => readonly PythonModule[];
  /** Follows imports and simple rebinding to where a dotted name is defined: `db.session` in tasks.py → ext.py's `db`. */
  readonly origin: (module: PythonModule, dotted: string, scope: string) => Origin | undefined;
}

/** Resolves modules as the container would: working directory (or `--chdir`), PYTHONPATH, then nothing else of the repository. */
export function pythonPathOf(
  repo: Repo,
  sources: Sources,
  container: Container,
  program: Program | undefined,
): PythonPath {
  const workdir = container.workdir;
  const roots = workdir === undefined ? [] : searchFolders(container, workdir, program);
  const seen = new Map<string, string | undefined>();
  const find = (dotted: string): string | undefined => {
    if (!seen.has(dotted)) seen.set(dotted, locateModule(repo, container, roots, dotted));
    return seen.get(dotted);
  };
  const targets = (module: PythonModule, imported: PythonImport): readonly string[] => {
    const found = absolute(module, imported, nameOf).flatMap((dotted) => {
      const segments = dotted.split('.');
      return segments.map((_, index) => segments.slice(0, index + 1).join('.'));
    });
    return [...new Set(found.flatMap((dotted) => find(dotted) ?? []))];
  };
  const nameOf = (path: string): string | undefined => {
    const suffix = path
      .replace(/\.py$/, '')
      .replace(/\/__init__$/, '')
      .split('/');
    for (let take = 1; take <= suffix.length; take += 1) {
      const dotted = suffix.slice(-take).join('.');
      if (find(dotted) === path) return dotted;
    }
    return undefined;
  };
  const read = (path: string): PythonModule | undefined => sources.python(path);
  const reached = new Map<string, readonly PythonModule[]>();
  const reachable = (path: string, lazy: boolean): readonly PythonModule[] => {
    const key = `${lazy ? 'lazy' : 'eager'}:${path}`;
    const known = reached.get(key) ?? walk(path, lazy);
    reached.set(key, known);
    return known;
  };
  const walk = (path: string, lazy: boolean): readonly PythonModule[] => {
    const modules = new Map<string, PythonModule>();
    const queue = [path];
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const module = modules.has(next) ? undefined : read(next);
      if (!module) continue;
      modules.set(next, module);
      for (const imported of module.imports)
        if (!imported.typing && (lazy || imported.scope === '')) queue.push(...targets(module, imported));
    }
    return [...modules.values()];
  };
  const origin = (module: PythonModule, dotted: string, scope: string): Origin | undefined =>
    originOf(read, find, nameOf, module, dotted, scope, 0);
  const entry = (reference: string): string | undefined => {
    if (!/\.py$|\//.test(reference)) return find(reference);
    const file =
      workdir === undefined
        ? undefined
        : container.fileAt(joinContainer(workdir, /\.py$/.test(reference) ? reference : `${reference}.py`));
    return file?.kind === 'repo' ? file.path : undefined;
  };
  const absent = (dotted: string): boolean =>
    roots.length > 0 && candidatesIn(roots, dotted).every((path) => container.fileAt(path).kind === 'absent');
  return { find, absent, entry, targets, nameOf, reachable, origin };
}

function searchFolders(container: Container, workdir: string, program: Program | undefined): string[] {
  const first = program?.chdir !== undefined ? joinContainer(workdir, program.chdir) : workdir;
  const script = program?.app?.module;
  const scriptFolder = script?.endsWith('.py') ? joinContainer(workdir, folderOf(script) || '.') : undefined;
  const path = (container.variable('PYTHONPATH') ?? '')
    .split(':')
    .filter((folder) => folder !== '' && !folder.includes('$'));
  return [
    ...new Set([
      ...(scriptFolder ? [scriptFolder] : []),
      first,
      workdir,
      ...path.map((folder) => joinContainer(workdir, folder)),
    ]),
  ];
}

function locateModule(repo: Repo, container: Container, roots: readonly string[], dotted: string): string | undefined {
  for (const candidate of candidatesIn(roots, dotted)) {
    const file = container.fileAt(candidate);
    if (file.kind === 'repo' && repo.has(file.path)) return file.path;
  }
  return undefined;
}

/** Container paths at which Python looks for a module, in its order. */
function candidatesIn(roots: readonly string[], dotted: string): readonly string[] {
  const relative = dotted.split('.').join('/');
  return roots.flatMap((root) => [
    joinContainer(root, `${relative}/__init__.py`),
    joinContainer(root, `${relative}.py`),
  ]);
}

/** The absolute dotted names that an import may load: the module, and its submodule of the imported name. */
function absolute(
  module: PythonModule,
  imported: PythonImport,
  nameOf: (path: string) => string | undefined,
): string[] {
  let base = imported.module;
  if (imported.level > 0) {
    const own = nameOf(module.path);
    if (own === undefined) return [];
    const packages = own.split('.');
    const isPackage = module.path.endsWith('/__init__.py') || module.path === '__init__.py';
    const keep = packages.length - imported.level + (isPackage ? 1 : 0);
    if (keep < 0) return [];
    base = [...packages.slice(0, keep), ...(imported.module ? [imported.module] : [])].join('.');
  }
  if (imported.name === undefined || imported.name === '*') return base === '' ? [] : [base];
  return base === '' ? [imported.name] : [`${base}.${imported.name}`, base];
}

function originOf(
  read: (path: string) => PythonModule | undefined,
  find: (dotted: string) => string | undefined,
  nameOf: (path: string) => string | undefined,
  module: PythonModule,
  dotted: string,
  scope: string,
  depth: number,
): Origin | undefined {
  if (depth > 20) return undefined;
  const follow = (next: PythonModule, rest: string): Origin | undefined =>
    originOf(read, find, nameOf, next, rest, '', depth + 1);
  const [head = '', ...rest] = dotted.split('.');
  const imported = module.imports.findLast(
    (each) => each.binds === head && (each.scope === '' || each.scope === scope || scope.startsWith(`${each.scope}.`)),
  );
  if (!imported) {
    const star = module.imports.filter((each) => each.name === '*');
    const own =
      module.functions.some((each) => each.qualified === head) ||
      module.classes.some((each) => each.qualified === head) ||
      module.assignments.some((each) => each.target === head && each.scope === '');
    if (own || star.length === 0) return own ? { kind: 'defined', module, name: dotted } : undefined;
    for (const each of star)
      for (const name of absolute(module, each, nameOf)) {
        const target = find(name);
        const next = target === undefined ? undefined : read(target);
        const found = next && follow(next, dotted);
        if (found) return found;
        if (target === undefined) return { kind: 'external', dotted: `${name}.${dotted}` };
      }
    return undefined;
  }
  const names = absolute(module, imported, nameOf);
  if (imported.name === undefined) {
    // `import a.b.c` binds `a`: the dotted use spells the module out.
    const full =
      imported.binds === imported.module || imported.module.startsWith(`${imported.binds}.`)
        ? dotted
        : [imported.module, ...rest].join('.');
    return alongModules(read, find, full, follow);
  }
  const [submodule, parent] = names;
  const asModule = submodule === undefined ? undefined : find(submodule);
  const from = parent === undefined ? undefined : find(parent);
  const fromModule = from === undefined ? undefined : read(from);
  if (fromModule && fromModule !== module) {
    const found = follow(fromModule, [imported.name, ...rest].join('.'));
    if (found) return found;
  }
  if (asModule !== undefined) return alongModules(read, find, [submodule, ...rest].join('.'), follow);
  if (fromModule) return { kind: 'defined', module: fromModule, name: [imported.name, ...rest].join('.') };
  return imported.level > 0
    ? undefined
    : { kind: 'external', dotted: [imported.module, imported.name, ...rest].filter(Boolean).join('.') };
}

/** Splits `pkg.mod.name` into the longest module of the repository and the name in it. */
function alongModules(
  read: (path: string) => PythonModule | undefined,
  find: (dotted: string) => string | undefined,
  dotted: string,
  follow: (module: PythonModule, rest: string) => Origin | undefined,
): Origin | undefined {
  const segments = dotted.split('.');
  for (let take = segments.length; take > 0; take -= 1) {
    const path = find(segments.slice(0, take).join('.'));
    const module = path === undefined ? undefined : read(path);
    if (!module) continue;
    const rest = segments.slice(take).join('.');
    return rest === ''
      ? { kind: 'defined', module, name: '' }
      : (follow(module, rest) ?? { kind: 'defined', module, name: rest });
  }
  return { kind: 'external', dotted };
}

/** The string constants of a module, with their places: hosts and URLs are looked for in them. */
export const stringsOf = (module: PythonModule): readonly { readonly text: string; readonly at: Span }[] => [
  ...module.calls.flatMap((call) =>
    call.args.flatMap((arg) => (arg.string === undefined ? [] : [{ text: arg.string, at: arg.value }])),
  ),
  ...module.assignments.flatMap(({ value }) =>
    value?.string === undefined ? [] : [{ text: value.string, at: value.at }],
  ),
];
