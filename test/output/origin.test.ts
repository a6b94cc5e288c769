import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Finding, Span } from '../../src/finding.ts';
import { originsIn } from '../../src/output/origin.ts';
import { Repo, type RepoFile } from '../../src/repo/repo.ts';

const file = (text: string): RepoFile => ({ text, encoding: 'utf8', mode: 0o644 });

/** The span of the one place where a text stands in a file of a snapshot. */
function spanOf(repo: Repo, path: string, text: string): Span {
  const start = repo.read(path)?.indexOf(text) ?? -1;
  if (start < 0) throw new Error(`${text} is not in ${path}`);
  return { path, start, end: start + text.length };
}

const FIRST = Repo.of({ Dockerfile: 'FROM a\nRUN one\nRUN two\nRUN three\n', 'compose.yaml': 'services: {}\n' });

describe('a span of a later snapshot', () => {
  test.each<[string, string, string, string, boolean]>([
    ['below an insertion', 'FROM a\nUSER me\nRUN one\nRUN two\nRUN three\n', 'RUN two', 'RUN two', true],
    ['below a deletion', 'FROM a\nRUN two\nRUN three\n', 'RUN three', 'RUN three', true],
    ['above every change', 'FROM a\nRUN one\nRUN two\nRUN drei\n', 'RUN one', 'RUN one', true],
    ['on a line that was changed', 'FROM a\nRUN one\nRUN zwei\nRUN three\n', 'zwei', 'RUN two', false],
    ['on a line that was put in', 'FROM a\nRUN one\nUSER me\nRUN two\nRUN three\n', 'USER me', 'RUN one', false],
    ['on a line that was put in at the top', '# top\nFROM a\nRUN one\nRUN two\nRUN three\n', '# top', 'FROM a', false],
    [
      'across lines between which one was put in',
      'FROM a\nRUN one\n# x\nRUN two\nRUN three\n',
      'one\n# x\nRUN two',
      'RUN one',
      false,
    ],
    [
      'across lines between which one was taken out',
      'FROM a\nRUN one\nRUN three\n',
      'one\nRUN three',
      'RUN one',
      false,
    ],
    ['behind two changes', 'FROM b\nRUN one\nRUN 2\nRUN 2\nRUN three\n', 'three', 'three', true],
  ])('%s', (_name, later, what, expected, exact) => {
    const seen = FIRST.with(new Map([['Dockerfile', file(later)]]));
    const origin = originsIn(FIRST).of(seen, spanOf(seen, 'Dockerfile', what));
    expect(origin?.exact).toBe(exact);
    expect(FIRST.read('Dockerfile')?.slice(origin?.span.start, origin?.span.end)).toBe(expected);
  });

  test.each([
    ['that stands beside a changed one', 'FROM a\nRUN one --fast\nUSER me\nRUN two\nRUN three\n', 'USER me', true],
    ['which is the changed one itself', 'FROM a\nRUN one --fast\nUSER me\nRUN two\nRUN three\n', 'one --fast', false],
    ['of as many as there were', 'FROM a\nUSER me\nRUN two\nRUN three\n', 'USER me', false],
  ])('a new line %s is put in only if no old one is its own', (_name, later, what, added) => {
    const seen = FIRST.with(new Map([['Dockerfile', file(later)]]));
    expect(originsIn(FIRST).of(seen, spanOf(seen, 'Dockerfile', what))?.added).toBe(added);
  });

  test('an insertion is exact only if the lines on both sides are there', () => {
    const seen = FIRST.with(new Map([['Dockerfile', file('FROM a\nRUN one\nUSER me\nRUN two\nRUN three\n')]]));
    const origins = originsIn(FIRST);
    const at = (what: string) => {
      const { start } = spanOf(seen, 'Dockerfile', what);
      return origins.of(seen, { path: 'Dockerfile', start, end: start });
    };
    expect(at('RUN three')).toEqual({ span: { path: 'Dockerfile', start: 23, end: 23 }, exact: true, added: false });
    expect(at('RUN two')?.exact).toBe(false);
    expect(at('USER me')?.exact).toBe(false);
  });

  test('a file that was only renamed is looked up under its first name, a new one nowhere', () => {
    const text = FIRST.read('Dockerfile') ?? '';
    const seen = FIRST.with(
      new Map([
        ['Dockerfile', null],
        ['app/Dockerfile', file(text)],
        ['entrypoint.sh', file('#!/bin/sh\n')],
      ]),
    );
    const origins = originsIn(FIRST);
    expect(origins.of(seen, { path: 'app/Dockerfile', start: 7, end: 10 })).toEqual({
      span: { path: 'Dockerfile', start: 7, end: 10 },
      exact: true,
      added: false,
    });
    const at = { path: 'entrypoint.sh', start: 0, end: 2 };
    expect(origins.of(seen, at)).toBeUndefined();
    const proven: Finding = {
      message: '',
      at,
      evidence: [
        { at, says: '' },
        { at: { path: 'app/Dockerfile', start: 7, end: 10 }, says: '' },
      ],
    };
    expect(origins.ofFinding(seen, proven)).toEqual({
      span: { path: 'Dockerfile', start: 7, end: 10 },
      exact: false,
      added: false,
    });
    expect(origins.ofFinding(seen, { message: '', at, evidence: [] }).span.path).toBe('Dockerfile');
  });

  test('is the same text where it is exact, and always inside the file', () => {
    const lines = fc.array(fc.constantFrom('a\n', 'b\n', 'c\r\n', '\n', 'dd\n', 'ee'), { maxLength: 12 });
    const text = lines.map((each) => each.join(''));
    fc.assert(
      fc.property(text, text, fc.nat(30), fc.nat(10), (before, after, from, length) => {
        const first = Repo.of({ Dockerfile: before });
        const seen = first.with(new Map([['Dockerfile', file(after)]]));
        const start = Math.min(from, after.length);
        const end = Math.min(start + length, after.length);
        const origin = originsIn(first).of(seen, { path: 'Dockerfile', start, end });
        if (!origin) throw new Error('the file is there');
        const { span, exact } = origin;
        expect(span.start).toBeGreaterThanOrEqual(0);
        expect(span.end).toBeGreaterThanOrEqual(span.start);
        expect(span.end).toBeLessThanOrEqual(before.length);
        if (!exact) return;
        expect(before.slice(span.start, span.end)).toBe(after.slice(start, end));
        expect(before.slice(0, span.start).split('\n').at(-1)).toBe(after.slice(0, start).split('\n').at(-1));
        if (start === end) expect([before[span.start - 1], before[span.end]]).toEqual([after[start - 1], after[end]]);
      }),
      { numRuns: 3000 },
    );
  });
});
