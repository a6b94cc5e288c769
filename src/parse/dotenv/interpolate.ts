/** A text with its variables filled in, as Compose fills them in. */
export interface Interpolated {
  readonly text: string;
  /** Variables without value and default, and the source of every `${` that Compose refuses. */
  readonly missing: readonly string[];
  /** Every variable named, also in defaults that were not needed. */
  readonly names: readonly string[];
}

/** Compose's grammar: the text after an operator runs to the line's last `}`, then is cut where the braces balance. */
const VARIABLE = /\$(?:(\$)|([_a-z][_a-z0-9]*)|\{(?:([_a-z][_a-z0-9]*(?::?[-+?][^\n]*)?)\}|))/iy;
const BRACED = /^([_a-z][_a-z0-9]*)(?:(:?)([-+?])([^\n]*))?$/i;
/** Nesting beyond this is taken for an attack. */
const MAX_DEPTH = 100;

/**
 * Compose's `${…}` interpolation: `:-`, `-`, `:?`, `?`, `:+`, `+`, `$$`, nested. A variable with neither value nor default
 * makes `missing` non-empty; a malformed `${` stays as it is and stands in `missing` too.
 * https://docs.docker.com/reference/compose-file/interpolation/
 */
export function interpolate(text: string, lookup: (name: string) => string | undefined): Interpolated {
  const missing = new Set<string>();
  const names = new Set<string>();
  const filled = fill(text, lookup, missing, names, 0);
  return { text: filled, missing: [...missing], names: [...names] };
}

const fill = (
  text: string,
  lookup: (name: string) => string | undefined,
  missing: Set<string>,
  names: Set<string>,
  depth: number,
): string => {
  const lastBrace = text.lastIndexOf('}');
  const malformed = (source: string): string => {
    missing.add(source);
    return source;
  };
  const plain = (name: string): string => {
    names.add(name);
    const value = lookup(name);
    if (value === undefined) missing.add(name);
    return value ?? '';
  };
  const braced = (body: string): string => {
    const [, name = '', colon = '', operator, operand = ''] = BRACED.exec(body) ?? [];
    if (operator === undefined) return plain(name);
    names.add(name);
    const value = lookup(name);
    const present = value !== undefined && !(colon === ':' && value === '');
    const needed = operator === '+' ? present : !present;
    const inner = fill(operand, lookup, needed && operator !== '?' ? missing : new Set(), names, depth + 1);
    if (operator === '?' && needed) missing.add(name);
    return needed && operator !== '?' ? inner : (value ?? '');
  };
  if (depth > MAX_DEPTH) return malformed(text);
  let out = '';
  let at = 0;
  for (let dollar = text.indexOf('$'); dollar >= 0; dollar = text.indexOf('$', at)) {
    out += text.slice(at, dollar);
    if (text.charAt(dollar + 1) === '{' && dollar > lastBrace) return out + malformed(text.slice(dollar));
    VARIABLE.lastIndex = dollar;
    const match = VARIABLE.exec(text);
    if (!match) {
      out += '$';
      at = dollar + 1;
      continue;
    }
    const [whole, escaped, named, body] = match;
    if (escaped !== undefined) out += '$';
    else if (named !== undefined) out += plain(named);
    else if (body === undefined) out += malformed(whole);
    else {
      const close = closingBrace(whole);
      out += braced(close < 0 ? body : whole.slice(2, close));
      at = dollar + (close < 0 ? whole.length : close + 1);
      continue;
    }
    at = dollar + whole.length;
  }
  return out + text.slice(at);
};

/** Where the braces balance first, counted as Compose does: the character after each `{` is not looked at. */
const closingBrace = (text: string): number => {
  let open = 0;
  for (let at = 0; at < text.length; at += 1) {
    if (text.charAt(at) === '}') {
      open -= 1;
      if (open === 0) return at;
    }
    if (text.charAt(at) === '{') {
      open += 1;
      at += 1;
    }
  }
  return -1;
};
