import { expect, test } from 'vitest';
import type { Finding } from '../../src/finding.ts';
import { findingText } from '../../src/output/finding.ts';
import type { Palette } from '../../src/output/palette.ts';
import type { Outcome } from '../../src/pipeline/run.ts';
import { Repo } from '../../src/repo/repo.ts';
import { defineTransform } from '../../src/transform.ts';

const same = (text: string): string => text;
const PLAIN: Palette = { bold: same, dim: same, underline: same, red: same, green: same, yellow: same, cyan: same };
const TRANSFORM = defineTransform({ id: 'mend-it', group: 'repair', summary: 'Mend it', find: () => [] });

const repoOf = (files: Readonly<Record<string, string>>): Repo =>
  new Repo(
    {
      paths: Object.keys(files),
      ignored: new Set(),
      links: new Map(),
      load: (path) => ({ text: files[path] ?? '', encoding: 'utf8', mode: 0o644 }),
    },
    new Map(),
  );

function textOf(repo: Repo, finding: Finding, more: Partial<Outcome>): string {
  const outcome: Outcome = { finding, seen: repo, ...more };
  return findingText({ transform: TRANSFORM, outcome, number: 7, start: repo, diff: '' }, PLAIN);
}

test('a place is quoted with its line and its neighbours, in files with CRLF, at both ends, and over several lines', () => {
  const repo = repoOf({ a: 'one\r\ntwo\r\nthree', b: '1\n2\n3\n4\n5\n6\n7\n' });
  const finding: Finding = {
    message: 'It is broken, so it stops.',
    at: { path: 'a', start: 0, end: 3 },
    evidence: [
      { at: { path: 'a', start: 0, end: 5 }, says: 'first' },
      { at: { path: 'a', start: 10, end: 15 }, says: 'last' },
      { at: { path: 'b', start: 2, end: 14 }, says: 'long' },
    ],
  };
  expect(textOf(repo, finding, { skipped: 'no fix' })).toBe(`mend-it  Mend it
finding 7, a:1

Why

  1. a:1  first
     > 1 | one
       2 | two

  2. a:3  last
       2 | two
     > 3 | three

  3. b:2  long
       1 | 1
     > 2 | 2
     > 3 | 3
     > 4 | 4
     > 5 | 5
       6 | 6

So

  It is broken, so it stops.

Repair

  left alone: there is no automatic repair for it
`);
});

test('a finding without evidence shows its own place; a file that is not there shows no lines', () => {
  const finding = { message: 'x', at: { path: 'gone', start: 0, end: 0 }, evidence: [] };
  expect(textOf(repoOf({}), finding, { skipped: 'no fix' })).toContain('  1. gone  it stands here\n\nSo');
});

test('control characters of the repository reach no terminal', () => {
  const repo = repoOf({ a: 'x\u001b[31m\n' });
  const finding: Finding = {
    message: 'm\u001b[2J',
    at: { path: 'a', start: 0, end: 1 },
    evidence: [],
    advice: 'a\u001b[0m\nb',
    fix: { title: 't\u0007', safety: 'manual', changes: [] },
  };
  const text = textOf(repo, finding, { skipped: 'manual' });
  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  expect(text).toContain('  a\\x1b[0m\n  b');
});
