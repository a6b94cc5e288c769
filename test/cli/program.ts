import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll } from 'vitest';

const BIN = resolve('dist', 'bin.cjs');

const folders: string[] = [];

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'dockfix-cli-'));
  folders.push(folder);
  return folder;
}

/** What one call of the built program left behind. */
export interface Call {
  readonly status: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Runs the built program; no colour variables of the outside reach it. */
export function dockfix(argv: readonly string[], cwd: string, env: Readonly<Record<string, string>>): Call {
  const { PATH, HOME } = process.env;
  const { status, stdout, stderr } = spawnSync(process.execPath, [BIN, ...argv], {
    cwd,
    env: { PATH, HOME, XDG_STATE_HOME: join(tmpdir(), 'dockfix-state'), ...env },
    maxBuffer: 1 << 26,
  });
  return { status, stdout, stderr: stderr.toString() };
}

/** A fresh git repository with everything committed. */
export function gitRepository(from: string): string {
  const folder = newFolder();
  cpSync(from, folder, { recursive: true });
  for (const argv of [
    ['init', '-q'],
    ['add', '-A', '-f'],
    ['commit', '-qm', 'start'],
  ])
    git(folder, argv, '');
  return folder;
}

/** Runs git with a neutral configuration; answers its output, or throws with what it said. */
export function git(cwd: string, argv: readonly string[], input: string | Buffer): string {
  const env = {
    ...process.env,
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_AUTHOR_NAME: 'a',
    GIT_AUTHOR_EMAIL: 'a@example.org',
    GIT_COMMITTER_NAME: 'a',
    GIT_COMMITTER_EMAIL: 'a@example.org',
  };
  const { status, stdout, stderr } = spawnSync('git', argv, { cwd, env, input, maxBuffer: 1 << 26 });
  if (status !== 0) throw new Error(`git ${argv.join(' ')}: ${stderr.toString()}`);
  return stdout.toString();
}

/** A folder that holds just these files. */
export function folderWith(files: Readonly<Record<string, string | Buffer>>): string {
  const folder = newFolder();
  for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, path), text);
  return folder;
}
