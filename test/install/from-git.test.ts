import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commandsIn, runAction } from '../cli/action-runner.ts';
import { git, gitRepository } from '../cli/program.ts';

const BROKEN = 'fixtures/repos/atmr-celery-context/before';
const HEALTHY = 'fixtures/repos/healthy-flask/before';

const folder = mkdtempSync(join(tmpdir(), 'dockfix-install-'));
const sources = join(folder, 'sources');

// What a clone of this repository holds, with what is not committed yet; neither dist/ nor node_modules/.
beforeAll(() => {
  const files = git(process.cwd(), ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], '').split('\0');
  for (const path of files.filter((each) => each !== '' && existsSync(each))) {
    mkdirSync(join(sources, dirname(path)), { recursive: true });
    cpSync(path, join(sources, path), { verbatimSymlinks: true });
  }
  for (const argv of [
    ['init', '-q'],
    ['add', '-A', '-f'],
    ['commit', '-qm', 'start'],
  ])
    git(sources, argv, '');
});

afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a program to its end; both of its streams together. */
function called(program: string, argv: readonly string[], cwd: string, env: Readonly<Record<string, string>>) {
  const { status, stdout, stderr, error } = spawnSync(program, argv, {
    cwd,
    env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1', ...env },
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  return { status, out: error ? String(error) : stdout + stderr };
}

describe('the hooks of pre-commit', () => {
  const venv = join(folder, 'venv');

  beforeAll(() => {
    for (const [program, ...argv] of [
      ['python3', '-m', 'venv', venv],
      [join(venv, 'bin', 'pip'), 'install', '--quiet', '--disable-pip-version-check', 'pre-commit==4.7.0'],
    ] as const) {
      const { status, out } = called(program, argv, folder, {});
      if (status !== 0)
        throw new Error(
          `pre-commit cannot be installed: ${out}\nThese tests need python3 with venv and pip (Debian: python3-venv), and PyPI.`,
        );
    }
  });

  const preCommit = (cwd: string, ...argv: string[]) =>
    called(join(venv, 'bin', 'pre-commit'), argv, cwd, { PRE_COMMIT_HOME: join(folder, 'home'), NO_COLOR: '1' });

  /** A repository that uses a hook as its users do, but for the Node that is here already. */
  function using(from: string, hook: string): string {
    const repository = gitRepository(from);
    const revision = git(sources, ['rev-parse', 'HEAD'], '').trim();
    writeFileSync(
      join(repository, '.pre-commit-config.yaml'),
      `default_language_version: {node: system}\nrepos:\n  - repo: ${sources}\n    rev: ${revision}\n    hooks: [{id: ${hook}}]\n`,
    );
    git(repository, ['add', '-A'], '');
    return repository;
  }

  test('are a manifest that pre-commit takes', () => {
    expect(preCommit(process.cwd(), 'validate-manifest', '.pre-commit-hooks.yaml')).toEqual({ status: 0, out: '' });
  });

  test('dockfix-check stops a commit where something is wrong, and changes nothing', () => {
    const repository = using(BROKEN, 'dockfix-check');
    const { status, out } = preCommit(repository, 'run', '--all-files');
    expect(out).toContain('add-celery-context');
    expect([status, out]).toEqual([
      1,
      expect.stringMatching(/dockfix check\.+Failed\n- hook id: dockfix-check\n- exit code: 1/),
    ]);
    expect(git(repository, ['diff'], '')).toBe('');

    const healthy = preCommit(using(HEALTHY, 'dockfix-check'), 'run', '--all-files');
    expect([healthy.status, healthy.out]).toEqual([0, expect.stringMatching(/dockfix check\.+Passed/)]);
  });

  test('dockfix-apply repairs once', () => {
    const repository = using(BROKEN, 'dockfix-apply');
    const first = preCommit(repository, 'run', '--all-files');
    expect([first.status, first.out]).toEqual([1, expect.stringContaining('files were modified by this hook')]);
    expect(git(repository, ['diff', '--stat'], '')).toContain('celery_app.py');
    git(repository, ['add', '-A'], '');
    const second = preCommit(repository, 'run', '--all-files');
    expect([second.status, second.out]).toEqual([0, expect.stringMatching(/dockfix apply\.+Passed/)]);
  });

  test('do not run for files that nothing reads', () => {
    const repository = using(BROKEN, 'dockfix-check');
    const argv = (path: string) => ['run', '--files', path];
    writeFileSync(join(repository, 'NOTES.md'), 'x\n');
    expect(preCommit(repository, ...argv('NOTES.md')).out).toContain('Skipped');
    expect(preCommit(repository, ...argv('docker-compose.yml')).out).toContain('Failed');
  });
});

test('the action builds the sources of its own ref, once', () => {
  const action = join(folder, 'action');
  git(folder, ['clone', '-q', sources, action], '');
  const workspace = gitRepository(BROKEN);
  const { failed, outputs, log } = runAction(action, workspace, {});
  expect(log).toContain('built dockfix');
  expect([failed, Number(outputs['findings']) > 0]).toEqual([true, true]);
  expect(commandsIn(log).some((line) => line.includes('title=dockfix add-celery-context'))).toBe(true);

  const again = runAction(action, workspace, { mode: 'apply' });
  expect(again.log).not.toContain('built dockfix');
  expect([again.failed, again.outputs['changed']]).toEqual([false, 'true']);
});
