import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Change, Edit } from '../../src/finding.ts';
import { carryOut } from '../../src/pipeline/edits.ts';
import { encode } from '../../src/repo/encoding.ts';
import { Repo, type RepoFile } from '../../src/repo/repo.ts';
import { splice } from '../../src/splice.ts';

const text = fc.string({
  unit: fc.constantFrom('a', 'b', ' ', '\n', '\r\n', '\t', 'é', '\ufeff', '😀', '\u2028'),
  maxLength: 40,
});
const spans = fc.array(fc.tuple(fc.nat(60), fc.nat(6), text), { maxLength: 6 });

/** Disjoint edits of a text: cut points that split no character, two by two, none touching the next. */
const disjoint = fc
  .tuple(text, fc.array(fc.tuple(fc.nat(10), fc.nat(10), text), { maxLength: 6 }))
  .map(([before, cuts]) => {
    const whole = (at: number): number => (/[\udc00-\udfff]/.test(before[at] ?? '') ? at + 1 : at);
    const edits: Edit[] = [];
    let from = 0;
    for (const [gap, length, inserted] of cuts) {
      const start = whole(from + gap);
      const end = whole(start + length);
      if (end > before.length) break;
      edits.push({ path: 'f', start, end, text: inserted });
      from = end + 1;
    }
    return { before, edits };
  });

const bytes = (of: string): Buffer => Buffer.from(of, 'utf8');
const repoOf = (files: Readonly<Record<string, RepoFile>>): Repo => Repo.of({}).with(new Map(Object.entries(files)));
const plain = (of: string): RepoFile => ({ text: of, encoding: 'utf8', mode: 0o644 });

test('every byte outside of the edits stays, in order, and the edits stand between them', () => {
  fc.assert(
    fc.property(disjoint, ({ before, edits }) => {
      const result = splice(before, edits);
      if (typeof result !== 'string') throw new Error(result.why);
      const after = bytes(result);
      let [read, at] = [0, 0];
      for (const edit of [...edits, { start: before.length, end: before.length, text: '' }]) {
        for (const expected of [bytes(before.slice(read, edit.start)), bytes(edit.text)]) {
          expect(after.subarray(at, at + expected.length).equals(expected)).toBe(true);
          at += expected.length;
        }
        read = edit.end;
      }
      expect(at).toBe(after.length);
    }),
    { numRuns: 2000 },
  );
});

test('the order in which edits are given does not matter', () => {
  fc.assert(
    fc.property(disjoint, fc.array(fc.nat(), { minLength: 6, maxLength: 6 }), ({ before, edits }, keys) => {
      const shuffled = edits
        .map((edit, i) => [keys[i] ?? 0, edit] as const)
        .sort(([a], [b]) => a - b)
        .map(([, edit]) => edit);
      expect(splice(before, shuffled)).toEqual(splice(before, edits));
    }),
  );
});

test('edits that overlap, leave the file, stand at one place or split a character are refused; all others are not', () => {
  fc.assert(
    fc.property(text, spans, (before, made) => {
      const edits = made.map(
        ([start, length, inserted]): Edit => ({ path: 'f', start, end: start + length, text: inserted }),
      );
      const splits = (at: number): boolean => /[\udc00-\udfff]/.test(before[at] ?? '');
      const overlap = edits.some((a, i) =>
        edits
          .slice(i + 1)
          .some((b) => (a.start < b.end && b.start < a.end) || (a.start === b.start && a.end === b.end)),
      );
      // An insertion strictly inside of a replaced span is an overlap too, though it is empty.
      const wrong = overlap || edits.some((edit) => edit.end > before.length || splits(edit.start) || splits(edit.end));
      expect(typeof splice(before, edits) !== 'string').toBe(wrong);
    }),
    { numRuns: 3000 },
  );
});

test('a file of another encoding keeps its bytes, and a text that does not fit it is refused', () => {
  const latin1 = fc.uint8Array({ maxLength: 30 }).map((values) => String.fromCharCode(...values));
  fc.assert(
    fc.property(latin1, fc.nat(30), fc.oneof(latin1, text), (before, at, inserted) => {
      const start = Math.min(at, before.length);
      const repo = repoOf({ f: { text: before, encoding: 'latin1', mode: 0o755 } });
      const result = carryOut(repo, [{ path: 'f', start, end: start, text: inserted }]);
      const fits = !/[^\0-\xff]/.test(inserted);
      expect('why' in result).toBe(!fits);
      if ('why' in result) return;
      const file = (result as ReadonlyMap<string, RepoFile | null>).get('f');
      if (!file) throw new Error('f is gone');
      const expected = Buffer.from(before.slice(0, start) + inserted + before.slice(start), 'latin1');
      expect(Buffer.from(encode(file.text, file.encoding))).toEqual(expected);
      expect(file.mode).toBe(0o755);
    }),
    { numRuns: 500 },
  );
});

test('changes touch the files that they name and no other, whole or not at all', () => {
  const path = fc.constantFrom('a', 'b', 'c/d', 'new', '../out', '/abs', '.git/config', 'c/../../x', '');
  const change: fc.Arbitrary<Change> = fc.oneof(
    fc.record({ path, start: fc.nat(4), end: fc.nat(4), text }),
    fc.record({ path, create: text }),
    fc.record({ path, remove: fc.constant(true as const) }),
    fc.record({ path, mode: fc.constantFrom<0o644 | 0o755>(0o644, 0o755) }),
    fc.record({ path, renameTo: path }),
  );
  const files = { a: plain('aaaa'), b: plain('b\r\nb'), 'c/d': plain('dddd') };
  fc.assert(
    fc.property(fc.array(change, { maxLength: 4 }), (changes) => {
      const repo = repoOf(files);
      const result = carryOut(repo, changes);
      expect(Object.fromEntries(repo.paths.map((name) => [name, repo.file(name)]))).toEqual(files);
      if ('why' in result) return;
      const named = new Set(changes.flatMap((one) => ('renameTo' in one ? [one.path, one.renameTo] : [one.path])));
      for (const name of (result as ReadonlyMap<string, RepoFile | null>).keys()) {
        expect(named).toContain(name);
        expect(['a', 'b', 'c/d', 'new']).toContain(name);
      }
    }),
    { numRuns: 2000 },
  );
});
