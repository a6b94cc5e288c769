import { indentationErrors } from './indentation.ts';
import { isMalformed, openingOf } from './literals.ts';
import { wrongPlace } from './places.ts';
import { inField, parts, type SyntaxNode, type SyntaxTree } from './tree.ts';

/** Deeper trees than this CPython does not compile either (its recursion limit). */
const deepest = 3000;

type Rule = (node: SyntaxNode, text: string) => boolean;

const written = (node: SyntaxNode, text: string): string => text.slice(node.start, node.end);

const integer = /^(0[xX](_?[0-9a-fA-F])+|0[oO](_?[0-7])+|0[bB](_?[01])+|0(_?0)*|[1-9](_?[0-9])*|[0-9](_?[0-9])*[jJ])$/;
const digits = '[0-9](?:_?[0-9])*';
const float = new RegExp(`^(?:(?:${digits})?\\.(?:${digits})?|${digits})(?:[eE][+-]?${digits})?[jJ]?$`);
const afterNumber = /^(and|else|for|if|in|is|not|or)\b|^[^\p{L}\p{N}_]|^$/u;

const isNumberWrong =
  (shape: RegExp): Rule =>
  (node, text) =>
    !shape.test(written(node, text)) || !afterNumber.test(text.slice(node.end, node.end + 8));

const isStringWrong: Rule = (node, text) => {
  const { prefix, quote } = openingOf(node, text);
  return quote.startsWith('`') || !/^(|[rubft]|br|rb|fr|rf|tr|rt)$/.test(prefix) || isMalformed(node, text);
};

const mixesBytes: Rule = (node, text) => {
  const bytes = parts(node).map((piece) => openingOf(piece, text).prefix.includes('b'));
  return bytes.includes(true) && bytes.includes(false);
};

const isTryWrong: Rule = (node) => {
  const clauses = node.children.filter((child) => child.type.endsWith('_clause'));
  const handlers = clauses.filter((child) => child.type === 'except_clause');
  if (clauses.every((child) => child.type === 'else_clause')) return true;
  if (handlers.length === 0 && clauses.some((child) => child.type === 'else_clause')) return true;
  if (handlers.slice(0, -1).some((handler) => inField(handler, 'value').length === 0)) return true;
  const groups = handlers.filter(
    (handler) => handler.children[1]?.type === '*' || handler.children[0]?.type === 'except*',
  );
  return groups.length > 0 && groups.length < handlers.length;
};

/** Python 3.14 knows `except A, B:`, but not with `as`. */
const isExceptWrong: Rule = (node) => {
  const values = inField(node, 'value');
  const group = node.children[1]?.type === '*';
  return (group && values.length === 0) || (values.length > 1 && values.some((value) => value.type === 'as_pattern'));
};

const isAssignmentWrong: Rule = (node) => {
  const [left] = inField(node, 'left');
  const [right] = inField(node, 'right');
  const single = node.type === 'augmented_assignment' || inField(node, 'type').length > 0;
  const parenthesised = left?.type === 'tuple_pattern' && left.children.length === 3;
  if (single && left && !parenthesised && !/^(identifier|attribute|subscript)$/.test(left.type)) return true;
  if (right?.type === 'augmented_assignment') return true;
  if (right?.type !== 'assignment') return left?.type === 'list_splat_pattern';
  return single || inField(right, 'type').length > 0;
};

const namesSeen = (names: readonly string[]): boolean => new Set(names).size < names.length;

const areArgumentsWrong: Rule = (node, text) => {
  let keyword = false;
  let unpacked = false;
  const names: string[] = [];
  for (const part of parts(node)) {
    if (part.type === 'keyword_argument') {
      const [name] = inField(part, 'name');
      if (name) names.push(written(name, text));
      keyword = true;
    } else if (part.type === 'dictionary_splat') {
      unpacked = true;
    } else if (part.type === 'list_splat') {
      if (unpacked) return true;
    } else if (keyword || unpacked) {
      return true;
    }
  }
  return namesSeen(names);
};

const parameterName = (node: SyntaxNode, text: string): string => {
  const named = inField(node, 'name')[0] ?? (node.type === 'typed_parameter' ? parts(node)[0] : node);
  return named ? written(named, text).replace(/^\*+\s*/, '') : '';
};

