import type { Piece } from './joined-text.ts';

/** Whitespace as Go's `unicode.IsSpace` has it: with U+0085, without the byte order mark that JavaScript's `\s` counts. */
const SPACE = /[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;

/** True for one character of whitespace in BuildKit's eyes. */
export const isSpace = (char: string): boolean => SPACE.test(char);

/** Offset of the first character at or after `from` that is no whitespace. */
export const skipSpace = (text: string, from: number, end: number): number => {
  let at = from;
  while (at < end && isSpace(text.charAt(at))) at += 1;
  return at;
};

/** Offset just past the last character before `end` that is no whitespace (not before `from`). */
export const trimSpace = (text: string, from: number, end: number): number => {
  let at = end;
  while (at > from && isSpace(text.charAt(at - 1))) at -= 1;
  return at;
};

/**
 * The words of ENV, ARG and LABEL: whitespace separates, except inside quotes or after the escape character.
 * https://github.com/moby/buildkit/blob/master/frontend/dockerfile/parser/line_parsers.go
 */
export const quotedWords = (text: string, escapeChar: string): readonly Piece[] => {
  const words: Piece[] = [];
  let at = skipSpace(text, 0, text.length);
  while (at < text.length) {
    const start = at;
    let quote = '';
    for (; at < text.length; at += 1) {
      const char = text.charAt(at);
      if (quote === '' && isSpace(char)) break;
      if (char === escapeChar && quote !== "'") at += 1;
      else if (char === quote) quote = '';
      else if (quote === '' && (char === '"' || char === "'")) quote = char;
    }
    at = Math.min(at, text.length);
    words.push({ start, end: at });
    at = skipSpace(text, at, text.length);
  }
  return words;
};

/** The words of FROM, EXPOSE, VOLUME, COPY and ADD: whitespace separates, quotes mean nothing. */
export const plainWords = (text: string): readonly Piece[] =>
  [...text.matchAll(/[^\t\v\f\r ]+/g)].map((match) => ({ start: match.index, end: match.index + match[0].length }));

/**
 * The flags that an instruction's arguments begin with (`--mount=…`; a bare `--` ends them), and where the rest begins.
 * https://github.com/moby/buildkit/blob/master/frontend/dockerfile/parser/split_command.go
 */
export const leadingFlags = (
  text: string,
  escapeChar: string,
): { readonly flags: readonly Piece[]; readonly rest: number } => {
  const flags: Piece[] = [];
  let at = skipSpace(text, 0, text.length);
  while (text.startsWith('--', at)) {
    const start = at;
    let quote = '';
    for (; at < text.length; at += 1) {
      const char = text.charAt(at);
      if (quote === '' && isSpace(char)) break;
      if (char === quote) quote = '';
      else if (char === escapeChar) at += 1;
      else if (quote === '' && (char === '"' || char === "'")) quote = char;
    }
    at = Math.min(at, text.length);
    const end = at;
    at = skipSpace(text, at, text.length);
    if (text.slice(start, end) === '--') break;
    flags.push({ start, end });
  }
  return { flags, rest: at };
};

/**
 * Quotes and escapes removed, variables kept as written; the word unchanged when a quote stays open.
 * https://docs.docker.com/reference/dockerfile/#environment-replacement
 */
export const unquote = (word: string, escapeChar: string): string => {
  let out = '';
  let quote = '';
  for (let at = 0; at < word.length; at += 1) {
    const char = word.charAt(at);
    const next = word.charAt(at + 1);
    if (char === quote) quote = '';
    else if (quote === '' && (char === '"' || char === "'")) quote = char;
    else if (char === escapeChar && quote !== "'") {
      if (quote === '"' && next !== '' && next !== '"' && next !== '$' && next !== escapeChar) out += char;
      else {
        out += next;
        at += 1;
      }
    } else out += char;
  }
  return quote === '' ? out : word;
};
