/** A path pattern of moby's patternmatcher: true for the paths it matches by itself. */
export type PathTest = (path: string) => boolean;

const REGEXP_ONLY = /[.+()|{}$]/;

/** A character that must stand for itself in a JavaScript regular expression. */
const literalChar = (char: string): string =>
  /[\w/]/.test(char) ? char : `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`;

/** What `\x` means for a letter: Docker hands it on to Go's regular expressions, so `bin\Debug` asks for no digit. */
const ESCAPED_LETTERS: Readonly<Record<string, string>> = {
  a: '\\x07',
  A: '(?:^)',
  z: '(?:$)',
  ...Object.fromEntries([...'fnrtvdDsSwWbB'].map((letter) => [letter, `\\${letter}`])),
};

const escapedChar = (char: string): string | undefined =>
  /[A-Za-z0-9]/.test(char) ? ESCAPED_LETTERS[char] : literalChar(char);

/**
 * Compiles a cleaned pattern; undefined for one that Docker refuses as malformed.
 * https://github.com/moby/patternmatcher/blob/main/patternmatcher.go
 */
export const compilePattern = (pattern: string): PathTest | undefined => {
  const chars = [...pattern];
  let kind: 'exact' | 'prefix' | 'suffix' | 'regexp' = 'exact';
  let source = '';
  for (let at = 0; at < chars.length; at += 1) {
    const char = chars[at] ?? '';
    const first = at === 0;
    if (char === '*' && chars[at + 1] === '*') {
      at += chars[at + 2] === '/' ? 2 : 1;
      if (at + 1 < chars.length) {
        source += '(.*/)?';
        kind = 'regexp';
      } else if (kind === 'exact') kind = 'prefix';
      else {
        source += '.*';
        kind = 'regexp';
      }
      if (first) kind = 'suffix';
    } else if (char === '*' || char === '?') {
      source += char === '*' ? '[^/]*' : '[^/]';
      kind = 'regexp';
    } else if (char === '[') {
      const close = classEnd(chars, at);
      if (close < 0) return undefined;
      source += classSource(chars.slice(at + 1, close));
      at = close;
      kind = 'regexp';
    } else if (char === '\\') {
      const escaped = escapedChar(chars[at + 1] ?? 'x');
      if (escaped === undefined) return undefined;
      source += escaped;
      at += 1;
      kind = 'regexp';
    } else source += REGEXP_ONLY.test(char) || char === ']' ? `\\${char}` : literalChar(char);
  }
  if (kind === 'exact') return (path) => path === pattern;
  if (kind === 'prefix') return (path) => path.startsWith(pattern.slice(0, -2));
  if (kind === 'suffix') {
    const suffix = pattern.slice(2);
    return (path) => path.endsWith(suffix) || (suffix.startsWith('/') && path === suffix.slice(1));
  }
  return regexpTest(source);
};

const regexpTest = (source: string): PathTest | undefined => {
  try {
    const expression = new RegExp(`^${source}$`, 'su');
    return (path) => expression.test(path);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
};

/** Index of the `]` that closes the class at `open`; -1 without one, or when the class is empty. */
const classEnd = (chars: readonly string[], open: number): number => {
  const start = chars[open + 1] === '^' ? open + 2 : open + 1;
  for (let at = start; at < chars.length; at += 1) {
    if (chars[at] === '\\') at += 1;
    else if (chars[at] === ']') return at > start ? at : -1;
  }
  return -1;
};

const classSource = (chars: readonly string[]): string => {
  let out = '';
  for (let at = 0; at < chars.length; at += 1) {
    const char = chars[at] ?? '';
    if (char === '\\') {
      at += 1;
      out += escapedChar(chars[at] ?? 'x') ?? '';
    } else out += char === '-' || (char === '^' && at === 0) ? char : literalChar(char);
  }
  return `[${out}]`;
};

/** Go's `filepath.Clean`: no `.`, no `//`, `..` resolved where it can be; `.` for nothing. */
export const cleanPath = (path: string): string => {
  const rooted = path.startsWith('/');
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.length > 0 && parts.at(-1) !== '..') parts.pop();
    else if (!rooted) parts.push(part);
  }
  return `${rooted ? '/' : ''}${parts.join('/')}` || '.';
};
