import {
  Composer,
  type CST,
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  Lexer,
  type Pair,
  type ParsedNode,
  Parser,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import type { Span } from '../../finding.ts';
import type {
  ComposeAlias,
  ComposeEntry,
  ComposeFile,
  ComposeItem,
  ComposeMap,
  ComposeNode,
  ComposeProblem,
  ComposeScalar,
  ComposeSeq,
} from '../compose.ts';
import { MAX_DEPTH, NodeBudget, Unreadable } from './yaml-budget.ts';
import { sizeProblem, templateHint } from './yaml-limits.ts';
import { blockScalarEnd, wholeLines } from './yaml-lines.ts';
import { effectiveEntries } from './yaml-merge.ts';

const MAX_LEXEMES = 500_000;
const MAX_ERRORS = 20;

/** How many of the last files are kept: an edit reads its own result, which the next edit starts from. */
const REMEMBERED = 32;
const remembered = new Map<string, ComposeFile>();

/** Reads a compose file into spans; never throws, whatever the text is. */
export const readCompose = (path: string, text: string): ComposeFile => {
  const key = `${path}\0${text}`;
  const known = remembered.get(key);
  if (known) return known;
  const file = parseCompose(path, text);
  remembered.set(key, file);
  const oldest = remembered.size > REMEMBERED ? remembered.keys().next().value : undefined;
  if (oldest !== undefined) remembered.delete(oldest);
  return file;
};

const parseCompose = (path: string, text: string): ComposeFile => {
  const empty = { path, text, duplicates: [], aliases: [] };
  const tooBig = sizeProblem(path, text);
  if (tooBig) return { ...empty, problems: [tooBig] };
  const problem = (start: number, end: number, message: string, hint: string): ComposeProblem => {
    const template = templateHint(text);
    const at = { path, start: Math.min(start, text.length), end: Math.min(Math.max(start, end), text.length) };
    return template ? { at, ...template } : { at, message, hint };
  };
  try {
    const documents = composeDocuments(text);
    const errors = documents.flatMap((document) => document.errors).slice(0, MAX_ERRORS);
    if (errors.length > 0) {
      const problems = errors.map((error) =>
        problem(error.pos[0], error.pos[1], firstLine(error.message), 'Correct the YAML syntax here.'),
      );
      return { ...empty, problems: templateHint(text) ? problems.slice(0, 1) : problems };
    }
    const filled = documents.filter((document) => !isEmpty(document));
    const [first, second] = filled;
    if (second) {
      const start = second.contents?.range[0] ?? 0;
      return {
        ...empty,
        problems: [
          problem(
            start,
            start,
            'The file holds several YAML documents.',
            'Compose reads one document a file: split it.',
          ),
        ],
      };
    }
    if (!first?.contents) return { ...empty, problems: [] };
    const reader = new TreeReader(path, text, first);
    const root = reader.node(first.contents, 1, undefined);
    if (root.kind !== 'map') {
      return {
        ...empty,
        problems: [
          problem(
            root.at.start,
            root.at.end,
            'The top level is not a mapping.',
            'A compose file begins with keys such as `services:`.',
          ),
        ],
      };
    }
    return { path, text, root, problems: [], duplicates: reader.duplicates, aliases: reader.aliases };
  } catch (error) {
    if (error instanceof Unreadable)
      return { ...empty, problems: [problem(error.start, error.end, error.message, error.hint)] };
    const message = error instanceof Error ? firstLine(error.message) : String(error);
    return {
      ...empty,
      problems: [problem(0, 0, `The YAML parser failed: ${message}`, 'Check the file with a YAML linter.')],
    };
  }
};

const firstLine = (message: string): string =>
  message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '') ?? message;

const isEmpty = (document: Document.Parsed): boolean =>
  document.contents === null ||
  (isScalar(document.contents) && document.contents.value === null && document.contents.source === '');

/** Token by token, so that nesting is refused before the recursive composer sees it. */
const composeDocuments = (text: string): Document.Parsed<ParsedNode>[] => {
  const parser = new Parser();
  const tokens: CST.Token[] = [];
  let lexemes = 0;
  for (const lexeme of new Lexer().lex(text)) {
    lexemes += 1;
    if (lexemes > MAX_LEXEMES) {
      throw new Unreadable(
        'The YAML has too many parts to read.',
        'A compose file is written by hand and small: leave this one out.',
        parser.offset,
        parser.offset,
      );
    }
    for (const token of parser.next(lexeme)) tokens.push(token);
    if (parser.stack.length > MAX_DEPTH) {
      throw new Unreadable(
        `The YAML nests deeper than ${MAX_DEPTH} levels.`,
        'Flatten the file.',
        parser.offset,
        parser.offset,
      );
    }
  }
  tokens.push(...parser.end());
  const composer = new Composer<ParsedNode>({
    keepSourceTokens: true,
    uniqueKeys: false,
    resolveKnownTags: false,
    logLevel: 'silent',
  });
  return [...composer.compose(tokens)];
};

