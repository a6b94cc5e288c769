import type { Span } from '../finding.ts';
import { lineEnd, lineStart } from '../lines.ts';

export { interpolate } from './dotenv/interpolate.ts';

/** One variable of an env file. */
export interface DotenvEntry {
  readonly name: string;
  /**
   * Unquoted, escapes resolved as Compose does; undefined for a bare `NAME` (passes the host's variable through).
   * Compose then interpolates it, unless it stands in single quotes: so `\$` in double quotes is `$$` here.
   */
  readonly value: string | undefined;
  readonly quote: '' | "'" | '"';
  /** From `export` or the name to the end of the value. */
  readonly at: Span;
  /** The value with its quotes; empty for a bare name. */
  readonly valueAt: Span;
  readonly lines: Span;
}

/** An env file: `.env`, or one named under `env_file`. */
export interface DotenvFile {
  readonly path: string;
  readonly text: string;
  readonly entries: readonly DotenvEntry[];
  /** What Compose refuses; it then reads nothing of the file, we read on with the next line. */
  readonly problems: readonly { readonly at: Span; readonly message: string }[];
}

const BLANK = /[\t\v\f\r \u0085\u00a0]/;
const ESCAPE = /\\(?:[abcfnrtv$"\\]|0\d{0,3})/g;
const ESCAPED: Readonly<Record<string, string>> = {
  '\\a': '\x07',
  '\\b': '\b',
  '\\f': '\f',
  '\\n': '\n',
  '\\r': '\r',
  '\\t': '\t',
  '\\v': '\v',
  '\\\\': '\\',
  '\\"': '"',
  '\\$': '$$',
};

/**
 * Reads an env file as Compose v2 does.
 * https://docs.docker.com/compose/how-tos/environment-variables/variable-interpolation/#env-file-syntax
 */
export function readDotenv(path: string, text: string): DotenvFile {
  const entries: DotenvEntry[] = [];
  const problems: { readonly at: Span; readonly message: string }[] = [];
  let at = text.startsWith('\ufeff') ? 1 : 0;
  while (at < text.length) {
    if (/\s/.test(text.charAt(at))) at += 1;
    else if (text.charAt(at) === '#') at = lineEnd(text, at);
    else at = readStatement(at);
  }
  return { path, text, entries, problems };

  function readStatement(start: number): number {
    const nameStart = start + (/^export[^\S\n]+/.exec(text.slice(start, lineEnd(text, start)))?.[0].length ?? 0);
    const refuse = (message: string): number => {
      problems.push({ at: { path, start, end: contentEnd(text, start) }, message });
      return lineEnd(text, start);
    };
    const name = readName(text, nameStart);
    if (name.unexpected !== '')
      return refuse(`"${name.unexpected}" cannot stand in a variable's name, so Compose refuses the file`);
    const key = text.slice(nameStart, name.end).trimEnd();
    if (key.includes(' ')) return refuse("A variable's name holds a space, so Compose refuses the file");
    const bare = text.charAt(name.end) === '\n' || name.end === text.length;
    const valueStart = bare ? nameStart + key.length : skipBlank(text, name.end + 1);
    const value = bare
      ? { end: valueStart, next: name.end, value: undefined, quote: '' as const }
      : readValue(text, valueStart);
    if (!value) return refuse('A quoted value is never closed, so Compose refuses the file');
    const end = Math.max(value.end, nameStart + key.length);
    if (bare && name.end === text.length) {
      const message =
        'A bare name at the very end needs a line break: as it is Compose takes it for a value without a name';
      problems.push({ at: { path, start, end }, message });
    }
    entries.push({
      name: key,
      value: value.value,
      quote: value.quote,
      at: { path, start, end },
      valueAt: { path, start: valueStart, end: Math.max(valueStart, value.end) },
      lines: { path, start: lineStart(text, start), end: lineEnd(text, Math.max(start, end - 1)) },
    });
    return value.next;
  }
}

/** The end of a name (at `=`, `:`, a line break or the text's end), or the first character that no name has. */
const readName = (text: string, start: number): { readonly end: number; readonly unexpected: string } => {
  for (let at = start, char = ''; at < text.length; at += char.length) {
    char = String.fromCodePoint(text.codePointAt(at) ?? 0);
    if (char === '=' || char === ':' || char === '\n') return { end: at, unexpected: '' };
    if (BLANK.test(char) || /[\p{L}\p{N}_.[\]-]/u.test(char)) continue;
    return { end: at, unexpected: char };
  }
  return { end: text.length, unexpected: '' };
};

const skipBlank = (text: string, from: number): number => {
  let at = from;
  while (BLANK.test(text.charAt(at))) at += 1;
  return at;
};

const contentEnd = (text: string, at: number): number => at + text.slice(at, lineEnd(text, at)).trimEnd().length;

interface Value {
  readonly value: string;
  readonly quote: '' | "'" | '"';
  readonly end: number;
  readonly next: number;
}

/** Reads the value that begins at `start`; undefined when its quote stays open. */
const readValue = (text: string, start: number): Value | undefined => {
  const quote = text.charAt(start);
  if (quote === '"' || quote === "'") return readQuoted(text, start, quote);
  const next = lineEnd(text, start);
  const line = text.slice(start, next).replace(/\n$/, '');
  const comment = line.indexOf(' #');
  const value = (comment < 0 ? line : line.slice(0, comment)).trimEnd();
  return { value, quote: '', end: start + value.length, next };
};

const readQuoted = (text: string, start: number, quote: '"' | "'"): Value | undefined => {
  let raw = '';
  for (let at = start + 1; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (char === quote) {
      const value = quote === '"' ? raw.replace(ESCAPE, resolveEscape) : raw;
      return { value, quote, end: at + 1, next: at + 1 };
    }
    const next = text.charAt(at + 1);
    if (char === '\\' && next === quote) raw += quote;
    else raw += char === '\\' ? char + next : char;
    if (char === '\\') at += 1;
  }
  return undefined;
};

/** One escape of a double-quoted value; octal ones are `\0` and three digits. */
const resolveEscape = (source: string): string => {
  if (!source.startsWith('\\0')) return ESCAPED[source] ?? source;
  const digits = source.slice(2);
  return /^[0-3][0-7]{2}$/.test(digits) ? String.fromCharCode(Number.parseInt(digits, 8)) : `\\${digits}`;
};
