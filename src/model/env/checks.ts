import type { Evidence } from '../../finding.ts';
import type { PythonModule } from '../../parse/python.ts';
import type { PythonPath } from '../python-app.ts';
import type { EnvLookup } from './calls.ts';
import { isGuarded } from './guard.ts';
import { isStop, type StartingCode } from './start.ts';

/** What the source does with a value that may be missing. */
export interface EnvUse {
  readonly module: PythonModule;
  readonly lookup: EnvLookup;
}

/** Calls that cannot take None. */
const NEEDS_VALUE =
  /(?:^|\.)(?:int|float|json\.loads|Path|create_engine|create_async_engine|make_url|from_url|Fernet|fromhex|literal_eval)$/;

/** Why a value read without a default must not be missing; empty when the source can do without it. */
export function demandsOf(use: EnvUse, code: StartingCode, python: PythonPath): readonly Evidence[] {
  const { module, lookup } = use;
  if (isGuarded(module, lookup)) return [];
  return [
    ...demandsOnExpression(module, lookup, code),
    ...namesFor(use, code, python).flatMap((named) => demandsOnName(named, code)),
    ...keysFor(use, code).flatMap(({ key, says }) => demandsOnKey(key, says, use, code)),
  ].slice(0, 2);
}

function demandsOnExpression(module: PythonModule, lookup: EnvLookup, code: StartingCode): readonly Evidence[] {
  const { at, statement, scope, name } = lookup;
  if (!code.runs(module, statement, scope)) return [];
  const after = module.text.slice(at.end, at.end + 40);
  const part = /^\s*(\.\w+|\[)/.exec(after)?.[1];
  if (part !== undefined)
    return [{ at, says: `${part === '[' ? 'a subscript' : part} of None raises when ${name} is missing` }];
  const outer = module.calls.find(({ args }) => args[0]?.value.start === at.start && args[0].value.end === at.end);
  return outer && NEEDS_VALUE.test(outer.callee)
    ? [{ at: outer.at, says: `${outer.callee}() raises when ${name} is missing` }]
    : [];
}

interface Named {
  readonly module: PythonModule;
  /** As the module writes it: `DATABASE_URL`, `settings.DATABASE_URL`. */
  readonly text: string;
  readonly variable: string;
}

/** The names under which the value is used, in its own module and where that name is imported. */
function namesFor({ module, lookup }: EnvUse, code: StartingCode, python: PythonPath): readonly Named[] {
  const own = module.assignments.filter(
    ({ value, operator }) => value?.at.start === lookup.at.start && value.at.end === lookup.at.end && operator !== '+=',
  );
  return own.flatMap(({ target, scope }): Named[] => {
    if (rebound(module, target, scope)) return [];
    const local = { module, text: target, variable: lookup.name };
    if (scope !== '' || !/^\w+$/.test(target)) return [local];
    const elsewhere = code.modules.flatMap((other): Named[] =>
      other === module
        ? []
        : other.names
            .filter(({ dotted }) => dotted === target || dotted.endsWith(`.${target}`))
            .filter(({ dotted, scope: where }) => {
              const origin = python.origin(other, dotted, where);
              return origin?.kind === 'defined' && origin.module === module && origin.name === target;
            })
            .slice(0, 1)
            .map(({ dotted }) => ({ module: other, text: dotted, variable: lookup.name })),
    );
    return [local, ...elsewhere];
  });
}

/** A name that something else is assigned to as well: `X = X or "default"`. */
const rebound = (module: PythonModule, target: string, scope: string): boolean =>
  module.assignments.filter((each) => each.target === target && each.scope === scope).length > 1;

function demandsOnName({ module, text, variable }: Named, code: StartingCode): readonly Evidence[] {
  const calls = module.calls.filter(
    ({ callee, args, statement, scope }) =>
      NEEDS_VALUE.test(callee) && args[0]?.text === text && args[0].star === '' && code.runs(module, statement, scope),
  );
  return [
    ...calls.map(({ at, callee }) => ({ at, says: `${callee}() raises when ${variable} is missing` })),
    ...checksIn(module, code).flatMap(({ operands, at }) =>
      operands.includes(text) ? [{ at, says: `the process stops when ${variable} is missing` }] : [],
    ),
  ];
}

/** Configuration keys that a value is stored under: `app.config["X"]`, an attribute of a configuration class, `update(X=…)`. */
function keysFor(
  { module, lookup }: EnvUse,
  code: StartingCode,
): readonly { readonly key: string; readonly says: string }[] {
  const { at } = lookup;
  const same = (span: { readonly start: number; readonly end: number } | undefined): boolean =>
    span?.start === at.start && span.end === at.end;
  const assigned = module.assignments.flatMap(({ target, value, scope }) => {
    if (!same(value?.at)) return [];
    const item = /config\[['"](\w+)['"]\]$/.exec(target)?.[1];
    if (code.unusedConfigs.has(`${module.path}:${scope}`)) return [];
    return item ?? (scope !== '' && /^\w+$/.test(target) ? target : []);
  });
  const passed = module.calls.flatMap(({ callee, args }) =>
    /config\.(?:update|from_mapping)$/.test(callee)
      ? args.flatMap(({ name, value }) => (same(value) ? (name ?? []) : []))
      : [],
  );
  return [...assigned, ...passed]
    .filter((key) => writersOf(key, code) === 1)
    .map((key) => ({
      key,
      says: key === lookup.name ? `the source reads ${key}` : `${key} is read from ${lookup.name}`,
    }));
}

/** How many places store a configuration key; configurations for tests aside, which no container uses, and those that this one does not. */
export const writersOf = (key: string, code: StartingCode): number =>
  code.modules.reduce(
    (count, module) =>
      count +
      module.assignments.filter(
        ({ target, scope }) =>
          new RegExp(`config\\[['"]${key}['"]\\]$`).test(target) ||
          (scope !== '' &&
            !/test/i.test(scope) &&
            target === key &&
            !code.unusedConfigs.has(`${module.path}:${scope}`)),
      ).length +
      module.calls.filter(
        ({ callee, args }) => /config\.(?:update|from_mapping)$/.test(callee) && args.some(({ name }) => name === key),
      ).length,
    0,
  );

function demandsOnKey(key: string, says: string, { lookup }: EnvUse, code: StartingCode): readonly Evidence[] {
  const link = { at: lookup.at, says };
  const alchemy = key === 'SQLALCHEMY_DATABASE_URI' ? flaskSqlalchemy(code) : [];
  if (alchemy.length > 0) return [link, ...alchemy];
  for (const module of code.modules)
    for (const { operands, at } of checksIn(module, code))
      if (operands.some((text) => keyOf(text) === key))
        return [link, { at, says: `the process stops when ${key} is missing` }];
  return [];
}

/** The configuration key that an operand names. */
export const keyOf = (text: string): string | undefined =>
  /config(?:\[['"](\w+)['"]\]|\.get\(['"](\w+)['"]\)|\.(\w+))$/i.exec(text)?.slice(1).find(Boolean) ??
  /^(?:self|cls|[A-Z]\w*)\.(\w+)$/.exec(text)?.[1];

/** https://flask-sqlalchemy.readthedocs.io/en/stable/config/: init_app raises without a database. */
function flaskSqlalchemy(code: StartingCode): readonly Evidence[] {
  for (const module of code.modules) {
    const imported = module.imports.find(
      (each) => /^flask_sqlalchemy$/i.test(each.module) && each.name === 'SQLAlchemy',
    );
    if (imported)
      return [{ at: imported.at, says: 'Flask-SQLAlchemy raises "SQLALCHEMY_DATABASE_URI must be set" without it' }];
  }
  return [];
}

interface Check {
  /** What must not be missing, as written. */
  readonly operands: readonly string[];
  readonly at: Evidence['at'];
}

/** `if not X: raise …` and its relatives, as far as they surely run. */
export function checksIn(module: PythonModule, code: StartingCode): readonly Check[] {
  return module.statements.flatMap((statement): Check[] => {
    const { kind, index, scope, at } = statement;
    if (kind === 'assert') {
      const condition = /^assert\s+\(?\s*([^,]+?)\s*\)?\s*(?:,|$)/.exec(module.text.slice(at.start, at.end))?.[1] ?? '';
      return code.runs(module, index, scope) ? [{ operands: asserted(condition), at }] : [];
    }
    if (kind !== 'if') return [];
    const stopping = module.statements.find(
      (each) => each.parent === index && each.clause === 'body' && isStop(module, each.index),
    );
    return stopping && code.runs(module, index, scope) ? [{ operands: missing(statement.head), at: stopping.at }] : [];
  });
}

const asserted = (condition: string): readonly string[] =>
  /\b(?:or|if|lambda)\b/.test(condition)
    ? []
    : condition.split(/\s+and\s+/).flatMap((part) => {
        const bare = /^([\w.]+(?:\[['"]\w+['"]\]|\((?:['"]\w+['"])?\))?)(?:\s+is\s+not\s+None)?$/.exec(
          part.trim(),
        )?.[1];
        return bare ?? /^['"](\w+)['"]\s+in\s+(?:os\.)?environ$/.exec(part.trim())?.[1] ?? [];
      });

/** The operands of a condition that is true as soon as one of them is missing. */
function missing(head: string): readonly string[] {
  const all =
    /^not\s+all\s*\(\s*[[(](.*)[\])]\s*\)$/s.exec(head.trim())?.[1] ??
    /^not\s*\(((?:[^()]|\([^()]*\))*)\)$/s.exec(head.trim())?.[1];
  if (all !== undefined && !/\bor\b|\bfor\b/.test(all))
    return all
      .split(/,|\band\b/)
      .map((part) => part.trim())
      .filter(Boolean);
  if (/\b(?:and|for|lambda)\b/.test(head)) return [];
  return head.split(/\s+or\s+/).flatMap((part) => {
    const text = part
      .trim()
      .replace(/^\((.*)\)$/s, '$1')
      .trim();
    const operand = '([\\w.]+(?:\\[[\'"]\\w+[\'"]\\]|\\([\'"]\\w+[\'"]\\))?)';
    return (
      new RegExp(`^not\\s+${operand}(?:\\.strip\\(\\))?$`).exec(text)?.[1] ??
      new RegExp(`^${operand}\\s+(?:is|==)\\s+(?:None|''|"")$`).exec(text)?.[1] ??
      new RegExp(`^${operand}\\s+in\\s+[[({]`).exec(text)?.[1] ??
      /^(['"]\w+['"])\s+not\s+in\s+(?:os\.)?environ$/.exec(text)?.[1] ??
      []
    );
  });
}

/** The lookup that stands in a check itself: `if not os.getenv("X"): raise`. */
export function isCheckedInPlace(module: PythonModule, lookup: EnvLookup, code: StartingCode): Evidence | undefined {
  const text = module.text.slice(lookup.at.start, lookup.at.end);
  const statement = module.statements[lookup.statement];
  const check = checksIn(module, code).find(({ operands }) => operands.includes(text));
  return check && /^(?:if|assert)$/.test(statement?.kind ?? '')
    ? { at: check.at, says: `the process stops when ${lookup.name} is missing` }
    : undefined;
}

/** Names that a loop or a comprehension over a literal list demands: `[v for v in REQUIRED if not os.getenv(v)]`, then `raise`. */
export function listedNames(
  module: PythonModule,
  code: StartingCode,
): readonly { readonly name: string; readonly at: Evidence['at']; readonly check: Evidence['at'] }[] {
  const test = (variable: string): string =>
    `(?:not\\s+(?:os\\.)?(?:getenv|environ\\.get)\\(\\s*${variable}\\s*\\)|${variable}\\s+not\\s+in\\s+(?:os\\.)?environ)`;
  const fromComprehension = module.assignments.flatMap(({ target, value }) => {
    const match = new RegExp(
      `^[[({]\\s*(\\w+)\\s+for\\s+\\1\\s+in\\s+(\\w+|[[(][^\\])]*[\\])])\\s+if\\s+${test('\\1')}\\s*[\\])}]$`,
      's',
    ).exec(value?.text ?? '');
    if (!match) return [];
    const check = module.statements.find(
      ({ kind, head, index, scope }) =>
        kind === 'if' &&
        (head === target || head === `len(${target}) > 0`) &&
        code.runs(module, index, scope) &&
        module.statements.some((each) => each.parent === index && each.clause === 'body' && isStop(module, each.index)),
    );
    return check ? literalNames(module, match[2] ?? '', check.at) : [];
  });
  const fromLoop = module.statements.flatMap((loop) => {
    const match = loop.kind === 'for' ? /^(\w+)\s+in\s+(.+)$/s.exec(loop.head) : null;
    if (!match || !code.runs(module, loop.index, loop.scope)) return [];
    const check = module.statements.find(
      (each) =>
        each.parent === loop.index &&
        each.kind === 'if' &&
        new RegExp(`^${test(match[1] ?? '')}$`).test(each.head.trim()) &&
        module.statements.some((inner) => inner.parent === each.index && isStop(module, inner.index)),
    );
    return check ? literalNames(module, match[2] ?? '', check.at) : [];
  });
  return [...fromComprehension, ...fromLoop];
}

function literalNames(
  module: PythonModule,
  source: string,
  check: Evidence['at'],
): readonly { readonly name: string; readonly at: Evidence['at']; readonly check: Evidence['at'] }[] {
  const assigned = /^\w+$/.test(source) ? module.assignments.filter(({ target }) => target === source) : [];
  if (assigned.length > 1) return [];
  const text = assigned[0]?.value?.text ?? source;
  if (!/^[[({]/.test(text)) return [];
  return [...text.matchAll(/(['"])([A-Z_][A-Z0-9_]*)\1/g)].map((match) => ({
    name: match[2] ?? '',
    at: assigned[0]?.at ?? check,
    check,
  }));
}
