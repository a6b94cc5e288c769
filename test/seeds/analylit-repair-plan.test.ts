import { beforeAll, describe, expect, test } from 'vitest';
import { lookupsIn } from '../../src/model/env/calls.ts';
import { migrationsOf } from '../../src/model/migration.ts';
import { copyOf } from '../../src/parse/dockerfile.ts';
import type { Repo } from '../../src/repo/repo.ts';
import { selectTransforms } from '../../src/selection.ts';
import fixBuildPaths from '../../transforms/fix-build-paths/transform.ts';
import { transforms } from '../../transforms/index.ts';
import removeMigrator from '../../transforms/remove-migrator/transform.ts';
import splitCopy from '../../transforms/split-copy/transform.ts';
import { loadPythonForTests } from '../python-wasm.ts';
import { after, before, placed, serviceOf, stackOf, viewOf, waits } from './seed.ts';

beforeAll(loadPythonForTests);

const seed = (): Repo => before('analylit-repair-plan');
const DOCKERFILE = 'docker/Dockerfile.base';
const repaired = (): Repo => after(seed(), selectTransforms(transforms, { only: [], skip: [], groups: [] }));
const tidied = (): Repo => after(seed(), selectTransforms(transforms, { only: [], skip: [], groups: ['hygiene'] }));

/** The instructions of the web image from the first COPY on, as written. */
const layers = (repo: Repo): readonly string[] => {
  const dockerfile = stackOf(repo).sources.dockerfile(DOCKERFILE);
  return (dockerfile?.instructions ?? [])
    .filter((each) => copyOf(each) || each.keyword === 'RUN')
    .map(({ at }) => dockerfile?.text.slice(at.start, at.end) ?? '');
};

describe('step 1: COPY . /app stands before pip install, which breaks the cache at each edit', () => {
  test('before', () => {
    expect(layers(seed()).slice(0, 2)).toEqual(['COPY . /app', 'RUN pip install --no-cache-dir -r requirements.txt']);
    const stack = stackOf(seed());
    const [finding, ...more] = [...splitCopy.find(stack)].filter(({ at }) => at.path === DOCKERFILE);
    expect(more).toEqual([]);
    expect(placed(stack.repo, finding)).toEqual([
      'docker/Dockerfile.base:12 copies 39 other files (analylit/__init__.py, analylit/blueprints/__init__.py and 37 more)',
      'docker/Dockerfile.base:15 `pip install --no-cache-dir -r requirements.txt` runs after it, in a layer that any of those files invalidates',
      'requirements.txt:1 the install reads requirements.txt',
    ]);
  });

  test('after: requirements.txt alone, the install, then the rest of the code', () => {
    expect(layers(repaired()).slice(0, 3)).toEqual([
      'COPY requirements.txt /app/',
      'RUN pip install --no-cache-dir -r requirements.txt',
      'COPY . /app',
    ]);
  });
});

describe('step 2, problem 1: the migrator has invalid dependencies and an invalid command', () => {
  test('before', () => {
    const repo = after(seed(), [fixBuildPaths]);
    const [finding] = removeMigrator.find(stackOf(repo));
    expect(placed(repo, finding)).toEqual(
      expect.arrayContaining([
        'docker-compose.yml:78 migrator starts ./wait-for-it.sh, which no file is named like',
        'docker-compose.yml:85 migrator waits for db_dev, which is not a service',
        'docker-compose.yml:87 migrator waits for the health of db-test, which has no healthcheck',
      ]),
    );
  });

  test('after: it is gone, with its Dockerfile, its volume and every edge to it', () => {
    const repo = repaired();
    expect(stackOf(repo).services.map(({ name }) => name)).toEqual(['web', 'worker', 'db', 'db-test', 'redis']);
    expect(repo.has('docker/Dockerfile.migrator')).toBe(false);
    for (const path of ['docker-compose.yml', 'docker-compose.override.yml'])
      expect(repo.read(path)).not.toMatch(/migrator|wait-for-it|db_dev/);
  });
});

