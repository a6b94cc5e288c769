import { describe, expect, test } from 'vitest';
import { readStack, type Stack } from '../../src/model/stack.ts';
import { Repo } from '../../src/repo/repo.ts';

const stackOf = (files: Record<string, string>): Stack => readStack(Repo.of(files), undefined);
const service = (stack: Stack, name: string) => {
  const found = stack.services.find((each) => each.name === name);
  if (!found) throw new Error(`no service ${name}`);
  return found;
};

describe('which files form a project', () => {
  test.each([
    [['docker-compose.yml'], ['docker-compose.yml']],
    [['compose.yaml', 'docker-compose.yml'], ['compose.yaml']],
    [
      ['docker-compose.yml', 'docker-compose.override.yml'],
      ['docker-compose.yml', 'docker-compose.override.yml'],
    ],
  ])('%j loads %j', (names, expected) => {
    const files = Object.fromEntries(names.map((name) => [name, 'services:\n  web:\n    image: x\n']));
    expect(stackOf(files).projects[0]?.files.map((file) => file.path)).toEqual(expected);
  });

  test('a file whose services lack image and build is an overlay of the base', () => {
    const stack = stackOf({
      'docker-compose.yml': 'services:\n  web:\n    image: x\n',
      'docker-compose.prod.yml': 'services:\n  web:\n    restart: always\n',
      'docker-compose.test.yml': 'services:\n  web:\n    image: y\n',
    });
    expect(stack.projects.map((project) => project.files.map((file) => file.path))).toEqual([
      ['docker-compose.yml'],
      ['docker-compose.test.yml'],
    ]);
    expect(stack.projects[0]?.overlays.map((file) => file.path)).toEqual(['docker-compose.prod.yml']);
  });

  test.each(['.github/workflows/test-docker-compose.yml', 'composer.yaml', 'openapi.yml'])('%s is none', (path) => {
    expect(stackOf({ [path]: 'services:\n  - x\n' }).projects).toEqual([]);
  });

  test('a file with a name of its own counts by its content', () => {
    expect(stackOf({ 'local.yml': 'services:\n  django:\n    build: .\n' }).projects).toHaveLength(1);
  });

  test('include brings services in', () => {
    const stack = stackOf({
      'compose.yaml': 'include:\n  - db/compose.yaml\nservices:\n  web:\n    image: x\n',
      'db/compose.yaml': 'services:\n  db:\n    image: postgres\n',
    });
    expect(stack.projects).toHaveLength(1);
    expect(stack.services.map((each) => each.name)).toEqual(['web', 'db']);
  });
});

describe('what a service is made of', () => {
  const merged = stackOf({
    'docker-compose.yml': `x-base: &base
  environment: &env
    A: "1"
    B: base
  depends_on: [db]
services:
  web:
    <<: *base
    image: web
    environment:
      <<: *env
      B: own
    volumes:
      - ./src:/app
      - data:/data
  db:
    image: postgres
  worker:
    extends:
      file: common.yml
      service: job
    command: ["run"]
volumes:
  data:
`,
    'docker-compose.override.yml': `services:
  web:
    environment:
      - C=3
      - A=override
      - PASSED
    depends_on:
      cache:
        condition: service_healthy
        restart: true
    volumes:
      - type: bind
        source: ./other
        target: /app
        read_only: true
  cache:
    image: redis
`,
    'common.yml': 'services:\n  job:\n    image: job\n    working_dir: /job\n    command: [nothing]\n',
  });

  test('environment: anchors, merge keys, lists and override files, the later one wins', () => {
    const environment = service(merged, 'web').environment;
    const values = [...environment].map(([name, { value }]) => [name, value?.text]);
    expect(Object.fromEntries(values)).toEqual({ A: 'override', B: 'own', C: '3', PASSED: undefined });
  });

  test('depends_on: list and mapping of several files', () => {
    const edges = service(merged, 'web').dependsOn.map(({ name, condition, form, restart, part }) => ({
      name,
      condition,
      form,
      restart,
      file: part.file.path,
      shared: part.shared,
    }));
    expect(edges).toEqual([
      {
        name: 'db',
        condition: 'service_started',
        form: 'short',
        restart: false,
        file: 'docker-compose.yml',
        shared: true,
      },
      {
        name: 'cache',
        condition: 'service_healthy',
        form: 'long',
        restart: true,
        file: 'docker-compose.override.yml',
        shared: false,
      },
    ]);
  });

  test('the path of an anchored part leads to the anchor', () => {
    expect(service(merged, 'web').parts.get('depends_on')?.[0]?.path).toEqual(['x-base', 'depends_on']);
  });

  test('volumes are merged by their target', () => {
    const mounts = service(merged, 'web').mounts.map(({ kind, source, target, readOnly }) => ({
      kind,
      source,
      target,
      readOnly,
    }));
    expect(mounts).toEqual([
      { kind: 'bind', source: 'other', target: '/app', readOnly: true },
      { kind: 'volume', source: 'data', target: '/data', readOnly: false },
    ]);
  });

  test('extends from another file; own keys win', () => {
    const worker = merged.view(service(merged, 'worker'));
    expect(worker.container.workdir).toBe('/job');
    expect(worker.container.argv?.words.map((word) => word.text)).toEqual(['run']);
  });

  test('!reset and !override', () => {
    const stack = stackOf({
      'compose.yaml': 'services:\n  web:\n    image: x\n    ports: ["1:1"]\n    command: a\n',
      'compose.override.yaml': 'services:\n  web:\n    ports: !override ["2:2"]\n    command: !reset null\n',
    });
    expect(service(stack, 'web').ports.map((port) => port.text)).toEqual(['2:2']);
    expect(service(stack, 'web').parts.has('command')).toBe(false);
  });
});

