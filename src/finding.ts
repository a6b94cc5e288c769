/** A half-open range of UTF-16 offsets in one file of the repository (path relative to its root, `/` as separator). */
export interface Span {
  readonly path: string;
  readonly start: number;
  readonly end: number;
}

/** Replaces a span by `text`. An empty span inserts, an empty text deletes. */
export interface Edit extends Span {
  readonly text: string;
}

/** The two file modes that git records for a regular file. */
export type FileMode = 0o644 | 0o755;

/** One step of a fix: a splice in a file, or a whole file created, removed, renamed or given another mode. */
export type Change =
  | Edit
  | { readonly path: string; readonly create: string; readonly mode?: FileMode }
  | { readonly path: string; readonly remove: true }
  | { readonly path: string; readonly mode: FileMode }
  | { readonly path: string; readonly renameTo: string };

/**
 * What applying a fix means for somebody whose stack runs today.
 * - `safe`: what works works the same afterwards.
 * - `review`: the stack starts or runs differently; a person should read the hunk.
 * - `manual`: instructions only, never applied.
 */
export type Safety = 'safe' | 'review' | 'manual';

/** Changes that land together, across files, or not at all. */
export interface Fix {
  /** Imperative, one line. */
  readonly title: string;
  readonly safety: Safety;
  readonly changes: readonly Change[];
}

/** One link of the chain that proves a finding: a place, and what stands there. */
export interface Evidence {
  readonly at: Span;
  readonly says: string;
}

/** Something that is broken (or, without a fix, worth knowing), with its proof. */
export interface Finding {
  /** What is wrong, then what follows from it. */
  readonly message: string;
  readonly at: Span;
  readonly evidence: readonly Evidence[];
  readonly fix?: Fix;
  /** What a person has to do or may want to do, when no fix (or not the fix alone) settles it. */
  readonly advice?: string;
}

/** True for the changes that splice a file's text. */
export const isEdit = (change: Change): change is Edit => 'text' in change;
