import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { progressDisplay, progressOutput, spinner } from '../../src/cli/progress.ts';
import { run } from '../../src/pipeline/run.ts';
import { Repo } from '../../src/repo/repo.ts';
import { defineTransform, type Transform } from '../../src/transform.ts';
import { dockfix, folderWith } from './program.ts';

const BIN = resolve('dist', 'bin.cjs');
const CLEAR = '\r\u001b[2K';
const SPINNER = /[|/\\-] (?:reading |[a-z-]+ \(\d+ of \d+)/;

/** What a terminal shows in the end: each "clear the line" takes away what stands on it so far. */
const screen = (raw: string): string =>
  raw
    .replaceAll('\r\n', '\n')
    .split('\n')
    .map((line) => line.split(CLEAR).at(-1))
    .join('\n');

/** Runs a shell command on a pseudo terminal; answers what reached it, escape sequences and all. */
function onTerminal(command: string, cwd: string, env: Readonly<Record<string, string>>): string {
  const { PATH, HOME } = process.env;
  const { status, stdout, stderr, error } = spawnSync('script', ['-qec', command, '/dev/null'], {
    cwd,
    env: { PATH, HOME, TERM: 'xterm', ...env },
    input: '',
    maxBuffer: 1 << 26,
  });
  if (error) throw new Error(`These tests need "script" of util-linux (Debian: bsdutils): ${error.message}`);
  expect([status, stderr.toString()]).toEqual([0, '']);
  return stdout.toString();
}

/** A repository that takes a while on any machine. */
function large(): string {
  const names = Array.from({ length: 25 }, (_, index) => `service${index}`);
  const folder = folderWith({
    'compose.yaml': `services:\n${names
      .map((name) => `  ${name}:\n    build: ./${name}\n    command: gunicorn app:app\n    ports: ["8000"]\n`)
      .join('')}`,
  });
  for (const name of names) {
    mkdirSync(join(folder, name));
    writeFileSync(
      join(folder, name, 'Dockerfile'),
      'FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\n',
    );
    writeFileSync(join(folder, name, 'requirements.txt'), 'flask\ngunicorn\n');
    writeFileSync(
      join(folder, name, 'app.py'),
      `import os\nfrom flask import Flask\napp = Flask(__name__)\nKEY = os.environ["KEY_${name}"]\n`,
    );
  }
  return folder;
}

describe('a long apply', () => {
  const folder = large();
  const command = `${process.execPath} ${BIN} apply . > patch.diff`;

  test('shows on a terminal which transform runs, and takes that away before anything else is said', () => {
    const piped = dockfix(['apply'], folder, {});
    expect(piped.stderr).not.toMatch(SPINNER);
    expect(piped.stderr).not.toContain('\u001b');

    const raw = onTerminal(command, folder, {});
    expect(raw).toMatch(SPINNER);
    expect(screen(raw)).not.toMatch(SPINNER);
    expect(screen(raw).replace(/\u001b\[\d+m/g, '')).toBe(piped.stderr);
    expect(readFileSync(join(folder, 'patch.diff'))).toEqual(piped.stdout);
  });

  test('shows nothing of it on a terminal that is not to be decorated', () => {
    expect(onTerminal(command, folder, { NO_COLOR: '1' })).not.toContain('\u001b');
  });
});

describe('diagnose', () => {
  const folder = folderWith({ Dockerfile: 'FROM alpine\nCMD ["true"]\n', 'up.log': 'all is well\n' });
  const slow = `(cat up.log; sleep 1.5) | ${process.execPath} ${BIN} diagnose; test $? = 1`;

  test('says on a terminal that it still reads a log that takes long to come', () => {
    const raw = onTerminal(slow, folder, {});
    expect(raw).toMatch(/[|/\\-] reading the log \(0\.0 MB\)/);
    expect(screen(raw)).not.toMatch(SPINNER);
    expect(onTerminal(slow, folder, { CI: '1' })).not.toMatch(SPINNER);
  });
});

describe('the line', () => {
  const written = (isTTY: boolean, columns: number) => {
    const said: string[] = [];
    return { said, output: { isTTY, columns, write: (text: string) => void said.push(text) } };
  };

  test('appears after a while, fits the terminal, and is taken away once', () => {
    const { said, output } = written(true, 30);
    let clock = 1000;
    const busy = spinner(output, () => clock);
    busy.step('first');
    clock += 299;
    busy.step('second');
    busy.end();
    expect(said).toEqual([]);
    clock += 1;
    busy.step('third');
    busy.step(`a\u0007b ${'x'.repeat(100)}`);
    busy.end();
    busy.end();
    expect(said).toEqual(['| third', `${CLEAR}/ a\\x07b ${'x'.repeat(20)}`, CLEAR]);
  });

  test('is nowhere but on a terminal; milestones of a verification are lines everywhere', () => {
    const { said, output } = written(false, 80);
    const busy = spinner(output, () => Number.MAX_SAFE_INTEGER);
    busy.step('x');
    busy.end();
    const display = progressDisplay(output);
    display.show('before', { kind: 'detail', text: 'pulling' });
    display.show('before', { kind: 'milestone', text: 'built' });
    display.end();
    expect(said).toEqual(['before: built\n']);
  });

  test('needs a terminal that can overwrite, and nobody who asked for plain output', () => {
    const at = (env: Readonly<Record<string, string>>, isTTY: boolean) =>
      progressOutput({ stderr: { isTTY, write: () => {} }, env }).isTTY;
    expect([at({}, true), at({ CI: 'false' }, true), at({ CI: '' }, true)]).toEqual([true, true, true]);
    expect([at({}, false), at({ CI: '1' }, true), at({ NO_COLOR: '1' }, true), at({ TERM: 'dumb' }, true)]).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });
});

test('a run tells each turn before it begins, also those of a second round', () => {
  const heard: string[] = [];
  const once = (id: string, line: string, wanted: string): Transform =>
    defineTransform({
      id,
      group: 'repair',
      summary: id,
      *find({ repo }) {
        heard.push(`${id} finds`);
        const text = repo.read('Dockerfile') ?? '';
        if (!text.includes(wanted) || text.includes(line)) return;
        const at = { path: 'Dockerfile', start: 0, end: 0 };
        yield {
          message: line,
          at,
          evidence: [],
          fix: { title: line, safety: 'safe', changes: [{ ...at, text: `${line}\n` }] },
        };
      },
    });
  run(Repo.of({ Dockerfile: 'FROM a\n' }), [once('early', '# early', '# late'), once('late', '# late', 'FROM')], {
    allow: new Set(['safe']),
    named: new Set(),
    onTurn: ({ transform, number, total, round }) => heard.push(`${transform.id} ${number}/${total} round ${round}`),
  });
  expect(heard.filter((each) => / round /.test(each))).toEqual([
    'early 1/2 round 1',
    'late 2/2 round 1',
    'early 1/2 round 2',
    'late 2/2 round 2',
  ]);
  expect(heard.slice(0, 2)).toEqual(['early 1/2 round 1', 'early finds']);
});
