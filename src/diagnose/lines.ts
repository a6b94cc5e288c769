/** A line of more characters is handled in pieces, so that a log without newlines takes no more memory than another. */
const LONGEST = 16_384;
/** Pieces of a long line overlap by so much that no message is lost between them. */
const OVERLAP = 512;
/** Of the first characters, the share that may be none of a text. */
const STRANGE_SHARE = 0.05;
const STRANGE = /[\u0000-\u0006\u000e-\u001a\u001c-\u001f\ufffd]/g;

/** What was to be read is no text. */
export class NotTextError extends Error {
  override readonly name = 'NotTextError';
}

/**
 * Calls `take` for every line of a stream of bytes, in bounded memory. A carriage return ends a line, too: progress on a terminal
 * writes over itself, and what was written over may have been an error. UTF-16 is what PowerShell's `>` makes.
 */
export async function eachLine(chunks: AsyncIterable<Uint8Array>, take: (line: string) => void): Promise<void> {
  let decoder: InstanceType<typeof TextDecoder> | undefined;
  let rest = '';
  for await (const chunk of chunks) {
    const isFirst = decoder === undefined;
    decoder ??= new TextDecoder(encodingOf(chunk));
    const text = decoder.decode(chunk, { stream: true });
    if (isFirst && isStrange(text)) throw new NotTextError();
    rest = takeLines(rest + text, take);
  }
  rest = takeLines(rest + (decoder?.decode() ?? ''), take);
  if (rest !== '') take(rest);
}

/** Takes the complete lines of a text; answers what is left. */
function takeLines(text: string, take: (line: string) => void): string {
  let start = 0;
  for (const { index } of text.matchAll(/[\r\n]/g)) {
    if (index > start) take(withoutHead(text.slice(start, index), take));
    start = index + 1;
  }
  return withoutHead(text.slice(start), take);
}

/** Takes the beginning of a line that is too long, piece by piece; answers its end. */
function withoutHead(line: string, take: (piece: string) => void): string {
  let rest = line;
  while (rest.length > LONGEST) {
    take(rest.slice(0, LONGEST));
    rest = rest.slice(LONGEST - OVERLAP);
  }
  return rest;
}

const encodingOf = ([first, second]: Uint8Array): string =>
  first === 0xff && second === 0xfe ? 'utf-16le' : first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8';

function isStrange(text: string): boolean {
  const start = text.slice(0, 4096);
  return (start.match(STRANGE)?.length ?? 0) > start.length * STRANGE_SHARE;
}
