import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { pythonWasm } from '../src/assets.ts';
import { loadPython } from '../src/parse/python.ts';
import { loadTypescript } from '../src/parse/typescript.ts';
import { transforms } from '../transforms/index.ts';
import { bytesIn, pythonErrors, repaired, shellError, treeOf } from './harness.ts';

const root = join('fixtures', 'transforms');
const python = new Map<string, Buffer>();

beforeAll(async () => {
  await loadPython(pythonWasm());
  await loadTypescript();
});

const foldersIn = (folder: string): readonly string[] =>
  existsSync(folder)
    ? readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []))
    : [];

test('every fixture folder belongs to a transform', () => {
  const ids = transforms.map(({ id }) => id);
  expect(foldersIn(root).filter((id) => !ids.includes(id))).toEqual([]);
});

for (const transform of transforms)
  describe(transform.id, () => {
    test.each(foldersIn(join(root, transform.id)))('%s', (name) => {
      const folder = join(root, transform.id, name);
      const after = join(folder, 'after');
      const { tree, changed } = repaired(join(folder, 'before'), [transform]);
      expect(tree).toEqual(treeOf(existsSync(after) ? after : join(folder, 'before')));
      for (const path of changed.filter((path) => tree.has(path))) {
        const bytes = bytesIn(tree, path);
        if (path.endsWith('.py')) python.set(join(folder, path), bytes);
        if (path.endsWith('.sh')) expect(shellError(bytes), path).toBe('');
      }
    });
  });

test('Python compiles every file that a fix touched', () => {
  expect(pythonErrors(python)).toEqual([]);
});