type YamlNode = ParsedNode | null | undefined;
type YamlPair = Pair<ParsedNode, ParsedNode | null>;

const SCALAR_STYLES: Readonly<Record<string, ComposeScalar['style']>> = {
  PLAIN: 'plain',
  QUOTE_SINGLE: 'single',
  QUOTE_DOUBLE: 'double',
  BLOCK_LITERAL: 'literal',
  BLOCK_FOLDED: 'folded',
};

const propsOf = (node: YAMLMap | YAMLSeq): { readonly tag?: string; readonly anchor?: string } => ({
  ...(node.tag ? { tag: node.tag } : {}),
  ...(node.anchor ? { anchor: node.anchor } : {}),
});

const PROPERTIES: readonly string[] = ['anchor', 'tag'];
const INDICATORS: readonly string[] = ['explicit-key-ind', 'map-value-ind', 'seq-item-ind'];

/** Where an entry or item begins: at its indicator, anchor or tag, else at `fallback`. */
const firstOffset = (tokens: readonly CST.SourceToken[] | undefined, fallback: number): number =>
  (tokens ?? []).reduce(
    (first, token) =>
      PROPERTIES.includes(token.type) || INDICATORS.includes(token.type) ? Math.min(first, token.offset) : first,
    fallback,
  );

/** Just past the last indicator, anchor or tag: where an absent value would stand. */
const lastOffset = (tokens: readonly CST.SourceToken[] | undefined, fallback: number): number =>
  (tokens ?? []).reduce(
    (last, token) =>
      PROPERTIES.includes(token.type) || INDICATORS.includes(token.type)
        ? Math.max(last, token.offset + token.source.length)
        : last,
    fallback,
  );

/** The tokens that stand for items; the others hold only comments. */
const itemTokens = (token: CST.Token | undefined): readonly CST.CollectionItem[] => {
  if (!token || !('items' in token)) return [];
  const items: readonly CST.CollectionItem[] = token.items;
  return items.filter(
    (item) =>
      item.value !== undefined ||
      item.key !== undefined ||
      item.sep !== undefined ||
      item.start.some((part) => part.type === 'seq-item-ind' || PROPERTIES.includes(part.type)),
  );
};

/** What an anchor names: nothing yet while its own node is being read. */
interface AnchorSlot {
  node?: ComposeNode;
}

/** Turns one yaml document into plain nodes with spans, resolving aliases and merges within bounds. */
class TreeReader {
  readonly duplicates: ComposeScalar[] = [];
  readonly aliases: ComposeAlias[] = [];
  private readonly anchors = new Map<string, AnchorSlot>();
  private readonly path: string;
  private readonly text: string;
  private readonly document: Document.Parsed;
  private readonly budget = new NodeBudget();

  constructor(path: string, text: string, document: Document.Parsed) {
    this.path = path;
    this.text = text;
    this.document = document;
  }

  /** `emptyAt` is where an absent value would stand. */
  node(node: YamlNode, depth: number, emptyAt: number | undefined): ComposeNode {
    if (isAlias(node)) return this.alias(node.source, this.span(node.range?.[0] ?? 0, node.range?.[1] ?? 0), depth);
    const anchor = node && 'anchor' in node ? node.anchor : undefined;
    if (anchor === undefined) return this.fresh(node, depth, emptyAt);
    const slot: AnchorSlot = {};
    this.anchors.set(anchor, slot);
    slot.node = this.fresh(node, depth, emptyAt);
    return slot.node;
  }

  private fresh(node: YamlNode, depth: number, emptyAt: number | undefined): ComposeNode {
    if (isMap<ParsedNode, ParsedNode | null>(node)) return this.map(node, depth);
    if (isSeq(node)) return this.seq(node, depth);
    const read = this.scalar(isScalar(node) ? node : undefined, emptyAt ?? node?.range?.[0] ?? 0);
    this.budget.count(read, [], read.at);
    return read;
  }

  private alias(name: string, at: Span, depth: number): ComposeNode {
    const slot = this.anchors.get(name);
    const target = slot?.node;
    const shown = name.length > 60 ? `${name.slice(0, 60)}…` : name;
    if (!slot)
      throw new Unreadable(
        `The alias *${shown} has no anchor before it.`,
        `Define &${shown} above, or write the value out.`,
        at.start,
        at.end,
      );
    if (!target)
      throw new Unreadable(
        `The alias *${shown} stands inside its own anchor.`,
        'Write the value out.',
        at.start,
        at.end,
      );
    const size = this.budget.sizeOf(target);
    if (depth + size.height > MAX_DEPTH)
      throw new Unreadable(
        `Aliases nest deeper than ${MAX_DEPTH} levels.`,
        'Write some of the values out.',
        at.start,
        at.end,
      );
    this.budget.spend(size.nodes, at);
    this.aliases.push({ at, target: target.at });
    const read: ComposeNode = { ...target, aliasAt: at };
    this.budget.set(read, size);
    return read;
  }

