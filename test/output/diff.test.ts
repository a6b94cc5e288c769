import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { FileMode } from '../../src/finding.ts';
import { diff, diffBytes } from '../../src/output/diff.ts';
import { encode } from '../../src/repo/encoding.ts';
import { type Encoding, Repo, type RepoFile } from '../../src/repo/repo.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

type Files = Readonly<Record<string, string | RepoFile>>;

const file = (text: string, mode: FileMode, encoding: Encoding): RepoFile => ({ text, mode, encoding });
const asFile = (content: string | RepoFile): RepoFile =>
  typeof content === 'string' ? file(content, 0o644, 'utf8') : content;
const repoOf = (files: Files): Repo =>
  Repo.of({}).with(new Map(Object.entries(files).map(([path, content]) => [path, asFile(content)])));

function gitRepoOf(files: Files): string {
  const folder = mkdtempSync(join(tmpdir(), 'dockfix-diff-'));
  folders.push(folder);
  spawnSync('git', ['init', '-q'], { cwd: folder });
  for (const [path, content] of Object.entries(files)) {
    const { text, encoding, mode } = asFile(content);
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), encode(text, encoding));
    chmodSync(join(folder, path), mode);
  }
  return folder;
}

const git = (cwd: string, args: readonly string[], input: Uint8Array | string): string => {
  const { status, stdout, stderr } = spawnSync('git', ['-c', 'core.autocrlf=false', ...args], {
    cwd,
    input,
    encoding: 'utf8',
  });
  return status === 0 ? stdout : `status ${status}: ${stderr}`;
};

const lines = (count: number): string => Array.from({ length: count }, (_, i) => `line ${i}\n`).join('');
const latin1 = (text: string): RepoFile => file(text, 0o644, 'latin1');

const shapes: readonly [name: string, before: Files, after: Files][] = [
  ['two hunks', { f: lines(40) }, { f: lines(40).replace('line 10', 'X').replace('line 25', 'Y') }],
  ['a new file', { z: '1' }, { z: '1', 'a/new.sh': file('#!/bin/sh\n', 0o755, 'utf8') }],
  ['a new empty file', { z: '1' }, { z: '1', 'e/__init__.py': '' }],
  ['a new file without a final newline', { z: '1' }, { z: '1', n: 'abc' }],
  ['a removed file', { f: lines(3), g: '' }, { g: '' }],
  ['a removed empty file', { f: '', g: '1' }, { g: '1' }],
  ['no final newline on either side', { f: 'a\nb' }, { f: 'a\nc' }],
  ['a final newline added', { f: 'a\nb' }, { f: 'a\nb\n' }],
  ['a final newline taken away', { f: 'a\nb\n' }, { f: 'a\nb' }],
  ['CRLF kept', { f: 'a\r\nb\r\nc\r\n' }, { f: 'a\r\nX\r\nc\r\n' }],
  ['CRLF to LF', { f: 'a\r\nb\r\n' }, { f: 'a\nb\n' }],
  ['a lone CR in a line', { f: 'a\rq\nb\n' }, { f: 'a\rq\nX\n' }],
  ['U+2028 and a form feed', { f: 'a\u2028q\f\nb\n' }, { f: 'a\u2028q\f\nX\n' }],
  ['a byte order mark', { f: '\ufeffa\nb\n' }, { f: '\ufeffa\nX\n' }],
  ['empty to content', { f: '' }, { f: 'x\n' }],
  ['content to empty', { f: 'x\n' }, { f: '' }],
  ['spaces in paths', { 'my dir/a b.py': 'a\n' }, { 'my dir/a b.py': 'X\n', 'my dir/c d.py': '', 'my dir/ e': 'e\n' }],
  ['a path outside ASCII', { 'café/é😀.py': 'a\n' }, { 'café/é😀.py': 'X\n' }],
  ['quote, tab, newline and backslash in a path', { 'a"b\tc\\d\ne': 'a\n' }, { 'a"b\tc\\d\ne': 'X\n' }],
  ['a rename', { f: lines(5) }, { g: lines(5) }],
  ['a rename with another mode', { f: lines(5) }, { 'my g': file(lines(5), 0o755, 'utf8') }],
  ['a rename with an edit', { f: lines(5) }, { g: lines(5).replace('line 2', 'X') }],
  ['a mode alone', { f: lines(5) }, { f: file(lines(5), 0o755, 'utf8') }],
  ['a mode taken away, with an edit', { f: file(lines(5), 0o755, 'utf8') }, { f: lines(5).replace('line 2', 'X') }],
  [
    'latin1 next to UTF-8',
    { f: latin1('caf\xe9\ny\n'), g: 'café\ny\n' },
    { f: latin1('caf\xe9\nz\xff\n'), g: 'café\nzÿ\n' },
  ],
  ['latin1 to UTF-8, the same text', { f: latin1('caf\xe9\n') }, { f: 'café\n' }],
  ['two files, the first without a final newline', { f: 'a', g: lines(5) }, { f: 'b', g: `Y\n${lines(5)}` }],
  [
    'more changed lines than are worth a search',
    { f: `x\n${lines(3000)}y` },
    { f: `x\n${lines(3000).replaceAll('line', 'row')}y` },
  ],
];

