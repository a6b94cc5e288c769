import { describe, expect, test } from 'vitest';
import { buildFailure, buildSteps, copiedAnew, installCached, isOutOfReach } from '../../src/verify/build-log.ts';
import { tellingLine, uncaughtError } from '../../src/verify/log.ts';

const TRACEBACK = [
  '2025-01-01T00:00:00.000000001Z [ERROR/Worker-1] Task x raised unexpected',
  '2025-01-01T00:00:00.000000002Z Traceback (most recent call last):',
  '2025-01-01T00:00:00.000000003Z   File "app.py", line 3, in <module>',
  '2025-01-01T00:00:00.000000004Z RuntimeError: Working outside of application context.',
  '2025-01-01T00:00:00.000000005Z ',
  '2025-01-01T00:00:00.000000006Z This typically means that you attempted to use something.',
].join('\n');

describe('tellingLine', () => {
  test.each([
    ['the exception of a traceback', TRACEBACK, 'RuntimeError: Working outside of application context.'],
    ['the last line that speaks of an error', 'starting\nconnection refused by db\nbye', 'connection refused by db'],
    ['the last line, when none does', 'starting\nready\n\n', 'ready'],
    [
      'an exception with its module',
      'sqlalchemy.exc.IntegrityError: (x) twice\n[SQL: INSERT]',
      'sqlalchemy.exc.IntegrityError: (x) twice',
    ],
    [
      'an error of Node',
      "Error: Cannot find module 'x'\n    at Module._resolve (a.js)\n    at missing (b.js)",
      "Error: Cannot find module 'x'",
    ],
  ])('is %s', (_, log, line) => {
    expect(tellingLine(log)).toBe(line);
  });

  test('is nothing for an empty log', () => {
    expect(tellingLine('\n \n')).toBeUndefined();
  });
});

test('uncaughtError finds tracebacks and their like, not lines that merely speak of errors', () => {
  expect(uncaughtError(TRACEBACK)).toBe('RuntimeError: Working outside of application context.');
  expect(uncaughtError('panic: runtime error: index out of range\ngoroutine 1')).toContain('panic: ');
  expect(uncaughtError('ERROR: relation "x" does not exist\nerror handler registered')).toBeUndefined();
});

const BUILD = (copy: string, install: string): string =>
  [
    '#1 [internal] load build definition from Dockerfile',
    '#1 DONE 0.0s',
    '#5 [1/4] FROM docker.io/library/python:3.11-slim',
    '#5 CACHED',
    '#6 [2/4] COPY requirements.txt .',
    '#6 CACHED',
    '#7 [3/4] RUN pip install --no-cache-dir -r requirements.txt',
    install,
    '#8 [4/4] COPY . .',
    copy,
  ].join('\n');

describe('a build log', () => {
  test('says whether the install layer was kept', () => {
    expect(installCached(buildSteps(BUILD('#8 DONE 0.1s', '#7 CACHED')))).toBe(true);
    expect(installCached(buildSteps(BUILD('', '#7 1.234 Collecting flask')))).toBe(false);
    expect(installCached(buildSteps(BUILD('', '')))).toBeUndefined();
    expect(
      installCached(buildSteps('#4 [1/2] FROM nginx\n#4 CACHED\n#5 [2/2] COPY . .\n#5 DONE 0.1s')),
    ).toBeUndefined();
  });

  test('says whether an edit was noticed', () => {
    expect(copiedAnew(buildSteps(BUILD('#8 DONE 0.1s', '#7 CACHED')))).toBe(true);
    expect(copiedAnew(buildSteps(BUILD('#8 CACHED', '#7 CACHED')))).toBe(false);
  });

  test.each([
    ['npm ci', true],
    ['npm install --no-audit', true],
    ['yarn', true],
    ['poetry install --no-root', true],
    ['uv sync --frozen', true],
    ['go mod download', true],
    ['bundle install', true],
    ['npm run build', false],
    ['mkdir -p /data', false],
    ['apt-get update && apt-get install -y curl', false],
  ])('`RUN %s` installs dependencies: %s', (command, installs) => {
    expect(installCached(buildSteps(`#4 [2/2] RUN ${command}\n#4 CACHED`))).toBe(installs ? true : undefined);
  });

  test('tells why it failed, without what the engine wraps around it', () => {
    const mount = '/var/lib/docker/tmp/buildkit-mount123/Dockerfile.x';
    expect(
      buildFailure(
        `failed to solve: rpc error: code = Unknown desc = failed to solve with frontend dockerfile.v0: failed to read dockerfile: open ${mount}: no such file or directory`,
      ),
    ).toBe('failed to solve: failed to read dockerfile: open Dockerfile.x: no such file or directory');
    expect(
      buildFailure(
        [
          '#9 [3/3] RUN pip install -r requirements.txt',
          '#9 1.020 ERROR: No matching distribution found for flsk==1.0',
          'failed to solve: process "/bin/sh -c pip install -r requirements.txt" did not complete successfully: exit code: 1',
        ].join('\n'),
      ),
    ).toBe(
      'ERROR: No matching distribution found for flsk==1.0 (process "/bin/sh -c pip install -r requirements.txt" did not complete successfully: exit code: 1)',
    );
  });

  test.each([
    [
      'Error response from daemon: Get "https://registry.example/v2/": dial tcp: lookup registry.example: no such host',
      true,
    ],
    [
      'failed to solve: nginx: failed to resolve source metadata for docker.io/library/nginx: dial tcp: i/o timeout',
      true,
    ],
    ['Error response from daemon: pull access denied for shop, repository does not exist', false],
    ['Error response from daemon: manifest for nginx:9.99 not found: manifest unknown', false],
    ['psycopg2.OperationalError: connection refused', false],
  ])('%s: out of reach is %s', (words, out) => {
    expect(isOutOfReach(words)).toBe(out);
  });
});
