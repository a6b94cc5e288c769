import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { treeOf } from '../harness.ts';
import { dockfix, folderWith, git, gitRepository } from './program.ts';

const BROKEN = 'fixtures/repos/analylit-repair-plan/before';
const NO_ENV = {};

describe('apply --dry-run', () => {
  test('is the default, writes nothing, and its diff applied by git is what --write writes', () => {
    const [one, two] = [gitRepository(BROKEN), gitRepository(BROKEN)];
    const start = treeOf(one);
    const preview = dockfix(['apply'], one, NO_ENV);
    expect(preview.status).toBe(0);
    expect(preview.stdout.length).toBeGreaterThan(0);
    expect(treeOf(one)).toEqual(start);
    expect(git(one, ['status', '--porcelain'], '')).toBe('');

    git(one, ['apply', '--check', '--index', '-'], preview.stdout);
    git(one, ['apply', '--index', '-'], preview.stdout);
    expect(dockfix(['apply', '--write', two], one, NO_ENV).status).toBe(0);
    expect(treeOf(two)).toEqual(treeOf(one));
    expect(treeOf(two)).not.toEqual(start);
  });

  test('in a subfolder of a git repository gives a diff that applies from there and from the top', () => {
    const root = gitRepository('fixtures/repos');
    const folder = join(root, 'analylit-repair-plan', 'before');
    const { stdout } = dockfix(['apply', '--dry-run'], folder, NO_ENV);
    expect(stdout.length).toBeGreaterThan(0);
    git(folder, ['apply', '-'], stdout);
    expect(git(root, ['status', '--porcelain'], '')).not.toBe('');
    git(root, ['apply', '-R', '-'], stdout);
    expect(git(root, ['status', '--porcelain'], '')).toBe('');
  });

  test('tells a person on stderr what is broken, where, and what to do next', () => {
    const { stderr } = dockfix(['apply'], gitRepository(BROKEN), NO_ENV);
    expect(stderr).toMatch(/docker-compose\.yml:\d+ /);
    expect(stderr).toContain('because');
    expect(stderr).toMatch(/\[(safe|review)\]/);
    expect(stderr).toContain('dockfix apply --write');
  });

  test('finds nothing in a repository that is fine', () => {
    const folder = folderWith({ Dockerfile: 'FROM nginx:1.27\n' });
    const { status, stdout, stderr } = dockfix(['apply', '--exit-code'], folder, NO_ENV);
    expect([status, stdout.toString()]).toEqual([0, '']);
    expect(stderr).toContain('Nothing to change.');
  });
});

describe('apply --write', () => {
  test('a second time changes nothing', () => {
    const folder = gitRepository(BROKEN);
    expect(dockfix(['apply', '--write'], folder, NO_ENV).status).toBe(0);
    const once = treeOf(folder);
    const again = dockfix(['apply', '--write', '--exit-code'], folder, NO_ENV);
    expect([again.status, again.stdout.toString()]).toEqual([0, '']);
    expect(treeOf(folder)).toEqual(once);
  });

  test('is taken back by undo, once', () => {
    const folder = gitRepository(BROKEN);
    const start = treeOf(folder);
    dockfix(['apply', '--write'], folder, NO_ENV);
    expect(dockfix(['undo'], folder, NO_ENV).status).toBe(0);
    expect(treeOf(folder)).toEqual(start);
    expect(git(folder, ['status', '--porcelain'], '')).toBe('');
    const again = dockfix(['undo'], folder, NO_ENV);
    expect(again.status).toBe(2);
    expect(again.stderr).toMatch(/^error: .+\nhint: .+\n$/);
  });

  test('is not taken back when a file changed since', () => {
    const folder = gitRepository(BROKEN);
    dockfix(['apply', '--write'], folder, NO_ENV);
    appendFileSync(join(folder, 'docker-compose.yml'), '# mine\n');
    const changed = treeOf(folder);
    const { status, stderr } = dockfix(['undo'], folder, NO_ENV);
    expect(status).toBe(2);
    expect(stderr).toContain('docker-compose.yml');
    expect(treeOf(folder)).toEqual(changed);
  });

  test('works without git', () => {
    const folder = folderWith({ 'docker-compose.yml': readFileSync(join(BROKEN, 'docker-compose.yml')) });
    const start = treeOf(folder);
    const { status } = dockfix(['apply', '--write', '--exit-code'], folder, NO_ENV);
    expect(status).toBe(1);
    expect(treeOf(folder)).not.toEqual(start);
    expect(existsSync(join(folder, '.git'))).toBe(false);
    expect(dockfix(['undo'], folder, NO_ENV).status).toBe(0);
    expect(treeOf(folder)).toEqual(start);
  });
});

