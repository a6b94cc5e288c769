import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { applyPatch, copyOf, treeOf } from '../harness.ts';

/** What Docker Compose says about every Compose project below a folder; empty when it accepts them all. */
function complaints(folder: string): readonly string[] {
  const mains = [...treeOf(folder).keys()].filter((path) => /(^|\/)(docker-)?compose\.ya?ml$/.test(path));
  return mains.flatMap((path) => {
    const cwd = join(folder, dirname(path));
    // People copy the example before the first start; a missing .env is not what is tested here.
    if (!existsSync(join(cwd, '.env')) && existsSync(join(cwd, '.env.example')))
      copyFileSync(join(cwd, '.env.example'), join(cwd, '.env'));
    try {
      const env = { ...process.env, ...requiredIn(folder) };
      execFileSync('docker', ['compose', 'config', '-q'], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
      return [];
    } catch (error) {
      return [`${path}: ${String((error as { stderr: Buffer }).stderr)}`];
    }
  });
}

/** A value for every variable that a Compose file requires (`${X:?…}`): people choose one, and that they must is not tested here. */
function requiredIn(folder: string): Readonly<Record<string, string>> {
  const texts = [...treeOf(folder)].filter(([path]) => /\.ya?ml$/.test(path)).map(([, text]) => text);
  const names = texts.flatMap((text) => [...text.matchAll(/\$\{(\w+):?\?/g)].map((match) => match[1] ?? ''));
  return Object.fromEntries(names.map((name) => [name, 'chosen']));
}

describe.each(readdirSync('fixtures/repos'))('fixtures/repos/%s', (name) => {
  test('passes docker compose config -q once it is repaired', () => {
    const folder = copyOf(join('fixtures', 'repos', name, 'before'));
    try {
      const patch = join('fixtures', 'repos', name, 'expected.patch');
      if (existsSync(patch)) applyPatch(folder, readFileSync(patch));
      expect(complaints(folder)).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

const transforms = existsSync('fixtures/transforms') ? readdirSync('fixtures/transforms') : [];

describe.each(transforms)('fixtures/transforms/%s', (id) => {
  const cases = readdirSync(join('fixtures', 'transforms', id)).filter((name) =>
    existsSync(join('fixtures', 'transforms', id, name, 'after')),
  );

  test.each(cases)('%s: Docker Compose complains of nothing new', (name) => {
    const [before, after] = ['before', 'after'].map((state) =>
      copyOf(join('fixtures', 'transforms', id, name, state)),
    ) as [string, string];
    try {
      if (complaints(before).length === 0) expect(complaints(after)).toEqual([]);
    } finally {
      for (const folder of [before, after]) rmSync(folder, { recursive: true });
    }
  });
});
