import type { ScriptModule } from '../../parse/typescript.ts';
import { folderOf, joinContainer, resolveIn } from '../../repo/path.ts';
import type { Repo } from '../../repo/repo.ts';
import type { Sources } from '../sources.ts';
import type { ServiceView, Stack } from '../stack.ts';

const SCRIPT = /\.(?:[cm]?[jt]s)$/;
const PREPARES = /\.sync\s*\(|\bmigrate\s*\.\s*latest\s*\(|\.runMigrations\s*\(/;
const SEVERAL = /\bpm2\b|['"](?:node:)?cluster['"]/;

/** Whether Node sources are worth parsing: something prepares a database, and something may start several processes. */
export function mayRepeatInit(repo: Repo): boolean {
  const scripts = repo.paths.filter((path) => SCRIPT.test(path) && !/(?:^|\/)node_modules\//.test(path));
  if (!scripts.some((path) => PREPARES.test(repo.read(path) ?? ''))) return false;
  return repo.paths.some(
    (path) =>
      (SCRIPT.test(path) || /(?:^|\/)(?:[^/]*Dockerfile[^/]*|[^/]*\.(?:ya?ml|json|sh))$/i.test(path)) &&
      !/(?:^|\/)(?:node_modules|package-lock)/.test(path) &&
      SEVERAL.test(repo.read(path) ?? ''),
  );
}

/** What a Node service's server runs: its first file, and the processes that run it. */
export interface NodeServer {
  readonly entry: ScriptModule;
  /** The files of the repository that it loads, itself first. */
  readonly modules: readonly ScriptModule[];
  /** The least number of processes that is certain; `undefined` when nobody can tell. */
  readonly count: number | undefined;
  /** The count in words. */
  readonly many: string;
  readonly evidence: readonly { readonly at: ServiceView['service']['at']; readonly says: string }[];
}

/** The server of a service that Node or PM2 runs from files of this repository; `undefined` without the parser. */
export function nodeServer(stack: Stack, view: ServiceView): NodeServer | undefined {
  const main = view.startup.main;
  const named = main?.program.app?.module;
  if (!main || named === undefined || !/^(?:node|pm2|pm2-runtime)$/.test(main.program.name)) return undefined;
  const first = scriptIn(stack, view, named);
  if (!first) return undefined;
  const configured = /^pm2/.test(main.program.name) && /(?:\.json|config\.[cm]?js)$/.test(named) ? first : undefined;
  const scripts = configured?.properties.filter(({ name }) => name === 'script') ?? [];
  if (configured && scripts.length !== 1) return undefined;
  const entry = configured ? scriptIn(stack, view, scripts[0]?.value.replace(/^["'`]|["'`]$/g, '') ?? '') : first;
  if (!entry) return undefined;
  const modules = loadedBy(stack.sources, stack.repo, entry);
  const instances = configured?.properties.findLast(({ name }) => name === 'instances');
  if (instances) {
    const count = /^["']?max["']?$|^-?[01]$/.test(instances.value)
      ? instances.value === '1'
        ? 1
        : undefined
      : Number(instances.value);
    return {
      entry,
      modules,
      count: Number.isNaN(count) ? undefined : count,
      many: instances.value,
      evidence: [{ at: instances.at, says: 'PM2 starts as many processes, and each loads the application' }],
    };
  }
  const forks = modules.flatMap((module) =>
    module.calls.filter(
      ({ callee }) =>
        /^cluster\.fork$|^fork$/.test(callee) && module.imports.some((each) => /^(?:node:)?cluster$/.test(each.module)),
    ),
  );
  const [fork] = forks;
  // A loop over the processors, or several calls: two at least.
  if (fork)
    return {
      entry,
      modules,
      count: 2,
      many: 'several',
      evidence: [{ at: fork.at, says: 'several processes are forked here, and each loads this file again' }],
    };
  const { workers } = main.program;
  return {
    entry,
    modules,
    count: workers,
    many: String(workers ?? 'several'),
    evidence: [
      {
        at: main.at,
        says: `${main.program.name} starts ${workers ?? 'several'} processes, and each loads the application`,
      },
    ],
  };
}

/** A script of the repository by the name that a command gives it inside the container. */
export function scriptIn(stack: Stack, view: ServiceView, name: string): ScriptModule | undefined {
  if (view.container.workdir === undefined) return undefined;
  for (const candidate of [name, `${name}.js`, `${name}/index.js`]) {
    const file = view.container.fileAt(joinContainer(view.container.workdir, candidate));
    if (file.kind === 'repo' && /\.(?:[cm]?[jt]s|json)$/.test(file.path)) return stack.sources.typescript(file.path);
  }
  return undefined;
}

/** The file that a relative specifier names. */
export function importedFile(repo: Repo, from: ScriptModule, specifier: string): string | undefined {
  const base = specifier.startsWith('.') ? resolveIn(folderOf(from.path), specifier) : undefined;
  if (base === undefined) return undefined;
  const stem = base.replace(/\.[cm]?js$/, '');
  const endings = ['.js', '.cjs', '.mjs', '.ts', '.mts', '.cts', '/index.js', '/index.ts'];
  return [base, ...endings.flatMap((ending) => [base + ending, stem + ending])].find(
    (path) => repo.has(path) && SCRIPT.test(path),
  );
}

/** The files that a file loads through relative imports, itself first. */
export function loadedBy(sources: Sources, repo: Repo, entry: ScriptModule): readonly ScriptModule[] {
  const found = new Map<string, ScriptModule>();
  const queue = [entry.path];
  for (let next = queue.shift(); next !== undefined && found.size < 500; next = queue.shift()) {
    const module = found.has(next) ? undefined : sources.typescript(next);
    if (!module) continue;
    found.set(next, module);
    for (const each of module.imports) {
      const path = importedFile(repo, module, each.module);
      if (path !== undefined) queue.push(path);
    }
  }
  return [...found.values()];
}
