import type { Piece } from '../dockerfile/joined-text.ts';

/** What a command stands in; `at` is filled in when the construct ends. */
export interface ShellContext {
  readonly kind: ShellContextKind;
  text: string;
  at: Piece;
  readonly joinedBy: ShellJoin;
}

/** The constructs that decide whether, how often and in which process a command runs. */
export type ShellContextKind =
  | 'if-condition'
  | 'if-body'
  | 'else-body'
  | 'case'
  | 'loop-condition'
  | 'loop-body'
  | 'function'
  | 'group'
  | 'subshell'
  | 'substitution';

/** What stands between a command and the one before it. */
export type ShellJoin = ';' | '&&' | '||' | '|';

/** A word as it stands in the script. */
export interface RawWord extends Piece {
  readonly text: string;
  readonly literal: boolean;
  /** True when part of it is quoted or escaped: then it is no reserved word and a here-document does not expand. */
  readonly quoted: boolean;
}

/** The state of one reading: where it is, and what it met. */
export interface ShellReader {
  readonly text: string;
  at: number;
  end: number;
  depth: number;
  problem: { readonly at: Piece; readonly message: string } | undefined;
  /** Reads the commands of a substitution from `reader.at` up to and past `)`, or to `reader.end` for backquotes. */
  readonly readInner: (reader: ShellReader, within: readonly ShellContext[], closedBy: ')' | '') => void;
}

/** Nesting beyond this is taken for an attack, not for a script. */
const MAX_DEPTH = 100;

/** The character at an offset from the current one; empty at the end and after a problem. */
export const peek = (reader: ShellReader, ahead: number): string =>
  reader.problem || reader.at + ahead >= reader.end ? '' : reader.text.charAt(reader.at + ahead);

/** True when the text goes on with `mark`. */
export const sees = (reader: ShellReader, mark: string): boolean =>
  !reader.problem && reader.at + mark.length <= reader.end && reader.text.startsWith(mark, reader.at);

/** Ends the reading: from here on every `peek` is empty. */
export const fail = (reader: ShellReader, at: Piece, message: string): void => {
  reader.problem ??= { at, message };
};

/** Length of a line break that begins `ahead` characters on: 2 for CRLF, 1 for LF (or a CR at the very end), else 0. */
export const breakLength = (reader: ShellReader, ahead: number): 0 | 1 | 2 => {
  const char = peek(reader, ahead);
  if (char === '\n') return 1;
  if (char !== '\r') return 0;
  if (peek(reader, ahead + 1) === '\n') return 2;
  return peek(reader, ahead + 1) === '' ? 1 : 0;
};

/** Runs `read` one level deeper. */
export const nested = (reader: ShellReader, read: () => void): void => {
  reader.depth += 1;
  if (reader.depth > MAX_DEPTH) fail(reader, { start: reader.at, end: reader.at + 1 }, 'nested too deeply');
  else read();
  reader.depth -= 1;
};

const unclosed = (reader: ShellReader, start: number, what: string): void =>
  fail(reader, { start, end: start + 1 }, `${what} is never closed`);

/**
 * Reads a word from the current offset up to a blank, a line break or an operator.
 * https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_03
 */
