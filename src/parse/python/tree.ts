import { Language, Parser, type TreeCursor } from 'web-tree-sitter';

/** A node of Python's concrete syntax tree, copied out of the parser's memory. Tokens such as `;` and comments are nodes too. */
export interface SyntaxNode {
  readonly type: string;
  /** The role it has in its parent (`body`, `left`), or ''. */
  readonly field: string;
  /** False for keywords and punctuation. */
  readonly named: boolean;
  /** The parser made it up to go on. */
  readonly missing: boolean;
  readonly start: number;
  readonly end: number;
  readonly depth: number;
  readonly parent: SyntaxNode | undefined;
  /** The sibling before it. */
  readonly previous: SyntaxNode | undefined;
  readonly children: readonly SyntaxNode[];
}

/** A whole tree: its root, and every node in source order, a parent before its children. */
export interface SyntaxTree {
  readonly root: SyntaxNode;
  readonly nodes: readonly SyntaxNode[];
  readonly hasError: boolean;
}

interface Loaded {
  readonly parser: Parser;
  readonly types: readonly string[];
  readonly fields: readonly (string | null)[];
  readonly named: readonly boolean[];
}

type NodeInTheMaking = { -readonly [Key in keyof SyntaxNode]: SyntaxNode[Key] } & { children: SyntaxNode[] };

let loading: Promise<Loaded> | undefined;
let loaded: Loaded | undefined;

const load = async (wasm: { readonly runtime: Uint8Array; readonly grammar: Uint8Array }): Promise<Loaded> => {
  await Parser.init({ wasmBinary: wasm.runtime });
  const language = await Language.load(wasm.grammar);
  const parser = new Parser();
  parser.setLanguage(language);
  const named = language.types.map((_, id) => language.nodeTypeIsNamed(id));
  return { parser, types: language.types, fields: language.fields, named };
};

/** Loads the parser: `runtime` is web-tree-sitter's wasm, `grammar` tree-sitter-python's. Call once before `readPython`. */
export const loadPython = async (wasm: {
  readonly runtime: Uint8Array;
  readonly grammar: Uint8Array;
}): Promise<void> => {
  loading ??= load(wasm);
  loaded = await loading;
};

const copyNode = (
  cursor: TreeCursor,
  { types, fields, named }: Loaded,
  parent: NodeInTheMaking | undefined,
  mayMiss: boolean,
): NodeInTheMaking => {
  const id = cursor.nodeTypeId;
  const node: NodeInTheMaking = {
    type: types[id] ?? 'ERROR',
    field: fields[cursor.currentFieldId] ?? '',
    named: named[id] ?? true,
    missing: mayMiss && cursor.nodeIsMissing,
    start: cursor.startIndex,
    end: cursor.endIndex,
    depth: parent ? parent.depth + 1 : 0,
    parent,
    previous: parent?.children.at(-1),
    children: [],
  };
  parent?.children.push(node);
  return node;
};

/** Copies all nodes but the line continuations, which are blanks to all who ask. */
const copyTree = (cursor: TreeCursor, parser: Loaded, mayMiss: boolean): NodeInTheMaking[] => {
  let node = copyNode(cursor, parser, undefined, mayMiss);
  const nodes: NodeInTheMaking[] = [node];
  const continuation = parser.types.indexOf('line_continuation');
  const ancestors: NodeInTheMaking[] = [];
  for (;;) {
    if (cursor.gotoFirstChild()) {
      ancestors.push(node);
    } else {
      while (!cursor.gotoNextSibling()) {
        if (!cursor.gotoParent()) return nodes;
        ancestors.pop();
      }
    }
    if (cursor.nodeTypeId === continuation) continue;
    node = copyNode(cursor, parser, ancestors.at(-1), mayMiss);
    nodes.push(node);
  }
};

/**
 * The grammar reads `[*a.b()]` as `[(*a).b()]` in some places. Moves the star to where Python has it: around the whole chain.
 */
