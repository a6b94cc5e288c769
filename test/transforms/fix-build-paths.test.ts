import { describe, expect, test } from 'vitest';
import type { Finding } from '../../src/finding.ts';
import { lineNumber } from '../../src/lines.ts';
import { readStack } from '../../src/model/stack.ts';
import { Repo } from '../../src/repo/repo.ts';
import fixBuildPaths from '../../transforms/fix-build-paths/transform.ts';

const found = (files: Readonly<Record<string, string>>): readonly Finding[] => [
  ...fixBuildPaths.find(readStack(Repo.of(files), undefined)),
];
const one = (files: Readonly<Record<string, string>>): Finding | undefined => found(files)[0];
const nginx = (source: string): string =>
  `services:\n  proxy:\n    image: nginx:alpine\n    volumes:\n      - ${source}:/etc/nginx/nginx.conf:ro\n`;
const web = 'services:\n  web:\n    build: .\n';

test('tells what is wrong, and proves it', () => {
  const compose = 'services:\n  web:\n    build:\n      context: .\n      dockerfile: Dockerfile.base\n';
  const finding = one({ 'compose.yaml': compose, 'docker/Dockerfile.base': 'FROM python:3.11-slim\n' });
  expect(finding?.message).toBe(
    'Dockerfile.base does not exist, so web cannot be built ("failed to read dockerfile: open Dockerfile.base: no such file or directory")',
  );
  expect(finding?.fix).toMatchObject({ title: 'Build web with docker/Dockerfile.base', safety: 'safe' });
  expect(
    finding?.evidence.map(
      ({ at, says }) => `${at.path}:${at.path === 'compose.yaml' ? lineNumber(compose, at.start) : 1} ${says}`,
    ),
  ).toEqual([
    'compose.yaml:5 web is built with Dockerfile.base in the root of the repository',
    'docker/Dockerfile.base:1 docker/Dockerfile.base has that name',
  ]);
});

describe('advice without a change', () => {
  test.each([
    ['several', nginx('./nginx.conf'), { 'a/nginx.conf': '', 'b/nginx.conf': '' }, 'a/nginx.conf and b/nginx.conf'],
    ['none', nginx('./nginx.conf'), {}, 'No other file of that name'],
    ['a variable', nginx('${CONF:-./nginx.conf}'), { 'a/nginx.conf': '' }, 'cannot be changed where it is written'],
    [
      'a COPY outside the context',
      'services:\n  api:\n    build: ./api\n',
      { 'api/Dockerfile': 'FROM x\nCOPY requirements.txt .\n', 'shared/requirements.txt': '' },
      'outside the build context (api)',
    ],
    [
      'a COPY that .dockerignore hides',
      web,
      { Dockerfile: 'FROM x\nCOPY app.ini .\n', 'conf/app.ini': '', '.dockerignore': 'conf\n' },
      'keeps it out of the build context',
    ],
    [
      'a Dockerfile of another context',
      web,
      { 'api/Dockerfile': 'FROM x\nCOPY main.py .\n', 'api/main.py': '' },
      'api/Dockerfile copies main.py, which that build context does not hold',
    ],
    [
      'an image of another service',
      'services:\n  base:\n    image: analylit-base\n    build: ./base\n  web:\n    build: .\n',
      { 'base/Dockerfile': 'FROM python:3.11-slim\n', Dockerfile: 'FROM analylit-base\n' },
      'additional_contexts: { "analylit-base": "service:base" }',
    ],
  ])('%s', (_, compose, files, advice) => {
    const finding = one({ 'compose.yaml': compose, ...files });
    expect(finding?.fix).toMatchObject({ safety: 'manual', changes: [] });
    expect(finding?.advice).toContain(advice);
  });

  test('a missing .env is created from its example', () => {
    const files = { Dockerfile: 'FROM x\n', 'compose.yaml': `${web}    env_file: .env\n` };
    expect(one({ ...files, '.env.example': 'A=\n' })).toMatchObject({
      message: '.env does not exist, so Compose stops with "env file .env not found" before it starts web',
      advice: expect.stringContaining('`cp .env.example .env`'),
    });
    expect(one(files)?.advice).toContain('create .env with the variables that web needs');
    expect(one(files)?.fix).toBeUndefined();
  });

  test('a missing .env that several services read is one finding', () => {
    const services = `${web}    env_file: .env\n  worker:\n    build: .\n    env_file: [.env]\n`;
    const finding = one({ Dockerfile: 'FROM x\n', 'compose.yaml': services });
    expect(finding?.message).toContain('before it starts web and worker');
    expect(finding?.evidence.map(({ says }) => says)).toEqual(['web reads .env', 'worker reads .env']);
  });
});

describe('hard input', () => {
  test('keeps quotes, CRLF, BOM, accents and emoji', () => {
    const compose = `\ufeff# été 🐍\r\n${nginx('"./nginx.conf').replace(':ro', ':ro"').replaceAll('\n', '\r\n')}`;
    const finding = one({ 'compose.yaml': compose, 'réseau/nginx.conf': '' });
    const [change] = finding?.fix?.changes ?? [];
    expect(change).toMatchObject({ text: './réseau/nginx.conf' });
    expect(change && 'start' in change && compose.slice(change.start, change.end)).toBe('./nginx.conf');
  });

  test.each([
    ['null services', { 'compose.yaml': 'services:\n  web:\n  api: { build: }\n' }],
    ['an empty file', { 'compose.yaml': '' }],
    [
      'lists for everything',
      { 'compose.yaml': 'services:\n  web:\n    build: []\n    volumes: x\n    env_file: {}\n' },
    ],
    ['an empty Dockerfile', { 'compose.yaml': web, Dockerfile: '' }],
    ['a path out of the repository', { 'compose.yaml': nginx('../../nginx.conf'), 'a/nginx.conf': '' }],
    ['an absolute path', { 'compose.yaml': nginx('/etc/nginx.conf'), 'a/nginx.conf': '' }],
  ])('nothing for %s', (_, files) => {
    expect(found(files)).toEqual([]);
  });
});
