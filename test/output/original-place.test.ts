import { beforeAll, describe, expect, test } from 'vitest';
import { originalPlace } from '../../src/output/original-place.ts';
import { Repo } from '../../src/repo/repo.ts';
import { runOver } from '../diagnose/diagnosed.ts';
import { loadPythonForTests } from '../python-wasm.ts';

beforeAll(loadPythonForTests);

const repo = (text: string): Repo => Repo.of({ 'a.yml': text });

/** The old line of the first place where `what` stands in the new text. */
function lineOf(before: string, after: string, what: string): number | undefined {
  const start = after.indexOf(what);
  return originalPlace(repo(before), repo(after), { path: 'a.yml', start, end: start }).line;
}

const BEFORE = 'one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\nten\neleven\ntwelve\n';

describe('originalPlace', () => {
  test.each<[string, string, string, number | undefined]>([
    ['nothing changed', BEFORE, 'six', 6],
    ['lines came in above', `zero\nzero\n${BEFORE}`, 'twelve', 12],
    ['lines went away above', BEFORE.replace('two\nthree\n', ''), 'eleven', 11],
    ['the line itself was changed', BEFORE.replace('six', 'six: 6'), 'six: 6', 6],
    ['a changed line among changed lines', BEFORE.replace('six\nseven', 'seven: 7\nsix: 6'), 'seven: 7', 7],
    ['an insertion beside it', BEFORE.replace('six\n', 'six\nnew\n'), 'seven', 7],
    ['a new line', BEFORE.replace('six\n', 'six\nnew\n'), 'new', undefined],
    ['changes above and below', `zero\n${BEFORE.replace('twelve', '12')}`, 'ten', 10],
    ['the last line', BEFORE.replace('one', '1'), 'twelve', 12],
  ])('%s', (_, after, what, line) => {
    expect(lineOf(BEFORE, after, what)).toBe(line);
  });

  test('leads every finding of a repository to a line that it had, or to none', () => {
    const { run } = runOver('fixtures/repos/rendez-vous/before');
    const places = run.steps.flatMap(({ outcomes }) =>
      outcomes.flatMap(({ seen, finding }) =>
        finding.evidence.map(({ at }) => ({ at, seen, now: originalPlace(run.before, seen, at) })),
      ),
    );
    expect(places.length).toBeGreaterThan(50);
    for (const { at, seen, now } of places) {
      if (now.line === undefined) continue;
      const then = run.before.read(now.path)?.split('\n')[now.line - 1];
      expect(then).toBeDefined();
      // A line that is the same in both is the same line.
      const text = seen.read(at.path) ?? '';
      const same = text.slice(text.lastIndexOf('\n', at.start - 1) + 1).split('\n')[0] ?? '';
      if (run.before.read(now.path)?.split('\n').includes(same)) expect(then).toBe(same);
    }
  });
});