describe('env_file', () => {
  test.each([
    ['a string', 'env_file: web.env'],
    ['a list', 'env_file: [web.env]'],
    ['paths with options', 'env_file:\n      - path: ./web.env\n        required: false'],
    ['a flow map', 'env_file: [{path: web.env}]'],
  ])('%s', (_, lines) => {
    const stack = stackOf({
      'compose.yaml': `services:\n  web:\n    image: x\n    ${lines}\n`,
      'web.env': "URL='postgres://db'\nEMPTY=\n",
    });
    expect(service(stack, 'web').environment.get('URL')?.value?.text).toBe('postgres://db');
    expect(service(stack, 'web').environment.get('EMPTY')?.value?.text).toBe('');
    expect(service(stack, 'web').hiddenEnvironment).toBe(false);
  });

  test('environment beats env_file; a missing file leaves doubt', () => {
    const stack = stackOf({
      'compose.yaml':
        'services:\n  web:\n    image: x\n    env_file: [a.env, gone.env]\n    environment:\n      A: own\n',
      'a.env': 'A=file\n',
    });
    expect(service(stack, 'web').environment.get('A')?.value?.text).toBe('own');
    expect(service(stack, 'web').hiddenEnvironment).toBe(true);
  });
});

describe('interpolation', () => {
  const stack = stackOf({
    '.env': 'TAG=15\n',
    'compose.yaml':
      'services:\n  db:\n    image: postgres:${TAG}\n    volumes:\n      - ${DATA:-./data}:/data:ro\n      - ${NOWHERE}:/x\n    scale: ${N}\n',
  });
  test('.env, defaults, and what stays unknown', () => {
    const db = service(stack, 'db');
    expect(db.image).toMatchObject({ text: 'postgres:15', unknown: false });
    expect(db.mounts.map(({ kind, source, target }) => [kind, source, target])).toEqual([
      ['bind', 'data', '/data'],
      ['unknown', undefined, '/x'],
    ]);
    expect(db.replicas).toBeUndefined();
  });
});

test.each([
  ['a broken file', 'services:\n  web: [\n'],
  ['a template', 'services:\n  {% for s in all %}\n  web:\n    image: x\n  {% endfor %}\n'],
])('%s is a notice with a line, and the rest is read', (_, text) => {
  const stack = stackOf({ 'docker-compose.yml': text, 'other/compose.yaml': 'services:\n  web:\n    image: x\n' });
  expect(stack.notices).toHaveLength(1);
  expect(stack.notices[0]).toMatchObject({ path: 'docker-compose.yml', line: expect.any(Number) });
  expect(stack.services.map((each) => each.name)).toEqual(['web']);
});

test.each(['', 'services:\n', 'services:\n  web:\n', 'services: []\n', '- a\n', 'services:\n  web: text\n'])(
  '%j does no harm',
  (text) => {
    expect(() => stackOf({ 'compose.yaml': text }).services.map((each) => each.name)).not.toThrow();
  },
);
