import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { scan, undo, write } from '../../src/repo/disk.ts';
import { emptyFolder, file, gitFolder, lay, picture, plain } from './tree.ts';

const messageOf = (step: () => unknown): string => {
  try {
    step();
    return 'no error';
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return error.message;
  }
};

function written(): { readonly root: string; readonly old: Readonly<Record<string, string>> } {
  const root = lay(emptyFolder(), {
    ...gitFolder(),
    '.env': { bytes: 'KEY=1', mode: 0o600 },
    'a/b/c': { bytes: 'c\r\n', mode: 0o6755 },
    d: 'd',
  });
  chmodSync(join(root, 'a/b'), 0o2770);
  mkdirSync(join(root, 'empty'));
  const old = picture(root);
  const repo = scan(root);
  const next = repo.with(
    new Map([
      ['.env', plain('KEY=2')],
      ['a/b/c', null],
      ['d', file('D', 0o755, 'utf8')],
      ['empty/x/new', plain('n')],
    ]),
  );
  write(root, repo, next);
  return { root, old };
}

describe('undo', () => {
  test('brings bytes, modes and folders back, once', () => {
    const { root, old } = written();
    expect(undo(root)).toEqual(['.env', 'a/b/c', 'd', 'empty/x/new']);
    expect(picture(root)).toEqual(old);
    expect(messageOf(() => undo(root))).toBe('There is nothing to undo');
  });

  test('has nothing to do where nothing was written', () => {
    expect(messageOf(() => undo(lay(emptyFolder(), gitFolder())))).toBe('There is nothing to undo');
  });

  test('refuses when files have changed since, and names them', () => {
    const { root } = written();
    writeFileSync(join(root, 'd'), 'mine');
    chmodSync(join(root, '.env'), 0o755);
    const now = picture(root);
    expect(messageOf(() => undo(root))).toBe('Changed since dockfix wrote it: .env, d');
    expect(picture(root)).toEqual(now);
  });

  test('refuses when a removed file is there again, or a new one is gone', () => {
    const { root } = written();
    lay(root, { 'a/b/c': 'again' });
    rmSync(join(root, 'empty'), { recursive: true });
    expect(messageOf(() => undo(root))).toBe('Changed since dockfix wrote it: a/b/c, empty/x/new');
  });

  test('takes back only the last write', () => {
    const { root } = written();
    const now = picture(root);
    const repo = scan(root);
    write(root, repo, repo.with(new Map([['d', plain('E')]])));
    expect(undo(root)).toEqual(['d']);
    expect(picture(root)).toEqual(now);
    expect(messageOf(() => undo(root))).toBe('There is nothing to undo');
  });

  test('is for the folder that was written to', () => {
    const root = lay(emptyFolder(), { ...gitFolder(), 'shop/f': 'a' });
    const repo = scan(join(root, 'shop'));
    write(join(root, 'shop'), repo, repo.with(new Map([['f', plain('b')]])));
    expect(messageOf(() => undo(root))).toBe('The last write in this git repository was to another folder');
    expect(undo(join(root, 'shop'))).toEqual(['f']);
    expect(readFileSync(join(root, 'shop/f'), 'utf8')).toBe('a');
  });

  test('keeps its copies where git does not look and only their owner may', () => {
    const { root } = written();
    spawnSync('git', ['init', '-q'], { cwd: root });
    const status = spawnSync('git', ['status', '--porcelain', '-uall'], { cwd: root, encoding: 'utf8' }).stdout;
    expect(status).not.toContain('dockfix');
    expect(statSync(join(root, '.git/dockfix')).mode & 0o777).toBe(0o700);
    expect(statSync(join(root, '.git/dockfix/last/0')).mode & 0o777).toBe(0o600);
  });

  test('works in a linked worktree, apart from the main one', () => {
    const root = lay(emptyFolder(), { f: 'a' });
    const tree = join(emptyFolder(), 'tree');
    const git = (args: readonly string[]): unknown =>
      spawnSync('git', ['-c', 'user.name=x', '-c', 'user.email=x@x', ...args], { cwd: root });
    for (const args of [
      ['init', '-q'],
      ['add', '-A'],
      ['commit', '-qm', 'x'],
      ['worktree', 'add', '-q', tree],
    ])
      git(args);
    const repo = scan(tree);
    write(tree, repo, repo.with(new Map([['f', plain('b')]])));
    expect(messageOf(() => undo(root))).toBe('There is nothing to undo');
    expect(undo(tree)).toEqual(['f']);
  });

  test('does not use a damaged copy', () => {
    const { root } = written();
    writeFileSync(join(root, '.git/dockfix/last/0'), 'KEY=evil');
    const now = picture(root);
    expect(messageOf(() => undo(root))).toMatch(/^The copy of \.env in .* is damaged$/);
    expect(picture(root)).toEqual(now);
  });
});
