import { beforeAll, describe, expect, test } from 'vitest';
import type { Finding } from '../../src/finding.ts';
import { lineNumber } from '../../src/lines.ts';
import { readStack } from '../../src/model/stack.ts';
import { Repo } from '../../src/repo/repo.ts';
import activateVenv from '../../transforms/activate-venv/transform.ts';
import { loadPythonForTests } from '../python-wasm.ts';

beforeAll(async () => {
  await loadPythonForTests();
});

type Files = Readonly<Record<string, string>>;

const COMPOSE = 'services:\n  api:\n    build: .\n    command: uvicorn main:app\n';
const found = (dockerfile: string, files: Files = {}): readonly Finding[] => [
  ...activateVenv.find(
    readStack(
      Repo.of({
        'requirements.txt': 'uvicorn\n',
        'main.py': 'app = None\n',
        'compose.yaml': COMPOSE,
        ...files,
        Dockerfile: dockerfile,
      }),
      undefined,
    ),
  ),
];
const BUILDER =
  'FROM python:3.11-slim AS builder\nCOPY requirements.txt .\nRUN python -m venv /venv && /venv/bin/pip install -r requirements.txt\n';

test('tells what is wrong, and proves it', () => {
  const text = `${BUILDER}FROM python:3.11-slim\nCOPY --from=builder /venv /venv\nCMD ["/venv/bin/uvicorn", "main:app"]\n`;
  const [finding] = found(text);
  expect(finding?.message).toBe(
    'api starts uvicorn, which is only in /venv/bin, and PATH does not name that folder, so it stops with `exec: "uvicorn": executable file not found in $PATH`',
  );
  expect(finding?.fix).toMatchObject({ title: 'Put /venv/bin on PATH', safety: 'safe' });
  const files: Files = { Dockerfile: text, 'compose.yaml': COMPOSE, 'requirements.txt': 'uvicorn\n' };
  expect(
    finding?.evidence.map(({ at, says }) => `${at.path}:${lineNumber(files[at.path] ?? '', at.start)} ${says}`),
  ).toEqual([
    'compose.yaml:4 the command, which replaces the CMD of the image',
    'Dockerfile:3 the virtual environment /venv is made here',
    'Dockerfile:5 /venv of the stage builder is copied to /venv here',
    'requirements.txt:1 uvicorn brings the program uvicorn',
    'Dockerfile:4 uvicorn is looked for on the PATH /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin, and is in none of these folders',
  ]);
});

test('review when another service works with the image today', () => {
  const compose = `${COMPOSE}  shell:\n    build: .\n    command: python main.py\n`;
  const [finding] = found(`${BUILDER}FROM python:3.11-slim\nCOPY --from=builder /venv /venv\n`, {
    'compose.yaml': compose,
  });
  expect(finding?.fix?.safety).toBe('review');
});

test.each([
  ['uvicorn main:app', 'exec: "uvicorn": executable file not found in $PATH'],
  ['sh -c "exec uvicorn main:app"', 'uvicorn: not found'],
  ['python -m uvicorn main:app', 'No module named uvicorn'],
  ['poetry run uvicorn main:app', 'exec: "poetry": executable file not found in $PATH'],
])('the error that people see for `%s`', (command, error) => {
  const compose = COMPOSE.replace('uvicorn main:app', command);
  const [finding] = found(`${BUILDER}FROM python:3.11-slim\nCOPY --from=builder /venv /venv\n`, {
    'compose.yaml': compose,
  });
  expect(finding?.message).toContain(`\`${error}\``);
});

describe('manual', () => {
  const last = (base: string, to: string): string => `${BUILDER}FROM ${base}\nCOPY --from=builder /venv ${to}\n`;
  test.each([
    ['another Python', last('python:3.13-slim', '/venv'), {}, 'does not see the packages in lib/python3.11'],
    ['another libc', last('python:3.11-alpine', '/venv'), {}, 'compiled packages for glibc do not load with musl'],
    ['no Python', last('debian:bookworm-slim', '/venv'), {}, 'it has no Python'],
    [
      "Compose's own PATH",
      last('python:3.11-slim', '/venv'),
      { 'compose.yaml': `${COMPOSE}    environment:\n      - PATH=/bin\n` },
      'Compose sets PATH for api',
    ],
    [
      'packages of another user',
      'FROM python:3.11-slim\nCOPY requirements.txt .\nRUN pip install --user -r requirements.txt\nUSER 1000\n',
      {},
      'who does not see /root/.local/bin',
    ],
    [
      'an environment in the cache',
      'FROM python:3.11-slim\nWORKDIR /app\nRUN pip install poetry\nCOPY pyproject.toml .\nRUN poetry install\n',
      { 'pyproject.toml': '[tool.poetry.dependencies]\nuvicorn = "*"\n' },
      'Set ENV POETRY_VIRTUALENVS_IN_PROJECT=true',
    ],
    [
      'a dead shebang that cannot be revived',
      `${BUILDER}FROM python:3.11-slim\nCOPY --from=builder /venv /opt/venv\nENV PATH=/opt/venv/bin:$PATH\n`,
      { 'compose.yaml': `${COMPOSE}    volumes:\n      - data:/venv\nvolumes:\n  data:\n` },
      'start it with /opt/venv/bin/python -m uvicorn',
    ],
  ])('%s', (_, text, files, words) => {
    const [finding] = found(text, files);
    expect(finding?.fix).toMatchObject({ safety: 'manual', changes: [] });
    expect(`${finding?.message} ${finding?.advice}`).toContain(words);
  });
});

test('line ends stay as they are where they are mixed', () => {
  const [finding] = found(`# a\n${BUILDER}FROM python:3.11-slim\nCOPY --from=builder /venv /venv\r\nUSER 1\r\n`);
  const text = finding?.fix?.changes.flatMap((change) => ('text' in change ? [change.text] : []));
  expect(text).toEqual(['ENV PATH="/venv/bin:$PATH"\n']);
});

test.each([
  ['a login shell, which sets PATH anew', 'bash -lc "uvicorn main:app"'],
  ['a start that installs', 'sh -c "pip install -r requirements.txt && uvicorn main:app"'],
  ['a start that makes the environment', 'sh -c "python -m venv /venv && uvicorn main:app"'],
])('nothing for %s', (_, command) => {
  const compose = COMPOSE.replace('uvicorn main:app', command);
  expect(
    found(`${BUILDER}FROM python:3.11-slim\nCOPY --from=builder /venv /venv\n`, { 'compose.yaml': compose }),
  ).toEqual([]);
});

test.each([
  ['an empty Dockerfile', '', {}],
  ['a broken Dockerfile', 'FROM x\nRUN "\n', {}],
  ['a variable program', `${BUILDER}CMD ["$SERVER"]\n`, { 'compose.yaml': 'services:\n  api:\n    build: .\n' }],
  ['null services', BUILDER, { 'compose.yaml': 'services:\n  api:\n  web: { build: ./nowhere, command: }\n' }],
])('nothing for %s', (_, text, files) => {
  expect(found(text, files)).toEqual([]);
});
