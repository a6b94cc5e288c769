import type { IncomingMessage } from 'node:http';

/** Why a body was not read to its end. */
export type Unread = 'too large' | 'broken off';

/** The body of a request, of at most `limit` bytes. One that is larger is not read further: the caller closes the connection. */
export async function bodyOf(request: IncomingMessage, limit: number): Promise<Buffer | Unread> {
  if (Number(request.headers['content-length'] ?? 0) > limit) return 'too large';
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= limit) {
        chunks.push(chunk);
        return;
      }
      request.pause();
      request.removeAllListeners('data');
      chunks.length = 0;
      resolve('too large');
    });
    request.once('end', () => resolve(Buffer.concat(chunks)));
    // Without 'end': the sender went away, or node gave it up for being too slow.
    request.once('close', () => resolve('broken off'));
    request.once('error', () => resolve('broken off'));
  });
}
