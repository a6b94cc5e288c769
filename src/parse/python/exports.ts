import type { PythonAssignment, PythonCall } from '../python.ts';
import { type Source, textOf } from './calls.ts';
import { stringOf } from './literals.ts';
import { inField, parts, type SyntaxNode } from './tree.ts';

const literals = (source: Source, list: SyntaxNode | undefined): readonly string[] | undefined => {
  if (list?.type !== 'list' && list?.type !== 'tuple') return undefined;
  const names = parts(list).map((part) => stringOf(part, source.text));
  return names.every((name) => name !== undefined) ? names : undefined;
};

/** The names of `__all__`, where the module's top level builds it from literal lists alone. */
export const exportsOf = (
  source: Source,
  root: SyntaxNode,
  assignments: readonly PythonAssignment[],
  calls: readonly PythonCall[],
): readonly string[] | undefined => {
  const times = assignments.filter(({ target }) => target === '__all__').length;
  if (times === 0 || calls.some(({ callee }) => callee.startsWith('__all__.'))) return undefined;
  const lists = root.children.flatMap((statement) => {
    const [assignment] = parts(statement);
    if (statement.type !== 'expression_statement' || !assignment) return [];
    const [left] = inField(assignment, 'left');
    return left && textOf(source, left) === '__all__' ? [literals(source, inField(assignment, 'right')[0])] : [];
  });
  if (lists.length < times || !lists.every((list) => list !== undefined)) return undefined;
  return lists.flat();
};
