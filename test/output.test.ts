import picocolors from 'picocolors';
import { describe, expect, test } from 'vitest';
import type { Finding, Fix } from '../src/finding.ts';
import { changedFiles } from '../src/output/changed-files.ts';
import { colouredDiff } from '../src/output/coloured-diff.ts';
import { json } from '../src/output/json.ts';
import { markdown } from '../src/output/markdown.ts';
import { pretty } from '../src/output/pretty.ts';
import { visible, visibleLines } from '../src/output/visible.ts';
import type { Outcome, Run } from '../src/pipeline/run.ts';
import { Repo } from '../src/repo/repo.ts';
import { defineTransform } from '../src/transform.ts';

const plain = picocolors.createColors(false);
const transform = defineTransform({ id: 'do-it', group: 'repair', summary: 'Do it', find: () => [] });
const before = Repo.of({ Dockerfile: 'FROM a\nRUN b\n', 'c.py': 'x = 1\n' });
const after = before.with(
  new Map([
    ['Dockerfile', { text: 'FROM a\nRUN c\n', encoding: 'utf8', mode: 0o644 }],
    ['run.sh', { text: '#!/bin/sh\n', encoding: 'utf8', mode: 0o755 }],
    ['c.py', null],
  ]),
);
const at = { path: 'Dockerfile', start: 11, end: 12 };
const fix: Fix = {
  title: 'Run c',
  safety: 'review',
  changes: [
    { ...at, text: 'c' },
    { path: 'run.sh', create: '#!/bin/sh\n', mode: 0o755 },
    { path: 'c.py', remove: true },
  ],
};
const finding: Finding = {
  message: 'b is wrong',
  at,
  evidence: [{ at: { path: 'c.py', start: 0, end: 1 }, says: 'x says so' }],
  fix,
};

const runOf = (outcomes: readonly Outcome[], more: Partial<Run>): Run => ({
  before,
  after,
  steps: [{ transform, outcomes }],
  notices: [],
  ...more,
});
/** A comment that ignores nothing. */
const IDLE: Finding = {
  message: 'it ignores \u0007nothing',
  at: { path: 'Dockerfile', start: 0, end: 6 },
  evidence: [],
};
const applied = runOf([{ finding, seen: before }], {});

describe('pretty', () => {
  test('names the place, the proof, the repair, its safety and the files', () => {
    expect(pretty(applied, { palette: plain, written: false, stacks: false, ignores: [] })).toBe(`do-it  Do it

  Dockerfile:2  b is wrong
    because  c.py:1: x says so
    repair   Run c [review]

1 repair (1 to review) in 3 files: Dockerfile, c.py (removed), run.sh (new).
Nothing is written yet. Write it with: dockfix apply --write
`);
  });

  test('says why something was left alone, and what to do', () => {
    const outcome: Outcome = {
      finding: { ...finding, advice: 'Ask the owner.\nThen wait.' },
      seen: before,
      skipped: 'would break the file',
      detail: 'Dockerfile: no FROM',
    };
    const text = pretty(runOf([outcome], { after: before }), {
      palette: plain,
      written: false,
      stacks: false,
      ignores: [],
    });
    expect(text).toContain('left alone: the repaired file would not be valid (Dockerfile: no FROM)');
    expect(text).toContain('    advice   Ask the owner.\n             Then wait.\n');
    expect(text).toContain('Nothing to change. 1 finding left alone.');
  });

  test('names the files that could not be read, with line and hint', () => {
    const notices = [{ path: 'docker-compose.yml', line: 3, message: 'a tab indents', hint: 'Use spaces.' }];
    const text = pretty(runOf([], { notices }), { palette: plain, written: false, stacks: false, ignores: [] });
    expect(text).toContain('docker-compose.yml:3  a tab indents\n    hint     Use spaces.');
  });

  test('names a failed transform, its stack only when asked', () => {
    const failed = runOf([], { after: before, steps: [{ transform, outcomes: [], error: new Error('boom') }] });
    expect(pretty(failed, { palette: plain, written: false, stacks: false, ignores: [] })).toContain('failed: boom');
    expect(pretty(failed, { palette: plain, written: false, stacks: false, ignores: [] })).not.toContain(
      'output.test.ts',
    );
    expect(pretty(failed, { palette: plain, written: false, stacks: true, ignores: [] })).toContain('output.test.ts');
  });

  test('lets no control character of a repository through', () => {
    const evil: Finding = {
      ...finding,
      message: 'a\u001b[31mred\u0007\u009b',
      at: { path: 'x\u001b]0;\n', start: 0, end: 0 },
      evidence: [],
    };
    const text = pretty(runOf([{ finding: evil, seen: before }], {}), {
      palette: plain,
      written: true,
      stacks: false,
      ignores: [],
    });
    expect(text).not.toMatch(/[\u001b\u0007\u009b]/);
    expect(text).toContain('a\\x1b[31mred\\x07\\x9b');
    expect(text).toContain('x\\x1b]0;\\n');
  });

  test('says which ignore comments do nothing', () => {
    const text = pretty(runOf([], {}), { palette: plain, written: false, stacks: false, ignores: [IDLE] });
    expect(text).toMatch(/^Ignore comments\n {2}Dockerfile:1 {2}it ignores \\x07nothing\n\nNothing to change\.\n$/);
  });

  test('colours with the palette that it is given', () => {
    expect(
      pretty(applied, { palette: picocolors.createColors(true), written: false, stacks: false, ignores: [] }),
    ).toContain('\u001b[33m[review]');
  });
});

