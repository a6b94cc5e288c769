import { spawnSync } from 'node:child_process';
import { chmodSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { gitPrefix, scan } from '../../src/repo/disk.ts';
import { emptyFolder, gitFolder, lay } from './tree.ts';

const paths = (folder: string): readonly string[] => scan(folder).paths;

describe('scan lists', () => {
  test('files in code-unit order, and nothing of git, packages, virtualenvs or caches', () => {
    const folder = lay(emptyFolder(), {
      ...gitFolder(),
      'b.py': '',
      'a/B': '',
      'a/a': '',
      é: '',
      'my app/x y': '',
      'node_modules/x/index.js': '',
      'web/node_modules/y': '',
      '__pycache__/z.pyc': '',
      'env/pyvenv.cfg': '',
      'env/bin/python': '',
      '.github/workflows/ci.yml': '',
    });
    expect(paths(folder)).toEqual(['.github/workflows/ci.yml', 'a/B', 'a/a', 'b.py', 'my app/x y', 'é']);
  });

  test('no repository below it', () => {
    const folder = lay(emptyFolder(), {
      ...gitFolder(),
      'own/f': '',
      'sub/.git': 'gitdir: ../.git/modules/sub\n',
      'sub/f': '',
      'nested/.git/HEAD': '',
      'nested/f': '',
    });
    expect(paths(folder)).toEqual(['own/f']);
  });

  test('symbolic links with their target, and follows none', () => {
    const folder = lay(emptyFolder(), { 'app/f': 'x', link: '-> app', broken: '-> nowhere', out: '-> /etc/passwd' });
    symlinkSync('..', join(folder, 'app/loop'));
    const repo = scan(folder);
    expect(repo.paths).toEqual(['app/f']);
    expect(repo.linkAt('link/f')).toEqual({ path: 'link', target: 'app' });
    expect(repo.linkAt('out')?.target).toBe('/etc/passwd');
    expect(repo.linkAt('app/loop')?.target).toBe('..');
  });

  test('ignored env files, and says so; other ignored files not', () => {
    const folder = lay(emptyFolder(), {
      '.gitignore': '*.env\n.env*\n!.env.example\n*.log\n/dist/\n',
      '.env': '',
      '.env.prod': '',
      'db/web.env': '',
      '.env.example': '',
      'x.log': '',
      'dist/.env': '',
      'a/dist/f': '',
      '.envrc': '',
    });
    const repo = scan(folder);
    expect(repo.paths).toEqual(['.env', '.env.example', '.env.prod', '.gitignore', 'a/dist/f', 'db/web.env']);
    expect(repo.paths.filter((path) => repo.isIgnored(path))).toEqual(['.env', '.env.prod', 'db/web.env']);
  });

  test('no fifo and no socket', async () => {
    const folder = lay(emptyFolder(), { f: '' });
    spawnSync('mkfifo', [join(folder, 'pipe')]);
    const server = createServer().listen(join(folder, 'socket'));
    await new Promise((resolve) => server.once('listening', resolve));
    expect(paths(folder)).toEqual(['f']);
    server.close();
  });

  test('no folder that is nested for the sake of it, and is not held up by rules that are', () => {
    const folder = lay(emptyFolder(), { [`${'a/'.repeat(70)}f`]: '', '.gitignore': `${'**/a/'.repeat(25)}b\n` });
    const repo = scan(folder);
    expect(repo.paths).toEqual(['.gitignore']);
    expect(repo.unread).toMatchObject([{ reason: 'it lies more than 64 folders deep' }]);
  });

  test('a name that is not UTF-8 as unread', () => {
    const folder = lay(emptyFolder(), { f: '' });
    writeFileSync(Buffer.concat([Buffer.from(`${folder}/caf`), Buffer.from([0xe9])]), '');
    expect(scan(folder).unread).toEqual([{ path: 'caf\ufffd', reason: 'its name is not UTF-8' }]);
  });
});

describe('scan and git agree on what is ignored', () => {
  const files = [
    'a.log',
    'keep.log',
    'sub/a.log',
    'sub/keep.log',
    'sub/deep/a.tmp',
    'sub/deep/b.tmp',
    'build/x',
    'sub/build/x',
    'Build/x',
    'doc/a.txt',
    'doc/b/c.txt',
    'doc/b/d.md',
    'trailing ',
    'has space',
    '#hash',
    '!bang',
    'x/y/z/w',
    '[a]',
    'excluded/f',
    'crlf.out',
    'un/ignored/f',
    'un/kept/f',
    'back\\slash',
    'é.cache',
  ];
  const rules = {
    '.gitignore':
      '\ufeff*.log\n!keep.log\nbuild/\n/doc/**/*.txt\n\\#hash\n\\!bang\ntrailing\\ \nx/**/w\n\\[a\\]\nun/*\n!un/kept/\n*.cache\nback\\\\slash\n',
    'sub/.gitignore': '!a.log\nkeep.log\n*.tmp\r\n!/deep/b.tmp\r\n',
    'sub/deep/.gitignore': '# nothing\n\n',
  };

  function gitRepo(): string {
    const folder = lay(emptyFolder(), { ...Object.fromEntries(files.map((path) => [path, ''])), ...rules });
    spawnSync('git', ['init', '-q'], { cwd: folder });
    writeFileSync(join(folder, '.git/info/exclude'), 'excluded\n*.out\n');
    return folder;
  }

  const gitPaths = (folder: string): readonly string[] =>
    spawnSync('git', ['ls-files', '-zco', '--exclude-standard'], { cwd: folder, encoding: 'utf8' })
      .stdout.split('\0')
      .filter(Boolean)
      .sort();

  test('from the top', () => {
    const folder = gitRepo();
    expect(paths(folder)).toEqual(gitPaths(folder));
  });

  test.each(['sub', 'sub/deep', 'un/kept', 'x'])('from %s', (below) => {
    const folder = join(gitRepo(), below);
    expect(paths(folder)).toEqual(gitPaths(folder));
    expect(gitPrefix(folder)).toBe(below);
  });

  test('in a linked worktree', () => {
    const folder = gitRepo();
    const tree = join(emptyFolder(), 'tree');
    const git = (args: readonly string[]): unknown =>
      spawnSync('git', ['-c', 'user.name=x', '-c', 'user.email=x@x', ...args], { cwd: folder });
    git(['add', '-A']);
    git(['commit', '-qm', 'x']);
    git(['worktree', 'add', '-q', tree]);
    lay(tree, { 'excluded/f': '', 'new.out': '' });
    expect(paths(tree)).toEqual(gitPaths(tree));
    expect(gitPrefix(tree)).toBe('');
  });

  test('except that an ignored folder named as the root is read', () => {
    expect(paths(join(gitRepo(), 'build'))).toEqual(['x']);
  });
});

describe('a file is read', () => {
  test('as UTF-8 with its byte order mark and line endings, else byte for byte', () => {
    const folder = lay(emptyFolder(), {
      bom: '\ufeffa\r\nb',
      run: { bytes: '#!/bin/sh\n', mode: 0o755 },
      group: { bytes: 'x', mode: 0o674 },
      latin1: new Uint8Array([0x63, 0x61, 0x66, 0xe9, 0x80, 10]),
    });
    const repo = scan(folder);
    expect(repo.file('bom')).toEqual({ text: '\ufeffa\r\nb', encoding: 'utf8', mode: 0o644 });
    expect(repo.file('run')).toMatchObject({ mode: 0o755 });
    expect(repo.file('group')).toMatchObject({ mode: 0o644 });
    expect(repo.file('latin1')).toEqual({ text: 'caf\xe9\x80\n', encoding: 'latin1', mode: 0o644 });
  });

  test('not when it is binary, large, gone or turned into a link; a NUL after the first 8 KB is text', () => {
    const folder = lay(emptyFolder(), { binary: 'a\0b', late: `${'a'.repeat(9000)}\0`, large: '', gone: '', link: '' });
    truncateSync(join(folder, 'large'), 10_000_001);
    const repo = scan(folder);
    spawnSync('rm', ['gone', 'link'], { cwd: folder });
    symlinkSync('/etc/passwd', join(folder, 'link'));
    expect(repo.file('binary')).toEqual({ path: 'binary', reason: 'it is binary' });
    expect(repo.read('late')).toHaveLength(9001);
    expect(repo.file('large')).toEqual({ path: 'large', reason: 'it is larger than 10 MB' });
    expect(repo.file('gone')).toEqual({ path: 'gone', reason: 'it cannot be read (ENOENT)' });
    expect(repo.file('link')).toEqual({ path: 'link', reason: 'it cannot be read (ELOOP)' });
  });

  test('not without permission', () => {
    const folder = lay(emptyFolder(), {
      secret: { bytes: 'x', mode: 0 },
      'shut/f': '',
      'shut2/f': '',
      'zoo/f': '',
      'zoo/.gitignore': { bytes: 'f', mode: 0 },
    });
    chmodSync(folder, 0o755);
    chmodSync(join(folder, 'shut'), 0);
    const repo = asNobody(() => {
      const scanned = scan(folder);
      scanned.file('secret');
      return scanned;
    });
    chmodSync(join(folder, 'shut'), 0o755);
    expect(repo.file('secret')).toEqual({ path: 'secret', reason: 'it cannot be read (EACCES)' });
    expect(repo.unread).toEqual([{ path: 'shut', reason: 'it cannot be read (EACCES)' }]);
  });
});

describe('a root', () => {
  test('that does not exist or is a file is the mistake of the user', () => {
    const folder = lay(emptyFolder(), { f: '' });
    expect(() => scan(join(folder, 'nowhere'))).toThrow(`${folder}/nowhere does not exist`);
    expect(() => scan(join(folder, 'f'))).toThrow(`${folder}/f is not a folder`);
    expect(() => scan(join(folder, 'f/g'))).toThrow(UserError);
  });

  test('may be reached through a symbolic link', () => {
    const folder = lay(emptyFolder(), { 'real/f': 'x', link: '-> real' });
    expect(scan(join(folder, 'link')).read('f')).toBe('x');
  });

  test('with thousands of files is listed in a moment, and no file is opened', () => {
    const many = Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`d${i % 30}/f${i}`, '']));
    const folder = lay(emptyFolder(), { ...many, '.gitignore': '*.log\nbuild/\n' });
    const start = process.cpuUsage();
    expect(paths(folder)).toHaveLength(3001);
    const { user, system } = process.cpuUsage(start);
    expect((user + system) / 1000).toBeLessThan(1000);
  });
});

/** Does something without root's permission to read everything. */
function asNobody<T>(step: () => T): T {
  if (process.getuid?.() !== 0) return step();
  process.seteuid?.(65534);
  try {
    return step();
  } finally {
    process.seteuid?.(0);
  }
}
