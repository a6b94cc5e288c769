import { beforeAll, describe, expect, test } from 'vitest';
import { loadPythonForTests } from '../python-wasm.ts';
import { CAUSELESS } from './causeless.ts';
import { shown } from './diagnosed.ts';
import { SHAPES } from './shapes.ts';

beforeAll(loadPythonForTests);

describe('messages as tools print them', () => {
  test.each([...SHAPES, ...CAUSELESS])('$says', async ({ log, folder, names }) => {
    expect(await shown(log, `fixtures/${folder}/before`)).toEqual(names);
  });

  test('at least forty have their cause in the repository', () => {
    const explained = SHAPES.filter(({ names }) => names.some((name) => !name.endsWith('→ ')));
    expect(explained.length).toBeGreaterThanOrEqual(40);
  });
});
