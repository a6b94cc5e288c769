import { expect, test } from 'vitest';
import { contextCopies } from '../../src/model/image/files.ts';
import { readImage } from '../../src/model/image.ts';
import { readStack } from '../../src/model/stack.ts';
import { Repo } from '../../src/repo/repo.ts';

test('a long row of COPYs is read in one pass', () => {
  const copies = Array.from({ length: 60 }, (_, index) => `COPY a.txt /data/${index}`);
  const { repo, sources } = readStack(
    Repo.of({ Dockerfile: ['FROM x', ...copies].join('\n'), 'a.txt': '' }),
    undefined,
  );
  const build = { context: '', dockerfile: 'Dockerfile', target: undefined, args: new Map<string, string>() };
  const layers = readImage(repo, sources, build, () => undefined)?.layers ?? [];
  expect(contextCopies(repo, layers, 60).map(({ source, target }) => `${source} ${target}`)).toEqual([
    'a.txt /data/59',
  ]);
});
