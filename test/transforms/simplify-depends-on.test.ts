import { beforeAll, describe, expect, test } from 'vitest';
import type { Finding } from '../../src/finding.ts';
import { readStack } from '../../src/model/stack.ts';
import { run } from '../../src/pipeline/run.ts';
import { Repo } from '../../src/repo/repo.ts';
import transform from '../../transforms/simplify-depends-on/transform.ts';
import { loadPythonForTests } from '../python-wasm.ts';

beforeAll(loadPythonForTests);

const APP = {
  Dockerfile: 'FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\nCMD ["gunicorn", "app:app"]\n',
  'app.py': 'from flask import Flask\n\napp = Flask(__name__)\n',
};
const REDIS = '  redis:\n    image: redis:7\n';
const WORKER = '  worker:\n    build: .\n    command: rq worker --url redis://redis:6379\n';

const findingsIn = (files: Record<string, string>): readonly Finding[] => [
  ...transform.find(readStack(Repo.of(files), undefined), { named: false }),
];
const repairedText = (files: Record<string, string>, path = 'compose.yaml'): string => {
  const result = run(Repo.of(files), [transform], { allow: new Set(['safe', 'review'] as const), named: new Set() });
  expect(result.steps.map((step) => step.error)).toEqual([undefined]);
  return result.after.read(path) ?? '';
};
const withApp = (services: string): Record<string, string> => ({ ...APP, 'compose.yaml': `services:\n${services}` });

test('the evidence leads from the edge over the use to the need', () => {
  const [finding] = findingsIn(withApp(`${WORKER}    depends_on: [redis]\n${REDIS}`));
  expect(finding?.message).toBe('worker waits only until redis is started, not until it answers.');
  expect(finding?.fix).toMatchObject({
    title: 'Make worker wait for redis with the right condition',
    safety: 'review',
  });
  expect(finding?.evidence.map(({ says }) => says)).toEqual([
    'worker waits for redis (service_started)',
    'the command line points at redis',
    'rq connects to its broker as soon as it starts',
  ]);
});

describe('what a person has to decide', () => {
  test('a cycle in which both sides name each other', () => {
    const findings = findingsIn(
      withApp(
        '  a:\n    build: .\n    environment: { B: "http://b:80" }\n    depends_on: [b]\n' +
          '  b:\n    build: .\n    environment: { A: "http://a:80" }\n    depends_on: [a]\n',
      ),
    );
    expect(findings.map(({ message, fix }) => [message, fix])).toEqual([
      ['a and b wait for each other, so Compose refuses to start them.', undefined],
      ['b and a wait for each other, so Compose refuses to start them.', undefined],
    ]);
    expect(findings[0]?.evidence.map(({ says }) => says)).toEqual(['a waits for b (service_started)', 'B points at b']);
  });

  test('a one-shot that is started again and again', () => {
    const [finding] = findingsIn(
      withApp(
        '  web:\n    build: .\n    depends_on: [migrate]\n' +
          '  migrate:\n    build: .\n    command: alembic upgrade head\n    restart: always\n',
      ),
    );
    expect(finding?.message).toContain('is started again each time');
    expect(finding?.advice).toContain('restart: "no"');
    expect(finding?.fix).toBeUndefined();
  });

  test('edges that a service passes on through extends', () => {
    const [finding] = findingsIn(
      withApp(
        `${WORKER}    depends_on: [redis]\n  job:\n    extends:\n      service: worker\n    command: python -m jobs\n${REDIS}`,
      ),
    );
    expect(finding?.fix).toMatchObject({ safety: 'manual', changes: [] });
    expect(finding?.advice).toContain('it has to wait for redis with condition: service_healthy');
  });
});