  private scalar(node: Scalar.Parsed | undefined, emptyAt: number): ComposeScalar {
    const props = { ...(node?.tag ? { tag: node.tag } : {}), ...(node?.anchor ? { anchor: node.anchor } : {}) };
    if (!node || (node.source === '' && node.range[0] === node.range[1])) {
      return { kind: 'scalar', at: this.span(emptyAt, emptyAt), value: null, source: '', style: 'plain', ...props };
    }
    const style = SCALAR_STYLES[node.type ?? 'PLAIN'] ?? 'plain';
    const start = node.range[0];
    const end =
      style === 'literal' || style === 'folded' ? blockScalarEnd(this.text, start, node.range[1]) : node.range[1];
    const at = this.span(start, end);
    return { kind: 'scalar', at, value: this.value(node, style), source: this.text.slice(start, end), style, ...props };
  }

  /** A local tag (`!reset`, `!override`) does not change what a plain scalar means. */
  private value(node: Scalar.Parsed, style: ComposeScalar['style']): ComposeScalar['value'] {
    let value: unknown = node.value;
    if (style === 'plain' && node.tag?.startsWith('!')) {
      const tag = this.document.schema.tags.find(
        (known) => known.default === true && 'test' in known && known.test?.test(node.source),
      );
      if (tag && 'resolve' in tag && !tag.collection)
        value = tag.resolve(node.source, () => undefined, this.document.options);
      if (isScalar(value)) value = value.value;
    }
    if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
      return value;
    return node.source;
  }

  private map(node: YAMLMap.Parsed<ParsedNode, ParsedNode | null>, depth: number): ComposeMap {
    const flow = node.flow === true;
    const own = node.items.map((pair) => this.entry(pair, depth, flow));
    const last = own.at(-1);
    const first = own[0];
    const at = this.span(flow || !first ? node.range[0] : first.at.start, flow || !last ? node.range[1] : last.at.end);
    const read: ComposeMap = {
      kind: 'map',
      at,
      flow,
      own,
      entries: effectiveEntries(own, this.duplicates),
      ...propsOf(node),
    };
    this.budget.count(
      read,
      own.flatMap((entry) => [entry.key, entry.value]),
      at,
    );
    return read;
  }

  private entry(pair: YamlPair, depth: number, flow: boolean): ComposeEntry {
    const token = pair.srcToken;
    const start = firstOffset(token?.start, pair.key.range?.[0] ?? 0);
    const keyNode = this.node(pair.key, depth + 1, start);
    if (keyNode.kind !== 'scalar')
      throw new Unreadable('A key is a collection.', 'Compose knows only text keys.', start, keyNode.at.end);
    const key = keyNode.aliasAt ? { ...keyNode, at: keyNode.aliasAt } : keyNode;
    const value = this.node(pair.value, depth + 1, lastOffset(token?.sep, key.at.end));
    const at = this.span(start, (value.aliasAt ?? value.at).end);
    const lines = flow ? undefined : wholeLines(this.text, at);
    return { key, value, at, ...(lines ? { lines } : {}), merged: false };
  }

  private seq(node: YAMLSeq.Parsed, depth: number): ComposeSeq {
    const flow = node.flow === true;
    const tokens = itemTokens(node.srcToken);
    const items = node.items.map((item, index) => this.item(isPair(item) ? null : item, tokens[index], depth, flow));
    const last = items.at(-1);
    const first = items[0];
    const at = this.span(flow || !first ? node.range[0] : first.at.start, flow || !last ? node.range[1] : last.at.end);
    const read: ComposeSeq = { kind: 'seq', at, flow, items, ...propsOf(node) };
    this.budget.count(
      read,
      items.map((item) => item.value),
      at,
    );
    return read;
  }

  private item(
    node: ParsedNode | null,
    token: CST.CollectionItem | undefined,
    depth: number,
    flow: boolean,
  ): ComposeItem {
    const start = firstOffset(token?.start, node?.range?.[0] ?? 0);
    const value = this.node(node, depth + 1, lastOffset(token?.start, start));
    const at = this.span(start, (value.aliasAt ?? value.at).end);
    const lines = flow ? undefined : wholeLines(this.text, at);
    return { value, at, ...(lines ? { lines } : {}) };
  }

  private span(start: number, end: number): Span {
    return { path: this.path, start, end };
  }
}
