import type { Span } from '../finding.ts';

export interface DotenvEntry {
  readonly name: string;
  /** Unquoted, escapes resolved as Compose does; undefined for a bare `NAME` (passes the host's variable through). */
  readonly value: string | undefined;
  readonly quote: '' | "'" | '"';
  readonly at: Span;
  readonly valueAt: Span;
  readonly lines: Span;
}

export interface DotenvFile {
  readonly path: string;
  readonly text: string;
  readonly entries: readonly DotenvEntry[];
  readonly problems: readonly { readonly at: Span; readonly message: string }[];
}

export declare function readDotenv(path: string, text: string): DotenvFile;
/** Compose's `${…}` interpolation: `:-`, `-`, `:?`, `?`, `:+`, `+`, `$$`, nested. A variable with neither value nor default makes `missing` non-empty. */
export declare function interpolate(text: string, lookup: (name: string) => string | undefined): { readonly text: string; readonly missing: readonly string[]; readonly names: readonly string[] };
