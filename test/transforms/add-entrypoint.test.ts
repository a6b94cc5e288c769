import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Finding, isEdit } from '../../src/finding.ts';
import { lineNumber } from '../../src/lines.ts';
import { readStack } from '../../src/model/stack.ts';
import { carryOut } from '../../src/pipeline/edits.ts';
import { scan } from '../../src/repo/disk.ts';
import { Repo } from '../../src/repo/repo.ts';
import addEntrypoint from '../../transforms/add-entrypoint/transform.ts';
import { loadPythonForTests } from '../python-wasm.ts';

beforeAll(loadPythonForTests);

const find = (repo: Repo): readonly Finding[] => [...addEntrypoint.find(readStack(repo, undefined), { named: false })];
const fixture = (name: string): Repo => scan(join('fixtures', 'transforms', 'add-entrypoint', name, 'before'));

const chain = (repo: Repo, finding: Finding): readonly string[] =>
  finding.evidence.map(({ at, says }) => `${at.path}:${lineNumber(repo.read(at.path) ?? '', at.start)} ${says}`);

const SHOP: Readonly<Record<string, string>> = {
  Dockerfile:
    'FROM python:3.11-slim\nENV FLASK_APP=wsgi.py\nWORKDIR /app\nCOPY . .\nRUN chmod +x start.sh\nCMD ["./start.sh"]\n',
  'compose.yaml':
    'services:\n  web:\n    build: .\n    environment:\n      DATABASE_URL: postgresql://u@db/shop\n    ports: ["80:80"]\n  db:\n    image: postgres:16\n',
  'wsgi.py': 'app = None\n',
};
const shop = (files: Readonly<Record<string, string>>): Repo => Repo.of({ ...SHOP, ...files });
const started = (script: string): Repo => shop({ 'start.sh': script });

const repairedScript = (repo: Repo): string => {
  const files = carryOut(
    repo,
    find(repo).flatMap(({ fix }) => fix?.changes ?? []),
  );
  if ('why' in files) throw new Error(files.why);
  return files.get('start.sh')?.text ?? '';
};

test('a script with Windows line endings waits for fix-shell-scripts', () => {
  expect(
    find(started('#!/bin/sh\r\nuntil pg_isready -h db; do\r\n  sleep 1\r\ndone\r\ngunicorn wsgi:app\r\n')),
  ).toEqual([]);
});

describe('evidence', () => {
  test('names the server, the set-up and the migrations', () => {
    const repo = fixture('basic');
    const [finding, ...more] = find(repo);
    expect(more).toEqual([]);
    expect(finding?.message).toBe(
      'Nothing runs flask db upgrade before web starts its server, so it answers on a database without its tables.',
    );
    expect(finding?.fix).toMatchObject({
      safety: 'review',
      title: 'Run flask db upgrade before web starts its server',
    });
    expect(finding && chain(repo, finding)).toEqual([
      'Dockerfile:17 web starts gunicorn here',
      'shop/__init__.py:8 the application sets Flask-Migrate up here',
      'migrations/versions/3f1c2a9d7b10_create_products.py:1 migrations holds its migrations',
    ]);
  });

  test('names the mount that hides a script', () => {
    const repo = fixture('script-hidden-by-mount');
    expect(find(repo).flatMap((finding) => chain(repo, finding))).toEqual([
      'Dockerfile:19 web starts /app/entrypoint.sh',
      'Dockerfile:12 the image has it from docker/entrypoint.sh',
      'docker-compose.yml:5 the repository is mounted over it and holds no such file',
    ]);
  });
});

describe('instructions instead of a fix', () => {
  test.each([
    ['untouched-alembic-not-installed', /alembic is not known to be installed/],
    ['untouched-creates-tables-itself', /creates its tables by itself.*stamp head/],
    ['untouched-no-build', /not built from this repository/],
    ['untouched-prisma-dev-dependency', /development dependency/],
    ['untouched-replicas-without-lock', /2 containers of web/],
    ['untouched-two-web-services', /web and admin share these migrations/],
    ['untouched-unknown-base', /registry\.example\.com\/platform\/python-web:4 may bring an entrypoint/],
  ])('%s', (name, advice) => {
    const [finding, ...more] = find(fixture(name));
    expect(more).toEqual([]);
    expect(finding?.fix).toMatchObject({ safety: 'manual', changes: [] });
    expect(finding?.advice).toMatch(advice);
  });

  test('migrations that a Makefile runs by hand are only said', () => {
    const [finding] = find(fixture('untouched-run-by-hand'));
    expect(finding?.fix).toBeUndefined();
    expect(finding?.advice).toMatch(/drop it from the script/);
  });

  test('every other untouched case says nothing', () => {
    for (const name of ['untouched-working-entrypoint', 'untouched-lifespan-migrates', 'untouched-one-shot-migrator'])
      expect(find(fixture(name)), name).toEqual([]);
  });
});

