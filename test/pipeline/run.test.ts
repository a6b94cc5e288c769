import { expect, test } from 'vitest';
import { run } from '../../src/pipeline/run.ts';
import { Repo } from '../../src/repo/repo.ts';
import { defineTransform, type Transform } from '../../src/transform.ts';

const ALLOW = { allow: new Set(['safe', 'review'] as const), named: new Set<string>() };

/** Writes a line at the top of a Dockerfile that has one text and has not the other. */
const adding = (id: string, line: string, wanted: string): Transform =>
  defineTransform({
    id,
    group: 'repair',
    summary: id,
    *find({ repo }) {
      const text = repo.read('Dockerfile') ?? '';
      if (!text.includes(wanted) || text.includes(line)) return;
      const at = { path: 'Dockerfile', start: 0, end: 0 };
      yield {
        message: line,
        at,
        evidence: [{ at, says: wanted }],
        fix: { title: line, safety: 'safe', changes: [{ ...at, text: `${line}\n` }] },
      };
    },
  });

test('an early transform sees what a late one made possible', () => {
  const early = adding('early', '# early', '# late');
  const late = adding('late', '# late', 'FROM');
  const { after, steps } = run(Repo.of({ Dockerfile: 'FROM scratch\n' }), [early, late], ALLOW);
  expect(after.read('Dockerfile')).toBe('# early\n# late\nFROM scratch\n');
  expect(steps.map(({ transform, outcomes }) => [transform.id, outcomes.map(({ skipped }) => skipped)])).toEqual([
    ['early', [undefined]],
    ['late', [undefined]],
  ]);
});

test('what a transform found stays as it was told, also when others change the repository behind it', () => {
  const told: Transform = defineTransform({
    id: 'told',
    group: 'repair',
    summary: 'told',
    *find({ repo }) {
      const at = { path: 'Dockerfile', start: 0, end: 0 };
      yield { message: repo.read('Dockerfile')?.trim() ?? '', at, evidence: [{ at, says: 'here' }] };
    },
  });
  const { steps } = run(Repo.of({ Dockerfile: 'FROM scratch\n' }), [told, adding('late', '# late', 'FROM')], ALLOW);
  expect(steps[0]?.outcomes.map(({ finding }) => finding.message)).toEqual(['FROM scratch']);
});

test('transforms that undo each other come to an end', () => {
  const flip = (id: string, from: string, to: string): Transform =>
    defineTransform({
      id,
      group: 'repair',
      summary: id,
      *find({ repo }) {
        const start = (repo.read('Dockerfile') ?? '').indexOf(from);
        if (start < 0) return;
        const at = { path: 'Dockerfile', start, end: start + from.length };
        yield {
          message: to,
          at,
          evidence: [{ at, says: from }],
          fix: { title: to, safety: 'safe', changes: [{ ...at, text: to }] },
        };
      },
    });
  const { steps } = run(
    Repo.of({ Dockerfile: 'FROM scratch\n# a\n' }),
    [flip('there', '# a', '# b'), flip('back', '# b', '# a')],
    ALLOW,
  );
  expect(steps.every(({ error }) => error === undefined)).toBe(true);
});