export const readWord = (reader: ShellReader, within: readonly ShellContext[]): RawWord => {
  const start = reader.at;
  let text = '';
  let literal = true;
  let quoted = false;
  const keep = (read: () => void): void => {
    const from = reader.at;
    read();
    text += reader.text.slice(from, reader.at);
    literal = false;
  };
  for (let char = peek(reader, 0); char !== ''; char = peek(reader, 0)) {
    const next = peek(reader, 1);
    if (' \t\n;&|)'.includes(char) || breakLength(reader, 0) > 0) break;
    if (char === '\\') {
      const eol = breakLength(reader, 1);
      if (eol === 0) {
        text += next;
        quoted = true;
      }
      reader.at += Math.max(1 + eol, eol === 0 && next !== '' ? 2 : 1);
    } else if (char === "'") {
      text += readSingleQuoted(reader);
      quoted = true;
    } else if (char === '"') {
      const part = readDoubleQuoted(reader, within);
      text += part.text;
      literal &&= part.literal;
      quoted = true;
    } else if (char === '$' && next === "'") {
      reader.at += 1;
      text += readAnsiQuoted(reader);
      quoted = true;
    } else if (char === '$' && next === '"') reader.at += 1;
    else if ((char === '<' || char === '>') && next === '(') keep(() => readSubstitution(reader, within, 2));
    else if (char === '<' || char === '>') break;
    else if (char === '(') {
      if (reader.at === start || !'?*+@!'.includes(reader.text.charAt(reader.at - 1))) break;
      keep(() => readBalanced(reader, within));
    } else if (char === '$' && isExpansion(next)) keep(() => readDollar(reader, within, false));
    else if (char === '`') keep(() => readBackquotes(reader, within));
    else {
      if ('*?'.includes(char) || (char === '~' && reader.at === start)) literal = false;
      text += char;
      reader.at += 1;
    }
  }
  const source = reader.text.slice(start, reader.at);
  if (!quoted && /\[[^\]]+\]|\{[^{}]*(?:,|\.\.)[^{}]*\}/.test(source)) literal = false;
  return { start, end: reader.at, text, literal, quoted };
};

