/** A heading is one line. */
const MAX_LENGTH = 110;

/** A shorter one says too little. */
const MIN_LENGTH = 16;

/** Where the second half of a message begins: what follows from the first. */
const FOLLOWS = /(?:: |; |\. |, so |, and nothing |, which (?!is)| \(")/g;

/** The first half of a message: what is wrong, without what follows from it. */
export function headlineOf(message: string): string {
  const ends = [...message.matchAll(FOLLOWS)].map(({ index }) => index);
  const end = ends.find((index) => index >= MIN_LENGTH && isClosed(message.slice(0, index))) ?? message.length;
  const text = message.slice(0, end).replace(/\.$/, '');
  if (text.length <= MAX_LENGTH) return text;
  const cut = text.slice(0, MAX_LENGTH);
  const blank = cut.lastIndexOf(' ');
  return `${cut.slice(0, blank > MAX_LENGTH / 2 ? blank : MAX_LENGTH - 1).replace(/[,;:]$/, '')} …`;
}

/** No quote or bracket is left open. */
const isClosed = (text: string): boolean =>
  ['`', '"'].every((mark) => (text.split(mark).length - 1) % 2 === 0) &&
  text.split('(').length === text.split(')').length;