describe('choosing', () => {
  test('--only and --skip are two sides of one choice, and --safe-only leaves out the rest', () => {
    const folder = gitRepository(BROKEN);
    const ids = JSON.parse(dockfix(['list', '--format', 'json'], folder, NO_ENV).stdout.toString()) as {
      id: string;
      group: string;
    }[];
    const [first, ...others] = ids.filter(({ group }) => group === 'repair').map(({ id }) => id);
    const only = dockfix(['apply', '--only', `${first}`], folder, NO_ENV).stdout.toString();
    expect(dockfix(['apply', '--skip', others.join(',')], folder, NO_ENV).stdout.toString()).toBe(only);
    const { findings } = JSON.parse(
      dockfix(['apply', '--safe-only', '--format', 'json'], folder, NO_ENV).stdout.toString(),
    ) as {
      findings: { status: string; fix?: { safety: string } }[];
    };
    expect(findings.filter(({ status, fix }) => status === 'applied' && fix?.safety !== 'safe')).toEqual([]);
  });

  test('--exit-code says by 1 that something would change', () => {
    expect(dockfix(['apply', '--exit-code'], gitRepository(BROKEN), NO_ENV).status).toBe(1);
  });
});

describe('formats and colours', () => {
  const folder = gitRepository(BROKEN);

  test('json is one document on stdout, with the same diff', () => {
    const { stdout, status } = dockfix(['apply', '--format', 'json'], folder, NO_ENV);
    const document = JSON.parse(stdout.toString()) as {
      schemaVersion: number;
      diff: string;
      changes: { path: string }[];
    };
    expect([status, document.schemaVersion]).toEqual([0, 1]);
    expect(document.diff).toBe(dockfix(['apply'], folder, NO_ENV).stdout.toString());
    expect(document.changes.length).toBeGreaterThan(0);
  });

  test('pretty is the report on stdout and nothing else', () => {
    const { stdout, stderr } = dockfix(['apply', '--format', 'pretty'], folder, NO_ENV);
    expect(stderr).toBe('');
    expect(stdout.toString()).toBe(dockfix(['apply'], folder, NO_ENV).stderr);
  });

  test('piped output is plain; FORCE_COLOR colours the talk, never the patch; NO_COLOR wins', () => {
    const plain = dockfix(['apply'], folder, NO_ENV);
    expect(plain.stdout.toString() + plain.stderr).not.toContain('\u001b');
    const forced = dockfix(['apply'], folder, { FORCE_COLOR: '1' });
    expect(forced.stderr).toContain('\u001b[');
    expect(forced.stdout).toEqual(plain.stdout);
    expect(dockfix(['apply'], folder, { FORCE_COLOR: '1', NO_COLOR: '1' }).stderr).toBe(plain.stderr);
  });

  test('a reader that goes away is no error', () => {
    const script = `"$0" "$1" apply --format json "$2" | true; echo "\${PIPESTATUS[0]}"`;
    const { stdout, stderr } = spawnSync('bash', ['-c', script, process.execPath, resolve('dist', 'bin.cjs'), folder], {
      encoding: 'utf8',
    });
    expect(stdout).toBe('0\n');
    expect(stderr).not.toMatch(/EPIPE|Error/);
  });

  test('an output that cannot be written is one line and status 2', () => {
    const script = '"$0" "$1" apply "$2" > /dev/full';
    const { status, stderr } = spawnSync('bash', ['-c', script, process.execPath, resolve('dist', 'bin.cjs'), folder], {
      encoding: 'utf8',
    });
    expect(stderr).toMatch(/^error: the output could not be written: .*ENOSPC.*$/m);
    expect(status).toBe(2);
  });
});
