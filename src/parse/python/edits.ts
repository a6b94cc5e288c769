import type { Edit } from '../../finding.ts';
import { eolOf, lineContentEnd, lineEnd, lineStart } from '../../lines.ts';
import type { PythonImport, PythonModule, PythonStatement } from '../python.ts';

const statementAt = (module: PythonModule, index: number): PythonStatement => {
  const statement = module.statements[index];
  if (!statement) throw new Error(`${module.path} has no statement ${index}`);
  return statement;
};

const splice = (module: PythonModule, start: number, end: number, text: string): Edit => ({
  path: module.path,
  start,
  end,
  text,
});

const isBlank = (line: string): boolean => line.trim() === '';

/** Comments under a compound statement that are indented as its body belong to it. */
const bodyEnd = (module: PythonModule, statement: PythonStatement, end: number): number => {
  const { text } = module;
  if (!/^(if|for|while|try|with|match|function|class)$/.test(statement.kind)) return end;
  let last = end;
  for (let at = end; at < text.length; at = lineEnd(text, at)) {
    const line = text.slice(at, lineContentEnd(text, at));
    const comment = /^([ \t]+)#/.exec(line);
    if (comment?.[1] !== undefined && comment[1].length > statement.indent.length) last = lineEnd(text, at);
    else if (!isBlank(line)) break;
  }
  return last;
};

const blankLinesBefore = (text: string, offset: number): number => {
  let count = 0;
  for (let at = offset; at > 0 && isBlank(text.slice(lineStart(text, at - 1), at)); at = lineStart(text, at - 1))
    count += 1;
  return count;
};

/** Where the blank lines end that would pile up on those before a deleted statement. */
const pastBlankLines = (text: string, start: number, end: number): number => {
  let at = end;
  for (let left = blankLinesBefore(text, start); left > 0 && at < text.length; left -= 1) {
    if (!isBlank(text.slice(at, lineContentEnd(text, at)))) break;
    at = lineEnd(text, at);
  }
  return at;
};

const siblings = (module: PythonModule, statement: PythonStatement): readonly PythonStatement[] =>
  module.statements.filter((other) => other.parent === statement.parent);

/** Part of a line: the statement goes with its `;`, what stands next to it stays. */
const deleteFromLine = (module: PythonModule, statement: PythonStatement): Edit => {
  const { text } = module;
  const { start, end } = statement.at;
  const others = siblings(module, statement);
  const next = others.find((other) => other.at.start > start);
  const toNext = next ? text.slice(end, next.at.start) : '';
  if (next && /^[ \t]*;([ \t\f]|\\\r?\n)*$/.test(toNext)) return splice(module, start, next.at.start, '');
  const previous = others.findLast((other) => other.at.end <= start);
  const fromPrevious = previous ? text.slice(previous.at.end, start) : '';
  if (previous && /^[ \t]*;([ \t\f]|\\\r?\n)*$/.test(fromPrevious)) return splice(module, previous.at.end, end, '');
  return splice(module, start, end, 'pass');
};

/** Deletes a statement: its whole lines, or `pass` in its place when it stands alone in its block. */
export const deleteStatement = (module: PythonModule, index: number): Edit => {
  const { text } = module;
  const statement = statementAt(module, index);
  const { lines, at } = statement;
  if (statement.alone) {
    if (!lines) {
      const semicolon = /^[ \t]*;/.exec(text.slice(at.end, lineContentEnd(text, at.end)))?.[0] ?? '';
      return splice(module, at.start, at.end + semicolon.length, 'pass');
    }
    const end = bodyEnd(module, statement, lines.end);
    return splice(
      module,
      at.start,
      end === text.length && text[end - 1] !== '\n' ? end : lineContentEnd(text, end - 1),
      'pass',
    );
  }
  if (!lines) return deleteFromLine(module, statement);
  return splice(module, lines.start, pastBlankLines(text, lines.start, bodyEnd(module, statement, lines.end)), '');
};

/** A name that has its lines to itself in a parenthesised list, with its comma and comment. */
const ownLines = (module: PythonModule, imported: PythonImport, isLast: boolean): Edit | undefined => {
  const { text } = module;
  const { start, end } = imported.at;
  const before = text.slice(lineStart(text, start), start);
  const after = text.slice(end, lineContentEnd(text, end));
  const inParentheses = text.slice(statementAt(module, imported.statement).at.start, start).includes('(');
  if (!inParentheses || !isBlank(before)) return undefined;
  const comma = isLast ? /^[ \t]*,?[ \t]*(#.*)?$/ : /^[ \t]*,[ \t]*(#.*)?$/;
  return comma.test(after) ? splice(module, lineStart(text, start), lineEnd(text, end), '') : undefined;
};

/** Deletes one imported name, or the whole import statement when it is the only one. */
export const deleteImport = (module: PythonModule, imported: PythonImport): Edit => {
  const { text } = module;
  const names = module.imports.filter((other) => other.statement === imported.statement);
  if (names.length < 2) return deleteStatement(module, imported.statement);
  const { start, end } = imported.at;
  const position = names.findIndex((other) => other.at.start === start);
  const previous = names[position - 1];
  const next = names[position + 1];
  const own = ownLines(module, imported, !next);
  if (own) return own;
  const gap = previous ? text.slice(previous.at.end, start) : undefined;
  if (previous && gap !== undefined && !gap.includes('\n')) return splice(module, previous.at.end, end, '');
  if (next) {
    const between = text.slice(end, next.at.start);
    const comment = /\n[ \t]*#/.test(between) ? /^[ \t]*,[ \t]*(#.*)?/.exec(between)?.[0] : undefined;
    return splice(module, start, comment === undefined ? next.at.start : end + comment.length, '');
  }
  if (previous && gap !== undefined && !gap.includes('#')) return splice(module, previous.at.end, end, '');
  const trailing = /^[ \t]*,[ \t]*/.exec(text.slice(end))?.[0] ?? '';
  return splice(module, start, end + trailing.length, '');
};

/** Adds a line such as `import os` where new top-level imports go, with the file's line ending. */
export const insertImport = (module: PythonModule, line: string): Edit => {
  const { text, importsEnd } = module;
  const eol = eolOf(text);
  const opensLine = importsEnd === 0 || text[importsEnd - 1] === '\n' || text[importsEnd - 1] === '\ufeff';
  return splice(module, importsEnd, importsEnd, opensLine ? `${line}${eol}` : `${eol}${line}${eol}`);
};

/** Ancestors of a statement, innermost first. */
export const enclosing = (module: PythonModule, index: number): readonly PythonStatement[] => {
  const ancestors: PythonStatement[] = [];
  let at = statementAt(module, index).parent;
  while (at >= 0) {
    const parent = statementAt(module, at);
    ancestors.push(parent);
    at = parent.parent;
  }
  return ancestors;
};