describe('json', () => {
  const document = JSON.parse(json(applied, { diff: 'd', written: false, ignores: [IDLE] })) as Record<string, unknown>;

  test('has the documented shape', () => {
    expect(document).toEqual({
      schemaVersion: 1,
      written: false,
      changes: [
        { path: 'Dockerfile', kind: 'edited' },
        { path: 'c.py', kind: 'removed' },
        { path: 'run.sh', kind: 'created', mode: '100755' },
      ],
      findings: [
        {
          transform: 'do-it',
          message: 'b is wrong',
          at: {
            path: 'Dockerfile',
            start: { line: 2, column: 5, offset: 11 },
            end: { line: 2, column: 6, offset: 12 },
          },
          evidence: [
            {
              at: { path: 'c.py', start: { line: 1, column: 1, offset: 0 }, end: { line: 1, column: 2, offset: 1 } },
              says: 'x says so',
            },
          ],
          status: 'applied',
          fix: {
            title: 'Run c',
            safety: 'review',
            changes: [
              {
                path: 'Dockerfile',
                start: { line: 2, column: 5, offset: 11 },
                end: { line: 2, column: 6, offset: 12 },
                text: 'c',
              },
              { path: 'run.sh', create: '#!/bin/sh\n', mode: '100755' },
              { path: 'c.py', remove: true },
            ],
          },
        },
      ],
      ignores: [
        {
          message: 'it ignores \u0007nothing',
          at: {
            path: 'Dockerfile',
            start: { line: 1, column: 1, offset: 0 },
            end: { line: 1, column: 7, offset: 6 },
          },
        },
      ],
      notices: [],
      errors: [],
      diff: 'd',
    });
  });

  test('says why a finding was skipped', () => {
    const text = json(runOf([{ finding, seen: before, skipped: 'manual' }], {}), {
      diff: '',
      written: false,
      ignores: [],
    });
    expect(JSON.parse(text)).toMatchObject({ findings: [{ status: 'skipped', reason: 'manual' }] });
  });
});

test('changed files are those that differ, and a moved one is named with its old place', () => {
  const moved = before.with(
    new Map([
      ['c.py', null],
      ['d.py', { text: 'x = 1\n', encoding: 'utf8', mode: 0o644 }],
    ]),
  );
  expect(changedFiles(runOf([], { after: moved }))).toEqual([{ path: 'd.py', kind: 'renamed', from: 'c.py' }]);
});

test('invisible characters become escapes; tabs stay, and newlines where lines are meant', () => {
  expect(visible('é\t\u202e\u0000\r\n😀')).toBe('é\t\\u202e\\x00\\r\\n😀');
  expect(visibleLines('a\n\u001bb')).toBe('a\n\\x1bb');
});

test('a diff on a terminal is coloured line by line', () => {
  const text = colouredDiff('diff --git a/x b/x\n@@ -1 +1 @@\n-a\u001b\n+b\n c\n', picocolors.createColors(true));
  expect(text.split('\n')).toEqual([
    '\u001b[1mdiff --git a/x b/x\u001b[22m',
    '\u001b[36m@@ -1 +1 @@\u001b[39m',
    '\u001b[31m-a\\x1b\u001b[39m',
    '\u001b[32m+b\u001b[39m',
    ' c',
    '',
  ]);
});

test('a README reads well without its Markdown', () => {
  const source =
    '# do-it\n\nSome `code` and **words**,\nwrapped &amp; [linked](https://example.org).\n\n- one\n- two\n  - three\n\n1. first\n\n```diff\n-a\n+b\n```\n\n<!-- gone -->\n';
  expect(markdown(source, plain)).toBe(`do-it

Some code and words, wrapped &amp; linked (https://example.org).

  - one
  - two
      - three

  1. first

    -a
    +b
`);
});
