import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type GithubServer, startGithub } from '../forge/github-server.ts';
import { World, type WorldRepository } from '../forge/world.ts';
import { freePort, type RedisServer, startRedis, until } from '../jobs/redis.ts';
import { type Running, start } from './program.ts';
import { manyRepositories } from './repositories.ts';

let world: World;
let server: GithubServer;
let redis: RedisServer;
let repositories: readonly WorldRepository[];
let folder: string;
const processes: Running[] = [];

beforeAll(async () => {
  world = await World.create();
  repositories = await manyRepositories(world, 12, 'robot');
  server = await startGithub(world);
  redis = await startRedis([]);
});
afterAll(async () => {
  await redis.stop();
  await server.close();
  await world.close();
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dockfix-commands-'));
});
afterEach(async () => {
  for (const { child, ended } of processes.splice(0)) {
    child.kill('SIGKILL');
    await ended;
  }
  expect(server.violations).toEqual([]);
  rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
});

function dockfix(...argv: readonly string[]): Running {
  const env = { GITHUB_TOKEN: world.token('robot'), TMPDIR: folder };
  const running = start(argv, folder, env, () => {});
  processes.push(running);
  return running;
}

const campaign = (...argv: readonly string[]): Running =>
  dockfix('campaign', ...argv, '--forge', 'github', '--forge-url', server.url);

const list = (...lines: readonly string[]): void => writeFileSync(join(folder, 'repos.txt'), lines.join('\n'));

const pulls = (index: number): number => repositories[index]?.pullRequests.length ?? 0;

test('plans first, and changes nothing by that', async () => {
  list('acme/r0000', 'ACME/r0000', `${server.url}/acme/r0001.git`);
  const plan = campaign('repos.txt', '--dry-run');
  expect(await plan.ended).toBe(0);
  expect(plan.stdout().split('\n')).toEqual([
    'repository  result         repairs',
    'acme/r0000  would propose  1        a pull request would be opened',
    'acme/r0001  would propose  1        a pull request would be opened',
    '',
    'transform   repositories  repairs',
    'split-copy  2             2',
    '',
    '2 repositories: 2 would propose.',
    '',
  ]);
  expect(pulls(0) + pulls(1)).toBe(0);
  expect(server.requests.filter(({ method, url }) => method === 'POST' && !url.includes('upload-pack'))).toEqual([]);
  expect(readdirSync(folder)).toEqual(['repos.txt']);
});

test('repairs, fails where it must, and repeats only that', async () => {
  list('acme/r0002', 'acme/nowhere', 'acme/r0003');
  const first = campaign('repos.txt');
  expect(await first.ended).toBe(1);
  expect(first.stdout()).toMatch(/^acme\/nowhere +failed +\S/m);
  expect(first.stdout()).toContain('3 repositories: 2 opened, 1 failed.');
  expect(pulls(2) + pulls(3)).toBe(2);
  expect(readdirSync(folder).sort()).toEqual(['dockfix-campaign.jsonl', 'repos.txt']);

  list('acme/r0002', 'acme/r0003', 'acme/r0004');
  const before = server.requests.length;
  const second = campaign('repos.txt', '--format', 'json', '--summary', 'summary.html');
  expect(await second.ended).toBe(0);
  const asked = server.requests.slice(before).map(({ url }) => url);
  expect(asked.some((url) => url.includes('r0004'))).toBe(true);
  expect(asked.filter((url) => /r000[23]/.test(url))).toEqual([]);
  expect(JSON.parse(second.stdout()).results).toEqual([{ result: 'opened', repositories: 3 }]);
  expect(readFileSync(join(folder, 'summary.html'), 'utf8')).toContain('3 repositories: 3 opened.');

  const other = campaign('repos.txt', '--safe-only');
  expect(await other.ended).toBe(2);
  expect(other.lines.join('\n')).toMatch(/is the state of a campaign with other options[\s\S]*--state/);
});

