import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { describe, expect, test } from 'vitest';
import { recover } from '../../src/repo/disk.ts';
import { type FileSystem, nodeFileSystem } from '../../src/repo/file-system.ts';
import { writeWith } from '../../src/repo/write.ts';
import { laid, messageOf } from './laid.ts';
import { emptyFolder, gitFolder, lay, picture } from './tree.ts';

describe('recovery', () => {
  test('has nothing to do where nothing was written', () => {
    expect(recover(emptyFolder())).toEqual({ outcome: 'nothing to recover', paths: [] });
  });

  test('does not overwrite what was edited after the crash', () => {
    const { root, repo, next } = laid();
    let renames = 0;
    const crash: FileSystem = {
      ...nodeFileSystem,
      rename: (from, to) => {
        renames += 1;
        if (renames > 3) throw Object.assign(new Error('EIO'), { code: 'EIO', syscall: 'rename' });
        nodeFileSystem.rename(from, to);
      },
    };
    expect(messageOf(() => writeWith(crash, root, repo, next))).toMatch(/^Writing failed half-way/);
    writeFileSync(join(root, 'secret'), 'edited');
    expect(messageOf(() => recover(root))).toBe('A write was interrupted, and these files were edited since: secret');
    expect(readFileSync(join(root, 'secret'), 'utf8')).toBe('edited');
  });

  test.each([
    ['a path out of the root', { entries: [{ path: '../victim', before: null, after: null }] }],
    ['a path into .git', { entries: [{ path: '.git/config', before: null, after: null }] }],
    ['an id that is a path', { id: '../../etc/passwd' }],
    ['no entries', { entries: 'none' }],
  ])('trusts no journal: %s', (_, wrong) => {
    const { root } = laid();
    const journal = {
      id: '0123456789abcdef',
      kind: 'write',
      prefix: '',
      process: { pid: 1, started: '' },
      entries: [],
      makes: [],
      drops: [],
      ...wrong,
    };
    mkdirSync(join(root, '.git/dockfix/pending'), { recursive: true });
    writeFileSync(join(root, '.git/dockfix/pending/committing.json'), JSON.stringify(journal));
    expect(messageOf(() => recover(root))).toMatch(/committing\.json is damaged$/);
  });
});

describe('a process that is killed at any moment', () => {
  const FILES = 40;
  const ROUNDS = 12;

  test('leaves a tree that recovery makes all old or all new', async () => {
    const folder = emptyFolder();
    const program = join(folder, 'writer.cjs');
    const disk = JSON.stringify(join(process.cwd(), 'src/repo/disk.ts'));
    const contents = `import { scan, write } from ${disk};
      const [root] = process.argv.slice(2);
      const repo = scan(root);
      const next = repo.with(new Map(repo.paths.map((path) => [path, { text: 'new'.repeat(3000), encoding: 'utf8', mode: 0o755 }])));
      process.stdout.write('ready\\n');
      write(root, repo, next);`;
    await build({
      stdin: { contents, resolveDir: process.cwd(), loader: 'ts' },
      bundle: true,
      platform: 'node',
      format: 'cjs',
      outfile: program,
      logLevel: 'silent',
    });
    const files = Object.fromEntries(Array.from({ length: FILES }, (_, i) => [`d${i % 4}/f${i}`, 'old']));
    const old = picture(lay(emptyFolder(), files));
    const fresh = Object.fromEntries(
      Object.entries(old).map(([path, is]) => [path, is === '644 old' ? `755 ${'new'.repeat(3000)}` : is]),
    );
    let killed = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const root = lay(emptyFolder(), { ...gitFolder(), ...files });
      const child = spawn(process.execPath, [program, root], { stdio: ['ignore', 'pipe', 'inherit'] });
      const exit = once(child, 'exit');
      await once(child.stdout, 'data');
      await new Promise((resolve) => setTimeout(resolve, (round * 160) / ROUNDS));
      child.kill('SIGKILL');
      await exit;
      if (child.signalCode === 'SIGKILL') killed += 1;
      recover(root);
      expect([JSON.stringify(old), JSON.stringify(fresh)]).toContain(JSON.stringify(picture(root)));
      const state = join(root, '.git/dockfix');
      expect(existsSync(state) ? readdirSync(state).filter((name) => name !== 'last') : []).toEqual([]);
    }
    expect(killed).toBeGreaterThan(0);
  });
});
