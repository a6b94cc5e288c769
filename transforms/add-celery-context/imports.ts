import type { Edit } from '../../src/finding.ts';
import { eolOf, lineEnd } from '../../src/lines.ts';
import { insertImport, type PythonImport, type PythonModule, type PythonStatement } from '../../src/parse/python.ts';

/** A name that generated code needs: `from module import name`, or `import module` without one. */
export interface Need {
  readonly module: string;
  readonly name: string | undefined;
}

/** How the file reaches a needed name, and the edits that import what it lacks. */
export interface Imported {
  readonly expression: (need: Need) => string;
  readonly edits: readonly Edit[];
}

/** Reuses what the file imports at its top, extends an import of the same module, or adds a line where it sorts. */
export function importNames(module: PythonModule, needs: readonly Need[], taken: (name: string) => boolean): Imported {
  const names = new Map<Need, string>();
  const edits: Edit[] = [];
  const lines = new Map<number, readonly string[]>();
  for (const need of needs) {
    const known = existing(module, need);
    if (known !== undefined) {
      names.set(need, known);
      continue;
    }
    const own = need.name ?? need.module;
    const binds = taken(own) ? `${need.module.split('.')[0]}_${own}` : own;
    names.set(need, binds);
    const part = binds === own ? own : `${own} as ${binds}`;
    const extended = need.name === undefined ? undefined : extend(module, need, part);
    if (extended) edits.push(extended);
    else {
      const { at, own: alone } = placeFor(module, need);
      const line = need.name === undefined ? `import ${part}` : `from ${need.module} import ${part}`;
      lines.set(at, [...(lines.get(at) ?? []), line, ...(alone ? [''] : [])]);
    }
  }
  for (const [at, wanted] of lines) edits.push(insertion(module, at, wanted));
  return { edits, expression: (need) => names.get(need) ?? need.name ?? need.module };
}

function insertion(module: PythonModule, at: number, lines: readonly string[]): Edit {
  const eol = eolOf(module.text);
  if (at < 0) return insertImport(module, lines.join(eol));
  const opens = at === 0 || module.text[at - 1] === '\n';
  return {
    path: module.path,
    start: at,
    end: at,
    text: opens ? lines.map((line) => line + eol).join('') : lines.map((line) => eol + line).join(''),
  };
}

/** The expression under which the file has the name already. */
function existing(module: PythonModule, need: Need): string | undefined {
  const top = module.imports.filter((each) => each.scope === '' && !each.typing && !each.optional && each.level === 0);
  const direct = top.find((each) => each.module === need.module && each.name === need.name);
  if (direct)
    return need.name === undefined && direct.binds !== need.module ? direct.binds : (direct.binds ?? need.module);
  const whole = top.find(
    (each) =>
      each.module === need.module && each.name === undefined && need.name !== undefined && !need.module.includes('.'),
  );
  return whole && `${whole.binds}.${need.name}`;
}

/** Adds a name to `from module import a, b`, in the layout of its list. */
function extend(module: PythonModule, need: Need, part: string): Edit | undefined {
  const same = module.imports.filter(
    (each) =>
      each.scope === '' &&
      !each.typing &&
      !each.optional &&
      each.level === 0 &&
      each.module === need.module &&
      each.name !== undefined &&
      each.name !== '*',
  );
  const last = same.findLast((each) => each.statement === same[0]?.statement);
  if (!last || module.statements[last.statement]?.parent !== -1) return undefined;
  const list = same.filter((each) => each.statement === last.statement);
  const sorted = list.every((each, index) => index === 0 || keyOf(list[index - 1]) <= keyOf(each));
  const before = list.findLast((each) => keyOf(each) <= part.toLowerCase()) ?? (sorted ? undefined : last);
  const separator = separatorOf(module, list);
  const [first] = list;
  if (separator === undefined || !first) return undefined;
  const at = before?.at.end ?? first.at.start;
  return { path: module.path, start: at, end: at, text: before ? `${separator}${part}` : `${part}${separator}` };
}

const keyOf = (each: PythonImport | undefined): string => (each?.name ?? '').toLowerCase();

function separatorOf(module: PythonModule, list: readonly PythonImport[]): string | undefined {
  const [first, second] = list;
  const statement = first && module.statements[first.statement];
  if (!first || !statement) return undefined;
  if (second) {
    const between = module.text.slice(first.at.end, second.at.start);
    return /^,\s*$/.test(between) ? between : undefined;
  }
  const head = module.text.slice(statement.at.start, first.at.start);
  return head.includes('\n') ? `,${/\r?\n[ \t]*$/.exec(head)?.[0] ?? ' '}` : ', ';
}

const STANDARD =
  /^(?:abc|argparse|asyncio|base64|collections|contextlib|copy|csv|dataclasses|datetime|decimal|enum|functools|hashlib|io|itertools|json|logging|math|os|pathlib|random|re|secrets|shutil|signal|socket|string|subprocess|sys|tempfile|threading|time|traceback|typing|urllib|uuid|warnings)(?:\.|$)/;

interface ImportPlace {
  /** Start of the line before which the import goes; -1 where the parser says. */
  readonly at: number;
  /** It makes a group of its own. */
  readonly own: boolean;
}

/** In the group of its kind, sorted; the standard library before all others. */
function placeFor(module: PythonModule, need: Need): ImportPlace {
  const groups = groupsOf(module);
  const whole = need.name === undefined;
  const fits = (statement: PythonStatement): boolean =>
    (whole ? STANDARD : /^(?:celery|flask)(?:\.|$)/).test(moduleOf(module, statement));
  const group = groups.find((each) => each.some(fits));
  if (!group && whole) return { at: groups[0]?.[0]?.lines?.start ?? -1, own: groups.length > 0 };
  const within = group ?? groups.at(-1) ?? [];
  const alike = within.filter((each) => isFrom(module, each) !== whole);
  const before = alike.findLast((each) => moduleOf(module, each).toLowerCase() < need.module.toLowerCase());
  const at = before
    ? end(module, before)
    : (alike[0]?.lines?.start ?? (whole ? within[0]?.lines?.start : end(module, within.at(-1))));
  return { at: at ?? -1, own: false };
}

const end = (module: PythonModule, statement: PythonStatement | undefined): number | undefined =>
  statement && lineEnd(module.text, statement.at.end);

const moduleOf = (module: PythonModule, statement: PythonStatement): string =>
  module.imports.find((each) => each.statement === statement.index)?.module ?? '';

const isFrom = (module: PythonModule, statement: PythonStatement): boolean =>
  module.text.startsWith('from', statement.at.start);

/** The imports at the head of the file in their groups: no blank line or other statement between. */
function groupsOf(module: PythonModule): readonly (readonly PythonStatement[])[] {
  const groups: PythonStatement[][] = [];
  let last: PythonStatement | undefined;
  for (const statement of module.statements) {
    if (
      statement.parent !== -1 ||
      statement.kind !== 'import' ||
      statement.at.start >= module.importsEnd ||
      !statement.lines
    )
      continue;
    if (moduleOf(module, statement) === '__future__') continue;
    const joined = last !== undefined && last.lines?.end === statement.lines.start;
    if (joined) groups.at(-1)?.push(statement);
    else groups.push([statement]);
    last = statement;
  }
  return groups;
}
