import { type Git, GitError } from './git.ts';

/** What the attributes of a repository say about the line ends of a file: https://git-scm.com/docs/gitattributes#_text */
export interface LineEndings {
  /** `text`, `-text`, `text=auto`; absent when nothing is said. */
  readonly text?: 'set' | 'unset' | 'auto';
  readonly eol?: 'lf' | 'crlf';
}

/** Puts a tree into the index, where attributes are read from. One that git refuses there has none: no checkout of it could be made. */
export async function indexTree(git: Git, tree: string): Promise<void> {
  try {
    await git.run(['read-tree', tree], '');
  } catch (error) {
    if (!(error instanceof GitError)) throw error;
    await git.run(['read-tree', '--empty'], '');
  }
}

/** What the attributes in the index say about some paths; a path that they say nothing about is left out. */
export async function lineEndingsOf(git: Git, paths: readonly string[]): Promise<ReadonlyMap<string, LineEndings>> {
  const answer = await git.run(
    ['check-attr', '--cached', '-z', '--stdin', 'text', 'eol'],
    paths.map((path) => `${path}\0`).join(''),
  );
  const fields = answer.toString().split('\0');
  const found = new Map<string, LineEndings>();
  for (let at = 0; at + 2 < fields.length; at += 3) {
    const [path = '', name, value = ''] = fields.slice(at, at + 3);
    const said = name === 'eol' ? eolOf(value) : textOf(value);
    if (said) found.set(path, { ...found.get(path), ...said });
  }
  return found;
}

const eolOf = (value: string): LineEndings | undefined =>
  value === 'lf' || value === 'crlf' ? { eol: value } : undefined;

const textOf = (value: string): LineEndings | undefined =>
  value === 'set' || value === 'unset' || value === 'auto' ? { text: value } : undefined;

/** The bytes of a file as git lays them down in a working tree on a system whose lines end with LF. */
export function checkedOut(bytes: Buffer, { text, eol }: LineEndings): Buffer {
  if (text === 'unset' || eol !== 'crlf') return bytes;
  const content = bytes.toString('latin1');
  if (!/(?:^|[^\r])\n/.test(content)) return bytes;
  if (text === 'auto' && (content.includes('\r') || isBinary(bytes))) return bytes;
  return Buffer.from(content.replace(/\r?\n/g, '\r\n'), 'latin1');
}

/** The bytes of a file as git puts them into its store; `stored` is what is there now. */
export function checkedIn(bytes: Buffer, { text, eol }: LineEndings, stored: Buffer | undefined): Buffer {
  if (text === 'unset' || (text === undefined && eol === undefined)) return bytes;
  const content = bytes.toString('latin1');
  if (text === 'auto' && (isBinary(bytes) || stored?.includes('\r\n'))) return bytes;
  return Buffer.from(content.replaceAll('\r\n', '\n'), 'latin1');
}

/** Git's guess: a NUL, a CR that ends no line, or more than one control character in 128. */
function isBinary(bytes: Buffer): boolean {
  let odd = 0;
  let plain = 0;
  for (const [index, byte] of bytes.entries()) {
    if (byte === 0 || (byte === 13 && bytes[index + 1] !== 10)) return true;
    if (byte === 10 || byte === 13) continue;
    const isOdd = byte === 127 || (byte < 32 && ![8, 9, 12, 27].includes(byte));
    if (isOdd && !(byte === 26 && index === bytes.length - 1)) odd += 1;
    else plain += 1;
  }
  return plain >> 7 < odd;
}
