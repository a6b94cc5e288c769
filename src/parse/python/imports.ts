import { lineEnd } from '../../lines.ts';
import type { PythonImport } from '../python.ts';
import { type Source, spanOf, textOf } from './calls.ts';
import { clauseHead, docstringOf, isStatement, statementsIn } from './statements.ts';
import { childOfType, gapBefore, inField, parts, type SyntaxNode } from './tree.ts';

const missingModule = /\b(ImportError|ModuleNotFoundError|Exception|BaseException)\b/;

const catchesImportError = (source: Source, node: SyntaxNode): boolean => {
  if (node.type === 'with_statement') {
    const items = childOfType(node, 'with_clause');
    return (
      items !== undefined && /\bsuppress\b/.test(textOf(source, items)) && missingModule.test(textOf(source, items))
    );
  }
  if (node.type !== 'try_statement') return false;
  const handlers = node.children.filter((child) => child.type === 'except_clause');
  return handlers.map((handler) => clauseHead(source, handler)).some((head) => head === '' || missingModule.test(head));
};

/** An import may fail harmlessly: in the body or in a handler of a `try` that catches ImportError, in the same function. */
const isOptional = (source: Source, statement: SyntaxNode): boolean => {
  for (let node: SyntaxNode | undefined = statement; node?.parent; node = node.parent) {
    if (/_definition$/.test(node.type)) return false;
    const tried = node.type === 'block' || node.type === 'except_clause';
    if (tried && catchesImportError(source, node.parent)) return true;
  }
  return false;
};

const isForTyping = (source: Source, statement: SyntaxNode): boolean => {
  for (let node: SyntaxNode | undefined = statement; node?.parent; node = node.parent) {
    if (node.field !== 'consequence') continue;
    const [condition] = inField(node.parent, 'condition');
    if (condition && /^([\w.]+\.)?TYPE_CHECKING$/.test(textOf(source, condition))) return true;
  }
  return false;
};

const dotted = (source: Source, node: SyntaxNode | undefined): string =>
  node
    ? parts(node)
        .map((part) => textOf(source, part))
        .join('.')
    : '';

const moduleOf = (source: Source, statement: SyntaxNode): { readonly module: string; readonly level: number } => {
  if (statement.type === 'future_import_statement') return { module: '__future__', level: 0 };
  const [name] = inField(statement, 'module_name');
  if (name?.type !== 'relative_import') return { module: dotted(source, name), level: 0 };
  const prefix = childOfType(name, 'import_prefix');
  return {
    module: dotted(source, childOfType(name, 'dotted_name')),
    level: prefix ? textOf(source, prefix).replace(/[^.]/g, '').length : 0,
  };
};

/** The names that an import statement imports; none for other statements. */
export const importsOf = (
  source: Source,
  statement: SyntaxNode,
  index: number,
  scope: string,
): readonly PythonImport[] => {
  if (!/import/.test(statement.type)) return [];
  const place = {
    statement: index,
    scope,
    optional: isOptional(source, statement),
    typing: isForTyping(source, statement),
  };
  const whole = statement.type === 'import_statement';
  const { module, level } = moduleOf(source, statement);
  const star = childOfType(statement, 'wildcard_import');
  if (star) return [{ module, level, name: '*', binds: '*', at: spanOf(source, star, star), ...place }];
  return inField(statement, 'name').map((node) => {
    const aliased = node.type === 'aliased_import';
    const name = dotted(source, aliased ? inField(node, 'name')[0] : node);
    const [alias] = aliased ? inField(node, 'alias') : [];
    return {
      module: whole ? name : module,
      level,
      name: whole ? undefined : name,
      binds: alias ? textOf(source, alias) : (name.split('.')[0] ?? name),
      at: spanOf(source, node, node),
      ...place,
    };
  });
};

/** True for what may stand among the imports at the head of a file without ending them. */
const isImportLike = (node: SyntaxNode): boolean => {
  if (/import/.test(node.type)) return true;
  if (!/^(try|if|with)_statement$/.test(node.type)) return false;
  const body = node.children.find((child) => child.type === 'block');
  return body !== undefined && statementsIn(body).every((statement) => /import/.test(statement.type));
};

const isBareCall = (node: SyntaxNode): boolean =>
  node.type === 'expression_statement' && parts(node)[0]?.type === 'call';

/** Below the shebang, the licence and other comments of the head that a blank line ends; above a comment on the code. */
const belowHeadComments = (source: Source, root: SyntaxNode): number => {
  const { text } = source;
  let at = text.startsWith('\ufeff') ? 1 : 0;
  for (const child of root.children) {
    if (child.type !== 'comment' || /\n[ \t\f]*\r?\n/.test(gapBefore(child, text))) break;
    const next = lineEnd(text, child.end);
    if (/^[ \t\f]*\r?\n/.test(text.slice(next, next + 80))) return next;
    if (/^#!|coding[:=]/.test(textOf(source, child))) at = next;
  }
  return at;
};

/**
 * Where a new top-level import goes: after the docstring, `from __future__` and the imports at the head of the file. Bare
 * calls between those (`sys.path.insert(…)`, `monkey.patch_all()`) don't end the head; an import after other code
 * (`from app import routes` at the bottom) is not in it, for what is imported there is not known above it.
 */
export const importsEndOf = (source: Source, root: SyntaxNode): number => {
  const docstring = docstringOf(source, root);
  let end: number | undefined;
  for (const [index, node] of root.children.filter(isStatement).entries()) {
    const opensFile = index === 0 && docstring !== undefined;
    if (opensFile || isImportLike(node)) end = node.end;
    else if (!isBareCall(node)) break;
  }
  if (end === undefined) return belowHeadComments(source, root);
  return lineEnd(source.text, end);
};
