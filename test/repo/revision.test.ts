import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { revisionOf } from '../../src/repo/disk.ts';

const folder = mkdtempSync(join(tmpdir(), 'dockfix-revision-'));
const env = {
  ...process.env,
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'a',
  GIT_AUTHOR_EMAIL: 'a@example.org',
  GIT_COMMITTER_NAME: 'a',
  GIT_COMMITTER_EMAIL: 'a@example.org',
};
const git = (...argv: readonly string[]): string =>
  execFileSync('git', argv, { cwd: folder, env, stdio: ['ignore', 'pipe', 'ignore'] }).toString();
const put = (path: string, text: string | Buffer): void => writeFileSync(join(folder, path), text);
const commit = (): void => {
  git('add', '-A');
  git('commit', '-qm', 'x');
};

afterAll(() => rmSync(folder, { recursive: true }));

git('init', '-q', '-b', 'main');
mkdirSync(join(folder, 'sub dir'));
put('Dockerfile', 'one\n');
put('sub dir/é:x', Buffer.from([0x61, 0xe9, 0x0a]));
put('-dash', 'dash\r\n');
commit();
git('branch', 'feature');
put('Dockerfile', 'two\n');
commit();
git('checkout', '-q', 'feature');
put('own', 'own\n');
commit();

describe('a revision', () => {
  test('is what the working tree left the ref at', () => {
    const revision = revisionOf(folder, 'main');
    expect([...revision.paths].sort()).toEqual(['-dash', 'Dockerfile', 'sub dir/é:x']);
    expect(revision.read('Dockerfile')).toBe('one\n');
    expect(revision.read('-dash')).toBe('dash\r\n');
    expect(revision.read('sub dir/é:x')).toBe('a\u00e9\n');
  });

  test('of a folder names its own files only', () => {
    expect([...revisionOf(join(folder, 'sub dir'), 'main').paths]).toEqual(['é:x']);
  });

  test('runs nothing that the repository configures', () => {
    put('run.sh', `#!/bin/sh\ntouch '${join(folder, 'ran')}'\n`);
    execFileSync('chmod', ['+x', join(folder, 'run.sh')]);
    put('.gitattributes', '* filter=x diff=x\n');
    for (const key of [
      'core.fsmonitor',
      'filter.x.clean',
      'filter.x.smudge',
      'diff.x.textconv',
      'core.pager',
      'diff.external',
    ])
      git('config', key, join(folder, 'run.sh'));
    expect(revisionOf(folder, 'main').read('Dockerfile')).toBe('one\n');
    expect(() => execFileSync('test', ['-e', join(folder, 'ran')])).toThrow();
  });

  test.each(['nowhere', '', '--output=x', 'main:Dockerfile', 'a\0b', '-x'])('of %j is refused', (ref) => {
    expect(() => revisionOf(folder, ref)).toThrow(/There is no commit/);
  });

  test('needs a git repository', () => {
    expect(() => revisionOf(tmpdir(), 'main')).toThrow(/is in no git repository/);
  });
});
