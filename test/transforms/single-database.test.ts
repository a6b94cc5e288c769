import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Finding } from '../../src/finding.ts';
import { readStack } from '../../src/model/stack.ts';
import { scan } from '../../src/repo/disk.ts';
import { Repo } from '../../src/repo/repo.ts';
import singleDatabase from '../../transforms/single-database/transform.ts';
import { loadPythonForTests } from '../python-wasm.ts';

beforeAll(loadPythonForTests);

const found = (repo: Repo): readonly Finding[] => [...singleDatabase.find(readStack(repo, undefined))];
const inFixture = (name: string): readonly Finding[] =>
  found(scan(join('fixtures', 'transforms', 'single-database', name, 'before')));

describe('left to a person', () => {
  test.each([
    ['untouched-address-in-the-tests', 'conftest.py names 5433'],
    ['untouched-address-left-open', 'TEST_DATABASE_URL may hold its address'],
    ['untouched-anchor-in-it', 'docker-compose.yml shares it through an anchor'],
    ['untouched-called-by-ci', 'test.yml names db-test'],
    ['untouched-made-when-tests-start', 'Makefile names db-test'],
    ['untouched-nobody-seems-to-use-it', 'nothing shows what the tests use when testdb is not there'],
    ['untouched-test-service', 'tests runs tests against db-test'],
    ['untouched-tests-fall-back-on-the-main-database', 'conftest.py needs TEST_DATABASE_URL'],
    ['untouched-tests-require-it', 'conftest.py needs TEST_DATABASE_URL'],
  ])('%s: %s', (name, why) => {
    const [finding, ...more] = inFixture(name);
    expect(more).toEqual([]);
    expect(finding?.fix).toMatchObject({ safety: 'manual', changes: [] });
    expect(finding?.advice).toContain(`It is left to you because ${why}`);
    expect(finding?.advice).toContain('Never point them at the database that the application uses');
  });
});

describe('nothing to say', () => {
  test.each([
    'untouched-analytics-database',
    'untouched-application-to-try-out',
    'untouched-application-uses-it',
    'untouched-compose-file-of-the-tests',
    'untouched-name-of-another-kind',
    'untouched-one-database',
    'untouched-other-engine',
    'untouched-other-version',
    'untouched-replica',
    'untouched-waited-for-by-the-entrypoint',
  ])('%s', (name) => expect(inFixture(name)).toEqual([]));
});

test('tells what to do outside the repository', () => {
  const [finding] = inFixture('override-and-makefile');
  expect(finding?.advice).toBe(
    'Take TEST_DATABASE_URL out of your own .env, too, or the tests look for db-test in vain. Docker keeps the data of library_test until somebody removes the volume. README.md still tells of db-test.',
  );
});

describe('names', () => {
  const compose = (name: string, more = ''): string =>
    `services:\n  db:\n    image: postgres:16\n  ${name}:\n    image: postgres:16\n${more}`;
  const isOne = (text: string): boolean => found(Repo.of({ 'compose.yaml': text })).length > 0;

  test.each(['db-test', 'test_db', 'testdb', 'dbtest', 'postgres-testing', 'db.tests'])('%s is for tests', (name) => {
    expect(isOne(compose(name))).toBe(true);
  });
  test.each(['db2', 'latest-db', 'test-results-db', 'contest', 'db-attest', 'tester'])('%s is not', (name) => {
    expect(isOne(compose(name))).toBe(false);
  });
  test('a profile for tests says so as well', () => {
    expect(isOne(compose('spare', '    profiles: [test]\n'))).toBe(true);
    expect(isOne(compose('spare', '    profiles: [tools]\n'))).toBe(false);
  });
});