test('takes the repositories of an organisation, without archived ones and forks', async () => {
  const owner = 'many';
  const ours = await Promise.all(
    ['a', 'old'].map((name) => world.addRepository(`${owner}/${name}`, { dataOf: repositories[0] as WorldRepository })),
  );
  for (const each of ours) world.allow(each, 'robot', 'write');
  (ours[1] as WorldRepository).archived = true;
  await world.addRepository(`${owner}/empty`);
  const fork = await world.fork(repositories[5] as WorldRepository, owner);
  world.allow(fork, 'robot', 'write');
  const plain = campaign('--org', owner, '--dry-run', '--format', 'json');
  expect(await plain.ended).toBe(0);
  const names = ({ stdout }: Running): readonly string[] =>
    JSON.parse(stdout()).repositories.map(({ repository }: { repository: string }) => repository);
  expect(names(plain)).toEqual(['many/a']);
  const all = campaign('--org', owner, '--dry-run', '--format', 'json', '--archived', '--forks');
  expect(await all.ended).toBe(0);
  expect([...names(all)].sort()).toEqual(['many/a', 'many/old', 'many/r0005']);
});

test('finishes what runs when it is asked to end, and goes on later', async () => {
  server.latency = 300;
  list('acme/r0006', 'acme/r0007', 'acme/r0008');
  const first = campaign('repos.txt', '--concurrency', '1');
  await until('it works', () => server.requests.some(({ url }) => url.includes('r0006')));
  first.child.kill('SIGTERM');
  expect(await first.ended).toBe(143);
  server.latency = 0;
  expect(first.stdout()).toContain('3 repositories: 1 opened, 2 not done.');
  expect([pulls(6), pulls(7), pulls(8)]).toEqual([1, 0, 0]);
  const second = campaign('repos.txt', '--concurrency', '1');
  expect(await second.ended).toBe(0);
  expect([pulls(6), pulls(7), pulls(8)]).toEqual([1, 1, 1]);
});

test('a worker ends what it does, and leaves nothing behind', async () => {
  server.latency = 300;
  list('acme/r0009', 'acme/r0010');
  const worker = dockfix('worker', '--redis', redis.url, '--concurrency', '1');
  const giving = campaign('repos.txt', '--redis', redis.url, '--concurrency', '2');
  await until('it works', () => server.requests.some(({ url }) => url.includes('r0009')));
  worker.child.kill('SIGTERM');
  expect(await worker.ended).toBe(0);
  server.latency = 0;
  expect(pulls(9)).toBe(1);
  expect(pulls(10)).toBe(0);
  expect(worker.lines.map((line) => JSON.parse(line).msg)).toEqual([
    'waiting for jobs',
    'job started',
    'finishing what is running; once more ends at once',
    'job done',
    'ended',
  ]);
  expect(
    readdirSync(folder).filter((name) => name.startsWith('dockfix-work-') && existsSync(join(folder, name))),
  ).toEqual([]);
  const next = dockfix('worker', '--redis', redis.url);
  expect(await giving.ended).toBe(0);
  expect(pulls(10)).toBe(1);
  next.child.kill('SIGINT');
  expect(await next.ended).toBe(0);
});

test.each([
  [['campaign'], /goes over one list/],
  [['campaign', 'a', '--org', 'b'], /goes over one list/],
  [['campaign', 'nothing.txt'], /cannot be read/],
  [['campaign', 'repos.txt', '--concurrency', '0'], /--concurrency is a number from 1/],
  [['campaign', 'bad.txt'], /bad\.txt:2: .*names no repository/],
  [['worker'], /Where Redis is was not said/],
  [['worker', '--redis', 'http://localhost'], /no address of Redis/],
])('%j is an error that says why', async (argv, message) => {
  list('acme/r0011');
  writeFileSync(join(folder, 'bad.txt'), 'acme/shop\nshop\n');
  const running = dockfix(...argv);
  expect(await running.ended).toBe(2);
  expect(running.lines.join('\n')).toMatch(message);
  expect(running.stdout()).toBe('');
});

test('says that Redis is away', async () => {
  list('acme/r0011');
  const url = `redis://:pa55w0rd@127.0.0.1:${await freePort()}`;
  for (const argv of [['worker'], ['campaign', 'repos.txt']]) {
    const running = dockfix(...argv, '--redis', url);
    expect(await running.ended).toBe(2);
    expect(running.lines.join('\n')).toMatch(/Redis at redis:\/\/127\.0\.0\.1:\d+ cannot be used/);
    expect(running.lines.join('\n')).not.toContain('pa55w0rd');
  }
});
