import type { Span } from '../../finding.ts';
import type { PythonAssignment, PythonModule } from '../../parse/python.ts';
import { joinContainer } from '../../repo/path.ts';
import type { ServiceView, Stack } from '../stack.ts';

/** What an expression is when the process starts, as text. */
export interface PlainValue {
  readonly text: string;
  /** The literal that says so, when one does. */
  readonly literal: Span | undefined;
  /** The variable of the environment that decides, or could. */
  readonly variable: string | undefined;
}

const MAX_STEPS = 8;
const LITERAL = /^(?:[rbu]?"([^"\\]*)"|[rbu]?'([^'\\]*)')$/i;
const READ =
  /^(?:\w+\.)?(?:getenv|environ\.get)\(\s*["'](\w+)["']\s*(?:,\s*(?:default\s*=\s*)?(.+?))?\s*\)$|^(?:\w+\.)?environ\[\s*["'](\w+)["']\s*\]$/s;
const BINDS = /^(?:=|:=|\+=|for|with)$/;

/**
 * The value of a plain expression: a literal, a constant, `os.getenv("X", "d")`, a field with a default of a settings class, an
 * f-string or a sum of those. `undefined` as soon as anything else has a part in it.
 */
export function plainValue(
  stack: Stack,
  view: ServiceView,
  module: PythonModule,
  expression: { readonly text: string; readonly at: Span },
  scope: string,
): PlainValue | undefined {
  return plainOf(stack, view, { module, scope, ...expression }, 0);
}

interface Expression {
  readonly module: PythonModule;
  readonly scope: string;
  readonly text: string;
  readonly at: Span;
}

function plainOf(stack: Stack, view: ServiceView, expression: Expression, depth: number): PlainValue | undefined {
  if (depth > MAX_STEPS) return undefined;
  const { at } = expression;
  const text = expression.text.trim();
  const inner = (part: string): PlainValue | undefined =>
    plainOf(stack, view, { ...expression, text: part }, depth + 1);
  const quoted = LITERAL.exec(text);
  if (quoted) return { text: quoted[1] ?? quoted[2] ?? '', literal: at, variable: undefined };
  if (/^\d+$/.test(text)) return { text, literal: at, variable: undefined };
  const wrapped = /^(?:int|str)\((.*)\)$/s.exec(text) ?? /^\((.*)\)$/s.exec(text);
  if (wrapped?.[1] !== undefined && isBalanced(wrapped[1])) return asWritten(inner(wrapped[1]));
  const read = READ.exec(text);
  if (read && isBalanced(read[2] ?? '')) return ofEnvironment(view, read[1] ?? read[3] ?? '', read[2], inner);
  const choice = /^(.*\S)\s+or\s+(\S.*)$/s.exec(text);
  if (choice?.[1] !== undefined && choice[2] !== undefined) {
    const first = inner(choice[1]);
    return first?.text === ''
      ? inner(choice[2])
      : asWritten(first ?? unset(view, choice[1], () => inner(choice[2] ?? '')));
  }
  const formatted = /^f(?:"([^"\\]*)"|'([^'\\]*)')$/s.exec(text);
  if (formatted) return joined((formatted[1] ?? formatted[2] ?? '').split(/(\{[^{}]*\})/), inner);
  const sum = /^([\w.]+|"[^"]*"|'[^']*')\s*\+\s*(.+)$/s.exec(text);
  if (sum?.[1] !== undefined && sum[2] !== undefined) {
    const [first, second] = [inner(sum[1]), inner(sum[2])];
    return (
      first &&
      second && { text: first.text + second.text, literal: undefined, variable: first.variable ?? second.variable }
    );
  }
  return /^[A-Za-z_][\w.]*$/.test(text) ? named(stack, view, expression, text, depth) : undefined;
}

/** A part of a longer expression is nothing to edit. */
const asWritten = (value: PlainValue | undefined): PlainValue | undefined => value && { ...value, literal: undefined };

/** `os.getenv("X") or "d"` where nothing sets X. */
function unset(view: ServiceView, text: string, otherwise: () => PlainValue | undefined): PlainValue | undefined {
  const read = READ.exec(text);
  const name = read?.[1];
  if (name === undefined || read?.[2] !== undefined || mayHave(view, name)) return undefined;
  const value = otherwise();
  return value && { ...value, variable: name };
}

const mayHave = (view: ServiceView, name: string): boolean =>
  view.service.environment.has(name) || view.service.hiddenEnvironment || view.image?.env.has(name) === true;

function ofEnvironment(
  view: ServiceView,
  name: string,
  fallback: string | undefined,
  inner: (text: string) => PlainValue | undefined,
): PlainValue | undefined {
  const value = view.container.variable(name);
  if (value !== undefined) return { text: value, literal: undefined, variable: name };
  if (mayHave(view, name) || fallback === undefined || setsInScript(view, name)) return undefined;
  const otherwise = inner(fallback);
  return otherwise && { ...otherwise, literal: undefined, variable: name };
}

const setsInScript = (view: ServiceView, name: string): boolean =>
  view.startup.commands.some(({ assignments }) => assignments.some((each) => each.name === name));

function joined(pieces: readonly string[], inner: (text: string) => PlainValue | undefined): PlainValue | undefined {
  let text = '';
  let variable: string | undefined;
  for (const piece of pieces) {
    const value = piece.startsWith('{') ? inner(piece.slice(1, -1)) : undefined;
    if (piece.startsWith('{') && !value) return undefined;
    text += value?.text ?? piece;
    variable ??= value?.variable;
  }
  return { text, literal: undefined, variable };
}

/** A constant of this module or another, or a field of a settings object. */
function named(
  stack: Stack,
  view: ServiceView,
  { module, scope }: Expression,
  name: string,
  depth: number,
): PlainValue | undefined {
  const local = scope === '' ? undefined : onlyBinding(module, name, scope);
  if (local) return ofAssignment(stack, view, module, local, depth);
  if (module.functions.some((fn) => fn.qualified === scope && fn.parameters.some((each) => each.name === name)))
    return undefined;
  const origin = view.python.origin(module, name, scope);
  if (origin?.kind !== 'defined') return undefined;
  const own = onlyBinding(origin.module, origin.name, '');
  if (own) return ofAssignment(stack, view, origin.module, own, depth);
  const [object = '', field, ...more] = origin.name.split('.');
  if (field === undefined || more.length > 0) return undefined;
  return ofSettings(stack, view, origin.module, object, field, depth);
}

/** The one assignment of a name in a scope; bound twice, nobody can say which counts. */
function onlyBinding(module: PythonModule, name: string, scope: string): PythonAssignment | undefined {
  const [only, ...more] = module.assignments.filter((each) => each.target === name && each.scope === scope);
  const around = only && module.statements[module.statements[only.statement]?.parent ?? -1]?.kind;
  return more.length === 0 &&
    only?.value &&
    BINDS.test(only.operator) &&
    !/^(?:if|for|while|try|match)$/.test(around ?? '')
    ? only
    : undefined;
}

const ofAssignment = (
  stack: Stack,
  view: ServiceView,
  module: PythonModule,
  { value, scope, operator }: PythonAssignment,
  depth: number,
): PlainValue | undefined =>
  value && operator === '='
    ? plainOf(stack, view, { module, scope, text: value.text, at: value.at }, depth + 1)
    : undefined;

/** `settings.API_V1_STR` where `settings = Settings()`: the field's default, unless something may override it. */
function ofSettings(
  stack: Stack,
  view: ServiceView,
  module: PythonModule,
  object: string,
  field: string,
  depth: number,
): PlainValue | undefined {
  const made = onlyBinding(module, object, '')?.value;
  const call = made && /^([\w.]+)\(\)$/.exec(made.text);
  const className = call ? call[1] : module.classes.some(({ qualified }) => qualified === object) ? object : undefined;
  const origin = className === undefined ? undefined : view.python.origin(module, className, '');
  if (origin?.kind !== 'defined') return undefined;
  const [only, ...more] = origin.module.assignments.filter(
    (each) => each.target === field && each.scope === origin.name,
  );
  const isPlain = only && more.length === 0 && only.value && only.operator === '=';
  if (!isPlain || only.value === undefined) return undefined;
  const isEnvironment = [...view.service.environment.keys(), ...(view.image?.env.keys() ?? [])].some((name) =>
    name.toUpperCase().endsWith(field.toUpperCase()),
  );
  if (isEnvironment || view.service.hiddenEnvironment || namedInDotenv(stack, view, field)) return undefined;
  return asWritten(
    plainOf(
      stack,
      view,
      { module: origin.module, scope: origin.name, text: only.value.text, at: only.value.at },
      depth + 1,
    ),
  );
}

/** A settings class may read a `.env` that is in the container. */
function namedInDotenv(stack: Stack, view: ServiceView, field: string): boolean {
  const file = view.container.fileAt(joinContainer(view.container.workdir ?? '/', '.env'));
  if (file.kind !== 'repo') return file.kind === 'unknown';
  return new RegExp(`^\\s*(?:export\\s+)?\\w*${field}\\s*=`, 'im').test(stack.repo.read(file.path) ?? '');
}

function isBalanced(text: string): boolean {
  let open = 0;
  for (const character of text) {
    if (character === '(') open += 1;
    if (character === ')') open -= 1;
    if (open < 0) return false;
  }
  return open === 0;
}
