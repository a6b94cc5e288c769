import type { Edit, Span } from '../finding.ts';

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
}

export declare function readCompose(path: string, text: string): ComposeFile;

/** The value under a chain of keys, `undefined` when a link is missing. */
export declare function valueAt(node: ComposeNode | undefined, ...keys: readonly string[]): ComposeNode | undefined;
/** The own (or merged) entry of a mapping by key. */
export declare function entryOf(node: ComposeNode | undefined, key: string): ComposeEntry | undefined;
/** A scalar's value as text (`true` → "true"; null → undefined). */
export declare function textOf(node: ComposeNode | undefined): string | undefined;

/** Deletes an entry; when it was the only one, its parents that would be left empty go too (`path` = keys from the root). `undefined`: cannot be done by a safe splice (merged, anchored and aliased elsewhere …). */
export declare function deleteEntry(file: ComposeFile, path: readonly string[]): readonly Edit[] | undefined;
/** Deletes items of the sequence at `path` by index; when none is left the sequence's entry (and emptied parents) goes too. */
export declare function deleteItems(file: ComposeFile, path: readonly string[], indexes: readonly number[]): readonly Edit[] | undefined;
/** Inserts `lines` (unindented YAML lines of one or more entries) as the last entries of the mapping at `path`, or after the entry `after`. Works in flow style for one-line entries. */
export declare function insertEntries(file: ComposeFile, path: readonly string[], lines: readonly string[], after?: string): readonly Edit[] | undefined;
/** Replaces the value of the entry at `path` by a scalar source or by lines of a block value (unindented relative to the key). */
export declare function replaceValue(file: ComposeFile, path: readonly string[], source: string | readonly string[]): readonly Edit[] | undefined;
/** One indentation step of the file (2 when it cannot be told). */
export declare function indentStep(file: ComposeFile): number;
/** `text` as a YAML scalar: plain when that is safe, else quoted. */
export declare function quoteScalar(text: string): string;
