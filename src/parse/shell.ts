import type { Span } from '../finding.ts';

export interface ShellWord {
  /** Quotes and escapes removed; expansions kept as written (`$PORT`, `"$@"` → `$@`). */
  readonly text: string;
  readonly source: string;
  /** False when the word holds an expansion (`$x`, `$(…)`, backquotes, globs). */
  readonly literal: boolean;
  readonly at: Span;
}

/** One simple command, wherever it stands. */
export interface ShellCommand {
  /** Assignments before it: `FOO=1 cmd`. */
  readonly assignments: readonly { readonly name: string; readonly value: string; readonly at: Span }[];
  /** Words, without redirections. Empty for pure assignments. */
  readonly words: readonly ShellWord[];
  readonly at: Span;
  /** Whole lines of the command when nothing else shares them. */
  readonly lines?: Span;
  /** What it is nested in, outermost first: the condition of an `if`, a loop's condition or body, a function, a subshell … `text` = the construct's head (`if [ "$X" = 1 ]`, `until pg_isready`). */
  readonly within: readonly { readonly kind: 'if-condition' | 'if-body' | 'else-body' | 'case' | 'loop-condition' | 'loop-body' | 'function' | 'subshell' | 'substitution'; readonly text: string; readonly at: Span }[];
  /** How it follows its neighbour: `&&`, `||`, `|` before it; first or after `;`/newline: `;`. */
  readonly joinedBy: ';' | '&&' | '||' | '|';
  /** Followed by `&`. */
  readonly background: boolean;
  /** `exec cmd`: words exclude `exec`. */
  readonly exec: boolean;
}

export interface ShellScript {
  readonly path: string;
  readonly text: string;
  readonly shebang: { readonly interpreter: string; readonly at: Span } | undefined;
  /** Every simple command in textual order. */
  readonly commands: readonly ShellCommand[];
  readonly crlf: boolean;
  /** Unbalanced quotes, unknown constructs: then nothing is claimed about the script. */
  readonly problems: readonly { readonly at: Span; readonly message: string }[];
}

/** Reads a script, or a piece of shell inside another file: `base` is added to every offset. */
export declare function readShell(path: string, text: string, base?: number): ShellScript;
/** `text` quoted so that a POSIX shell reads it as one word; bare when it needs no quotes. */
export declare function quoteWord(text: string): string;
