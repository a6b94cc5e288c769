import { describe, expect, test } from 'vitest';
import { readStack } from '../../src/model/stack.ts';
import { hasHealthcheck, healthcheckLines } from '../../src/model/store/health.ts';
import { Repo } from '../../src/repo/repo.ts';

const serviceOf = (lines: string) => {
  const text = `services:\n  store:\n${lines.replace(/^/gm, '    ')}\n`;
  const stack = readStack(Repo.of({ 'compose.yaml': text }), undefined);
  const [service] = stack.services;
  if (!service) throw new Error('no service');
  return stack.view(service);
};
const testLineOf = (lines: string): string | undefined => {
  const { store } = serviceOf(lines);
  return store && healthcheckLines(store)?.[1]?.trim();
};
const PG = 'test: ["CMD-SHELL", "pg_isready -h 127.0.0.1';

test.each([
  ['image: postgres:16', `${PG} -U postgres -d postgres"]`],
  ['image: postgres\nenvironment: { POSTGRES_USER: shop }', `${PG} -U $\${POSTGRES_USER} -d $\${POSTGRES_USER}"]`],
  [
    'image: postgres\nenvironment: { POSTGRES_USER: shop, POSTGRES_DB: store }',
    `${PG} -U $\${POSTGRES_USER} -d $\${POSTGRES_DB}"]`,
  ],
  // A variable that may be empty, or one in a file that nobody has read: the image's own default.
  [
    'image: postgres\nenvironment: [POSTGRES_USER]',
    `${PG} -U $\${POSTGRES_USER:-postgres} -d $\${POSTGRES_USER:-postgres}"]`,
  ],
  [
    'image: postgres\nenv_file: .env',
    `${PG} -U $\${POSTGRES_USER:-postgres} -d $\${POSTGRES_DB:-$\${POSTGRES_USER:-postgres}}"]`,
  ],
  ['image: postgres\ncommand: postgres -p 5433', `${PG} -p 5433 -U postgres -d postgres"]`],
  ['image: redis:7', 'test: ["CMD", "redis-cli", "ping"]'],
  ['image: valkey/valkey:8', 'test: ["CMD", "valkey-cli", "ping"]'],
  ['image: redis:7\ncommand: redis-server --tls-port 6379 --port 0', undefined],
  [
    'image: mongo:7\ncommand: --port 27018',
    `test: ["CMD", "mongosh", "--port", "27018", "--quiet", "--eval", "db.adminCommand('ping').ok"]`,
  ],
  ['image: mongo:7\ncommand: mongod --tlsMode requireTLS', undefined],
  ['image: redis:7\ncommand: redis-server --port 6380', 'test: ["CMD", "redis-cli", "-p", "6380", "ping"]'],
  [
    'image: redis:7\ncommand: redis-server --requirepass ${RP:?set RP}',
    'test: ["CMD", "redis-cli", "-a", "${RP}", "--no-auth-warning", "ping"]',
  ],
  [
    'image: redis:7\ncommand: ["redis-server", "--requirepass", "$RP"]',
    'test: ["CMD", "redis-cli", "-a", "${RP}", "--no-auth-warning", "ping"]',
  ],
  [
    `image: redis:7\ncommand: sh -c 'redis-server --requirepass "$$RP"'`,
    'test: ["CMD-SHELL", "redis-cli -a \\"$$RP\\" --no-auth-warning ping | grep -q PONG"]',
  ],
  ['image: mysql:8.4', 'test: ["CMD", "mysqladmin", "ping", "-h", "127.0.0.1", "--silent"]'],
  ['image: mariadb:11', 'test: ["CMD", "healthcheck.sh", "--connect", "--innodb_initialized"]'],
  ['image: mariadb', 'test: ["CMD", "healthcheck.sh", "--connect", "--innodb_initialized"]'],
  ['image: mariadb:10.11', 'test: ["CMD", "healthcheck.sh", "--connect", "--innodb_initialized"]'],
  ['image: mariadb:10.5.8', 'test: ["CMD", "mysqladmin", "ping", "-h", "127.0.0.1", "--silent"]'],
  ['image: mariadb:10.3', 'test: ["CMD", "mysqladmin", "ping", "-h", "127.0.0.1", "--silent"]'],
  ['image: rabbitmq:3-management', 'test: ["CMD", "rabbitmq-diagnostics", "-q", "ping"]'],
  ['image: mongo:7', `test: ["CMD", "mongosh", "--quiet", "--eval", "db.adminCommand('ping').ok"]`],
  ['image: mongo:4.4', `test: ["CMD", "mongo", "--quiet", "--eval", "db.adminCommand('ping').ok"]`],
  ['image: memcached', undefined],
  ['image: bitnami/mariadb:11', undefined],
])('%j', (lines, expected) => {
  expect(testLineOf(lines)).toBe(expected);
});

test.each([
  'redis-server --requirepass hunter2',
  'redis-server --requirepass "hunter2"',
  'redis-server --requirepass=hunter2 --appendonly yes',
  'redis-server --requirepass ${RP:-hunter2}',
])('a password that is written out is not repeated: %s', (command) => {
  const line = testLineOf(`image: redis:7\ncommand: ${command}`);
  expect(line).toBe(`test: ["CMD-SHELL", "redis-cli ping | grep -qE 'PONG|NOAUTH'"]`);
});

describe('whether a service tells that it is healthy', () => {
  test.each([
    ['image: postgres', 'no'],
    ['image: docker.io/library/postgres:16', 'no'],
    ['image: postgis/postgis:16-3.4', 'no'],
    ['image: ghcr.io/example/postgres:16', 'unknown'],
    ['image: mysql/mysql-server:8.0', 'unknown'],
    ['image: quay.io/keycloak/keycloak', 'unknown'],
    ['image: postgres\nhealthcheck: { test: pg_isready }', 'yes'],
    ['image: postgres\nhealthcheck: { interval: 5s }', 'no'],
    ['image: postgres\nhealthcheck: { disable: true, test: x }', 'no'],
    ['image: postgres\nhealthcheck: { test: [NONE] }', 'no'],
    ['image: postgres\nhealthcheck: { test: NONE }', 'no'],
  ])('%j: %s', (lines, expected) => {
    const { service, store } = serviceOf(lines);
    expect(hasHealthcheck(service, undefined, store)).toBe(expected);
  });

  test.each([
    [['FROM x', 'HEALTHCHECK CMD true'], 'yes'],
    [['FROM x', 'HEALTHCHECK CMD true', 'healthcheck NONE'], 'no'],
    [['FROM x'], 'no'],
  ])('instructions %j: %s', (instructions, expected) => {
    expect(hasHealthcheck(serviceOf('build: .').service, instructions, undefined)).toBe(expected);
  });
});
