import type { Span } from '../../finding.ts';
import type { PythonCall, PythonModule } from '../../parse/python.ts';

/** How a module spells the environment: `os.environ`, `environ` after `from os import environ`. */
export interface EnvironNames {
  readonly environ: ReadonlySet<string>;
  readonly getenv: ReadonlySet<string>;
}

/** A read of one variable by a literal name. */
export interface EnvLookup {
  readonly name: string;
  /** The whole expression, for comparing with arguments and values. */
  readonly at: Span;
  readonly statement: number;
  readonly scope: string;
  readonly kind: 'subscript' | 'get';
  readonly fallback: { readonly text: string; readonly at: Span; readonly string: string | undefined } | undefined;
}

/** The names under which a module knows `os.environ` and `os.getenv`. */
export function environNames(module: PythonModule): EnvironNames {
  const environ = new Set<string>();
  const getenv = new Set<string>();
  for (const { module: from, level, name, binds } of module.imports) {
    if (from !== 'os' || level > 0) continue;
    if (name === undefined) {
      environ.add(`${binds}.environ`);
      getenv.add(`${binds}.getenv`);
    }
    if (name === 'environ') environ.add(binds);
    if (name === 'getenv') getenv.add(binds);
  }
  return { environ, getenv };
}

/** Every `os.environ["X"]`, `os.environ.get("X")` and `os.getenv("X")` of a module that reads. */
export function lookupsIn(module: PythonModule): readonly EnvLookup[] {
  const names = environNames(module);
  if (names.environ.size + names.getenv.size === 0) return [];
  const written = writesAt(module);
  const gets = module.calls.flatMap((call): EnvLookup[] => {
    if (!isGet(call, names)) return [];
    const [first, second] = call.args;
    if (first?.string === undefined) return [];
    const fallback = second && { text: second.text, at: second.value, string: second.string };
    const { at, statement, scope } = call;
    return [{ name: first.string, at, statement, scope, kind: 'get', fallback }];
  });
  const items = subscripts(module, names).filter(({ at }) => !written.has(at.start));
  return [...gets, ...items].sort((a, b) => a.at.start - b.at.start);
}

const isGet = ({ callee }: PythonCall, { environ, getenv }: EnvironNames): boolean =>
  getenv.has(callee) || (callee.endsWith('.get') && environ.has(callee.slice(0, -4)));

const writesAt = (module: PythonModule): ReadonlySet<number> =>
  new Set(module.assignments.map(({ targetAt }) => targetAt.start));

function subscripts(module: PythonModule, { environ }: EnvironNames): readonly EnvLookup[] {
  const key = /[\w.\s]*\[\s*(['"])([A-Za-z_]\w*)\1\s*\]/y;
  return module.names.flatMap(({ dotted, at, statement, scope }): EnvLookup[] => {
    if (!environ.has(dotted)) return [];
    key.lastIndex = at.start;
    const match = key.exec(module.text);
    if (!match || /^del\b/.test(module.text.slice(module.statements[statement]?.at.start ?? 0, at.start))) return [];
    const place = { path: module.path, start: at.start, end: at.start + match[0].length };
    return [{ name: match[2] ?? '', at: place, statement, scope, kind: 'subscript', fallback: undefined }];
  });
}

/** Variables that a module sets itself: `os.environ["X"] = …`, `os.environ.setdefault("X", …)`. */
export function writtenIn(module: PythonModule): ReadonlySet<string> {
  const { environ } = environNames(module);
  const assigned = module.assignments.flatMap(({ target }) => {
    const match = /^([\w.]+)\[['"](\w+)['"]\]$/.exec(target);
    return match && environ.has(match[1] ?? '') ? [match[2] ?? ''] : [];
  });
  const defaults = module.calls.flatMap(({ callee, args }) =>
    callee.endsWith('.setdefault') && environ.has(callee.slice(0, -'.setdefault'.length))
      ? (args[0]?.string ?? [])
      : [],
  );
  return new Set([...assigned, ...defaults]);
}
