import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { tipOf } from '../forge/bare.ts';
import { type GithubServer, startGithub } from '../forge/github-server.ts';
import { World, type WorldRepository } from '../forge/world.ts';
import { type RedisServer, startRedis, until } from '../jobs/redis.ts';
import { type Running, start } from './program.ts';
import { manyRepositories } from './repositories.ts';

const REPOSITORIES = 500;
const KILLS = 10;

let world: World;
let repositories: readonly WorldRepository[];
let server: GithubServer;
let redis: RedisServer;
let folder: string;
const processes: Running[] = [];

beforeAll(async () => {
  world = await World.create();
  repositories = await manyRepositories(world, REPOSITORIES, 'robot');
  server = await startGithub(world);
  redis = await startRedis([]);
  folder = mkdtempSync(join(tmpdir(), 'dockfix-many-'));
}, 120_000);

afterAll(async () => {
  for (const { child, ended } of processes) {
    child.kill('SIGKILL');
    await ended;
  }
  await redis.stop();
  await server.close();
  await world.close();
  rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
});

/** Which worker has which repository, as their logs say. */
interface Observer {
  readonly holders: Map<string, Running>;
  /** Repositories that were given to a worker while another one had them. */
  readonly twice: string[];
  readonly tries: Map<string, number>;
}

function startWorker(observer: Observer, env: Readonly<Record<string, string>>): Running {
  const worker: Running = start(
    ['worker', '--redis', redis.url, '--concurrency', '2', '--takeover', '8'],
    folder,
    env,
    (line) => observe(observer, worker, JSON.parse(line)),
  );
  processes.push(worker);
  return worker;
}

function observe(
  { holders, twice, tries }: Observer,
  worker: Running,
  { repository, msg }: { readonly repository?: string; readonly msg: string },
): void {
  if (repository === undefined) return;
  if (msg === 'job started') {
    const holder = holders.get(repository);
    if (holder && holder.child.signalCode === null) twice.push(repository);
    holders.set(repository, worker);
    tries.set(repository, (tries.get(repository) ?? 0) + 1);
  } else if (/^job (done|failed|will be tried again)$/.test(msg)) holders.delete(repository);
}

const pullRequests = (): number => repositories.reduce((sum, each) => sum + each.pullRequests.length, 0);

test(`each of ${REPOSITORIES} repositories gets exactly one pull request, whoever is killed meanwhile`, async () => {
  const token = world.token('robot');
  const env = { GITHUB_TOKEN: token, TMPDIR: folder };
  const observer: Observer = { holders: new Map(), twice: [], tries: new Map() };
  const workers = [startWorker(observer, env), startWorker(observer, env)];
  writeFileSync(join(folder, 'list.txt'), repositories.map(({ name }) => `${name}\n`).join(''));
  const argv = ['campaign', 'list.txt', '--redis', redis.url, '--concurrency', '24', '--format', 'json'];
  const where = ['--forge', 'github', '--forge-url', server.url, '--summary', 'summary.html'];
  const campaign = (): Running => {
    const running = start([...argv, ...where], folder, env, () => {});
    processes.push(running);
    return running;
  };

  let running = campaign();
  for (let kill = 1; kill <= KILLS; kill += 1) {
    const enough = Math.floor((REPOSITORIES * kill) / (KILLS + 2));
    await until(`${enough} pull requests are open`, () => pullRequests() >= enough);
    const index = kill % workers.length;
    const victim = workers[index];
    // In the middle of its work.
    await until('it works', () => [...observer.holders.values()].some((holder) => holder === victim));
    victim?.child.kill('SIGKILL');
    await victim?.ended;
    workers[index] = startWorker(observer, env);
    // Once, who gives out the jobs dies as well, and is started again.
    if (kill !== KILLS / 2) continue;
    running.child.kill('SIGKILL');
    await running.ended;
    running = campaign();
  }
  expect(await running.ended, running.lines.slice(-5).join('\n')).toBe(0);

  const counts = repositories.map(({ name, pullRequests }) => `${name} ${pullRequests.length}`);
  expect(counts).toEqual(repositories.map(({ name }) => `${name} 1`));
  const tips = await Promise.all(repositories.slice(0, 50).map(({ path }) => tipOf(path, 'dockfix/all')));
  expect(new Set(tips).size).toBe(1);
  expect(server.violations).toEqual([]);
  expect(observer.twice).toEqual([]);
  const errors = processes.flatMap(({ lines }) => lines.filter((line) => line.includes('the queue had an error')));
  expect(errors.filter((line) => !/Missing lock|could not renew lock|Connection is closed/.test(line))).toEqual([]);
  // The kills hit jobs that were under way.
  expect([...observer.tries.values()].reduce((sum, each) => sum + each, 0)).toBeGreaterThan(REPOSITORIES);

  const summary = JSON.parse(running.stdout());
  expect(summary.repositories).toHaveLength(REPOSITORIES);
  expect(summary.transforms).toEqual([{ id: 'split-copy', repositories: REPOSITORIES, repairs: REPOSITORIES }]);
  expect(summary.repositories.every((row: { pullRequests: object[] }) => row.pullRequests.length === 1)).toBe(true);
  expect(readFileSync(join(folder, 'summary.html'), 'utf8')).toContain(`${server.url}/acme/r0499/pull/1`);

  for (const worker of workers) worker.child.kill('SIGTERM');
  expect(await Promise.all(workers.map(({ ended }) => ended))).toEqual([0, 0]);
  const said =
    processes.flatMap(({ lines }) => lines).join('\n') + readFileSync(join(folder, 'dockfix-campaign.jsonl'));
  expect(said).not.toContain(token);
  expect((await redis.dump()).toString('latin1')).not.toContain(token);
}, 1_800_000);
