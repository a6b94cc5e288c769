import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Finding } from '../../src/finding.ts';
import { baselineText, readBaseline, withoutKnown } from '../../src/output/check/baseline.ts';
import { touchedBy } from '../../src/output/check/touched.ts';
import { type Check, checkOf } from '../../src/output/check.ts';
import { run } from '../../src/pipeline/run.ts';
import { Repo } from '../../src/repo/repo.ts';
import { defineTransform } from '../../src/transform.ts';

const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32);

/** Finds each line that says BAD; its proof is each line of the other files that says WHY. */
const finder = (id: string) =>
  defineTransform({
    id,
    group: 'repair',
    summary: 'Find what is bad',
    *find({ repo }) {
      const evidence = [...placesOf(repo, /WHY/g)].map((at) => ({ at, says: 'because' }));
      for (const at of placesOf(repo, /BAD\S*/g)) {
        const text = repo.read(at.path)?.slice(at.start, at.end);
        yield {
          message: `${text} needs old/config.py`,
          at,
          evidence,
          fix: { title: 'Do it', safety: 'manual', changes: [] },
        } satisfies Finding;
      }
    },
  });

const placesOf = (repo: Repo, pattern: RegExp) =>
  repo.paths.flatMap((path) =>
    [...(repo.read(path) ?? '').matchAll(pattern)].map((match) => ({
      path,
      start: match.index,
      end: match.index + match[0].length,
    })),
  );

function checked(files: Readonly<Record<string, string>>, ...ids: readonly string[]): { repo: Repo; check: Check } {
  const repo = Repo.of(files);
  const result = run(repo, (ids.length > 0 ? ids : ['find']).map(finder), { allow: new Set(), named: new Set() });
  return {
    repo,
    check: checkOf(result, { digest, levels: new Map(), known: new Set(), isExcluded: () => false, edits: false }),
  };
}

const words = ({ problems }: Check): readonly string[] => problems.map(({ message }) => message.split(' ')[0] ?? '');

describe('a baseline', () => {
  const { check } = checked({ Dockerfile: 'one\nBAD1\nBAD2\n' });
  const known = readBaseline(baselineText(check));
  if ('why' in known) throw new Error(known.why);

  test('leaves out what it knows, wherever that stands now, and counts what has gone', () => {
    expect(withoutKnown(check, known)).toMatchObject({ check: { problems: [] }, gone: 0 });
    const later = withoutKnown(checked({ Dockerfile: '# new\n\n\none\nBAD1\nBAD3\n' }).check, known);
    expect([words(later.check), later.gone]).toEqual([['BAD3'], 1]);
  });

  test('what did not run has not gone', () => {
    expect(withoutKnown(checked({ Dockerfile: 'BAD\n' }, 'other').check, known).gone).toBe(0);
  });

  test('is the same file for the same problems', () => {
    const { check: both } = checked({ Dockerfile: 'BAD1\n', 'a.py': 'BAD1\n' }, 'x', 'y');
    const turned = { ...both, problems: [...both.problems].reverse() };
    expect(baselineText(turned)).toBe(baselineText(both));
  });

  test.each([
    '',
    '{',
    '[]',
    '{"schemaVersion":1}',
    '{"schemaVersion":2,"problems":[]}',
    '{"schemaVersion":1,"problems":[1]}',
  ])('is not %j', (text) => {
    expect(readBaseline(text)).toHaveProperty('why');
  });
});

describe('a change touches', () => {
  const touched = (before: Readonly<Record<string, string>>, after: Readonly<Record<string, string>>) => {
    const { repo, check } = checked(after);
    return words(touchedBy(check, repo, { paths: new Set(Object.keys(before)), read: (path) => before[path] ?? '' }));
  };
  const Dockerfile = 'one\nBAD1\ntwo\nthree\nfour\nBAD2\n';

  test('what stands on a line that it changed or put in', () => {
    expect(touched({ Dockerfile }, { Dockerfile })).toEqual([]);
    expect(touched({ Dockerfile }, { Dockerfile: `zero\n${Dockerfile}` })).toEqual([]);
    expect(touched({ Dockerfile }, { Dockerfile: Dockerfile.replace('BAD2', 'BAD3') })).toEqual(['BAD3']);
    expect(touched({ Dockerfile: 'one\n' }, { Dockerfile: 'one\nBAD1\n' })).toEqual(['BAD1']);
  });

  test('what stands beside lines that it took away', () => {
    expect(touched({ Dockerfile }, { Dockerfile: Dockerfile.replace('two\n', '') })).toEqual(['BAD1']);
    expect(touched({ Dockerfile }, { Dockerfile: Dockerfile.replace('three\n', '') })).toEqual([]);
  });

  test('what stands in a new file', () => {
    expect(touched({ Dockerfile }, { Dockerfile, 'a.py': 'x\nBAD3\n' })).toEqual(['BAD3']);
  });

  test('what it proves elsewhere', () => {
    const before = { Dockerfile: 'BAD1\n', 'a.py': 'x\nWHY\n' };
    expect(touched(before, { ...before, 'a.py': 'y\nWHY\n' })).toEqual([]);
    expect(touched(before, { ...before, 'a.py': 'x\nWHY not\n' })).toEqual(['BAD1']);
  });

  test('what speaks of a file that it took away', () => {
    expect(touched({ Dockerfile, 'old/config.py': '' }, { Dockerfile })).toEqual(['BAD1', 'BAD2']);
    expect(touched({ Dockerfile, 'old/fig.py': '' }, { Dockerfile })).toEqual([]);
  });

  test('nothing where only the line ends of the checkout differ', () => {
    expect(touched({ Dockerfile }, { Dockerfile: Dockerfile.replaceAll('\n', '\r\n') })).toEqual([]);
  });
});
