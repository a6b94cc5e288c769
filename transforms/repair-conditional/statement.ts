/** `x: str = if cond: a else b`, taken apart. Offsets are relative to the line. */
export interface MisplacedConditional {
  readonly indent: string;
  readonly target: string;
  readonly annotation: string | undefined;
  readonly condition: string;
  readonly then: string;
  readonly otherwise: string;
  /** From `if` to the end of the last value, without a comment. */
  readonly start: number;
  readonly end: number;
}

const HEAD = /^([ \t\ufeff]*)([A-Za-z_]\w*(?:\.\w+)*)[ \t]*(?::[ \t]*([^=#]+?)[ \t]*)?=[ \t]*(?=if\b)/u;

/** Reads one line; `undefined` when it is anything else. */
export function misplacedConditional(line: string): MisplacedConditional | undefined {
  const head = HEAD.exec(line);
  if (!head) return undefined;
  const [prefix, indent = '', target = '', annotation] = head;
  const start = prefix.length;
  const marks = marksIn(line, start + 2);
  const [colon] = marks.colons;
  const word = marks.elses.find((at) => colon !== undefined && at > colon);
  if (colon === undefined || word === undefined || marks.open) return undefined;
  // `else: b` is the same slip once more.
  const after = /^else[ \t]*:?/.exec(line.slice(word))?.[0].length ?? 4;
  const condition = line.slice(start + 2, colon).trim();
  const then = line.slice(colon + 1, word).trim();
  const otherwise = line.slice(word + after, marks.end).trim();
  if (
    condition === '' ||
    then === '' ||
    otherwise === '' ||
    /;/.test(line.slice(start, marks.end).replace(/(["']).*?\1/g, ''))
  )
    return undefined;
  const end = start + line.slice(start, marks.end).trimEnd().length;
  return { indent, target, annotation, condition, then, otherwise, start, end };
}

/** The conditional expression that was meant. */
export const asExpression = ({ then, condition, otherwise }: MisplacedConditional): string =>
  `${then} if ${condition} else ${otherwise}`;

interface Marks {
  /** Colons outside of brackets and strings. */
  readonly colons: readonly number[];
  /** The word `else` outside of brackets and strings. */
  readonly elses: readonly number[];
  /** Where a comment begins, or the line's end. */
  readonly end: number;
  /** A bracket or string goes on in the next line. */
  readonly open: boolean;
}

function marksIn(line: string, from: number): Marks {
  const colons: number[] = [];
  const elses: number[] = [];
  let depth = 0;
  let at = from;
  for (; at < line.length; at += 1) {
    const char = line[at] ?? '';
    if (char === '#') break;
    if (char === '"' || char === "'") {
      const close = closing(line, at);
      if (close === undefined) return { colons, elses, end: line.length, open: true };
      at = close;
    } else if ('([{'.includes(char)) depth += 1;
    else if (')]}'.includes(char)) depth -= 1;
    else if (depth === 0 && char === ':' && line[at + 1] !== '=') colons.push(at);
    else if (depth === 0 && /^else\b/.test(line.slice(at)) && /[\s)\]}"']/.test(line[at - 1] ?? '')) elses.push(at);
  }
  return { colons, elses, end: at, open: depth !== 0 || line[at - 1] === '\\' };
}

/** The last character of a string on one line. */
function closing(line: string, start: number): number | undefined {
  const quote = line[start] ?? '';
  if (line.startsWith(quote.repeat(3), start)) {
    const end = line.indexOf(quote.repeat(3), start + 3);
    return end < 0 ? undefined : end + 2;
  }
  for (let at = start + 1; at < line.length; at += 1) {
    if (line[at] === '\\') at += 1;
    else if (line[at] === quote) return at;
  }
  return undefined;
}
