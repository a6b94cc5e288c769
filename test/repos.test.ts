import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { pythonWasm } from '../src/assets.ts';
import { changedFiles } from '../src/output/changed-files.ts';
import { loadPython } from '../src/parse/python.ts';
import { run } from '../src/pipeline/run.ts';
import { selectTransforms } from '../src/selection.ts';
import { transforms } from '../transforms/index.ts';
import { bytesIn, pythonErrors, repaired, shellError } from './harness.ts';

const root = join('fixtures', 'repos');
const chosen = selectTransforms(transforms, { only: [], skip: [], groups: [] });

beforeAll(async () => {
  await loadPython(pythonWasm());
});

describe.each(readdirSync(root))('fixtures/repos/%s', (name) => {
  const folder = join(root, name);

  // Without expected.patch the repository is healthy, and nothing may change.
  test('is repaired as expected.patch says, and stays so', () => {
    const expected = join(folder, 'expected.patch');
    const { run: result, tree, patch } = repaired(join(folder, 'before'), chosen);
    expect(patch.toString('latin1')).toBe(existsSync(expected) ? readFileSync(expected, 'latin1') : '');

    // The order of the pipeline: no transform undoes or reopens what another one settled.
    for (const transform of chosen)
      expect(
        changedFiles(run(result.after, [transform], { allow: new Set(['safe', 'review']), named: new Set() })),
        transform.id,
      ).toEqual([]);

    const sources = [...tree.keys()]
      .filter((path) => path.endsWith('.py'))
      .map((path) => [path, bytesIn(tree, path)] as const);
    expect(pythonErrors(new Map(sources))).toEqual([]);
    for (const path of [...tree.keys()].filter((path) => path.endsWith('.sh')))
      expect(shellError(bytesIn(tree, path)), path).toBe('');
  });
});
