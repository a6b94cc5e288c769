import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { scan } from '../../src/repo/disk.ts';
import { Repo } from '../../src/repo/repo.ts';
import { sourceOf } from '../../src/verify/config.ts';
import { applyTo, copyFolder, copyRepository, mountFor, pathFor } from '../../src/verify/workspace.ts';

let base = '';
const root = (): string => join(base, 'home', 'shop');
const workspace = () => ({ folder: join(base, 'run'), root: root() });

function put(path: string, text: string): void {
  mkdirSync(dirname(join(root(), path)), { recursive: true });
  writeFileSync(join(root(), path), text);
}

beforeEach(() => {
  base = realpathSync(mkdtempSync(join(tmpdir(), 'dockfix-workspace-')));
  for (const path of ['compose.yml', '.env', '.git/HEAD', 'web/node_modules/x.js', 'web/app.js', 'env/pyvenv.cfg'])
    put(path, `${path}\n`);
  writeFileSync(join(root(), '.gitignore'), '.env\n');
});
afterEach(() => rmSync(base, { recursive: true }));

test('a copy has what the user has on disk, .env and links and modes, and not what tools made', () => {
  put('run.sh', '#!/bin/sh\n');
  rmSync(join(root(), 'run.sh'));
  writeFileSync(join(root(), 'run.sh'), '#!/bin/sh\n', { mode: 0o755 });
  symlinkSync('web/app.js', join(root(), 'link.js'));
  expect(copyRepository(workspace(), 'before')).toEqual([]);
  const copy = copyFolder(workspace(), 'before');
  const there = (path: string): boolean => existsSync(join(copy, path));
  expect(['.env', 'compose.yml', 'web/app.js'].map(there)).toEqual([true, true, true]);
  expect(['.git', 'web/node_modules', 'env'].map(there)).toEqual([false, false, false]);
  expect(readlinkSync(join(copy, 'link.js'))).toBe('web/app.js');
  expect(statSync(join(copy, 'run.sh')).mode & 0o111).toBe(0o111);
});

test('the repair is written into a copy alone', () => {
  const before = scan(root());
  const file = { text: 'new\n', encoding: 'utf8', mode: 0o755 } as const;
  const after = before.with(
    new Map([
      ['docker/start.sh', file],
      ['web/app.js', null],
    ]),
  );
  copyRepository(workspace(), 'after');
  const copy = copyFolder(workspace(), 'after');
  applyTo(copy, before, after);
  expect(readFileSync(join(copy, 'docker/start.sh'), 'utf8')).toBe('new\n');
  expect(statSync(join(copy, 'docker/start.sh')).mode & 0o777).toBe(0o755);
  expect([existsSync(join(copy, 'web/app.js')), existsSync(join(root(), 'web/app.js'))]).toEqual([false, true]);
});

test('paths lead into the copy when the repository holds them, however they were written', () => {
  const copy = copyFolder(workspace(), 'after');
  const to = (path: string): string => pathFor(workspace(), 'after', path);
  expect(to(join(copy, 'web'))).toBe(join(copy, 'web'));
  // An absolute path of the user's own tree.
  expect(to(join(root(), 'data'))).toBe(join(copy, 'data'));
  // `../other`, which Compose worked out in the copy.
  expect(to(join(dirname(copy), 'other'))).toBe(join(dirname(root()), 'other'));
});

test('mounts from outside are read-only; sockets and missing folders are empty stand-ins', async () => {
  const outside = join(base, 'home', 'other');
  mkdirSync(outside);
  expect(mountFor(workspace(), 'after', outside)).toMatchObject({ path: outside, readOnly: true });
  const inside = join(copyFolder(workspace(), 'after'), 'data');
  expect(mountFor(workspace(), 'after', inside)).toEqual({ path: inside, readOnly: false });
  const socket = join(base, 'docker.sock');
  const server = createServer();
  await new Promise<void>((done) => server.listen(socket, done));
  for (const path of [socket, join(base, 'nowhere')]) {
    const stand = mountFor(workspace(), 'after', path);
    expect(stand.path).toBe(join(workspace().folder, 'outside', 'after', path));
    expect(stand.note).toContain('an empty folder is mounted');
  }
  await new Promise((done) => server.close(done));
});

test('the stack is the one at the top, else the only one there is', () => {
  const service = 'services:\n  web:\n    image: nginx\n';
  expect(sourceOf(Repo.of({ 'compose.yml': service, 'a/compose.yml': service }))).toEqual({
    kind: 'compose',
    folder: '',
  });
  expect(sourceOf(Repo.of({ 'a/docker-compose.yml': service }))).toEqual({ kind: 'compose', folder: 'a' });
  expect(sourceOf(Repo.of({ 'docker-compose.prod.yml': service }))).toEqual({
    kind: 'compose',
    folder: '',
    file: 'docker-compose.prod.yml',
  });
  expect(sourceOf(Repo.of({ Dockerfile: 'FROM nginx\n' }))).toEqual({ kind: 'dockerfile' });
  expect(() => sourceOf(Repo.of({ 'a/compose.yml': service, 'b/compose.yml': service }))).toThrow(UserError);
  expect(() => sourceOf(Repo.of({ 'a/Dockerfile': 'FROM nginx\n' }))).toThrow(UserError);
});
