import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { treeOf } from '../harness.ts';

const BIN = resolve('dist', 'bin.cjs');
const noEngine = inject('noEngine');
let base = '';

beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), 'dockfix-apply-'));
});
afterAll(() => rmSync(base, { recursive: true }));

/** A stack that `split-copy` changes, around a program. */
function repository(name: string, program: string): string {
  const folder = join(base, name);
  mkdirSync(folder);
  const files = {
    Dockerfile:
      'FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\nCMD ["python", "app.py"]\n',
    'requirements.txt': '# nothing yet\n',
    'app.py': program,
    // Where a secret belongs: no repair takes it away.
    '.gitignore': '.env\n',
    '.env': 'API_TOKEN=tr0ub4dor\n',
    'compose.yml': `services:
  web:
    build: .
    stop_grace_period: 1s
    environment:
      API_TOKEN: \${API_TOKEN}
    healthcheck:
      test: ["CMD", "true"]
      interval: 1s
`,
  };
  for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, path), text);
  return folder;
}

function dockfix(...argv: readonly string[]) {
  const env = { ...process.env, XDG_STATE_HOME: join(base, 'state') };
  return spawnSync(process.execPath, [BIN, ...argv], { env, encoding: 'utf8' });
}

if (noEngine !== '')
  test(`not run: ${noEngine}`, () => {
    expect(noEngine).not.toBe('');
  });
else
  describe('apply --write --verify', () => {
    test('writes when no service got worse', () => {
      const folder = repository('better', 'import time\ntime.sleep(3600)\n');
      const { status, stderr } = dockfix('apply', '--write', '--verify', '--yes', folder);
      expect(status, stderr).toBe(0);
      expect(stderr).toMatch(/install repeated .* install CACHED/);
      expect(treeOf(folder).get('Dockerfile')).toContain('COPY requirements.txt');
    });

    test('writes nothing when one did, shows why, and hides secrets', () => {
      const stubborn = `import os, sys
if "COPY requirements.txt" in open("Dockerfile").read():
    raise SystemExit("I cannot run from this Dockerfile, says " + os.environ["API_TOKEN"])
import time
time.sleep(3600)
`;
      const folder = repository('worse', stubborn);
      const before = treeOf(folder);
      const { status, stdout, stderr } = dockfix('apply', '--write', '--verify', '--yes', folder);
      expect([status, stdout], stderr).toEqual([1, '']);
      expect(stderr).toContain('WORSE');
      expect(stderr).toContain('web: I cannot run from this Dockerfile, says ***');
      expect(stderr).toContain('Nothing was written: ');
      expect(treeOf(folder)).toEqual(before);
    });

    test('verify exits with 1 for the same, and tells a program what happened', () => {
      const { status, stdout } = dockfix(
        'verify',
        '--yes',
        '--format',
        'json',
        '--service',
        'web',
        '--',
        join(base, 'worse'),
      );
      expect(status).toBe(1);
      expect(JSON.parse(stdout)).toMatchObject({
        passed: false,
        before: { healthy: true },
        after: { healthy: false, services: [{ name: 'web', state: 'stopped', exitCode: 1, installCached: true }] },
        changes: [{ name: 'web', change: 'worse' }],
      });
    });
  });
