import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { pythonWasm } from '../../src/assets.ts';
import type { Finding } from '../../src/finding.ts';
import { lineNumber } from '../../src/lines.ts';
import { readStack } from '../../src/model/stack.ts';
import { loadPython } from '../../src/parse/python.ts';
import { run } from '../../src/pipeline/run.ts';
import { scan } from '../../src/repo/disk.ts';
import { Repo } from '../../src/repo/repo.ts';
import addEntrypoint from '../../transforms/add-entrypoint/transform.ts';
import fixBuildPaths from '../../transforms/fix-build-paths/transform.ts';
import removeMigrator from '../../transforms/remove-migrator/transform.ts';
import simplifyDependsOn from '../../transforms/simplify-depends-on/transform.ts';

const root = join('fixtures', 'transforms', 'remove-migrator');
const ALLOW = new Set(['safe', 'review'] as const);

beforeAll(async () => {
  await loadPython(pythonWasm());
});

const repoOf = (name: string): Repo => scan(join(root, name, 'before'));
const found = (repo: Repo, named = false): readonly Finding[] => [
  ...removeMigrator.find(readStack(repo, undefined), { named }),
];
const one = (name: string): Finding | undefined => found(repoOf(name))[0];

test('tells what is wrong, and proves it', () => {
  const before = scan(join('fixtures', 'repos', 'analylit-repair-plan', 'before'));
  const repo = run(before, [fixBuildPaths], { allow: ALLOW, named: new Set() }).after;
  const [finding, ...more] = found(repo);
  expect(more).toEqual([]);
  expect(finding?.message).toBe(
    'migrator cannot run flask db upgrade: its Dockerfile Dockerfile.migrator does not exist; no file of this repository is ./wait-for-it.sh; it waits for db_dev, which is not a service; it waits for the health of db-test, which has no healthcheck. So nothing brings the schema up to date before the application starts.',
  );
  expect(finding?.fix?.title).toBe('Remove migrator and run flask db upgrade in the entrypoint of web');
  expect(finding?.fix?.safety).toBe('review');
  expect(finding?.advice).toBe('README.md still tells of migrator.');
  const line = ({ path, start }: { path: string; start: number }): string =>
    `${path}:${lineNumber(repo.read(path) ?? '', start)}`;
  expect(finding?.evidence.map(({ at, says }) => `${line(at)} ${says}`)).toEqual([
    'docker-compose.yml:78 migrator runs flask db upgrade and ends',
    'docker-compose.yml:76 the Dockerfile Dockerfile.migrator does not exist',
    'docker-compose.yml:78 migrator starts ./wait-for-it.sh, which no file is named like',
    'docker-compose.yml:85 migrator waits for db_dev, which is not a service',
    'docker-compose.yml:87 migrator waits for the health of db-test, which has no healthcheck',
    'docker-compose.override.yml:10 web waits for service_started, not for its success',
    'docker-compose.yml:60 worker waits for service_started, not for its success',
    'docker-compose.yml:25 web serves the same code and uses the same database',
    'migrations/env.py:1 flask db upgrade finds its migrations by this, and the image of web holds it too',
    'docker-compose.yml:49 worker runs the same image and must not do it too, so Compose sets the entrypoint for web alone',
  ]);
});

describe('manual', () => {
  test.each([
    ['untouched-prebuilt-web', 'web runs an image that is not built from this repository'],
    ['untouched-two-webs', 'web and admin serve the same code, and only one of them may migrate'],
    ['untouched-other-database-user', 'DATABASE_URL is not the same for migrate and web'],
    ['untouched-needs-a-secret', 'alembic reads the secret owner_password, which api does not get'],
    ['untouched-seeds-as-well', 'migrate also runs python seed.py'],
    ['untouched-resets-the-schema', 'migrate also runs flask db downgrade base'],
    ['untouched-under-a-condition', 'migrate runs flask db upgrade only under a condition'],
    ['untouched-image-is-a-base', 'Dockerfile is built on notes-base, which only migrate builds'],
    ['untouched-template-of-another', 'downgrade takes parts of the definition of migrate over'],
    ['untouched-anchor-in-the-migrator', 'web takes parts of the definition of migrate over'],
    ['untouched-borrowed-network', 'debug names migrate under network_mode'],
    ['untouched-replicas-without-a-lock', '2 containers of web would run flask db upgrade at the same time'],
    ['untouched-tool-not-in-the-web-image', 'knex is a development dependency'],
    ['untouched-entrypoint-in-shell-form', 'the ENTRYPOINT of Dockerfile is in shell form'],
    ['untouched-hidden-environment', 'migrate reads an env file that is not in the repository'],
    ['untouched-makes-migrations-too', 'migrate also runs python manage.py makemigrations'],
    ['untouched-other-codebase', 'no web service of this file is built from the same code'],
    [
      'untouched-shell-expands-variables',
      'alembic -c db/alembic.ini -x tenant=$TENANT upgrade head depends on variables',
    ],
    ['untouched-worker-migrates-as-well', 'scheduler runs flask db upgrade at its own start too, and takes no lock'],
    ['untouched-workers-only', 'no web service of this file is built from the same code'],
  ])('%s', (name, why) => {
    const finding = one(name);
    expect(finding?.fix).toMatchObject({ safety: 'manual', changes: [] });
    expect(finding?.advice).toContain(`It is left to you because ${why}`);
  });

  test('a script that calls the service by its name', () => {
    const repo = repoOf('basic');
    const text = 'schema:\n\tdocker compose run --rm migrate\n';
    const finding = found(
      repo.with(new Map([['Makefile', { text, encoding: 'utf8' as const, mode: 0o644 as const }]])),
    )[0];
    expect(finding?.fix?.safety).toBe('manual');
    expect(finding?.advice).toContain('Makefile calls migrate by its name');
  });
});

