import { beforeAll, describe, expect, test } from 'vitest';
import { pythonWasm } from '../../src/assets.ts';
import type { Finding } from '../../src/finding.ts';
import { lineNumber } from '../../src/lines.ts';
import { readStack } from '../../src/model/stack.ts';
import { loadPython } from '../../src/parse/python.ts';
import { Repo } from '../../src/repo/repo.ts';
import fixAppReference from '../../transforms/fix-app-reference/transform.ts';

beforeAll(async () => {
  await loadPython(pythonWasm());
});

const found = (files: Readonly<Record<string, string>>): readonly Finding[] => [
  ...fixAppReference.find(readStack(Repo.of(files), undefined)),
];
const FASTAPI = 'from fastapi import FastAPI\n\napp = FastAPI()\n';
const compose = 'services:\n  web:\n    build: .\n';
const dockerfile = (cmd: string): string => `FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\nCMD ${cmd}\n`;
const run = (cmd: string, more: Readonly<Record<string, string>>): readonly Finding[] =>
  found({ 'compose.yaml': compose, Dockerfile: dockerfile(cmd), ...more });

test('tells what is wrong, and proves it', () => {
  const files: Readonly<Record<string, string>> = {
    'docker-compose.yml': 'services:\n  backend:\n    build: ./backend\n    volumes:\n      - ./backend:/app\n',
    'backend/Dockerfile': dockerfile('["uvicorn", "app.main:app"]'),
    'backend/main.py': FASTAPI,
  };
  const [finding] = found(files);
  expect(finding?.message).toBe(
    'uvicorn of backend is told app.main:app, but no module app.main can be imported from /app, so backend stops with "ModuleNotFoundError: No module named \'app\'"',
  );
  expect(finding?.fix).toMatchObject({ title: 'Name main:app', safety: 'review' });
  expect(
    finding?.evidence.map(({ at, says }) => `${at.path}:${lineNumber(files[at.path] ?? '', at.start)} ${says}`),
  ).toEqual([
    'backend/Dockerfile:4 the CMD of the image',
    'backend/Dockerfile:4 uvicorn reads app.main:app',
    'backend/Dockerfile:2 the process starts in /app',
    'docker-compose.yml:5 backend is mounted at /app',
    'backend/main.py:3 backend/main.py defines app, importable as main',
  ]);
});

describe('manual', () => {
  test.each([
    ['several', { 'a.py': FASTAPI, 'b.py': FASTAPI }, 'Several modules define such an application: a:app, b:app'],
    ['none', { 'a.py': 'x = 1\n' }, 'No module of the image defines such an application'],
    [
      'a factory',
      { 'a.py': 'from fastapi import FastAPI\n\n\ndef create_app():\n    return FastAPI()\n' },
      'uvicorn --factory',
    ],
    [
      'an env file that is not there',
      { 'a.py': FASTAPI, 'compose.yaml': `${compose}    env_file: .env\n` },
      'may set PYTHONPATH',
    ],
  ])('%s', (_, files, advice) => {
    const [finding] = run('["uvicorn", "app.main:app"]', files);
    expect(finding?.fix).toMatchObject({ safety: 'manual', changes: [] });
    expect(finding?.advice).toContain(advice);
  });
});

describe('hard input', () => {
  test('keeps CRLF, BOM, accents and emoji around the reference', () => {
    const text = `\ufeff# été 🐍\r\n${dockerfile('uvicorn app.main:app --host 0.0.0.0 # fin').replaceAll('\n', '\r\n')}`;
    const [finding] = run('', { Dockerfile: text, 'main.py': `\ufeff${FASTAPI.replaceAll('\n', '\r\n')}` });
    const [change] = finding?.fix?.changes ?? [];
    expect(change).toMatchObject({ text: 'main:app' });
    expect(change && 'start' in change && text.slice(change.start, change.end)).toBe('app.main:app');
  });

  test.each([
    ['a syntax error in the module', '["uvicorn", "main:other"]', { 'main.py': 'def (:\n' }],
    [
      'an object of a try statement',
      '["uvicorn", "main:app"]',
      { 'main.py': `try:\n    app = 1\nexcept Exception:\n    app = 2\n` },
    ],
    ['an empty reference', '["uvicorn", ""]', { 'main.py': FASTAPI }],
    ['no argument', '["uvicorn"]', { 'main.py': FASTAPI }],
    ['no Dockerfile', '[]', { Dockerfile: '', 'main.py': FASTAPI }],
    ['null services', '[]', { 'compose.yaml': 'services:\n  web:\n' }],
  ])('nothing for %s', (_, cmd, files) => {
    expect(run(cmd, files)).toEqual([]);
  });
});
