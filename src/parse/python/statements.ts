import { indentAt, lineContentEnd, lineEnd, lineStart } from '../../lines.ts';
import type { PythonClause, PythonStatement } from '../python.ts';
import { type Source, spanOf } from './calls.ts';
import { openingOf } from './literals.ts';
import { childOfType, inField, parts, type SyntaxNode, startsLine } from './tree.ts';

const kinds: Readonly<Record<string, PythonStatement['kind']>> = {
  import_statement: 'import',
  import_from_statement: 'import',
  future_import_statement: 'import',
  expression_statement: 'expression',
  if_statement: 'if',
  for_statement: 'for',
  while_statement: 'while',
  try_statement: 'try',
  with_statement: 'with',
  match_statement: 'match',
  function_definition: 'function',
  class_definition: 'class',
  return_statement: 'return',
  raise_statement: 'raise',
  pass_statement: 'pass',
  global_statement: 'global',
  nonlocal_statement: 'global',
  delete_statement: 'delete',
  assert_statement: 'assert',
};

const clauses: Readonly<Record<string, PythonClause>> = {
  else_clause: 'else',
  elif_clause: 'elif',
  except_clause: 'except',
  finally_clause: 'finally',
  case_clause: 'case',
};

/** True for a statement's node; a decorated function or class is one statement, its decorators included. */
export const isStatement = (node: SyntaxNode): boolean => {
  if (!node.named) return false;
  if (node.type.endsWith('_statement')) return true;
  if (node.type === 'decorated_definition') return true;
  return node.type.endsWith('_definition') && node.parent?.type !== 'decorated_definition';
};

/** The function or class under a statement's decorators, or the statement itself. */
export const undecorated = (node: SyntaxNode): SyntaxNode =>
  node.type === 'decorated_definition' ? (inField(node, 'definition')[0] ?? node) : node;

/** The part of a compound statement that a clause's node opens; undefined for all other nodes. */
export const clauseOf = (node: SyntaxNode): PythonClause | undefined => clauses[node.type];

/** Where a statement's last character ends: comments after it do not count. */
export const contentEnd = (statement: SyntaxNode): number => {
  let node = statement;
  while (/_statement$|_definition$|_clause$|^block$/.test(node.type)) {
    const last = node.children.findLast(
      (child) => child.type !== 'comment' && child.type !== ';' && child.end > child.start,
    );
    if (!last) return node.end;
    if (last.type !== 'block' && !isStatement(last) && !clauseOf(last) && last.field !== 'definition') return last.end;
    node = last;
  }
  return node.end;
};

const stretch = (source: Source, nodes: readonly SyntaxNode[]): string => {
  const first = nodes[0];
  const last = nodes.at(-1);
  return first && last ? source.text.slice(first.start, last.end) : '';
};

/** The header of one clause: an `elif`'s condition, an `except`'s type (without `as e`), a `case`'s pattern and guard. */
export const clauseHead = (source: Source, clause: SyntaxNode): string => {
  if (clause.type === 'elif_clause') return stretch(source, inField(clause, 'condition'));
  if (clause.type === 'except_clause') {
    return stretch(
      source,
      inField(clause, 'value').map((value) => (value.type === 'as_pattern' ? (parts(value)[0] ?? value) : value)),
    );
  }
  if (clause.type === 'case_clause') {
    return stretch(
      source,
      parts(clause).filter((part) => part.field !== 'consequence'),
    );
  }
  return '';
};

const head = (source: Source, node: SyntaxNode): string => {
  switch (node.type) {
    case 'if_statement':
    case 'while_statement':
      return stretch(source, inField(node, 'condition'));
    case 'for_statement':
      return stretch(source, [...inField(node, 'left'), ...inField(node, 'right')]);
    case 'match_statement':
      return stretch(source, inField(node, 'subject'));
    case 'with_statement': {
      const items = childOfType(node, 'with_clause');
      return items ? stretch(source, parts(items)) : '';
    }
    case 'try_statement':
      return node.children
        .filter((child) => child.type === 'except_clause')
        .map((child) => clauseHead(source, child))
        .join(', ');
    default:
      return '';
  }
};

const wholeLines = (source: Source, node: SyntaxNode, end: number): { readonly lines?: PythonStatement['at'] } => {
  const { path, text } = source;
  if (!startsLine(node, text)) return {};
  const start = lineStart(text, node.start);
  if (!/^[ \t\f]*(;[ \t\f]*)?(#.*)?$/.test(text.slice(end, lineContentEnd(text, end)))) return {};
  return { lines: { path, start: start === 0 && text.startsWith('\ufeff') ? 1 : start, end: lineEnd(text, end) } };
};

const kindOf = (node: SyntaxNode): PythonStatement['kind'] => {
  const kind = kinds[undecorated(node).type] ?? 'other';
  const assigns = node.children.some((child) => child.type === 'assignment' || child.type === 'augmented_assignment');
  return kind === 'expression' && assigns ? 'assignment' : kind;
};

/** Describes one statement, given where it stands. */
export const describeStatement = (
  source: Source,
  node: SyntaxNode,
  place: Pick<PythonStatement, 'index' | 'parent' | 'clause' | 'clauseHead' | 'scope'>,
): PythonStatement => {
  const end = contentEnd(node);
  return {
    ...place,
    kind: kindOf(node),
    at: spanOf(source, node, { end }),
    ...wholeLines(source, node, end),
    head: head(source, node),
    alone: node.parent?.type === 'block' && !node.parent.children.some((other) => other !== node && isStatement(other)),
    indent: indentAt(source.text, node.start),
  };
};

/** The statements of a block. */
export const statementsIn = (block: SyntaxNode): readonly SyntaxNode[] => block.children.filter(isStatement);

/** The literal that documents a function, class or module: its first statement, when that is a text. */
export const docstringOf = (source: Source, block: SyntaxNode): SyntaxNode | undefined => {
  const first = statementsIn(block)[0];
  if (first?.type !== 'expression_statement' || parts(first).length !== 1) return undefined;
  const literal = parts(first)[0];
  if (!literal) return undefined;
  const pieces = literal.type === 'concatenated_string' ? parts(literal) : [literal];
  const isText = (piece: SyntaxNode) => piece.type === 'string' && !/[bft]/.test(openingOf(piece, source.text).prefix);
  return pieces.every(isText) ? literal : undefined;
};

/** One step of indentation: the one that most blocks of the file use, four spaces when it has no block. */
export const indentStep = (statements: readonly PythonStatement[]): string => {
  const uses = new Map<string, number>();
  for (const { indent, parent, lines } of statements) {
    const outer = statements[parent]?.indent;
    if (outer === undefined || !lines || indent === outer || !indent.startsWith(outer)) continue;
    const step = indent.slice(outer.length);
    uses.set(step, (uses.get(step) ?? 0) + 1);
  }
  const [most] = [...uses].sort((a, b) => b[1] - a[1]);
  return most?.[0] ?? '    ';
};
