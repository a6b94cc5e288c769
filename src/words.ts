/** `a`, `a and b`, `a, b and c`. */
export const listed = (words: readonly string[]): string => joined(words, 'and');

/** `a`, `a or b`, `a, b or c`. */
export const eitherOf = (words: readonly string[]): string => joined(words, 'or');

const joined = (words: readonly string[], last: string): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1)}`;

/** `1 file`, `3 files`. */
export const counted = (amount: number, noun: string): string => `${amount} ${noun}${amount === 1 ? '' : 's'}`;
