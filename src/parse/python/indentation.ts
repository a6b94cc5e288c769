import { lineStart } from '../../lines.ts';
import { clauseOf, isStatement } from './statements.ts';
import { crossesLine, parts, type SyntaxNode, type SyntaxTree, startsLine } from './tree.ts';

/** A depth as CPython measures it: with tabs to the next eighth column, and with tabs as one; both must agree. */
interface Depth {
  readonly column: number;
  readonly characters: number;
}

const topLevel: Depth = { column: 0, characters: 0 };

const depthOf = (node: SyntaxNode, text: string): Depth => {
  const blanks = text.slice(lineStart(text, node.start), node.start).replace(/^\ufeff/, '');
  let column = 0;
  let characters = 0;
  for (const blank of blanks) {
    if (blank === '\f') {
      column = 0;
      characters = 0;
      continue;
    }
    column = blank === '\t' ? (Math.floor(column / 8) + 1) * 8 : column + 1;
    characters += 1;
  }
  return { column, characters };
};

const same = (a: Depth, b: Depth): boolean => a.column === b.column && a.characters === b.characters;
const deeper = (a: Depth, b: Depth): boolean => a.column > b.column && a.characters > b.characters;

const opensLine = (node: SyntaxNode): boolean => isStatement(node) || node.type === 'case_clause';

const isSimple = (node: SyntaxNode): boolean =>
  node.type !== 'decorated_definition' &&
  !/_definition$/.test(node.type) &&
  !node.children.some((child) => child.type === ':');

/** The statements of one block stand in one column, deeper than the header, or all on the header's line. */
const wrongInBlock = (block: SyntaxNode, header: SyntaxNode, text: string): SyntaxNode | undefined => {
  const lines = block.children.filter(opensLine);
  const first = lines[0];
  if (!first) return header;
  if (!startsLine(first, text)) {
    return lines.find((line) => !isSimple(line) || startsLine(line, text));
  }
  const depth = depthOf(first, text);
  if (!deeper(depth, depthOf(header, text))) return first;
  return wrongAmong(lines, depth, text);
};

const wrongAmong = (lines: readonly SyntaxNode[], depth: Depth, text: string): SyntaxNode | undefined =>
  lines.find((line) => {
    if (startsLine(line, text)) return !same(depthOf(line, text), depth);
    return line.previous?.type !== ';' || !isSimple(line);
  });

/** `else`, `except` and the like, decorators and what they decorate, stand in the column of their statement. */
const wrongClause = (node: SyntaxNode, text: string): SyntaxNode | undefined => {
  const aligned =
    node.type === 'decorated_definition'
      ? parts(node)
      : node.children.filter((child) => child.type !== 'case_clause' && clauseOf(child) !== undefined);
  if (aligned.length === 0) return undefined;
  const depth = depthOf(node, text);
  return aligned.find((child) => !startsLine(child, text) || !same(depthOf(child, text), depth));
};

const inBrackets = (node: SyntaxNode): boolean => {
  for (let at = node.parent; at && at.type !== 'block'; at = at.parent) {
    const open = at.children.find((child) => child.type === '(' || child.type === '[' || child.type === '{');
    if (open && open.start < node.start) return true;
  }
  return false;
};

/** The grammar reads on over a line break where no statement can end (`x =`, `els:`); Python only does within brackets. */
const breaksLine = (node: SyntaxNode, text: string): boolean => {
  if (!node.previous || node.start === node.previous.end || node.type === 'comment' || node.type === 'block')
    return false;
  if (node.type.startsWith('string') || node.parent?.type === 'string_content') return false;
  if (opensLine(node) || clauseOf(node) !== undefined || node.parent?.type === 'decorated_definition') return false;
  return crossesLine(text.slice(node.previous.end, node.start)) && !inBrackets(node);
};

/** The places where CPython would report an IndentationError or a TabError, in a tree that has no errors of its own. */
export const indentationErrors = (tree: SyntaxTree, text: string): readonly SyntaxNode[] => {
  const wrong: (SyntaxNode | undefined)[] = [wrongAmong(tree.root.children.filter(isStatement), topLevel, text)];
  for (const node of tree.nodes) {
    if (breaksLine(node, text)) wrong.push(node);
    if (node.type === 'block') {
      wrong.push(node.parent && wrongInBlock(node, node.parent, text));
    } else if (isStatement(node)) {
      wrong.push(wrongClause(node, text));
    }
  }
  return wrong.filter((node) => node !== undefined);
};
