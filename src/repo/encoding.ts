import type { RepoFile } from './repo.ts';

const CHUNK = 8192;

/** The bytes of a text in its file's encoding. A `latin1` text holds one byte a character. */
export function encode(text: string, encoding: RepoFile['encoding']): Uint8Array {
  if (encoding === 'utf8') return new TextEncoder().encode(text);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code > 0xff) throw new RangeError(`U+${code.toString(16)} does not fit a latin1 file`);
    bytes[i] = code;
  }
  return bytes;
}

/** A text with one character for each byte (`TextDecoder('latin1')` would be windows-1252). */
export function decodeLatin1(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += CHUNK) text += String.fromCharCode(...bytes.subarray(i, i + CHUNK));
  return text;
}

/** Bytes as text that can be written back byte for byte: UTF-8 with its BOM kept, else `latin1`. */
export function decode(bytes: Uint8Array): Pick<RepoFile, 'text' | 'encoding'> {
  try {
    return { text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes), encoding: 'utf8' };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return { text: decodeLatin1(bytes), encoding: 'latin1' };
  }
}

/** Two bytes arrays with the same content. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