describe('small differences', () => {
  test('a service that waits for itself', () => {
    expect(repairedText(withApp('  web:\n    build: .\n    depends_on: [web]\n    restart: always\n'))).toBe(
      'services:\n  web:\n    build: .\n    restart: always\n',
    );
  });

  test.each(['version: "2"', 'version: "2.4"', 'version: "3"', 'version: "3.8"', ''])('%s', (version) => {
    const text = repairedText({
      ...APP,
      'compose.yaml': `${version}\nservices:\n${WORKER}    depends_on: [redis]\n${REDIS}`,
    });
    expect(text).toContain('      redis:\n        condition: service_healthy\n');
  });

  test('replicas change nothing: Compose waits for all of them', () => {
    const web =
      '  web:\n    build: .\n    deploy: { replicas: 3 }\n    healthcheck: { test: "true" }\n    depends_on: [ghost]\n';
    const text = repairedText(
      withApp(
        `${web}${WORKER}    depends_on:\n      web: { condition: service_healthy }\n      redis: { condition: service_healthy }\n${REDIS}`,
      ),
    );
    expect(text).not.toContain('ghost');
    expect(text).toContain('web: { condition: service_healthy }');
  });

  test('a proxy keeps its edge where another one is broken', () => {
    const text = repairedText(
      withApp(`  web:\n    build: .\n    depends_on: [ghost]\n  nginx:\n    image: nginx\n    depends_on: [web]\n`),
    );
    expect(text).toBe('services:\n  web:\n    build: .\n  nginx:\n    image: nginx\n    depends_on: [web]\n');
  });

  test('what an unread env file could name is kept where another edge is broken', () => {
    const text = repairedText(
      withApp(
        `  web:\n    build: .\n    depends_on: [ghost]\n${WORKER}    env_file: .env\n    depends_on: [web]\n${REDIS}`,
      ),
    );
    expect(text).toContain(
      '      web:\n        condition: service_started\n      redis:\n        condition: service_healthy\n',
    );
  });

  test('on a host network another service may be reached as localhost', () => {
    const text = repairedText(
      withApp(
        `  web:\n    build: .\n    depends_on: [ghost]\n${WORKER}    network_mode: host\n    depends_on: [web]\n`,
      ),
    );
    expect(text).toContain('    depends_on: [web]\n');
  });

  test.each([
    ['nginx/default.conf', 'location / { proxy_pass http://web:8000; }\n'],
    ['frontend/vite.config.js', "export default { server: { proxy: { '/api': 'http://web:8000' } } };\n"],
    ['tests/test_web.py', 'URL = "http://web:8000"\n'],
    ['README.md', 'See http://web:8000\n'],
  ])('%s names the web service for others than the worker', (path, text) => {
    const files = withApp(`  web:\n    build: .\n${WORKER}    depends_on: [web, redis]\n${REDIS}`);
    expect(repairedText({ ...files, [path]: text })).not.toContain('web:\n        condition');
  });

  test.each([
    ['jobs/notify.py', 'requests.post("http://web:8000/notify")\n'],
    ['settings.toml', 'callback = "http://web:8000"\n'],
    ['app.sh', 'curl http://web:8000/\n'],
  ])('%s shows that the worker contacts the web service', (path, text) => {
    const files = withApp(`  web:\n    build: .\n${WORKER}    depends_on: [web, redis]\n${REDIS}`);
    expect(repairedText({ ...files, [path]: text })).toContain('web:\n        condition: service_started');
  });

  test.each([
    ['environment: { PEERS: "web:8000,other:1" }', true],
    ['environment: { API_URL: }', true],
    ['environment: { SECRET_KEY: }', false],
    ['links: [web]', true],
    ['labels: { uses: "http://web:8000" }', true],
  ])('%s', (line, keeps) => {
    const files = withApp(`  web:\n    build: .\n${WORKER}    ${line}\n    depends_on: [web, redis]\n${REDIS}`);
    expect(repairedText(files).includes('web:\n        condition: service_started')).toBe(keeps);
  });

  test('restart: true stays, also when another edge changes', () => {
    const edges =
      '    depends_on:\n      web:\n        condition: service_started\n        restart: true\n      ghost:\n        condition: service_started\n';
    const text = repairedText(withApp(`  web:\n    build: .\n${WORKER}${edges}`));
    expect(text).toContain('      web:\n        condition: service_started\n        restart: true\n');
    expect(text).not.toContain('ghost');
  });

  test('names with dots and underscores', () => {
    const text = repairedText(
      withApp(
        '  w.eb_1:\n    build: .\n    command: rq worker --url redis://my_redis.v1:6379\n    depends_on: [my_redis.v1]\n  my_redis.v1:\n    image: redis:7\n',
      ),
    );
    expect(text).toContain('      my_redis.v1:\n        condition: service_healthy\n');
  });

  test('a file with a byte order mark and French comments keeps them', () => {
    const text = repairedText({
      ...APP,
      'compose.yaml': `\ufeffservices:\n${WORKER}    depends_on:\n      # d’abord la file 🚚\n      - redis\n${REDIS}`,
    });
    expect(text.startsWith('\ufeffservices:')).toBe(true);
    expect(text).toContain('      # d’abord la file 🚚\n      redis:\n        condition: service_healthy\n');
  });
});

test.each([
  'services:\n  web:\n    depends_on:\n',
  'services:\n  web:\n    depends_on: {}\n',
  'services:\n  web: null\n  db:\n    image:\n    depends_on: [web, null, 3]\n',
  'services:\n  web:\n    depends_on:\n      db:\n      redis: 1\n',
  'services: []\n',
  '',
])('nothing throws on %j', (text) => {
  expect(() => findingsIn({ 'compose.yaml': text })).not.toThrow();
});
