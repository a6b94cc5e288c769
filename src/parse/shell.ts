import type { Span } from '../finding.ts';
import { lineEnd, lineStart } from '../lines.ts';
import type { Piece } from './dockerfile/joined-text.ts';
import { parseShell, type RawCommand } from './shell/grammar.ts';
import type { RawWord, ShellContextKind, ShellJoin } from './shell/words.ts';

/** A word of a command. */
export interface ShellWord {
  /** Quotes and escapes removed; expansions kept as written (`$PORT`, `"$@"` → `$@`). */
  readonly text: string;
  readonly source: string;
  /** False when the word holds an expansion (`$x`, `$(…)`, backquotes, globs, `~`, `{a,b}`). */
  readonly literal: boolean;
  readonly at: Span;
}

/** A construct around a command. */
export interface ShellWithin {
  /** `elif` counts as an `if` inside an else-body; `group` is `{ …; }`. */
  readonly kind: ShellContextKind;
  /** The construct's head: `if [ "$X" = 1 ]`, `until pg_isready`, `case "$1" in web)`; for a function its bare name. */
  readonly text: string;
  /** The whole construct. */
  readonly at: Span;
  /** How the construct follows its neighbour: `a || { b; }` has `||` here. */
  readonly joinedBy: ShellJoin;
}

/** One simple command, wherever it stands. `[[ … ]]` counts as one, with its operators as words. */
export interface ShellCommand {
  /** Assignments before it: `FOO=1 cmd`. */
  readonly assignments: readonly { readonly name: string; readonly value: string; readonly at: Span }[];
  /** Words, without redirections. Empty for pure assignments. */
  readonly words: readonly ShellWord[];
  /** Assignments, words and redirections; not a here-document's body, and neither `;` nor `&` behind it. */
  readonly at: Span;
  /** Whole lines of the command (here-documents included) when nothing else shares them. */
  readonly lines?: Span;
  /** What it is nested in, outermost first. */
  readonly within: readonly ShellWithin[];
  /** How it follows its neighbour: `&&`, `||`, `|` before it; first or after `;`/newline: `;`. */
  readonly joinedBy: ShellJoin;
  /** Followed by `&`. */
  readonly background: boolean;
  /** `exec cmd`: words exclude `exec` and its options. An `exec` that only redirects keeps its word. */
  readonly exec: boolean;
}

/** A shell script, or a piece of shell inside another file. */
export interface ShellScript {
  readonly path: string;
  readonly text: string;
  readonly shebang: { readonly interpreter: string; readonly at: Span } | undefined;
  /** Every simple command in textual order. */
  readonly commands: readonly ShellCommand[];
  readonly crlf: boolean;
  /** Unbalanced quotes, unknown constructs: then nothing is claimed about the script. Reading ends at the first. */
  readonly problems: readonly { readonly at: Span; readonly message: string }[];
}

/** Where a piece of shell stands in its file: a number to add, or a mapping (`DockerInstruction.scriptOffset`). */
export type ShellBase = number | ((index: number) => number);

/** Reads a script, or a piece of shell inside another file: `base` is added to every offset. */
export function readShell(path: string, text: string, base?: ShellBase): ShellScript {
  const skipped = text.startsWith('\ufeff') ? 1 : 0;
  const body = text.slice(skipped);
  const offsetOf = (index: number): number =>
    typeof base === 'function' ? base(index + skipped) : (base ?? 0) + index + skipped;
  const span = ({ start, end }: Piece): Span => ({
    path,
    start: offsetOf(start),
    end: end > start ? offsetOf(end - 1) + 1 : offsetOf(start),
  });
  const { commands, problem } = parseShell(body);
  const shebang = /^#![ \t]*([^\r\n]*?)[ \t]*\r?(?:\n|$)/.exec(body);
  const interpreter = shebang?.[1] ?? '';
  const whole = base === undefined || base === 0;
  return {
    path,
    text,
    shebang:
      interpreter === ''
        ? undefined
        : { interpreter, at: span({ start: 0, end: (shebang?.[0] ?? '').trimEnd().length }) },
    commands: commands.map((command) => {
      const lines = typeof base === 'function' ? undefined : linesOf(body, command, whole);
      return { ...readCommand(body, command, span), ...(lines ? { lines: span(lines) } : {}) };
    }),
    crlf: text.includes('\r\n'),
    problems: problem ? [{ at: span(problem.at), message: problem.message }] : [],
  };
}

const readCommand = (text: string, command: RawCommand, span: (piece: Piece) => Span): ShellCommand => {
  const words = command.words.map((word) => ({
    text: word.text,
    source: text.slice(word.start, word.end),
    literal: word.literal,
    at: span(word),
  }));
  const skip = execPrefix(command.words);
  return {
    assignments: command.assignments.map((word) => {
      const equals = word.text.indexOf('=');
      return {
        name: word.text.slice(0, equals).replace(/(?:\[.*\])?\+?$/, ''),
        value: word.text.slice(equals + 1),
        at: span(word),
      };
    }),
    words: words.slice(skip),
    at: span(command),
    within: command.within.map(({ kind, text: head, at, joinedBy }) => ({ kind, text: head, at: span(at), joinedBy })),
    joinedBy: command.joinedBy,
    background: command.background,
    exec: skip > 0,
  };
};

/** How many words `exec` and its options (`-a name`, `-c`, `-l`) take before a command; 0 when it runs none. */
const execPrefix = (words: readonly RawWord[]): number => {
  if (words[0]?.text !== 'exec') return 0;
  let count = 1;
  while (/^-[acl]+$/.test(words[count]?.text ?? '')) count += words[count]?.text.includes('a') ? 2 : 1;
  if (words[count]?.text === '--') count += 1;
  return count < words.length ? count : 0;
};

/**
 * The lines of a command that stands alone: no `&&`, `|` or continuation ties it to a neighbour. In a piece of another
 * file the first and the last line may be shared with what stands around it.
 */
const linesOf = (text: string, command: RawCommand, whole: boolean): Piece | undefined => {
  const start = lineStart(text, command.start);
  const firstEnd = lineEnd(text, Math.max(command.start, command.end - 1));
  const end = Math.max(firstEnd, command.heredocEnd);
  if (command.joinedBy !== ';' || text.slice(start, command.start).trim() !== '') return undefined;
  if (!/^[ \t]*[;&]?[ \t]*\r?\n?$/.test(text.slice(command.end, firstEnd))) return undefined;
  if (/\\\r?\n$/.test(text.slice(Math.max(0, start - 3), start))) return undefined;
  return whole || (start > 0 && text.charAt(end - 1) === '\n') ? { start, end } : undefined;
};

/** `text` quoted so that a POSIX shell reads it as one word; bare when it needs no quotes. */
export function quoteWord(text: string): string {
  return /^[\w@%+:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
