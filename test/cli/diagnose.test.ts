import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { treeOf } from '../harness.ts';
import { dockfix, folderWith, gitRepository } from './program.ts';

const NO_ENV = {};
const HANDOFF = gitRepository('fixtures/repos/fastapi-poetry-handoff/before');
const STACK = gitRepository('fixtures/repos/atmr-stack/before');
const NOT_FOUND = 'backend-1  | exec: "uvicorn": executable file not found in $PATH: unknown\n';

/** Runs diagnose with a log on standard input. */
function piped(argv: readonly string[], cwd: string, input: string) {
  const { PATH, HOME } = process.env;
  const { status, stdout, stderr } = spawnSync(process.execPath, [resolve('dist', 'bin.cjs'), 'diagnose', ...argv], {
    cwd,
    env: { PATH, HOME },
    input,
  });
  return { status, stdout: stdout.toString(), stderr: stderr.toString() };
}

describe('diagnose', () => {
  test('reads standard input and names cause, place and repair; nothing is written', () => {
    const start = treeOf(HANDOFF);
    const { status, stdout, stderr } = piped([], HANDOFF, NOT_FOUND);
    expect([status, stderr]).toEqual([0, '']);
    for (const part of [
      'backend  exec: "uvicorn": executable file not found in $PATH: unknown  (line 1)',
      'cause    docker-compose.yml:36  The mount of backend on /app hides the virtual environment',
      'repair   unmask-dependencies: Move the virtual environment',
      'repair   activate-venv: Put /opt/venv/bin on PATH',
      'dockfix explain --finding',
    ])
      expect(stdout).toContain(part);
    expect(treeOf(HANDOFF)).toEqual(start);
  });

  test('the number that it names is the one that explain takes', () => {
    const { stdout } = piped(['--format', 'json'], HANDOFF, NOT_FOUND);
    const [first] = (JSON.parse(stdout) as { diagnoses: { causes: { transform: string; finding: number }[] }[] })
      .diagnoses;
    for (const { transform, finding } of first?.causes ?? [])
      expect(dockfix(['explain', '--finding', String(finding)], HANDOFF, NO_ENV).stdout.toString()).toContain(
        `${transform}  `,
      );
  });

  test('reads a file, for the repository of --path, and - is standard input', () => {
    const folder = folderWith({ 'up.log': NOT_FOUND });
    for (const { status, stdout } of [
      piped(['up.log', '--path', HANDOFF], folder, ''),
      piped(['-', '--path', HANDOFF], folder, NOT_FOUND),
    ]) {
      expect(status).toBe(0);
      expect(stdout).toContain('unmask-dependencies');
    }
  });

  test('JSON has the same as data', () => {
    const log = 'atmr-api  | RuntimeError: SQLALCHEMY_DATABASE_URI must be set\nweb-1 exited with code 137\n';
    const { status, stdout } = piped(['--format', 'json'], STACK, log);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      schemaVersion: 1,
      explained: true,
      log: { lines: 2, cut: false },
      diagnoses: [
        {
          symptom: 'variable-missing',
          line: 1,
          count: 1,
          service: 'api',
          names: { variable: 'SQLALCHEMY_DATABASE_URI' },
          causes: [
            {
              transform: 'declare-env',
              at: { path: 'docker-compose.yml', line: 9 },
              repair: { title: 'Rename DATABASE_URI to DATABASE_URL', safety: 'review' },
            },
          ],
          look: [],
        },
        { symptom: 'out-of-memory', causes: [], look: [expect.stringContaining('OOMKilled'), expect.any(String)] },
      ],
    });
  });

  test('exits with 1 and says where to look when the repository shows no cause', () => {
    const { status, stdout } = piped([], HANDOFF, 'Bind for 0.0.0.0:5432 failed: port is already allocated\n');
    expect(status).toBe(1);
    expect(stdout).toContain('Nothing in this repository shows one.');
    expect(stdout).toContain('ss -ltnp');
    expect(stdout).toContain('No known cause in this repository.');
  });

  test('exits with 1 for a log without any error that is known', () => {
    const { status, stdout } = piped([], HANDOFF, 'all is well\nreally\n');
    expect([status, stdout]).toEqual([
      1,
      'No known cause. 2 lines, and none is an error message that dockfix knows.\n',
    ]);
  });

  test.each<[string, readonly string[], string, RegExp]>([
    ['no such file', ['nope.log'], '', /^error: There is no log file nope\.log$/m],
    ['a folder', ['backend'], '', /^error: backend is a folder, not a log$/m],
    ['an empty log', [], '', /^error: The log is empty$/m],
    ['no text', [], '\u0000\u0001\u0002'.repeat(99), /^error: Standard input is not text$/m],
    ['no such repository', ['--path', 'nowhere'], NOT_FOUND, /^error: .*nowhere/m],
    ['another format', ['--format', 'xml'], NOT_FOUND, /^error: .*xml/m],
  ])('%s is refused', (_, argv, input, says) => {
    const { status, stdout, stderr } = piped(argv, HANDOFF, input);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(says);
    expect(stderr).toMatch(/^hint: \S|choices/m);
  });

  test('a repository without Docker files is refused', () => {
    const folder = folderWith({ 'notes.txt': 'x' });
    expect(piped([], folder, NOT_FOUND).status).toBe(2);
  });

  test('shows no secret, neither of the repository nor of the log', () => {
    const folder = folderWith({
      'docker-compose.yml':
        'services:\n  web:\n    build: .\n    environment:\n      MAIL_PASSWORD: Wq7-planted-Zx9\n      DATABASE_URL: postgresql://shop:Kd82-planted@localhost:5432/shop\n  db:\n    image: postgres:16\n',
      Dockerfile: 'FROM python:3.11-slim\nCOPY app.py .\nCMD ["python", "app.py"]\n',
      'app.py': 'import os\n',
    });
    mkdirSync(join(folder, 'logs'));
    const log = [
      'web-1  | Cannot connect to amqp://guest:Br0ker-planted@localhost:5672//: [Errno 111] Connection refused.',
      'web-1  | MAIL_PASSWORD=Wq7-planted-Zx9 connection to server at "localhost" (127.0.0.1), port 5432 failed: Connection refused',
      "web-1  | API_TOKEN: 'another-planted-one' KeyError: 'MAIL_TOKEN'",
      'web-1  | 1 validation error for Settings',
      'web-1  | MAIL_PORT',
      "web-1  |   Field required [type=missing, input_value={'mail_password': 'third-planted-one'}, input_type=dict]",
    ].join('\n');
    writeFileSync(join(folder, 'logs', 'up.log'), log);
    for (const format of ['pretty', 'json']) {
      const { stdout, stderr } = piped(['logs/up.log', '--format', format], folder, '');
      expect(stdout.length).toBeGreaterThan(500);
      expect(stdout + stderr).not.toMatch(/planted/);
    }
  });

  test('control characters of a log do not reach the terminal', () => {
    const { stdout } = piped([], HANDOFF, `\u001b]0;title\u0007\u009b31mKeyError: 'SECRET_KEY'\u202e\n`);
    expect(stdout).toContain("KeyError: 'SECRET_KEY'");
    expect(stdout).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e]/);
  });
});