describe('information', () => {
  test.each([
    ['untouched-working-one-shot', 'this works and stays as it is'],
    ['untouched-working-django', 'this works and stays as it is'],
    ['untouched-working-prisma', 'this works and stays as it is'],
    ['untouched-waits-through-another', 'this works and stays as it is'],
    ['untouched-called-by-deploy-script', 'Only a script runs migrate in time'],
  ])('%s', (name, words) => {
    const finding = one(name);
    expect(finding?.fix).toBeUndefined();
    expect(finding?.message).toContain(words);
  });

  test.each([
    'untouched-manual-profile',
    'untouched-migrates-then-serves',
    'untouched-no-migrator',
    'untouched-nobody-to-race',
    'untouched-publishes-a-port',
    'untouched-seeds-only',
    'untouched-tool-of-its-own-image',
    'untouched-test-service',
    'untouched-toolbox',
    'untouched-web-checks-itself',
  ])('%s: not a word', (name) => {
    expect(found(repoOf(name))).toEqual([]);
    expect(found(repoOf(name), true)).toEqual([]);
  });
});

test('moves a working one-shot when the transform is named', () => {
  const repo = repoOf('untouched-working-one-shot');
  const result = run(repo, [removeMigrator], { allow: ALLOW, named: new Set(['remove-migrator']) });
  expect(result.after.read('docker-compose.yml')).not.toContain('migrate');
  expect(result.after.read('docker-compose.yml')).toContain(
    '    depends_on:\n      db:\n        condition: service_healthy\n',
  );
  expect(result.after.read('entrypoint.sh')).toContain('\nflask db upgrade\n');
  const unnamed = run(repo, [removeMigrator], { allow: ALLOW, named: new Set() });
  expect(unnamed.after.pathsUnlike(repo)).toEqual([]);
});

test('says what stays, what moves and who no longer waits', () => {
  expect(one('dockerfile-used-by-ci')?.advice).toBe(
    'docker/Dockerfile.migrate stays: .github/workflows/release.yml names it. docker/migrate.sh stays: Makefile names it.',
  );
  expect(one('build-moves-with-the-image')?.advice).toBe('web builds the image now.');
  const [finding] = found(
    Repo.of({
      ...Object.fromEntries(repoOf('basic').paths.map((path) => [path, repoOf('basic').read(path) ?? ''])),
      'docker-compose.yml': (repoOf('basic').read('docker-compose.yml') ?? '').replace(
        '  db:\n    image',
        '  worker:\n    build: .\n    command: ["rq", "worker", "notes"]\n    depends_on:\n      migrate:\n        condition: service_completed_successfully\n\n  db:\n    image',
      ),
    }),
  );
  expect(finding?.advice).toContain('worker no longer waits for the schema');
});

describe('after it, in the pipeline', () => {
  const names = readdirSync(root).filter((name) => existsSync(join(root, name, 'after')));
  test.each(names)('%s: nothing is left to add-entrypoint', (name) => {
    const result = run(repoOf(name), [removeMigrator, simplifyDependsOn, addEntrypoint], {
      allow: ALLOW,
      named: new Set(),
    });
    const [, , last] = result.steps;
    expect(result.steps.flatMap(({ error }) => error ?? [])).toEqual([]);
    expect(last?.outcomes.filter(({ skipped }) => !skipped).map(({ finding }) => finding.message)).toEqual([]);
    expect(result.steps.flatMap(({ outcomes }) => outcomes.flatMap(({ detail }) => detail ?? []))).toEqual([]);
  });
});

describe('hard input', () => {
  const compose = (text: string): readonly Finding[] => found(Repo.of({ 'docker-compose.yml': text }));

  test.each([
    ['nothing', ''],
    ['null services', 'services:\n'],
    ['a null service', 'services:\n  migrate:\n'],
    ['a service that is a text', 'services:\n  migrate: flask db upgrade\n'],
    ['broken YAML', 'services:\n  migrate:\n   - a\n  b: [\n'],
    ['tabs', 'services:\n\tmigrate:\n\t\tcommand: flask db upgrade\n'],
    ['an empty build', 'services:\n  migrate:\n    build:\n    command: flask db upgrade\n'],
    ['itself', 'services:\n  migrate:\n    build: .\n    command: flask db upgrade\n    depends_on: [migrate]\n'],
    ['an empty command', 'services:\n  migrate:\n    build: .\n    command: []\n    entrypoint: ""\n'],
  ])('%s does not throw', (_, text) => {
    for (const finding of compose(text)) expect(finding.fix?.safety ?? 'manual').toBe('manual');
  });

  test('BOM, CRLF, accents and emoji stay', () => {
    const repo = repoOf('basic');
    const text = `\ufeff# pile 🚀 déployée\r\n${(repo.read('docker-compose.yml') ?? '').replaceAll('\n', '\r\n')}`;
    const file = { text, encoding: 'utf8' as const, mode: 0o644 as const };
    const result = run(repo.with(new Map([['docker-compose.yml', file]])), [removeMigrator], {
      allow: ALLOW,
      named: new Set(),
    });
    const after = result.after.read('docker-compose.yml') ?? '';
    expect(after.startsWith('\ufeff# pile 🚀 déployée\r\nservices:\r\n  web:\r\n')).toBe(true);
    expect(after).not.toMatch(/migrate|[^\r]\n/);
  });
});
