import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test, vi } from 'vitest';
import { scan } from '../../src/repo/disk.ts';
import type { Repo } from '../../src/repo/repo.ts';
import type { NewRepository } from '../forge/world.ts';
import { checkedOut, leftIn, newWorkshop, type Served, served, servedFolder, withSnapshot } from './served.ts';

vi.setConfig({ testTimeout: 120_000 });

/** All that a pipeline can see of a snapshot. */
const pictureOf = (repo: Repo) => ({
  files: Object.fromEntries(repo.paths.map((path) => [path, repo.file(path)])),
  ignored: repo.paths.filter((path) => repo.isIgnored(path)),
  links: [...repo.links].sort((a, b) => (a.path < b.path ? -1 : 1)),
  unread: [...repo.unread].sort((a, b) => (a.path < b.path ? -1 : 1)),
});

async function bothPictures(all: Served) {
  const disk = pictureOf(scan(await checkedOut(all)));
  const workshop = await newWorkshop();
  const tree = await withSnapshot(all, workshop, async ({ repo }) => pictureOf(repo));
  expect(await leftIn(workshop.folder)).toEqual([]);
  return { disk, tree };
}

const repos = resolve('fixtures', 'repos');

test.each(readdirSync(repos))('the snapshot of %s is the scan of its checkout', async (name) => {
  const { disk, tree } = await bothPictures(await servedFolder(join(repos, name, 'before')));
  expect(Object.keys(tree.files).length).toBeGreaterThan(0);
  expect(tree).toEqual(disk);
});

const UNUSUAL: NonNullable<NewRepository['files']> = {
  Dockerfile: 'FROM alpine\r\n',
  'run.sh': { content: '#!/bin/sh\n', mode: '100755' },
  'latin1.txt': new Uint8Array([0xe9, 10]),
  'bom.yml': '\ufeffservices: {}\n',
  'binary.bin': new Uint8Array([1, 0, 2]),
  'empty.txt': '',
  'no-newline.txt': 'a',
  'with space/and ünïcode.txt': 'x\n',
  'link.txt': { content: 'run.sh', mode: '120000' },
  outside: { content: '../../etc/passwd', mode: '120000' },
  absolute: { content: '/etc', mode: '120000' },
  'node_modules/x/index.js': 'ignored\n',
  'venv/pyvenv.cfg': 'home = /usr\n',
  'venv/lib/x.py': 'ignored\n',
  '.gitignore': '\ufeff# comment\n/build/\n*.log\n!keep.log\n.env\n',
  'build/Dockerfile': 'FROM tracked-but-ignored\n',
  'a.log': 'x\n',
  'keep.log': 'x\n',
  '.env': 'TRACKED=1\n',
  'sub/.gitignore': '*.txt\n!b.txt\n',
  'sub/a.txt': 'a\n',
  'sub/b.txt': 'b\n',
  'sub/.env.local': 'A=1\n',
  'large.txt': 'x'.repeat(10_000_001),
  'nearly-large.txt': 'y'.repeat(10_000_000),
};

test('modes, encodings, links, ignore rules and sizes are those of a checkout', async () => {
  const { disk, tree } = await bothPictures(await served({ files: UNUSUAL }));
  expect(tree).toEqual(disk);
  expect(tree.files['large.txt']).toEqual({ path: 'large.txt', reason: 'it is larger than 10 MB' });
  expect(tree.ignored).toEqual(['.env']);
  expect(tree.links.map(({ path }) => path)).toEqual(['absolute', 'link.txt', 'outside']);
});

test('new files that the ignore rules cover are kept out', async () => {
  const all = await served({ files: UNUSUAL });
  const kept = await withSnapshot(all, await newWorkshop(), async ({ keepsOut }) =>
    ['.env', 'sub/.env', 'build/new', 'build/deep/new', 'b.log', 'keep.log', 'sub/c.txt', 'sub/b.txt', 'c.txt'].filter(
      keepsOut,
    ),
  );
  expect(kept).toEqual(['.env', 'sub/.env', 'build/new', 'build/deep/new', 'b.log', 'sub/c.txt']);
});

test.each([
  ['* text=auto eol=crlf\n*.bin -text\n', 'auto and crlf'],
  ['* text=auto\n', 'auto'],
  ['*.sh text eol=crlf\nsub/* eol=crlf\n', 'crlf for some'],
  ['* text\n', 'text'],
  ['* -text\n*.txt eol=crlf\n', 'none'],
])('line ends are those of a checkout: %j', async (attributes) => {
  const { disk, tree } = await bothPictures(
    await served({
      files: {
        '.gitattributes': attributes,
        'sub/.gitattributes': '*.md text eol=crlf\n',
        'sub/a.md': 'a\nb\n',
        'lf.sh': 'a\nb\n',
        'mixed.sh': 'a\r\nb\n',
        'crlf.txt': 'a\r\nb\r\n',
        'lone-cr.txt': 'a\rb\nc\n',
        'last.txt': 'a\nb',
        'control.txt': `a\n${'\u0001'.repeat(4)}`,
        'data.bin': 'a\nb\n',
      },
    }),
  );
  expect(tree).toEqual(disk);
});
