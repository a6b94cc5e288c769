import { isSpace, unquote } from './buildkit-words.ts';

/** A here-document that an instruction's line opens. */
export interface HeredocStart {
  readonly name: string;
  /** False when the name is quoted. */
  readonly expands: boolean;
  /** `<<-`: leading tabs are dropped from the body and before the terminator. */
  readonly stripsTabs: boolean;
}

const NONE = -1;
/** A variable's name, a positional or special parameter; empty after a lone `$`. */
const NAME = /\p{Nd}+|[@*#?\-$!]|[\p{L}\p{Nd}_]*/uy;

/** Offset past the quote that opens at `from`, or NONE. Backslashes escape inside double quotes only. */
const skipQuote = (line: string, from: number): number => {
  const quote = line.charAt(from);
  for (let at = from + 1; at < line.length; at += 1) {
    const char = line.charAt(at);
    if (char === quote) return at + 1;
    if (quote === "'") continue;
    if (char === '\\') at += 1;
    else if (char === '$') {
      const end = skipDollar(line, at);
      if (end === NONE) return NONE;
      at = end - 1;
    }
  }
  return NONE;
};

/** Offset past the `stop` character that closes a part of `${…}`, or NONE. */
const skipPast = (line: string, from: number, stop: string): number => {
  let at = from;
  while (at < line.length) {
    const char = line.charAt(at);
    if (char === stop) return at + 1;
    if (char === '"' || char === "'") at = skipQuote(line, at);
    else if (char === '$') at = skipDollar(line, at);
    else at += char === '\\' ? 2 : 1;
    if (at === NONE) return NONE;
  }
  return NONE;
};

/** Offset past the variable that begins at `from`, or NONE where BuildKit gives up on the line. */
const skipDollar = (line: string, from: number): number => {
  const braced = line.charAt(from + 1) === '{';
  const nameAt = from + (braced ? 2 : 1);
  const first = line.charAt(nameAt);
  if (braced && (first === '' || '{}:'.includes(first))) return NONE;
  NAME.lastIndex = nameAt;
  const end = nameAt + (NAME.exec(line)?.[0].length ?? 0);
  if (!braced) return end;
  const operator = line.charAt(end);
  if (operator === '}') return end + 1;
  if (operator === ':') return '#%'.includes(line.charAt(end + 1)) ? NONE : skipPast(line, end + 2, '}');
  if (operator !== '' && '+-?#%'.includes(operator)) return skipPast(line, end + 1, '}');
  if (operator !== '/') return NONE;
  const patternEnd = skipPast(line, end + (line.charAt(end + 1) === '/' ? 2 : 1), '/');
  return patternEnd === NONE ? NONE : skipPast(line, patternEnd, '}');
};

/** The words in which BuildKit looks for `<<`; none when it cannot read the line (an open quote, `${X^^}`). */
const rawWords = (line: string): readonly string[] => {
  const words: string[] = [];
  let word = '';
  let at = 0;
  const addSplit = (text: string): void => {
    for (const char of text) {
      if (!isSpace(char)) word += char;
      else if (word !== '') {
        words.push(word);
        word = '';
      }
    }
  };
  while (at < line.length) {
    const char = line.charAt(at);
    if (char === '$') {
      const end = skipDollar(line, at);
      if (end === NONE) return [];
      addSplit(line.slice(at, end));
      at = end;
    } else if (char === '"' || char === "'") {
      const end = skipQuote(line, at);
      if (end === NONE) return [];
      word += line.slice(at, end);
      at = end;
    } else if (char === '\\') {
      word += line.slice(at, at + 2);
      at += 2;
    } else if (line.startsWith('<<', at)) {
      const mark = /^<<[ \t\r\n]*/.exec(line.slice(at))?.[0] ?? '<<';
      word += mark;
      at += mark.length;
    } else {
      addSplit(char);
      at += 1;
    }
  }
  return word === '' ? words : [...words, word];
};

/** A word as here-document start: `<<EOF`, `<<-"EOF"`, `3<<EOF`, `<< 'EOF'`; undefined for anything else. */
export const heredocOf = (word: string): HeredocStart | undefined => {
  const match = /^\d*<<(-?)[\t\n\f\r ]*([^<]*)$/.exec(word);
  const rest = match?.[2] ?? '';
  if (rest === '' || rawWords(rest).length !== 1) return undefined;
  const name = unquote(rest, '\\');
  if (name === '') return undefined;
  const quotes = (text: string): number => text.replace(/[^'"]/g, '').length;
  return { name, expands: quotes(name) === quotes(rest), stripsTabs: match?.[1] === '-' };
};

/**
 * The here-documents of a whole instruction line, in order.
 * https://docs.docker.com/reference/dockerfile/#here-documents
 */
export const heredocsOf = (line: string): readonly HeredocStart[] =>
  line.includes('<<') ? rawWords(line).flatMap((word) => heredocOf(word) ?? []) : [];
