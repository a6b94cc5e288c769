import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { treeOf } from '../harness.ts';
import { dockfix, folderWith } from './program.ts';

const base = mkdtempSync(join(tmpdir(), 'dockfix-programs-'));
afterAll(() => rmSync(base, { recursive: true }));

/** A PATH that holds just these shell scripts (and what they need), in the place of a real engine. */
function programs(name: string, scripts: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const folder = join(base, name);
  mkdirSync(folder);
  for (const [program, text] of Object.entries(scripts)) {
    writeFileSync(join(folder, program), `#!/bin/sh\n${text}\n`);
    chmodSync(join(folder, program), 0o755);
  }
  symlinkSync('/bin/sh', join(folder, 'sh'));
  return { PATH: folder, XDG_STATE_HOME: join(folder, 'state') };
}

const STACK = { 'compose.yml': 'services:\n  web:\n    image: nginx:alpine\n' };
const ANSWERS = 'case "$1 $2" in "compose version") echo 2.30.0;; "info --format") echo 27.0;; *) exit 9;; esac';

describe('without an engine, verify says what to do', () => {
  test.each([
    ['no Docker', {}, 'error: Docker is not installed\n', 'https://docs.docker.com/get-docker/'],
    ['Compose v1 alone', { 'docker-compose': 'echo 1.29.2' }, 'error: Only Compose v1', 'Compose plugin'],
    ['no plugin', { docker: 'exit 1' }, 'error: This Docker has no "docker compose"\n', 'compose/install'],
    [
      'a dead daemon',
      { docker: '[ "$1" = compose ] && echo 2.30.0 || { echo "Cannot connect to the Docker daemon" >&2; exit 1; }' },
      'error: The Docker engine does not answer: Cannot connect to the Docker daemon\n',
      'Start it',
    ],
    [
      'no permission',
      { docker: '[ "$1" = compose ] && echo 2.30.0 || { echo "permission denied while connecting" >&2; exit 1; }' },
      'error: Docker may not be used by this user\n',
      'linux-postinstall',
    ],
  ])('%s', (name, scripts, message, hint) => {
    const { status, stdout, stderr } = dockfix(
      ['verify', '--yes'],
      folderWith(STACK),
      programs(name.replaceAll(' ', '-'), scripts),
    );
    expect([status, stdout.toString()]).toEqual([2, '']);
    expect(stderr).toContain(message);
    expect(stderr).toContain(hint);
  });
});

describe('verify', () => {
  test('says that it runs the code of the repository, and does not without being told to', () => {
    const folder = folderWith(STACK);
    const before = treeOf(folder);
    const { status, stderr } = dockfix(['verify'], folder, programs('unasked', { docker: ANSWERS }));
    expect(status).toBe(2);
    expect(stderr).toContain('It runs the code of the repository');
    expect(stderr).toContain('hint: Say so with --yes.');
    expect(treeOf(folder)).toEqual(before);
  });

  test.each([
    [['verify', '--timeout', 'soon'], 'number of seconds'],
    [['verify', '--format', 'xml'], 'table, json, markdown'],
    [['verify', '--only', 'none-such'], 'There is no transform'],
    [['apply', '--verify'], '--verify needs --write'],
  ])('%s is refused', (argv, words) => {
    const { status, stderr } = dockfix(argv, folderWith(STACK), {});
    expect(status).toBe(2);
    expect(stderr).toContain(words);
  });

  test('--clean has nothing to do where nothing was killed', () => {
    const { status, stdout } = dockfix(['verify', '--clean'], folderWith({}), programs('clean', { docker: ANSWERS }));
    expect([status, stdout.toString()]).toEqual([0, 'Nothing was left behind.\n']);
  });
});
