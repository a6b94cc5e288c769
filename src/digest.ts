import { createHash } from 'node:crypto';

/** A short hexadecimal digest of a text. */
export const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32);
