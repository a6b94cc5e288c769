import { childOfType, parts, type SyntaxNode } from './tree.ts';

const simpleEscapes: Readonly<Record<string, string>> = {
  '\\': '\\',
  "'": "'",
  '"': '"',
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\n': '',
};

const escapes = /\\(?:([0-7]{1,3})|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(N\{[^}]*\})|([\s\S]))/g;

const codePoint = (digits: string, base: number): string | undefined => {
  const code = Number.parseInt(digits, base);
  return code <= 0x10ffff ? String.fromCodePoint(code) : undefined;
};

/** The quotes and the prefix that a string literal opens with. */
export const openingOf = (node: SyntaxNode, text: string): { readonly prefix: string; readonly quote: string } => {
  const start = childOfType(node, 'string_start');
  const opening = start ? text.slice(start.start, start.end) : '';
  const quote = /['"`]+$/.exec(opening)?.[0] ?? '';
  return { prefix: opening.slice(0, opening.length - quote.length).toLowerCase(), quote };
};

/** The text between a literal's quotes, as written. */
export const contentOf = (node: SyntaxNode, text: string): { readonly raw: string; readonly start: number } => {
  const open = childOfType(node, 'string_start');
  const close = childOfType(node, 'string_end');
  const start = open?.end ?? node.start;
  return { raw: text.slice(start, close?.start ?? node.end), start };
};

/** What the escapes of a text literal stand for; undefined when one is malformed or names a character (`\N{…}`). */
const unescaped = (raw: string): string | undefined => {
  let known = true;
  const value = raw.replace(escapes, (whole, octal, hex, short, long, name, other: string | undefined) => {
    if (name !== undefined || (other !== undefined && 'xuUN'.includes(other))) known = false;
    const digits: string | undefined = hex ?? short ?? long;
    const character =
      octal !== undefined ? codePoint(octal, 8) : digits !== undefined ? codePoint(digits, 16) : undefined;
    if (digits !== undefined && character === undefined) known = false;
    return character ?? simpleEscapes[other ?? ''] ?? whole;
  });
  return known ? value : undefined;
};

/** True when Python refuses the escapes of a string (`'C:\Users'`) or letters beyond ASCII in bytes. */
export const isMalformed = (node: SyntaxNode, text: string): boolean => {
  const { prefix } = openingOf(node, text);
  const { raw } = contentOf(node, text);
  const bytes = prefix.includes('b');
  if (bytes && /[^\x00-\x7f]/.test(raw)) return true;
  if (prefix.includes('r') || !raw.includes('\\')) return false;
  for (const found of raw.matchAll(escapes)) {
    const [, , , , long, , other] = found;
    if (other === 'x') return true;
    if (bytes) continue;
    if (other !== undefined && 'uUN'.includes(other)) return true;
    if (long !== undefined && codePoint(long, 16) === undefined) return true;
  }
  return false;
};

const plain = (node: SyntaxNode, text: string): string | undefined => {
  const { prefix } = openingOf(node, text);
  if (/[bft]/.test(prefix)) return undefined;
  const raw = contentOf(node, text).raw.replaceAll('\r\n', '\n');
  return prefix.includes('r') ? raw : unescaped(raw);
};

/** The value of an expression that is a plain string literal, implicit concatenation joined; undefined for all else. */
export const stringOf = (node: SyntaxNode, text: string): string | undefined => {
  let at = node;
  while (at.type === 'parenthesized_expression') {
    const inner = parts(at)[0];
    if (!inner) return undefined;
    at = inner;
  }
  if (at.type === 'string') return plain(at, text);
  if (at.type !== 'concatenated_string') return undefined;
  const pieces = parts(at).map((piece) => plain(piece, text));
  return pieces.includes(undefined) ? undefined : pieces.join('');
};
