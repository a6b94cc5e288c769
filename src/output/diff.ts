import { structuredPatch } from 'diff';
import type { FileMode } from '../finding.ts';
import { type Delta, deltas } from '../repo/delta.ts';
import { decodeLatin1, encode } from '../repo/encoding.ts';
import type { Encoding, Repo, RepoFile } from '../repo/repo.ts';
import { type Hunk, withoutContext } from './hunk.ts';
import { maskBetween } from './masked.ts';

const CONTEXT = 3;

/** Beyond this many changed lines the search for the shortest diff takes longer than the reader has: one hunk then. */
const MAX_EDIT_LENGTH = 1500;

/** One file's part of a patch; the hunks are in the file's own encoding. */
interface Section {
  readonly header: string;
  readonly hunks: string;
  readonly encoding: Encoding;
}

/**
 * The patch between two snapshots, as `git diff` writes it and `git apply` takes it; empty when nothing differs.
 * `prefix` is the folder of the snapshots' root below the top of its git repository (`''` at the top): a git patch names
 * paths from the top, and `git apply` in a subfolder skips, without an error, what seems to lie outside of it.
 *
 * A patch must name what it takes away, so a secret may show on a removed line. Context lines that hold one are left out, but
 * for one case: git wants a line of context behind a change that is not at the end of the file, and if that very line holds
 * a secret it stays. For reading, `maskBetween` masks all of them.
 */
export const diff = (before: Repo, after: Repo, prefix?: string): string =>
  sections(before, after, prefix ?? '')
    .map(({ header, hunks }) => header + hunks)
    .join('');

/** The same patch as bytes, each file's hunks in its own encoding. Only these apply when a file is not UTF-8. */
export function diffBytes(before: Repo, after: Repo, prefix?: string): Uint8Array {
  const parts = sections(before, after, prefix ?? '').flatMap((section) => [
    encode(section.header, 'utf8'),
    encode(section.hunks, section.encoding),
  ]);
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function sections(before: Repo, after: Repo, prefix: string): readonly Section[] {
  const changed = deltas(before, after);
  if (changed.length === 0) return [];
  const mask = maskBetween(before, after);
  return changed.map((delta) => section(delta, prefix, (line) => mask(line) !== line));
}

function section(delta: Delta, prefix: string, hides: (line: string) => boolean): Section {
  const { before, after } = delta;
  const folder = prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`;
  const newPath = folder + delta.path;
  const oldPath = folder + (delta.from ?? delta.path);
  const { encoding, oldText, newText } = inOneEncoding(before, after);
  const hunks = hunksBetween(oldText, newText, CONTEXT)
    .flatMap((hunk) => withoutContext(hunk, hides))
    .map(hunkText)
    .join('');
  const header = [
    `diff --git ${quoted(`a/${oldPath}`)} ${quoted(`b/${newPath}`)}`,
    ...modeLines(before?.mode, after?.mode),
    ...(delta.from === undefined
      ? []
      : ['similarity index 100%', `rename from ${quoted(oldPath)}`, `rename to ${quoted(newPath)}`]),
    ...(hunks === ''
      ? []
      : [
          `--- ${before ? fileName(`a/${oldPath}`) : '/dev/null'}`,
          `+++ ${after ? fileName(`b/${newPath}`) : '/dev/null'}`,
        ]),
  ];
  return { header: `${header.join('\n')}\n`, hunks, encoding };
}

/** A file that turns from one encoding into another differs in bytes where its text does not: compare the bytes. */
function inOneEncoding(
  before: RepoFile | undefined,
  after: RepoFile | undefined,
): { encoding: Encoding; oldText: string; newText: string } {
  const encoding = (after ?? before)?.encoding ?? 'utf8';
  const same = !before || !after || before.encoding === after.encoding;
  if (same) return { encoding, oldText: before?.text ?? '', newText: after?.text ?? '' };
  const asBytes = (file: RepoFile): string => decodeLatin1(encode(file.text, file.encoding));
  return { encoding: 'latin1', oldText: asBytes(before), newText: asBytes(after) };
}

function modeLines(before: FileMode | undefined, after: FileMode | undefined): readonly string[] {
  const octal = (mode: FileMode): string => `100${mode.toString(8)}`;
  if (before === undefined) return after === undefined ? [] : [`new file mode ${octal(after)}`];
  if (after === undefined) return [`deleted file mode ${octal(before)}`];
  return before === after ? [] : [`old mode ${octal(before)}`, `new mode ${octal(after)}`];
}

/** Where two texts differ, each place with up to `context` lines around it. */
export function hunksBetween(before: string, after: string, context: number): readonly Hunk[] {
  if (before === after) return [];
  const patch = structuredPatch('', '', before, after, undefined, undefined, {
    context,
    maxEditLength: MAX_EDIT_LENGTH,
  });
  return patch ? patch.hunks : [wholeHunk(linesOf(before), linesOf(after), context)];
}

/** One hunk from the first line that differs to the last. */
function wholeHunk(before: readonly string[], after: readonly string[], context: number): Hunk {
  const shorter = Math.min(before.length, after.length);
  let same = 0;
  while (same < shorter && before[same] === after[same]) same += 1;
  let sameEnd = 0;
  while (sameEnd < shorter - same && before.at(-1 - sameEnd) === after.at(-1 - sameEnd)) sameEnd += 1;
  const start = Math.max(0, same - context);
  const end = Math.max(0, sameEnd - context);
  const marked = (mark: string, lines: readonly string[]): readonly string[] =>
    lines.flatMap((line) =>
      line.endsWith('\n') ? [mark + line.slice(0, -1)] : [mark + line, '\\ No newline at end of file'],
    );
  return {
    oldStart: start + 1,
    newStart: start + 1,
    lines: [
      ...marked(' ', before.slice(start, same)),
      ...marked('-', before.slice(same, before.length - sameEnd)),
      ...marked('+', after.slice(same, after.length - sameEnd)),
      ...marked(' ', before.slice(before.length - sameEnd, before.length - end)),
    ],
  };
}

const linesOf = (text: string): readonly string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? [];

/** An empty range is named by the line before it, and a length of one is left out. */
function hunkText({ oldStart, newStart, lines }: Hunk): string {
  const range = (start: number, other: string): string => {
    const count = lines.filter((line) => line[0] !== other && line[0] !== '\\').length;
    return count === 1 ? `${start}` : `${count === 0 ? start - 1 : start},${count}`;
  };
  return [`@@ -${range(oldStart, '+')} +${range(newStart, '-')} @@`, ...lines, ''].join('\n');
}

/** In a `---` or `+++` line a name with a space ends with a tab, so that what follows is no part of it. */
const fileName = (path: string): string => (path.includes(' ') ? `${quoted(path)}\t` : quoted(path));

const ESCAPES: Readonly<Record<number, string>> = {
  7: '\\a',
  8: '\\b',
  9: '\\t',
  10: '\\n',
  11: '\\v',
  12: '\\f',
  13: '\\r',
  34: '\\"',
  92: '\\\\',
};

/** A path as git quotes it: C escapes, every byte outside printable ASCII in octal. */
function quoted(path: string): string {
  if (/^[ !#-[\]-~]*$/.test(path)) return path;
  const escaped = (byte: number): string =>
    ESCAPES[byte] ?? (byte < 32 || byte > 126 ? `\\${byte.toString(8).padStart(3, '0')}` : String.fromCharCode(byte));
  return `"${[...encode(path, 'utf8')].map(escaped).join('')}"`;
}