describe('start scripts', () => {
  test.each([
    'until pg_isready -h db; do sleep 1; break; done',
    'while ! timeout 5 pg_isready -h db; do sleep 1; done',
    'while [ ! -f /ready ]; do process_queue; sleep 1; done',
    'for i in 1 2 3; do pg_isready -h db && break; sleep 1; done',
  ])('an end is left as it is: %s', (loop) => {
    const installed = (SHOP['Dockerfile'] ?? '').replace(
      'WORKDIR',
      'RUN apt-get install -y postgresql-client\nWORKDIR',
    );
    expect(find(shop({ Dockerfile: installed, 'start.sh': `#!/bin/sh\n${loop}\nexec gunicorn wsgi:app\n` }))).toEqual(
      [],
    );
  });

  test('a loop with tabs gets its limit, and a name that is taken is not used', () => {
    const script = '#!/bin/sh\nattempts=x\nuntil python check.py; do\n\tsleep 5\ndone\nexec gunicorn wsgi:app\n';
    const repaired = repairedScript(started(script));
    expect(repaired).toContain('wait_attempts=0\nuntil python check.py; do\n');
    expect(repaired).toContain('[ "$wait_attempts" -gt 12 ]');
  });

  test.each([
    ['nc -z -w 2 db 5432', 'db 5432'],
    ['nc -z "$DB_HOST" "${DB_PORT:-5432}"', '"$DB_HOST" "${DB_PORT:-5432}"'],
    ['pg_isready -h db -p 5433 -U u', 'db 5433'],
    ['pg_isready --host=db', 'db 5432'],
    ['pg_isready', 'db 5432'],
    ['psql -hdb -c "select 1"', 'db 5432'],
  ])('%s becomes a socket to the same place', (wait, target) => {
    const script = `#!/bin/sh\nuntil ${wait} 2>/dev/null; do sleep 1; done\nexec gunicorn wsgi:app\n`;
    expect(repairedScript(started(script))).toContain(`.close()" ${target} 2>/dev/null; do`);
  });

  test('a program that may be installed by a downloaded script is left alone', () => {
    const Dockerfile = (SHOP['Dockerfile'] ?? '').replace(
      'WORKDIR',
      'RUN curl -fsSL https://example.com/tools.sh | sh\nWORKDIR',
    );
    expect(find(shop({ Dockerfile, 'start.sh': '#!/bin/sh\nnc -z db 5432\nexec gunicorn wsgi:app\n' }))).toEqual([]);
  });
});

describe('broken input', () => {
  test.each([
    { 'compose.yaml': 'services:\n  web:\n' },
    { 'compose.yaml': 'services:\n  web:\n    build: .\n' },
    { 'compose.yaml': 'services:\n  web:\n    build: .\n    command: []\n    entrypoint: ""\n', Dockerfile: '' },
    {
      'compose.yaml': 'services: {web: {build: ., command: ["./start.sh"]}}\n',
      Dockerfile: 'FROM python\nCOPY . .\n',
      'start.sh': 'case x in\n',
    },
    {
      'compose.yaml': 'services: {web: {build: ., ports: ["1:1"], command: node x.js}}\n',
      Dockerfile: 'FROM node\nWORKDIR /a\nCOPY . .\n',
      'package.json': '[',
    },
  ])('%j is no reason to throw', (files) => {
    expect(() => find(Repo.of(files as Readonly<Record<string, string>>))).not.toThrow();
  });
});

test('no fix writes the password that stands in Compose', () => {
  const repo = fixture('basic');
  const texts = find(repo).flatMap(({ fix }) =>
    (fix?.changes ?? []).map((change) => (isEdit(change) ? change.text : JSON.stringify(change))),
  );
  expect(texts.join('\n')).not.toMatch(/shop:\$|shop@/);
});