describe('a patch', () => {
  test.each(shapes)('applies and goes back: %s', (_, before, after) => {
    const folder = gitRepoOf(before);
    const patch = diffBytes(repoOf(before), repoOf(after));
    expect(git(folder, ['apply', '--check', '-'], patch)).toBe('');
    expect(git(folder, ['apply', '-'], patch)).toBe('');
    for (const [path, content] of Object.entries(after)) {
      const { text, encoding, mode } = asFile(content);
      expect(new Uint8Array(readFileSync(join(folder, path)))).toEqual(encode(text, encoding));
      expect(statSync(join(folder, path)).mode & 0o100).toBe(mode & 0o100);
    }
    for (const path of Object.keys(before)) expect(existsSync(join(folder, path))).toBe(path in after);
    expect(git(folder, ['apply', '--check', '-R', '-'], patch)).toBe('');
  });

  test('reads as git would write it', () => {
    const before = { 'a b': 'x\n', old: 'old\n', run: 'r\n', gone: 'g\n' };
    const after = { 'a b': 'y\n', new: 'old\n', run: file('r\n', 0o755, 'utf8'), é: '' };
    const expected = gitRepoOf(before);
    git(expected, ['add', '-A'], '');
    git(expected, ['-c', 'user.name=x', '-c', 'user.email=x@x', 'commit', '-qm', 'before'], '');
    const patch = diff(repoOf(before), repoOf(after));
    git(expected, ['apply', '--index', '-'], patch);
    const fromGit = git(expected, ['diff', '--cached', '-M', 'HEAD'], '').replace(/^index .*\n/gm, '');
    expect(patch).toBe(fromGit);
  });

  test('is the same in text and bytes when every file is UTF-8', () => {
    const [before, after] = [repoOf({ f: 'é\n' }), repoOf({ f: '€\n' })];
    expect(encode(diff(before, after), 'utf8')).toEqual(diffBytes(before, after));
  });

  test('is empty when nothing differs', () => {
    expect(diff(repoOf({ f: 'a' }), repoOf({ f: 'a' }))).toBe('');
    expect(diffBytes(repoOf({}), repoOf({}))).toHaveLength(0);
  });

  test('reads no file that nothing changed', () => {
    const load = (path: string): RepoFile => {
      if (path === 'big') throw new Error('read');
      return file('a\n', 0o644, 'utf8');
    };
    const before = new Repo({ paths: ['big', 'f'], ignored: new Set(), links: new Map(), load }, new Map());
    expect(diff(before, before.with(new Map([['f', file('b\n', 0o644, 'utf8')]])))).toContain('-a\n+b\n');
  });

  test('applies inside a subfolder of a git repository only when its paths start at the top', () => {
    const top = gitRepoOf({ 'shop/f': 'a\n' });
    const [before, after] = [repoOf({ f: 'a\n' }), repoOf({ f: 'b\n' })];
    git(join(top, 'shop'), ['apply', '-'], diff(before, after));
    expect(readFileSync(join(top, 'shop/f'), 'utf8')).toBe('a\n');
    git(join(top, 'shop'), ['apply', '-'], diff(before, after, 'shop'));
    expect(readFileSync(join(top, 'shop/f'), 'utf8')).toBe('b\n');
  });

  test.each([
    ['line endings', (text: string) => text.replaceAll('\n', '\r\n')],
    ['every second line', (text: string) => text.replaceAll(/(1|3|5|7|9)\n/g, '$1x\n')],
  ])('of 20,000 lines takes under a second: %s', (_, change) => {
    const text = lines(20_000);
    const start = process.cpuUsage();
    diffBytes(repoOf({ f: text }), repoOf({ f: change(text) }));
    const { user, system } = process.cpuUsage(start);
    expect((user + system) / 1000).toBeLessThan(1000);
  });
});
