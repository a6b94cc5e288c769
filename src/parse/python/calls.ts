import type { PythonArgument, PythonDecorator } from '../python.ts';
import { stringOf } from './literals.ts';
import { inField, parts, type SyntaxNode } from './tree.ts';

/** A file as the walk over its tree sees it. */
export interface Source {
  readonly path: string;
  readonly text: string;
}

/** The span of a node, or of the stretch from one node to another. */
export const spanOf = (source: Source, from: { readonly start: number }, to: { readonly end: number }) => ({
  path: source.path,
  start: from.start,
  end: to.end,
});

/** The text of a node, as written. */
export const textOf = (source: Source, node: SyntaxNode): string => source.text.slice(node.start, node.end);

/** Chains longer than this are cut, so that hostile files cost no quadratic time. */
const longestChain = 64;

/** An expression as a dotted chain: `db.create_all`, `Flask().run`, `x[].b`; what is none of these becomes `?`. */
export const dottedOf = (source: Source, expression: SyntaxNode): string => {
  let chain = '';
  let node = expression;
  for (let links = 0; links < longestChain; links += 1) {
    if (node.type === 'identifier') return textOf(source, node) + chain;
    const [first] = parts(node);
    if (!first) break;
    if (node.type === 'attribute') {
      const [attribute] = inField(node, 'attribute');
      chain = `.${attribute ? textOf(source, attribute) : '?'}${chain}`;
    } else if (node.type === 'call') {
      chain = `()${chain}`;
    } else if (node.type === 'subscript') {
      chain = `[]${chain}`;
    } else if (node.type !== 'parenthesized_expression') {
      break;
    }
    node = first;
  }
  return `?${chain}`;
};

const argument = (
  source: Source,
  at: { readonly start: number; readonly end: number },
  value: SyntaxNode,
  name: string | undefined,
  star: PythonArgument['star'],
): PythonArgument => ({
  name,
  star,
  text: textOf(source, value),
  value: spanOf(source, value, value),
  at: spanOf(source, at, at),
  string: star === '' ? stringOf(value, source.text) : undefined,
});

const onlyGenerator = (source: Source, generator: SyntaxNode): PythonArgument => {
  const inside = source.text.slice(generator.start + 1, generator.end - 1);
  const text = inside.trim();
  const start = generator.start + 1 + inside.indexOf(text);
  const at = { path: source.path, start, end: start + text.length };
  return { name: undefined, star: '', text, value: at, at, string: undefined };
};

/** The arguments of a call or the bases of a class. */
export const argumentsOf = (source: Source, list: SyntaxNode | undefined): readonly PythonArgument[] => {
  if (!list) return [];
  if (list.type === 'generator_expression') return [onlyGenerator(source, list)];
  return parts(list).flatMap((part) => {
    const [name] = inField(part, 'name');
    const [keywordValue] = inField(part, 'value');
    if (part.type === 'keyword_argument') {
      return name && keywordValue ? [argument(source, part, keywordValue, textOf(source, name), '')] : [];
    }
    if (part.type !== 'list_splat' && part.type !== 'dictionary_splat') {
      return part.type === 'ERROR' ? [] : [argument(source, part, part, undefined, '')];
    }
    const [splatted] = parts(part);
    return splatted ? [argument(source, part, splatted, undefined, part.type === 'list_splat' ? '*' : '**')] : [];
  });
};

/** The decorators of a decorated function or class. */
export const decoratorsOf = (source: Source, decorated: SyntaxNode | undefined): readonly PythonDecorator[] =>
  (decorated?.children ?? []).flatMap((child) => {
    const [expression] = parts(child);
    if (child.type !== 'decorator' || !expression) return [];
    const [called] = inField(expression, 'function');
    const isCall = expression.type === 'call' && called !== undefined;
    return [
      {
        callee: dottedOf(source, isCall ? called : expression),
        at: spanOf(source, child, expression),
        args: isCall ? argumentsOf(source, inField(expression, 'arguments')[0]) : [],
      },
    ];
  });
