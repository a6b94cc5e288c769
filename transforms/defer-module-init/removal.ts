import type { Edit, Span } from '../../src/finding.ts';
import { indentAt, lineContentEnd, lineEnd, lineStart } from '../../src/lines.ts';
import {
  deleteImport,
  deleteStatement,
  type PythonImport,
  type PythonModule,
  type PythonStatement,
} from '../../src/parse/python.ts';

/** Statements out of a module, with what only held them: a `with` or a `try` around them, a comment that speaks of them alone. */
export interface Removal {
  readonly edits: readonly Edit[];
  readonly spans: readonly Span[];
}

/** Takes statements out. A `try` goes with its body only if its handlers do nothing but say what went wrong. */
export function removalOf(module: PythonModule, statements: readonly PythonStatement[]): Removal {
  const gone = climb(module, statements);
  const edits = gone.map((statement) => {
    const block = siblings(module, statement);
    const emptied = block.length > 1 && statement.parent >= 0 && block.every((each) => gone.includes(each));
    if (emptied && statement === block.at(-1)) return { ...statement.at, path: module.path, text: 'pass' };
    return withComment(module, statement, deleteStatement(module, statement.index));
  });
  return { edits, spans: gone.map(({ at }) => at) };
}

const siblings = (module: PythonModule, { parent, clause, clauseHead }: PythonStatement): readonly PythonStatement[] =>
  module.statements.filter(
    (each) => each.parent === parent && each.clause === clause && each.clauseHead === clauseHead,
  );

/** Goes up while a construct would be left without a body. */
export function climb(module: PythonModule, statements: readonly PythonStatement[]): readonly PythonStatement[] {
  const [first] = statements;
  const parent = first && module.statements[first.parent];
  if (!first || !parent || !/^(?:with|try)$/.test(parent.kind)) return statements;
  const all = siblings(module, first).every((each) => statements.includes(each));
  const same = statements.every((each) => each.parent === first.parent && each.clause === 'body');
  if (!all || !same) return statements;
  if (parent.kind === 'try' && !onlyTells(module, parent)) return statements;
  return climb(module, [parent]);
}

/** A `try` whose handlers log, print, raise or pass, and that has neither `else` nor `finally`. */
function onlyTells(module: PythonModule, outer: PythonStatement): boolean {
  return module.statements
    .filter(({ parent, clause }) => parent === outer.index && clause !== 'body')
    .every(
      ({ clause, kind, at }) =>
        clause === 'except' &&
        (/^(?:pass|raise)$/.test(kind) ||
          (kind === 'expression' &&
            /^(?:[\w.]*log(?:ger|ging)?\.\w+|print|warnings\.warn|traceback\.print_exc)\s*\(/.test(
              module.text.slice(at.start, at.end),
            ))),
    );
}

/** Comment lines right above a statement that has the lines around it to itself go with it. */
function withComment(module: PythonModule, statement: PythonStatement, edit: Edit): Edit {
  const { text } = module;
  if (edit.text !== '' || !statement.lines || edit.start !== statement.lines.start) return edit;
  const lineAbove = (at: number): string => text.slice(lineStart(text, at - 1), lineContentEnd(text, at - 1));
  let start = edit.start;
  while (start > 0 && lineAbove(start).trim().startsWith('#') && indentAt(text, start - 1) === statement.indent)
    start = lineStart(text, start - 1);
  const below = text.slice(statement.lines.end, lineContentEnd(text, statement.lines.end));
  const alone = below.trim() === '' || indentAt(text, statement.lines.end).length < statement.indent.length;
  if (start === edit.start || !alone) return edit;
  let end = statement.lines.end;
  for (let at = start; at > 0 && lineAbove(at).trim() === '' && end < text.length; at = lineStart(text, at - 1)) {
    if (text.slice(end, lineContentEnd(text, end)).trim() !== '') break;
    end = lineEnd(text, end);
  }
  return { ...edit, start, end };
}

/** Deletes imported names, several of one statement together. */
export function importRemoval(module: PythonModule, unused: readonly PythonImport[]): readonly Edit[] {
  return [...new Set(unused.map(({ statement }) => statement))].flatMap((index) => {
    const names = module.imports.filter(({ statement }) => statement === index);
    const kept = names.filter((each) => !unused.includes(each));
    const statement = module.statements[index];
    if (kept.length === 0 && statement) return removalOf(module, [statement]).edits;
    const gone = names.filter((each) => unused.includes(each));
    const [first, last] = [names[0], names.at(-1)];
    const text = first && last ? module.text.slice(first.at.start, last.at.end) : '';
    if (gone.length === 1 || text.includes('\n') || !first || !last)
      return gone.map((each) => deleteImport(module, each));
    const list = kept.map(({ at }) => module.text.slice(at.start, at.end)).join(', ');
    return [{ path: module.path, start: first.at.start, end: last.at.end, text: list }];
  });
}
