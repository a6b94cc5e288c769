import type { IncomingMessage } from 'node:http';

/** Why a body was not read to its end. */
export type Unread = 'too large' | 'too many at once' | 'broken off';

/** How much may be held at once: by one body, and by all that are being read. In bytes. */
export interface BodyLimits {
  readonly each: number;
  readonly all: number;
}

/** Reads the body of a request. One that is too large is not read further: the caller closes the connection. */
export type ReadBody = (request: IncomingMessage) => Promise<Buffer | Unread>;

export function bodyReader(limits: BodyLimits): ReadBody {
  let held = 0;
  return (request) => {
    if (Number(request.headers['content-length'] ?? 0) > limits.each) return Promise.resolve('too large');
    return new Promise((resolve) => {
      let chunks: Buffer[] = [];
      let size = 0;
      const finish = (result: Buffer | Unread): void => {
        request.off('data', take);
        held -= size;
        size = 0;
        chunks = [];
        resolve(result);
      };
      const take = (chunk: Buffer): void => {
        size += chunk.length;
        held += chunk.length;
        if (size <= limits.each && held <= limits.all) {
          chunks.push(chunk);
          return;
        }
        request.pause();
        finish(size > limits.each ? 'too large' : 'too many at once');
      };
      request.on('data', take);
      request.once('end', () => finish(Buffer.concat(chunks)));
      // Without an end: the sender went away, or was too slow.
      request.once('close', () => finish('broken off'));
      request.once('error', () => finish('broken off'));
    });
  };
}
