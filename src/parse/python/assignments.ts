import type { PythonAssignment } from '../python.ts';
import { type Source, spanOf, textOf } from './calls.ts';
import { stringOf } from './literals.ts';
import { inField, parts, type SyntaxNode } from './tree.ts';

/** What binds a name or a place, with the nodes that it binds. */
export interface Binding {
  readonly target: SyntaxNode;
  /** The value that this very target gets; undefined when it is unpacked at run time. */
  readonly value: SyntaxNode | undefined;
  readonly annotation: SyntaxNode | undefined;
  readonly operator: string;
  /** The node that does the binding. */
  readonly by: SyntaxNode;
}

const groups = new Set([
  'pattern_list',
  'tuple_pattern',
  'list_pattern',
  'expression_list',
  'tuple',
  'list',
  'parenthesized_expression',
  'as_pattern_target',
  'list_splat',
  'list_splat_pattern',
]);

const splat = /^list_splat/;

interface Pair {
  readonly target: SyntaxNode;
  readonly value: SyntaxNode | undefined;
}

const matching = (targets: readonly SyntaxNode[], value: SyntaxNode | undefined): readonly SyntaxNode[] => {
  if (!value || !/^(tuple|list|expression_list|pattern_list)$/.test(value.type)) return [];
  const values = parts(value);
  const starred = [...targets, ...values].some((node) => splat.test(node.type));
  return starred || values.length !== targets.length ? [] : values;
};

/** The single targets under a pattern, each with its value where the two sides match one to one. */
export const unpack = (pattern: SyntaxNode, whole: SyntaxNode | undefined): readonly Pair[] => {
  const found: Pair[] = [];
  const open: Pair[] = [{ target: pattern, value: whole }];
  for (let pair = open.pop(); pair; pair = open.pop()) {
    const { target, value } = pair;
    if (!groups.has(target.type)) {
      found.push(pair);
      continue;
    }
    const inner = parts(target);
    const transparent = target.type === 'parenthesized_expression' || target.type === 'as_pattern_target';
    const values = transparent ? [value] : matching(inner, value);
    for (let at = inner.length - 1; at >= 0; at -= 1) {
      const part = inner[at];
      if (part) open.push({ target: part, value: values[at] });
    }
  }
  return found;
};

const chained = (assignment: SyntaxNode): SyntaxNode | undefined => {
  let value = inField(assignment, 'right')[0];
  while (value?.type === 'assignment') value = inField(value, 'right')[0];
  return value;
};

const aliased = (pattern: SyntaxNode, operator: string): readonly Binding[] => {
  const [alias] = inField(pattern, 'alias');
  if (!alias) return [];
  const value = operator === 'with' ? parts(pattern)[0] : undefined;
  return unpack(alias, value).map((pair) => ({ ...pair, annotation: undefined, operator, by: pattern }));
};

const assigned = (node: SyntaxNode, source: Source): readonly Binding[] => {
  const [left] = inField(node, 'left');
  if (!left) return [];
  const [annotation] = inField(node, 'type');
  const value = chained(node);
  const [augmented] = inField(node, 'operator');
  const operator = augmented ? textOf(source, augmented) : value ? '=' : '';
  return unpack(left, value).map((pair) => ({ ...pair, annotation, operator, by: node }));
};

const captured = (node: SyntaxNode): readonly Binding[] => {
  const bind = (target: SyntaxNode | undefined) =>
    target ? [{ target, value: undefined, annotation: undefined, operator: 'case', by: target }] : [];
  if (node.type !== 'dotted_name') return bind(node.children.findLast((child) => child.type === 'identifier'));
  return parts(node).length === 1 ? bind(parts(node)[0]) : [];
};

/** The bindings that one node makes (its children's are their own); comprehensions bind nothing outside themselves. */
export const bindingsOf = (node: SyntaxNode, source: Source): readonly Binding[] => {
  switch (node.type) {
    case 'assignment':
    case 'augmented_assignment':
      return assigned(node, source);
    case 'named_expression': {
      const [target] = inField(node, 'name');
      return target
        ? [{ target, value: inField(node, 'value')[0], annotation: undefined, operator: ':=', by: node }]
        : [];
    }
    case 'for_statement': {
      const [left] = inField(node, 'left');
      const pairs = left ? unpack(left, undefined) : [];
      return pairs.map((pair) => ({ ...pair, annotation: undefined, operator: 'for', by: pair.target }));
    }
    case 'as_pattern': {
      if (node.parent?.type === 'case_pattern') return captured(node);
      return aliased(node, node.parent?.type === 'except_clause' ? 'except' : 'with');
    }
    case 'except_clause':
      return aliased(node, 'except');
    case 'splat_pattern':
      return captured(node);
    case 'dotted_name':
      return /^(case|union|keyword)_pattern$/.test(node.parent?.type ?? '') ? captured(node) : [];
    default:
      return [];
  }
};

const withoutBlanks = (text: string): string =>
  text.replace(/("[^"\n]*"|'[^'\n]*')|\\\r?\n|#.*|\s+/g, (blank, quoted: string | undefined, at: number) => {
    if (quoted !== undefined) return quoted;
    return /\w/.test(text[at - 1] ?? '') && /\w/.test(text[at + blank.length] ?? '') ? ' ' : '';
  });

/** A binding as a fact about the file. */
export const describeBinding = (
  source: Source,
  binding: Binding,
  place: { readonly statement: number; readonly scope: string },
): PythonAssignment => {
  const { target, value, annotation, operator, by } = binding;
  const type = annotation ? textOf(source, annotation) : undefined;
  return {
    target: withoutBlanks(textOf(source, target)),
    at: spanOf(source, by, by),
    targetAt: spanOf(source, target, target),
    annotation: type,
    operator,
    value: value && {
      text: textOf(source, value),
      at: spanOf(source, value, value),
      string: stringOf(value, source.text),
    },
    ...place,
  };
};
