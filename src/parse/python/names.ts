import type { PythonName } from '../python.ts';
import { unpack } from './assignments.ts';
import { type Source, textOf } from './calls.ts';
import { contentOf, openingOf } from './literals.ts';
import { inField, parts, type SyntaxNode } from './tree.ts';

type Read = Pick<PythonName, 'name' | 'dotted' | 'at'>;

const parametersOf = /^(parameters|lambda_parameters|typed_parameter)$/;

/** The identifiers that a node declares although they look like reads: targets, type parameters, comprehension variables. */
export const declaredBy = (node: SyntaxNode): readonly SyntaxNode[] => {
  if (node.type === 'for_in_clause') {
    const [left] = inField(node, 'left');
    return left ? unpack(left, undefined).map((pair) => pair.target) : [];
  }
  const generic = node.type === 'type' && node.field === 'left' && node.parent?.type === 'type_alias_statement';
  if (generic) {
    const [inner] = parts(node);
    return inner?.type === 'generic_type' ? parts(inner).slice(0, 1) : inner ? [inner] : [];
  }
  if (node.type !== 'type_parameter' || !declaresTypes(node)) return [];
  return parts(node).flatMap((type) => {
    let first: SyntaxNode | undefined = type;
    while (first && /^(type|constrained_type|splat_type)$/.test(first.type)) first = parts(first)[0];
    return first ? [first] : [];
  });
};

const declaresTypes = (list: SyntaxNode): boolean => {
  if (list.field === 'type_parameters') return true;
  const alias = list.parent?.parent;
  return alias?.type === 'type' && alias.field === 'left' && alias.parent?.type === 'type_alias_statement';
};

const isRead = (identifier: SyntaxNode): boolean => {
  const parent = identifier.parent;
  switch (parent?.type) {
    case undefined:
      return true;
    case 'attribute':
      return identifier.field !== 'attribute';
    case 'keyword_argument':
    case 'function_definition':
    case 'class_definition':
    case 'default_parameter':
    case 'typed_default_parameter':
    case 'named_expression':
      return identifier.field !== 'name';
    case 'parameters':
    case 'lambda_parameters':
    case 'typed_parameter':
    case 'keyword_pattern':
    case 'splat_pattern':
    case 'member_type':
      return false;
    case 'list_splat_pattern':
    case 'dictionary_splat_pattern':
      return !parametersOf.test(parent.parent?.type ?? '');
    case 'tuple_pattern':
      return parent.parent?.type !== 'parameters';
    case 'dotted_name':
      return parent.children[0] === identifier;
    default:
      return true;
  }
};

const chainFrom = (source: Source, identifier: SyntaxNode): string => {
  const names = [textOf(source, identifier)];
  if (identifier.parent?.type === 'dotted_name') {
    return parts(identifier.parent)
      .map((part) => textOf(source, part))
      .join('.');
  }
  let node = identifier;
  while (node.parent?.type === 'attribute' && node.field === 'object') {
    node = node.parent;
    const [attribute] = inField(node, 'attribute');
    if (attribute) names.push(textOf(source, attribute));
  }
  return names.join('.');
};

const chains = /(?<![\p{L}\p{N}_.])[\p{L}_][\p{L}\p{N}_]*(?:\.[\p{L}_][\p{L}\p{N}_]*)*/gu;

const namesInText = (source: Source, literal: SyntaxNode): readonly Read[] => {
  if (openingOf(literal, source.text).prefix !== '') return [];
  const { raw, start } = contentOf(literal, source.text);
  if (!/^[\p{L}\p{N}_.,[\]| ]+$/u.test(raw)) return [];
  return [...raw.matchAll(chains)].map(({ 0: dotted, index }) => {
    const name = dotted.split('.')[0] ?? dotted;
    return { name, dotted, at: { path: source.path, start: start + index, end: start + index + name.length } };
  });
};

/** The names that one node reads: an identifier its own, a text in an annotation (`"Flask"`) those written in it. */
export const namesReadBy = (
  source: Source,
  node: SyntaxNode,
  declared: ReadonlySet<SyntaxNode>,
  inAnnotation: boolean,
): readonly Read[] => {
  if (node.type === 'string' && inAnnotation) return namesInText(source, node);
  if (node.type !== 'identifier' || declared.has(node) || !isRead(node)) return [];
  const at = { path: source.path, start: node.start, end: node.end };
  return [{ name: textOf(source, node), dotted: chainFrom(source, node), at }];
};
