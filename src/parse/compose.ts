import type { Span } from '../finding.ts';

/** A scalar; `source` is its text in the file (quotes included), `value` what YAML 1.2 core makes of it. */
export interface ComposeScalar {
  readonly kind: 'scalar';
  readonly at: Span;
  readonly value: string | number | boolean | null;
  readonly source: string;
  readonly style: 'plain' | 'single' | 'double' | 'literal' | 'folded';
  readonly tag?: string;
  readonly anchor?: string;
}

/** One `key: value` of a mapping. `merged`: it came in through `<<` and stands elsewhere, at its anchor. */
export interface ComposeEntry {
  readonly key: ComposeScalar;
  readonly value: ComposeNode;
  /** From the key to the end of the value's content: no trailing comment, no newline. */
  readonly at: Span;
  /** The whole lines of the entry (indentation and newline included); absent in flow style or when another entry shares the first line. */
  readonly lines?: Span;
  readonly merged: boolean;
}

export interface ComposeMap {
  readonly kind: 'map';
  readonly at: Span;
  readonly flow: boolean;
  /** Every pair as it stands in the file, in order: `<<` and hidden duplicates too. */
  readonly own: readonly ComposeEntry[];
  /** Effective entries: own keys first (last duplicate wins), then those that merge keys bring in and no own key hides. */
  readonly entries: readonly ComposeEntry[];
  readonly tag?: string;
  readonly anchor?: string;
}

export interface ComposeItem {
  readonly value: ComposeNode;
  /** From the `-` (or the item itself in flow style) to the end of its content. */
  readonly at: Span;
  readonly lines?: Span;
}

export interface ComposeSeq {
  readonly kind: 'seq';
  readonly at: Span;
  readonly flow: boolean;
  readonly items: readonly ComposeItem[];
  readonly tag?: string;
  readonly anchor?: string;
}

/** What a YAML value is. An alias is replaced by its target (`aliasAt` tells where the alias stands): spans then point at the anchor. */
export type ComposeNode = (ComposeScalar | ComposeMap | ComposeSeq) & { readonly aliasAt?: Span };

/** An alias in the file and the node that its anchor names. */
export interface ComposeAlias {
  readonly at: Span;
  readonly target: Span;
}

/** Why a file cannot be read or edited, with the place. */
export interface ComposeProblem {
  readonly at: Span;
  readonly message: string;
  readonly hint: string;
}

export interface ComposeFile {
  readonly path: string;
  readonly text: string;
  /** The top-level mapping; absent when the file is empty or has a problem that leaves no usable tree. */
  readonly root?: ComposeMap;
  /** Syntax errors, templating (Jinja `{{ }}`/`{% %}`), alias bombs, nesting or size over the limit. Such a file is never edited. */
  readonly problems: readonly ComposeProblem[];
  /** Duplicate keys: legal to this reader, rejected by Compose. */
  readonly duplicates: readonly ComposeScalar[];
  /** Every alias (`*name`, merges too), in order. */
  readonly aliases: readonly ComposeAlias[];
}

export {
  deleteEntry,
  deleteItems,
  deleteShown,
  indentStep,
  insertEntries,
  insertItems,
  quoteScalar,
  replaceValue,
} from './compose/edits.ts';
export { entryOf, keysOf, textOf, valueAt } from './compose/query.ts';
export { readCompose } from './compose/yaml-spans.ts';