const liftStar = (splat: NodeInTheMaking): void => {
  const star = splat.children[0];
  const starred: NodeInTheMaking | undefined = splat.children[1] as NodeInTheMaking | undefined;
  const below = splat.parent as NodeInTheMaking | undefined;
  if (!star || !starred || !below || !chainable.test(below.type) || below.children[0] !== splat) return;
  let top = below;
  for (
    let up: SyntaxNode | undefined = below;
    up && chainable.test(up.type) && up.start === splat.start;
    up = up.parent
  ) {
    top = up as NodeInTheMaking;
    top.start = starred.start;
  }
  const outer = top.parent as NodeInTheMaking | undefined;
  if (!outer) return;
  below.children[0] = starred;
  Object.assign(starred, { parent: below, previous: undefined, field: splat.field });
  const after = outer.children[outer.children.indexOf(top) + 1] as NodeInTheMaking | undefined;
  outer.children[outer.children.indexOf(top)] = splat;
  if (after) after.previous = splat;
  Object.assign(splat, {
    parent: outer,
    previous: top.previous,
    field: top.field,
    end: top.end,
    children: [star, top],
  });
  Object.assign(top, { parent: splat, previous: star, field: '' });
};

const chainable =
  /^(attribute|call|subscript|binary_operator|comparison_operator|boolean_operator|conditional_expression)$/;

const parseOnce = (text: string): SyntaxTree => {
  if (!loaded) throw new Error('readPython was called before loadPython had finished');
  const tree = loaded.parser.parse(text);
  if (!tree) throw new Error('the Python parser gave no tree');
  const cursor = tree.walk();
  try {
    const { hasError } = tree.rootNode;
    const nodes = copyTree(cursor, loaded, hasError);
    const [root] = nodes;
    for (const node of nodes) if (node.type === 'list_splat') liftStar(node);
    if (!root) throw new Error('the Python parser gave an empty tree');
    return { root, nodes, hasError };
  } finally {
    cursor.delete();
    tree.delete();
  }
};

const genericHeader = /\b(?:def|class|type)[ \t]+[\p{L}_][\p{L}\p{N}_]*[ \t]*\[/gu;

/**
 * The grammar does not know defaults of type parameters (`class A[T = int]`, Python 3.13). A bound (`T : int`) it does:
 * same length, same names. Returns the text as it was when there is none.
 */
const defaultsAsBounds = (text: string): string => {
  const characters: string[] = [];
  let copied = 0;
  for (const header of text.matchAll(genericHeader)) {
    let depth = 1;
    for (let at = header.index + header[0].length; at < text.length && depth > 0; at += 1) {
      const character = text[at] ?? '';
      if ('[({'.includes(character)) depth += 1;
      if ('])}'.includes(character)) depth -= 1;
      if (character !== '=' || depth !== 1 || at < copied) continue;
      characters.push(text.slice(copied, at), ':');
      copied = at + 1;
    }
  }
  return characters.length === 0 ? text : characters.join('') + text.slice(copied);
};

/** Parses a Python file; offsets of the nodes are offsets in `text`. */
export const parseTree = (text: string): SyntaxTree => {
  const tree = parseOnce(text);
  if (!tree.hasError) return tree;
  const retried = defaultsAsBounds(text);
  if (retried === text) return tree;
  const second = parseOnce(retried);
  return second.hasError ? tree : second;
};

/** The children that stand in a given role. */
export const inField = (node: SyntaxNode, field: string): readonly SyntaxNode[] =>
  node.children.filter((child) => child.field === field && child.type !== 'comment');

/** The first child of a given type. */
export const childOfType = (node: SyntaxNode, type: string): SyntaxNode | undefined =>
  node.children.find((child) => child.type === type);

/** The children without keywords, punctuation and comments. */
export const parts = (node: SyntaxNode): readonly SyntaxNode[] =>
  node.children.filter((child) => child.named && child.type !== 'comment');

/** The text that stands between a node and the token before it: blanks, newlines and line continuations only. */
export const gapBefore = (node: SyntaxNode, text: string): string => {
  let at: SyntaxNode | undefined = node;
  while (at && !at.previous) at = at.parent;
  return text.slice(at?.previous?.end ?? 0, node.start);
};

/** True for blanks with a line break that no backslash hides. */
export const crossesLine = (gap: string): boolean => gap.includes('\n') && gap.replace(/\\\r?\n/g, '').includes('\n');

/** True when a node is the first thing on its logical line. */
export const startsLine = (node: SyntaxNode, text: string): boolean => {
  let at: SyntaxNode | undefined = node;
  while (at && !at.previous) at = at.parent;
  return !at?.previous || crossesLine(text.slice(at.previous.end, node.start));
};