describe('step 2, problem 2: web and worker depend on db and redis alone', () => {
  test('before', () => {
    const stack = stackOf(seed());
    expect(Object.keys(waits(stack, 'web'))).toEqual(['db', 'redis', 'migrator']);
    expect(Object.keys(waits(stack, 'worker'))).toEqual(['web', 'migrator', 'db', 'db-test', 'redis']);
  });

  test('after: and each is healthy first, by a check of its own', () => {
    const stack = stackOf(repaired());
    const both = { db: 'service_healthy', redis: 'service_healthy' };
    expect(waits(stack, 'web')).toEqual(both);
    expect(waits(stack, 'worker')).toEqual(both);
    for (const name of ['db', 'redis']) expect(serviceOf(stack, name).healthcheck, name).toBeDefined();
  });
});

describe('step 2, problem 3: the Dockerfiles are no longer at the root', () => {
  test('before: no path is right', () => {
    const stack = stackOf(seed());
    const paths = ['web', 'worker', 'migrator'].map((name) => serviceOf(stack, name).build?.dockerfile ?? '');
    expect(paths).toEqual(['Dockerfile.base', 'Dockerfile.base', 'Dockerfile.migrator']);
    expect(paths.filter((path) => stack.repo.has(path))).toEqual([]);
  });

  test('after: web and worker are built with the one in docker/', () => {
    const stack = stackOf(repaired());
    for (const name of ['web', 'worker']) expect(serviceOf(stack, name).build?.dockerfile).toBe(DOCKERFILE);
  });
});

describe('step 3: the entrypoint of web waits for the database, migrates, and runs gunicorn', () => {
  test('before: nothing but the migrator migrates', () => {
    const stack = stackOf(after(seed(), [fixBuildPaths]));
    const migrating = stack.services.filter((service) => migrationsOf(stack.view(service)).length > 0);
    expect(migrating.map(({ name }) => name)).toEqual(['migrator']);
    expect(stack.repo.has('docker/entrypoint.sh')).toBe(false);
  });

  test('after: docker/entrypoint.sh does it, and is executable', () => {
    const repo = repaired();
    const stack = stackOf(repo);
    const { startup, container } = viewOf(stack, 'web');
    expect(container.fileAt('/usr/local/bin/entrypoint.sh')).toMatchObject({ path: 'docker/entrypoint.sh' });
    expect(repo.file('docker/entrypoint.sh')).toMatchObject({ mode: 0o755 });
    expect(migrationsOf(viewOf(stack, 'web')).map(({ tool }) => tool)).toEqual(['flask db upgrade']);
    expect(startup.main?.argv[0]).toBe('gunicorn');
    const text = repo.read('docker/entrypoint.sh') ?? '';
    const order = ['create_connection', 'flask db upgrade', 'exec "$@"'].map((each) => text.indexOf(each));
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(order[0]).toBeGreaterThan(0);
    expect(text.trimEnd().endsWith('exec "$@"')).toBe(true);
  });

  test('after: the worker, the same image, does not migrate', () => {
    const { startup } = viewOf(stackOf(repaired()), 'worker');
    expect(startup.commands.map(({ argv }) => argv.slice(0, 2).join(' '))).toEqual(['rq worker']);
  });
});

describe('the decision: one database', () => {
  const FILES = ['docker-compose.yml', 'docker-compose.override.yml', '.env.example', 'Makefile'];

  test('before: the test database is a service of its own, with a volume, a port and a password', () => {
    const repo = seed();
    for (const path of FILES) expect(repo.read(path), path).toMatch(/db-test|TEST_DATABASE_URL/);
  });

  test('without --group hygiene it stays', () => {
    expect(stackOf(repaired()).services.map(({ name }) => name)).toContain('db-test');
  });

  test('with it the test database is gone, and nothing that runs speaks of it', () => {
    const repo = tidied();
    expect(stackOf(repo).services.map(({ name }) => name)).toEqual(['web', 'worker', 'db', 'redis']);
    for (const path of FILES)
      expect(repo.read(path)?.replace(/#.*/g, ''), path).not.toMatch(/db-test|pgdata_test|POSTGRES_TEST|DB_TEST_PORT/);
    expect(repo.read('.env.example')).not.toContain('TEST_DATABASE_URL');
  });

  test('the tests then run on SQLite, never on the database of the application', () => {
    const config = stackOf(tidied()).sources.python('config.py');
    const [read, ...more] = config ? lookupsIn(config).filter(({ name }) => name === 'TEST_DATABASE_URL') : [];
    expect([read?.fallback?.string, more]).toEqual(['sqlite://', []]);
  });
});
