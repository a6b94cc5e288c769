import type { PythonClass, PythonFunction } from '../python.ts';
import { argumentsOf, decoratorsOf, type Source, spanOf, textOf } from './calls.ts';
import { contentEnd, docstringOf, statementsIn, undecorated } from './statements.ts';
import { inField, parts, type SyntaxNode } from './tree.ts';

type Parameter = PythonFunction['parameters'][number];

const parameter = (source: Source, node: SyntaxNode): readonly Parameter[] => {
  if (/_separator$/.test(node.type) || node.type === 'ERROR') return [];
  const named = node.type === 'typed_parameter' ? parts(node)[0] : (inField(node, 'name')[0] ?? node);
  if (!named) return [];
  const star = named.type === 'list_splat_pattern' ? '*' : named.type === 'dictionary_splat_pattern' ? '**' : '';
  const identifier = star === '' ? named : (parts(named)[0] ?? named);
  const [value] = inField(node, 'value');
  const [annotation] = inField(node, 'type');
  return [
    {
      name: textOf(source, identifier),
      star,
      default: value && textOf(source, value),
      annotation: annotation && textOf(source, annotation),
      at: spanOf(source, node, node),
    },
  ];
};

const described = (source: Source, statement: SyntaxNode, index: number, scope: string) => {
  const node = undecorated(statement);
  const [identifier] = inField(node, 'name');
  const name = identifier ? textOf(source, identifier) : '';
  const block = inField(node, 'body')[0] ?? node;
  const end = contentEnd(statement);
  const first = statementsIn(block)[0];
  return {
    node,
    block,
    facts: {
      name,
      qualified: scope === '' ? name : `${scope}.${name}`,
      at: spanOf(source, statement, { end }),
      decorators: decoratorsOf(source, statement === node ? undefined : statement),
      statement: index,
      body: spanOf(source, first ?? { start: end }, { end }),
    },
  };
};

/** A function or method, from its statement's node. */
export const describeFunction = (
  source: Source,
  statement: SyntaxNode,
  index: number,
  scope: string,
): PythonFunction => {
  const { node, block, facts } = described(source, statement, index, scope);
  const docstring = docstringOf(source, block);
  return {
    ...facts,
    async: node.children[0]?.type === 'async',
    parameters: parts(inField(node, 'parameters')[0] ?? node).flatMap((part) =>
      part.parent?.type === 'parameters' ? parameter(source, part) : [],
    ),
    docstring: docstring && spanOf(source, docstring, docstring),
  };
};

/** A class, from its statement's node. */
export const describeClass = (source: Source, statement: SyntaxNode, index: number, scope: string): PythonClass => {
  const { node, facts } = described(source, statement, index, scope);
  return { ...facts, bases: argumentsOf(source, inField(node, 'superclasses')[0]) };
};