const areParametersWrong: Rule = (node, text) => {
  const list = parts(node);
  let star = -1;
  let slash = -1;
  let defaults = false;
  for (const [at, part] of list.entries()) {
    const shape = part.type === 'typed_parameter' ? (parts(part)[0]?.type ?? '') : part.type;
    if (shape === 'tuple_pattern' || inField(part, 'name')[0]?.type === 'tuple_pattern') return true;
    if (shape === 'dictionary_splat_pattern') {
      if (at !== list.length - 1) return true;
    } else if (shape === 'keyword_separator' || shape === 'list_splat_pattern') {
      if (star >= 0) return true;
      star = at;
    } else if (shape === 'positional_separator') {
      if (slash >= 0 || star >= 0 || at === 0) return true;
      slash = at;
    } else if (inField(part, 'value').length > 0) {
      defaults = true;
    } else if (defaults && star < 0) {
      return true;
    }
  }
  const afterStar = list[star + 1];
  if (list[star]?.type === 'keyword_separator' && (!afterStar || afterStar.type === 'dictionary_splat_pattern'))
    return true;
  return namesSeen(list.filter((part) => !/_separator$/.test(part.type)).map((part) => parameterName(part, text)));
};

const endsWithComma: Rule = (node) => node.children.at(-1)?.type === ',';

const reserved = new Set(
  'False None True and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield'.split(
    ' ',
  ),
);

const always: Rule = () => true;

const rules: Readonly<Record<string, Rule>> = {
  ERROR: always,
  print_statement: always,
  exec_statement: always,
  '<>': always,
  integer: isNumberWrong(integer),
  float: isNumberWrong(float),
  string: isStringWrong,
  concatenated_string: mixesBytes,
  try_statement: isTryWrong,
  except_clause: isExceptWrong,
  assignment: isAssignmentWrong,
  augmented_assignment: isAssignmentWrong,
  argument_list: areArgumentsWrong,
  parameters: areParametersWrong,
  lambda_parameters: areParametersWrong,
  import_statement: endsWithComma,
  import_from_statement: endsWithComma,
  future_import_statement: endsWithComma,
  identifier: (node, text) => node.end - node.start < 9 && reserved.has(written(node, text)),
  raise_statement: (node) => node.children.some((child) => child.type === 'expression_list'),
  assert_statement: (node) => parts(node).length > 2,
};

const strangeBlank = /[^\S \t\f\r\n]|[\u200b\u2060\ufeff\0]|\r(?!\r*\n)/g;

/** Characters that the grammar skips as blanks but Python refuses outside strings and comments (`\u00a0`, a lone `\r`). */
const strangeBlanks = (tree: SyntaxTree, text: string): readonly { readonly start: number; readonly end: number }[] => {
  const found = [...text.matchAll(strangeBlank)]
    .map((match) => match.index)
    .filter((at) => at > 0 || text[0] !== '\ufeff');
  if (found.length === 0) return [];
  const quoted = tree.nodes.filter((node) => node.type === 'string_content' || node.type === 'comment');
  let next = 0;
  return found.flatMap((at) => {
    while ((quoted[next]?.end ?? Number.POSITIVE_INFINITY) <= at) next += 1;
    const inside = (quoted[next]?.start ?? Number.POSITIVE_INFINITY) <= at;
    return inside && text[at] !== '\0' && text[at] !== '\r' ? [] : [{ start: at, end: at + 1 }];
  });
};

/** Where Python (3.8 to 3.14, each by its own syntax) would refuse a file; empty when it would take it. */
export const errorsIn = (
  tree: SyntaxTree,
  text: string,
): readonly { readonly start: number; readonly end: number }[] => {
  const tooDeep = tree.nodes.find((node) => node.depth > deepest);
  if (tooDeep) return [tooDeep];
  const broken = tree.nodes.filter((node) => node.missing || rules[node.type]?.(node, text) || wrongPlace(node, text));
  const indentation = tree.hasError ? [] : indentationErrors(tree, text);
  const spans = [...broken, ...indentation, ...strangeBlanks(tree, text)].map(({ start, end }) => ({ start, end }));
  return spans.sort((a, b) => a.start - b.start || a.end - b.end);
};
