import { docstringOf, isStatement } from './statements.ts';
import { inField, parts, type SyntaxNode } from './tree.ts';

/** Constructs that the grammar takes anywhere but Python only in certain places. */
type Rule = (node: SyntaxNode, text: string) => boolean;

const functionLike = /^(function_definition|lambda)$/;

/** The innermost node of a kind around another, from the parent on, not looking past nodes of the other kind. */
const around = (node: SyntaxNode, wanted: RegExp, barrier: RegExp): SyntaxNode | undefined => {
  for (let at = node.parent; at; at = at.parent) {
    if (wanted.test(at.type)) return at;
    if (barrier.test(at.type)) return undefined;
  }
  return undefined;
};

/** The function whose code a node is: defaults, annotations and decorators are code of the place around it. */
const functionOf = (node: SyntaxNode): SyntaxNode | undefined => {
  let below = node;
  for (let at = node.parent; at; below = at, at = at.parent) {
    if (at.type === 'class_definition' && below.field === 'body') return undefined;
    if (functionLike.test(at.type) && below.field === 'body') return at;
  }
  return undefined;
};

const isAsync = (node: SyntaxNode | undefined): boolean =>
  node?.type === 'function_definition' && node.children[0]?.type === 'async';

const outsideFunction: Rule = (node) => functionOf(node) === undefined;

const outsideAsync: Rule = (node) =>
  !isAsync(functionOf(node)) && around(node, /^generator_expression$/, /_statement$/) === undefined;

const outsideLoop: Rule = (node) => {
  let below = node;
  for (let at = node.parent; at; below = at, at = at.parent) {
    if (/^(for|while)_statement$/.test(at.type) && below.field === 'body') return false;
    if (/_definition$/.test(at.type) && at.type !== 'decorated_definition') return true;
  }
  return true;
};

const asyncTokenOutside: Rule = (node) => {
  const owner = node.parent;
  if (owner?.type === 'function_definition' || owner?.type === 'ERROR' || !owner) return false;
  return outsideAsync(owner, '');
};

const starred =
  /^(argument_list|tuple|list|set|expression_list|pattern_list|subscript|list_splat|match_statement|ERROR|tuple_pattern|list_pattern)$/;

/** `*x` on its own: Python takes it in calls, displays, tuples and subscripts only. */
const isStarAlone: Rule = (node) => {
  const parent = node.parent;
  if (!parent || starred.test(parent.type)) return false;
  if (parent.type === 'type') return false;
  if (parent.type === 'expression_statement')
    return parts(parent).length === 1 && !parent.children.some((c) => c.type === ',');
  return parent.type !== 'for_statement' || node.field !== 'left';
};

const bareWalrus =
  /^(expression_statement|keyword_argument|default_parameter|typed_default_parameter|assignment|augmented_assignment|pair)$/;

const isWalrusBare: Rule = (node) => bareWalrus.test(node.parent?.type ?? '');

/** `a as b` stands in `with`, `except` and `case` only. */
const isAsStray: Rule = (node) => {
  let parent = node.parent;
  while (parent?.type === 'parenthesized_expression' && parent.parent?.type === 'with_item') parent = parent.parent;
  return !/^(with_item|except_clause|case_pattern|ERROR)$/.test(parent?.type ?? '');
};

const features =
  /^(annotations|division|absolute_import|with_statement|print_function|unicode_literals|generator_stop|nested_scopes|generators|barry_as_FLUFL)$/;

const isFutureWrong: Rule = (node, text) => {
  const names = inField(node, 'name').map((name) => inField(name, 'name')[0] ?? name);
  if (!names.every((name) => features.test(text.slice(name.start, name.end)))) return true;
  if (node.parent?.type !== 'module') return node.parent?.type !== 'ERROR';
  const docstring = docstringOf({ path: '', text }, node.parent);
  for (const other of node.parent.children) {
    if (other === node) return false;
    if (isStatement(other) && other.type !== node.type && other !== docstring?.parent) return true;
  }
  return false;
};

const deletable = /^(identifier|attribute|subscript)$/;

const isDeleteWrong: Rule = (node) => {
  const open = [...parts(node)];
  for (let at = open.pop(); at; at = open.pop()) {
    if (/^(tuple|list|expression_list|parenthesized_expression)$/.test(at.type)) open.push(...parts(at));
    else if (!deletable.test(at.type)) return true;
  }
  return false;
};

const rules: Readonly<Record<string, Rule>> = {
  return_statement: outsideFunction,
  yield: outsideFunction,
  await: outsideAsync,
  async: asyncTokenOutside,
  break_statement: outsideLoop,
  continue_statement: outsideLoop,
  nonlocal_statement: (node) => around(node, /^function_definition$/, /^module$/) === undefined,
  wildcard_import: (node) => functionOf(node) !== undefined,
  list_splat: isStarAlone,
  named_expression: isWalrusBare,
  as_pattern: isAsStray,
  future_import_statement: isFutureWrong,
  delete_statement: isDeleteWrong,
  for_in_clause: (node) => inField(node, 'right').filter((part) => part.named).length > 1,
};

/** True for a construct that Python refuses where it stands: `return` outside a function, `await` outside `async def`. */
export const wrongPlace = (node: SyntaxNode, text: string): boolean =>
  (node.named || node.type === 'async') && (rules[node.type]?.(node, text) ?? false);
