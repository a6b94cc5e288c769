import type { Edit, Span } from '../../src/finding.ts';
import { eolOf, lineContentEnd, lineEnd, lineStart } from '../../src/lines.ts';
import type { PythonModule, PythonStatement } from '../../src/parse/python.ts';
import { linesOf } from './main-block.ts';
import type { Group } from './move.ts';
import { removalOf } from './removal.ts';

/** The whole lines of a group, the `with app.app_context():` around it included when it holds nothing else. */
export interface Region {
  readonly start: number;
  readonly end: number;
  readonly indent: string;
  /** The `with` whose header becomes the new function's. */
  readonly context: PythonStatement | undefined;
  readonly statements: readonly PythonStatement[];
}

/** The lines of a group, or `undefined` when it shares them with something else. */
export function regionOf({ module, statements }: Group): Region | undefined {
  const [first] = statements;
  const last = statements.at(-1);
  const outer = first && module.statements[first.parent];
  const whole =
    outer?.kind === 'with' &&
    outer.lines &&
    /^[\w.]+\.app_context\(\)$/.test(outer.head.trim()) &&
    module.statements.every((each) => each.parent !== outer.index || statements.includes(each));
  if (whole && outer?.lines) return { ...outer.lines, indent: outer.indent, context: outer, statements: [outer] };
  if (!first?.lines || !last?.lines) return undefined;
  return { start: first.lines.start, end: last.lines.end, indent: first.indent, context: undefined, statements };
}

/** A name that the lines bind and that is read outside of them. */
export function boundOutside(module: PythonModule, region: Region): string | undefined {
  const inside = (at: Span): boolean => at.start >= region.start && at.end <= region.end;
  const bound = [
    ...module.assignments.filter(({ at }) => inside(at)).map(({ target }) => target),
    ...module.imports.filter(({ at }) => inside(at)).map(({ binds }) => binds),
  ];
  return bound.find((name) => /[.[]/.test(name) || module.names.some((each) => each.name === name && !inside(each.at)));
}

/** The quotes that a file uses most. */
export const quoteOf = ({ text }: PythonModule): string =>
  text.split("'").length > text.split('"').length ? "'" : '"';

/** The lines as the body of a new function: the `with` header gives way to it, or every line moves in by one step. */
export function wrapped(
  module: PythonModule,
  region: Region,
  header: readonly string[],
  blanks: number,
  keep: readonly string[],
): readonly Edit[] | undefined {
  const { text, path } = module;
  const eol = eolOf(text);
  const before = blankBefore(module, region.start, blanks);
  const opening = [...before, ...header, ...keep.map((line) => region.indent + module.indent + line)]
    .map((line) => line + eol)
    .join('');
  const after = blankAfter(module, region.end, region.indent, blanks, eol);
  const headEnd = region.context ? lineEnd(text, region.start) : region.start;
  if (region.context && keep.length === 0)
    return [{ path, start: region.start, end: headEnd, text: opening }, ...after];
  const body = text.slice(headEnd, region.end);
  if (/"""|'''|\\\r?\n/.test(body)) return undefined;
  const lines = body.replace(/^(?=[ \t]*\S)/gm, module.indent);
  return [{ path, start: region.start, end: region.end, text: opening + lines }, ...after];
}

/** Out of a `with` that holds more: a function of its own below it, which opens the same context. */
export function extracted(
  module: PythonModule,
  group: Group,
  region: Region,
  outer: PythonStatement,
  header: readonly string[],
): readonly Edit[] | undefined {
  const { text, path } = module;
  const eol = eolOf(text);
  const end = outer.lines?.end;
  const lines = linesOf(module, { path, start: region.start, end: region.end }, region.indent);
  if (end === undefined || !lines) return undefined;
  const head = `${module.indent}${text.slice(outer.at.start, lineContentEnd(text, outer.at.start))}`;
  const body = lines.map((line) => (line === '' ? '' : module.indent + module.indent + line));
  const added = ['', '', ...header, head, ...body].map((line) => line + eol).join('');
  return [
    ...removalOf(module, group.statements).edits,
    { path, start: end, end, text: added },
    ...blankAfter(module, end, '', 2, eol),
  ].reduce<Edit[]>(joined, []);
}

/** Two insertions at one place become one. */
function joined(edits: Edit[], edit: Edit): Edit[] {
  const same = edits.findIndex(({ start, end }) => start === end && edit.start === edit.end && start === edit.start);
  if (same < 0) return [...edits, edit];
  return edits.map((each, index) => (index === same ? { ...each, text: each.text + edit.text } : each));
}

const isBlank = (text: string, at: number): boolean =>
  text.slice(lineStart(text, at), lineContentEnd(text, at)).trim() === '';

/** Blank lines that are missing above; none after the line that opens a block. */
function blankBefore({ text }: PythonModule, start: number, wanted: number): readonly string[] {
  let count = 0;
  let at = start;
  for (; at > 0 && isBlank(text, at - 1); at = lineStart(text, at - 1)) count += 1;
  const above = at > 0 ? text.slice(lineStart(text, at - 1), lineContentEnd(text, at - 1)) : '';
  if (at === 0 || /:\s*(?:#.*)?$/.test(above) || (count === 0 && above.trim().startsWith('#'))) return [];
  return new Array<string>(Math.max(0, wanted - count)).fill('');
}

/** Blank lines that are missing below, when the same block goes on. */
function blankAfter(
  { text, path }: PythonModule,
  end: number,
  indent: string,
  wanted: number,
  eol: string,
): readonly Edit[] {
  let count = 0;
  let at = end;
  for (; at < text.length && isBlank(text, at); at = lineEnd(text, at)) count += 1;
  const below = text.slice(at, lineContentEnd(text, at));
  const goesOn = at < text.length && (/^[ \t]*/.exec(below)?.[0] ?? '').length >= indent.length;
  const missing = goesOn ? wanted - count : 0;
  return missing > 0 ? [{ path, start: end, end, text: eol.repeat(missing) }] : [];
}
