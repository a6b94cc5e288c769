import { beforeAll, describe, expect, test } from 'vitest';
import type { Finding } from '../../src/finding.ts';
import { lineNumber } from '../../src/lines.ts';
import { readStack } from '../../src/model/stack.ts';
import { Repo } from '../../src/repo/repo.ts';
import unmaskDependencies from '../../transforms/unmask-dependencies/transform.ts';
import { loadPythonForTests } from '../python-wasm.ts';

beforeAll(async () => {
  await loadPythonForTests();
});

type Files = Readonly<Record<string, string>>;

const found = (files: Files): readonly Finding[] => [...unmaskDependencies.find(readStack(Repo.of(files), undefined))];
const COMPOSE = 'services:\n  api:\n    build: .\n    command: uvicorn main:app\n    volumes:\n      - .:/app\n';
const VENV =
  'FROM python:3.11-slim\nWORKDIR /app\nCOPY requirements.txt .\nRUN python -m venv .venv && .venv/bin/pip install -r requirements.txt\nENV PATH=/app/.venv/bin:$PATH\nCMD ["gunicorn", "main:app"]\n';
const PYTHON: Files = { 'requirements.txt': 'fastapi\nuvicorn\n', 'main.py': 'app = None\n' };

test('tells what is wrong, and proves it', () => {
  const files = { ...PYTHON, Dockerfile: VENV, 'compose.yaml': COMPOSE };
  const [finding, ...more] = found(files);
  expect(more).toEqual([]);
  expect(finding?.message).toBe(
    'The mount of the repository on /app hides the virtual environment /app/.venv, so api stops with `exec: "uvicorn": executable file not found in $PATH` although the image has it',
  );
  expect(finding?.fix).toMatchObject({
    title: 'Move the virtual environment from /app/.venv to /opt/venv, outside the mount',
    safety: 'review',
  });
  const text: Files = files;
  expect(
    finding?.evidence.map(({ at, says }) => `${at.path}:${lineNumber(text[at.path] ?? '', at.start)} ${says}`),
  ).toEqual([
    'compose.yaml:4 the command, which replaces the CMD of the image',
    'Dockerfile:4 the virtual environment /app/.venv is made here',
    'requirements.txt:2 uvicorn brings the program uvicorn',
    'compose.yaml:6 this mount covers /app, and hides /app/.venv',
    'Dockerfile:5 uvicorn is looked for on the PATH /app/.venv/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin, and is in none of these folders',
  ]);
});

test('one finding for all services of a Dockerfile', () => {
  const two = `${COMPOSE}  worker:\n    build: .\n    command: uvicorn main:app --port 9000\n    volumes:\n      - .:/app\n`;
  const findings = found({ ...PYTHON, Dockerfile: VENV, 'compose.yaml': two });
  expect(findings).toHaveLength(1);
  expect(findings[0]?.message).toContain('api and worker stop with');
});

describe('manual', () => {
  test.each([
    ['another user', { Dockerfile: VENV.replace('COPY', 'USER 1000\nCOPY') }, '1000 may not write to /opt'],
    [
      'pdm',
      {
        Dockerfile: VENV.replace(/RUN .*/, 'COPY pyproject.toml .\nRUN pdm install'),
        'pyproject.toml': '[project]\ndependencies = ["uvicorn"]\n',
      },
      'pdm chooses the place itself',
    ],
  ])('%s', (_, files, advice) => {
    const [finding] = found({ ...PYTHON, 'compose.yaml': COMPOSE, ...files });
    expect(finding?.fix).toMatchObject({ safety: 'manual', changes: [] });
    expect(finding?.advice).toContain(advice);
  });

  test('volumes that several services share', () => {
    const files = {
      'package.json': '{ "dependencies": { "express": "4" } }',
      Dockerfile: 'FROM node:20-slim\nWORKDIR /app\nCOPY package.json .\nRUN npm install\nCMD ["node", "server.js"]\n',
      'compose.yaml':
        'x-code: &code\n  volumes:\n    - .:/app\nservices:\n  web:\n    <<: *code\n    build: .\n  jobs:\n    <<: *code\n    build: .\n',
    };
    const [finding] = found(files);
    expect(finding?.message).toContain('hides /app/node_modules, so web finds no packages ("Cannot find module")');
    expect(finding?.fix).toMatchObject({ safety: 'manual', changes: [] });
    expect(finding?.advice).toContain('Add the volume /app/node_modules to web');
  });
});

test.each([
  ['no Dockerfile', {}],
  ['an empty Dockerfile', { Dockerfile: '' }],
  ['a broken Dockerfile', { Dockerfile: 'FROM x\nRUN "\nRUN <<EOF\n' }],
  ['null services', { 'compose.yaml': 'services:\n  api:\n  web: { build: ., volumes: }\n' }],
])('nothing for %s', (_, files) => {
  expect(found({ ...PYTHON, 'compose.yaml': COMPOSE, ...files })).toEqual([]);
});
