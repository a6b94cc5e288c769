import { describe, expect, test } from 'vitest';
import type { Finding } from '../../src/finding.ts';
import { lineNumber } from '../../src/lines.ts';
import { readStack } from '../../src/model/stack.ts';
import { Repo } from '../../src/repo/repo.ts';
import copyFromStage from '../../transforms/copy-from-stage/transform.ts';

const found = (dockerfile: string, files: Readonly<Record<string, string>> = {}): readonly Finding[] => [
  ...copyFromStage.find(
    readStack(Repo.of({ 'requirements.txt': 'uvicorn\n', ...files, Dockerfile: dockerfile }), undefined),
  ),
];
const BUILDER = 'FROM python:3.11-slim AS builder\nRUN python -m venv /opt/venv\n';

test('tells what is wrong, and proves it', () => {
  const text = `${BUILDER}FROM python:3.11-slim\nCOPY --chown=1000 /opt/venv /opt/venv\n`;
  const [finding] = found(text, { 'compose.yaml': 'services:\n  web:\n    build: .\n' });
  expect(finding?.message).toBe(
    '`COPY --chown=1000 /opt/venv /opt/venv` has no --from, so it looks in the build context, which holds no opt/venv, and the build stops with "/opt/venv: not found"; only the stage builder has it',
  );
  expect(finding?.fix).toMatchObject({ title: 'Copy /opt/venv from the stage builder', safety: 'safe' });
  expect(
    finding?.evidence.map(
      ({ at, says }) => `${at.path}:${at.path === 'Dockerfile' ? lineNumber(text, at.start) : 3} ${says}`,
    ),
  ).toEqual([
    'Dockerfile:4 without --from, /opt/venv means a path of the build context',
    'compose.yaml:3 the build context is the root of the repository',
    'Dockerfile:2 the virtual environment /opt/venv is made here',
    'Dockerfile:1 this is the stage builder',
  ]);
});

describe('manual', () => {
  test.each([
    [
      'two stages',
      `${BUILDER}FROM python:3.11 AS test\nRUN python -m venv /opt/venv\nFROM python:3.11\nCOPY /opt/venv /opt/venv\n`,
      'the stage builder or the stage test',
    ],
    ['mixed sources', `${BUILDER}FROM python:3.11\nCOPY requirements.txt /opt/venv /srv/\n`, 'Divide the COPY'],
    ['ADD', `${BUILDER}FROM python:3.11\nADD /opt/venv /opt/venv\n`, 'ADD cannot copy from a stage'],
    [
      'a result that the host may build',
      'FROM node:20 AS b\nRUN npm run build\nFROM nginx\nCOPY /dist /srv\n',
      'add --from=b',
    ],
  ])('%s', (_, text, advice) => {
    const [finding] = found(text);
    expect(finding?.fix).toMatchObject({ safety: 'manual', changes: [] });
    expect(finding?.advice).toContain(advice);
  });
});

test('a stage that only builds on the one that makes it is no second source', () => {
  const [finding] = found(
    `${BUILDER}FROM builder AS test\nRUN pytest\nFROM python:3.11-slim\nCOPY /opt/venv /opt/venv\n`,
  );
  expect(finding?.fix?.safety).toBe('safe');
});

test('the name of a new stage is free', () => {
  const text = 'FROM python:3.11-slim\nRUN mkdir -p /data\nFROM alpine AS builder\nFROM alpine\nCOPY /data /data\n';
  const edits = found(text)[0]?.fix?.changes.flatMap((change) => ('text' in change ? [change.text] : []));
  expect(edits).toEqual([' AS build', ' --from=build']);
});

test.each([
  ['an empty file', ''],
  ['a COPY without destination', `${BUILDER}FROM x\nCOPY /opt/venv\n`],
  ['a here-document', `${BUILDER}FROM x\nCOPY <<EOF /opt/venv/x\na\nEOF\n`],
  ['a variable', `${BUILDER}FROM x\nCOPY $WHERE /opt/venv\n`],
  ['the whole context', `${BUILDER}FROM x\nCOPY / /srv\n`],
])('nothing for %s', (_, text) => {
  expect(found(text)).toEqual([]);
});
