import { beforeAll, describe, expect, test } from 'vitest';
import { readStack } from '../../src/model/stack.ts';
import { Repo } from '../../src/repo/repo.ts';
import addDeployScript from '../../transforms/add-deploy-script/transform.ts';
import { loadPythonForTests } from '../python-wasm.ts';

beforeAll(loadPythonForTests);

const STACK = {
  Dockerfile: 'FROM python:3.11-slim\nCMD ["python", "-m", "http.server"]\n',
  'compose.yaml': 'services:\n  web:\n    build: .\n    ports: ["80:8000"]\n',
};

/** The script for a repository; `undefined` when none is written. */
function script(files: Readonly<Record<string, string>>): { readonly path: string; readonly text: string } | undefined {
  const [finding, ...more] = [...addDeployScript.find(readStack(Repo.of(files), undefined))];
  expect(more).toEqual([]);
  const [change] = finding?.fix?.changes ?? [];
  if (!change || !('create' in change)) return undefined;
  expect(change.mode).toBe(0o755);
  return { path: change.path, text: change.create };
}

const withCompose = (text: string, name = 'compose.yaml'): Readonly<Record<string, string>> => ({
  Dockerfile: STACK.Dockerfile,
  [name]: text,
});

describe('the command', () => {
  test.each([
    ['compose.yaml', '  docker compose "$@"'],
    ['docker-compose.yml', '  docker compose "$@"'],
    ['docker-compose.prod.yml', '  docker compose -f docker-compose.prod.yml "$@"'],
    ['infra/compose.yml', '  docker compose "$@"'],
  ])('for %s', (name, line) => {
    const compose = STACK['compose.yaml'].replace('build: .', `build: ${name.includes('/') ? '..' : '.'}`);
    const found = script(withCompose(compose, name));
    expect(found?.text.split('\n')).toContain(line);
    expect(found?.path).toBe(name.includes('/') ? 'infra/deploy.sh' : 'deploy.sh');
  });

  test('never takes volumes away', () => {
    expect(script(STACK)?.text).not.toMatch(/\bdown\b|--volumes|-v\b|prune|\brm\b/);
  });
});

describe('.env', () => {
  const needs = (text: string, more: Readonly<Record<string, string>> = {}): string | undefined =>
    /There is no \.env here: (.*)" >&2/.exec(script({ ...withCompose(text), ...more })?.text ?? '')?.[1];
  const web = (line: string): string => `${STACK['compose.yaml']}${line}`;

  test.each([
    ['    environment:\n      KEY: ${KEY:?KEY is required}\n', 'create it and set KEY.'],
    ['    environment:\n      KEY: $KEY\n      OTHER: ${OTHER}\n', 'create it and set KEY, OTHER.'],
    ['    env_file: .env\n', 'create it.'],
    ['    env_file:\n      - path: ./.env\n', 'create it.'],
  ])('is needed: %j', (line, what) => {
    expect(needs(web(line))).toBe(what);
    expect(needs(web(line), { '.env.example': 'KEY=\n' })).toBe('copy .env.example to .env and fill in its values.');
    expect(needs(web(line), { '.env': 'KEY=1\n' })).toBeUndefined();
  });

  test.each([
    '    environment:\n      KEY: ${KEY:-none}\n',
    '    environment:\n      KEY: $$KEY   # not ${KEY}\n',
    '    environment:\n      HOME: ${HOME}\n',
    '    env_file:\n      - path: .env\n        required: false\n',
    '    env_file: settings.env\n',
  ])('is not needed: %j', (line) => {
    expect(needs(web(line))).toBeUndefined();
  });
});

describe('what is not a way to deploy', () => {
  test.each([
    ['Makefile', 'update:\n\tpip-compile\n\n# docker compose up\ntest:\n\tpytest\n'],
    ['README.md', 'docker compose up -d\n'],
    ['start.sh', '#!/bin/sh\nexec gunicorn app:app\n'],
    ['src/deployments/deploy.py', 'def deploy(): ...\n'],
    ['package.json', '{ "scripts": { "upload": "node upload.js", "start": "node server.js" } }\n'],
    ['.github/workflows/test.yml', 'on: push\njobs:\n  test:\n    steps:\n      - run: pytest\n'],
  ])('%s', (path, text) => {
    expect(script({ ...STACK, [path]: text })?.path).toBe('deploy.sh');
  });
});
