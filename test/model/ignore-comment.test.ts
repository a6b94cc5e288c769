import { describe, expect, test } from 'vitest';
import { ignoreAt, ignoreComments } from '../../src/model/ignore-comment.ts';
import { findingsOnIgnores } from '../../src/output/check/ignores.ts';
import { run } from '../../src/pipeline/run.ts';
import { Repo } from '../../src/repo/repo.ts';
import { defineTransform } from '../../src/transform.ts';

/** The reason for which `x` is left alone where BAD stands. */
function reasonFor(path: string, text: string): string | undefined {
  const repo = Repo.of({ [path]: text });
  const start = text.indexOf('BAD');
  return ignoreAt(repo, 'x', { path, start, end: start + 3 })?.reason;
}

describe('an ignore comment', () => {
  test.each([
    ['Dockerfile', 'FROM a\n# dockfix-ignore x: why\nRUN BAD\n'],
    ['deploy/Dockerfile.prod', '#dockfix-ignore x : why\r\nRUN BAD\r\n'],
    ['Dockerfile', '# dockfix-ignore x: why\n\n# another comment\nRUN a && \\\n  # about b\n  b && \\\n  BAD\n'],
    ['compose.yaml', 'services:\n  web:\n    # dockfix-ignore y, x: why\n    image: BAD\n'],
    ['app/main.py', 'def f():\n    # dockfix-ignore x: why\n    BAD()\n'],
    ['run.sh', '#!/bin/sh\n# dockfix-ignore x: why\nexec a \\\n  BAD\n'],
    ['bin/start', '#!/bin/sh\n# dockfix-ignore x: why\nBAD\n'],
    ['.env', '# dockfix-ignore x: why\nBAD=1'],
    ['.env.example', '\ufeff# dockfix-ignore x: why\nBAD=1\n'],
    ['compose.yml', 'a: 1\nb: BAD\n# dockfix-ignore-file x: why\n'],
  ])('in %s: %j', (path, text) => {
    expect(reasonFor(path, text)).toBe('why');
  });

  test.each([
    ['it is for another transform', 'Dockerfile', '# dockfix-ignore y: why\nRUN BAD\n'],
    ['it gives no reason', 'Dockerfile', '# dockfix-ignore x\nRUN BAD\n'],
    ['its reason is empty', 'Dockerfile', '# dockfix-ignore x:  \nRUN BAD\n'],
    ['it is about the line before', 'Dockerfile', '# dockfix-ignore x: why\nRUN a\nRUN BAD\n'],
    ['it stands below', 'Dockerfile', 'RUN BAD\n# dockfix-ignore x: why\n'],
    ['it stands behind something', 'Dockerfile', 'RUN a # dockfix-ignore x: why\nRUN BAD\n'],
    ['its word is another one', 'Dockerfile', '# dockfix-ignored x: why\nRUN BAD\n'],
    ['the file has other comments', 'app.js', '# dockfix-ignore x: why\nBAD\n'],
  ])('says nothing where %s', (_why, path, text) => {
    expect(reasonFor(path, text)).toBeUndefined();
  });

  test('never takes long, and never fails', () => {
    const text = `${'# dockfix-ignore '.repeat(2000)}\n${'# dockfix-ignore x,'.repeat(3)}\n\\\n`;
    expect(ignoreComments(Repo.of({ Dockerfile: text }), 'Dockerfile').length).toBe(2);
    expect(ignoreComments(Repo.of({}), 'Dockerfile')).toEqual([]);
  });
});

describe('a run', () => {
  const x = defineTransform({
    id: 'x',
    group: 'repair',
    summary: 'Mend it',
    *find({ repo }) {
      for (const path of repo.paths)
        for (const { index } of (repo.read(path) ?? '').matchAll(/BAD/g)) {
          const at = { path, start: index, end: index + 3 };
          yield {
            message: 'bad',
            at,
            evidence: [],
            fix: { title: 'Mend', safety: 'safe', changes: [{ ...at, text: 'good\nUSER more' }] },
          };
        }
    },
  });
  const ran = (text: string) =>
    run(Repo.of({ Dockerfile: text }), [x], {
      allow: new Set(['safe']),
      named: new Set(),
      leave: ({ id }, finding, seen) => (ignoreAt(seen, id, finding.at) ? 'ignored by comment' : undefined),
    });

  test('leaves the ignored place alone, repairs the others, and follows the comment as it moves', () => {
    const result = ran('RUN BAD\n# dockfix-ignore x: why\nRUN BAD\nRUN BAD\n');
    expect(result.after.read('Dockerfile')).toBe(
      'RUN good\nUSER more\n# dockfix-ignore x: why\nRUN BAD\nRUN good\nUSER more\n',
    );
    expect(findingsOnIgnores(result, new Set(['x']))).toEqual([]);
  });

  test.each([
    ['# dockfix-ignore x: why\nRUN a\n', 'x finds nothing there, so the comment ignores nothing.'],
    ['# dockfix-ignore x\nRUN BAD\n', 'This comment gives no reason'],
    ['# dockfix-ignore z: why\nRUN BAD\n', 'There is no transform z'],
    ['# dockfix-ignore : why\nRUN BAD\n', 'This comment names no transform'],
    ['# dockfix-ignore-file x: why\nRUN a\n', 'x finds nothing there'],
  ])('reports %j', (text, message) => {
    expect(findingsOnIgnores(ran(text), new Set(['x', 'y'])).map((each) => each.message)).toEqual([
      expect.stringContaining(message),
    ]);
  });

  test('says nothing of a transform that did not run', () => {
    expect(findingsOnIgnores(ran('# dockfix-ignore y: why\nRUN a\n'), new Set(['x', 'y']))).toEqual([]);
  });
});