/** True for a character that makes the `$` before it an expansion. */
const isExpansion = (next: string): boolean => /^[\w({@*#?$!-]/.test(next);

const readSingleQuoted = (reader: ShellReader): string => {
  const start = reader.at;
  const close = reader.text.indexOf("'", start + 1);
  if (close < 0 || close >= reader.end) {
    unclosed(reader, start, 'A single quote');
    return '';
  }
  reader.at = close + 1;
  return reader.text.slice(start + 1, close);
};

const readAnsiQuoted = (reader: ShellReader): string => {
  const start = reader.at;
  const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };
  let text = '';
  reader.at += 1;
  for (let char = peek(reader, 0); char !== "'"; char = peek(reader, 0)) {
    if (char === '') {
      unclosed(reader, start, "A $' quote");
      return '';
    }
    const next = peek(reader, 1);
    text += char === '\\' ? (escapes[next] ?? next) : char;
    reader.at += char === '\\' ? 2 : 1;
  }
  reader.at += 1;
  return text;
};

const readDoubleQuoted = (
  reader: ShellReader,
  within: readonly ShellContext[],
): { readonly text: string; readonly literal: boolean } => {
  const start = reader.at;
  reader.at += 1;
  const part = readExpanding(reader, within, '"');
  if (peek(reader, 0) !== '"') unclosed(reader, start, 'A double quote');
  else reader.at += 1;
  return part;
};

/** Reads text in which only expansions and backslashes mean something: up to `stop`, or to the reader's end. */
export const readExpanding = (
  reader: ShellReader,
  within: readonly ShellContext[],
  stop: string,
): { readonly text: string; readonly literal: boolean } => {
  let text = '';
  let literal = true;
  for (let char = peek(reader, 0); char !== '' && char !== stop; char = peek(reader, 0)) {
    const from = reader.at;
    const next = peek(reader, 1);
    if (char === '\\') {
      const eol = breakLength(reader, 1);
      if (eol === 0) text += '$`"\\'.includes(next) ? next : char + next;
      reader.at = Math.min(reader.at + (eol === 0 ? 2 : 1 + eol), reader.end);
    } else if (char === '`' || (char === '$' && isExpansion(next))) {
      if (char === '`') readBackquotes(reader, within);
      else readDollar(reader, within, true);
      text += reader.text.slice(from, reader.at);
      literal = false;
    } else {
      text += char;
      reader.at += 1;
    }
  }
  return { text, literal };
};

const readDollar = (reader: ShellReader, within: readonly ShellContext[], inQuotes: boolean): void => {
  const next = peek(reader, 1);
  if (next === '{') nested(reader, () => readBraces(reader, within, inQuotes));
  else if (next === '(') {
    if (peek(reader, 2) === '(' && arithmeticEnd(reader, reader.at + 1) > 0) readArithmetic(reader, within, 1);
    else readSubstitution(reader, within, 2);
  } else reader.at += /^\$(?:[A-Za-z_]\w*|.)/s.exec(reader.text.slice(reader.at, reader.at + 256))?.[0].length ?? 1;
};

const readBraces = (reader: ShellReader, within: readonly ShellContext[], inQuotes: boolean): void => {
  const start = reader.at;
  reader.at += 2;
  for (let char = peek(reader, 0); char !== '}'; char = peek(reader, 0)) {
    const next = peek(reader, 1);
    if (char === '') {
      unclosed(reader, start, '${');
      return;
    }
    if (char === '\\') reader.at += 2;
    else if (char === "'" && !inQuotes) readSingleQuoted(reader);
    else if (char === '"') readDoubleQuoted(reader, within);
    else if (char === '`') readBackquotes(reader, within);
    else if (char === '$' && isExpansion(next)) readDollar(reader, within, inQuotes);
    else reader.at += 1;
  }
  reader.at += 1;
};

/** Reads `$(…)`, `<(…)` or `>(…)`; `open` is the length of what opens it. */
const readSubstitution = (reader: ShellReader, within: readonly ShellContext[], open: number): void => {
  const start = reader.at;
  const context: ShellContext = { kind: 'substitution', text: '', at: { start, end: start }, joinedBy: ';' };
  reader.at += open;
  nested(reader, () => reader.readInner(reader, [...within, context], ')'));
  context.at = { start, end: reader.at };
  context.text = reader.text.slice(start, reader.at);
};

const readBackquotes = (reader: ShellReader, within: readonly ShellContext[]): void => {
  const start = reader.at;
  let close = start + 1;
  while (close < reader.end && reader.text.charAt(close) !== '`') close += reader.text.charAt(close) === '\\' ? 2 : 1;
  if (close >= reader.end) {
    unclosed(reader, start, 'A backquote');
    return;
  }
  const at = { start, end: close + 1 };
  const context: ShellContext = { kind: 'substitution', text: reader.text.slice(start, close + 1), at, joinedBy: ';' };
  const { end } = reader;
  reader.at = start + 1;
  reader.end = close;
  nested(reader, () => reader.readInner(reader, [...within, context], ''));
  reader.end = end;
  reader.at = close + 1;
};

/** Offset past the `))` that closes the `((` at `open`; 0 when it is two subshells instead, or never closed. */
export const arithmeticEnd = (reader: ShellReader, open: number): number => {
  const mark = /\\.|'[^']*'|"(?:[^"\\]|\\.)*"|[()]/gs;
  mark.lastIndex = open + 2;
  let depth = 2;
  for (let match = mark.exec(reader.text); match && match.index < reader.end; match = mark.exec(reader.text)) {
    if (match[0] === '(') depth += 1;
    if (match[0] === ')') depth -= 1;
    if (depth === 1 && match[0] === ')') return reader.text.charAt(match.index + 1) === ')' ? match.index + 2 : 0;
  }
  return 0;
};

/** Reads `$((…))` or `((…))`, whose `((` begins `skip` characters on; commands inside its substitutions count. */
export const readArithmetic = (reader: ShellReader, within: readonly ShellContext[], skip: number): void => {
  const close = arithmeticEnd(reader, reader.at + skip);
  const { end } = reader;
  reader.at += skip + 2;
  reader.end = close - 2;
  nested(reader, () => void readExpanding(reader, within, ''));
  reader.end = end;
  reader.at = close;
};

/** Reads bash's extended globs and array values: `(` to its `)`, words and line breaks between. */
export const readBalanced = (reader: ShellReader, within: readonly ShellContext[]): void => {
  const start = reader.at;
  reader.at += 1;
  nested(reader, () => {
    for (let char = peek(reader, 0); char !== ')'; char = peek(reader, 0)) {
      const from = reader.at;
      if (char === '') {
        unclosed(reader, start, 'A parenthesis');
        return;
      }
      if (char === '(') readBalanced(reader, within);
      else if (char === '#' && /\s/.test(reader.text.charAt(from - 1))) {
        while (peek(reader, 0) !== '' && peek(reader, 0) !== '\n') reader.at += 1;
      } else readWord(reader, within);
      if (reader.at === from) reader.at += 1;
    }
    reader.at += 1;
  });
};
