/**
 * How much faster two workers on Redis are than one: the ratio of their times over the same number of fresh repositories, turn by
 * turn in one run, as the median of the rounds. The forge is on this machine, so it answers each request as late as one far away.
 * Prints; never fails on a number.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { redisQueue } from '../src/jobs/redis.ts';
import { startGithub } from '../test/forge/github-server.ts';
import { World, type WorldRepository } from '../test/forge/world.ts';
import { fixJob, keptLog } from '../test/jobs/jobs.ts';
import { startRedis, until } from '../test/jobs/redis.ts';
import { start } from '../test/many/program.ts';
import { manyRepositories } from '../test/many/repositories.ts';

const ROUNDS = 3;
const REPOSITORIES = 24;
/** Milliseconds that each request to the API and of git takes at least: GitHub's API takes 100 to 300. */
const LATENCY = 150;
const GOAL = 1.7;

const world = await World.create();
const server = await startGithub(world);
const redis = await startRedis([]);
const folder = mkdtempSync(join(tmpdir(), 'dockfix-bench-'));
const fresh = [...(await manyRepositories(world, ROUNDS * 2 * REPOSITORIES, 'robot'))];
const env = { GITHUB_TOKEN: world.token('robot'), TMPDIR: folder };
server.latency = LATENCY;

/** Seconds that so many workers take for the next repositories, from the first job to the end of the last. */
async function measured(workers: number): Promise<number> {
  const running = Array.from({ length: workers }, () =>
    start(['worker', '--redis', redis.url, '--concurrency', '1'], folder, env, () => {}),
  );
  await until('the workers wait', () =>
    running.every(({ lines }) => lines.some((line) => line.includes('waiting for jobs'))),
  );
  const queue = await redisQueue(redis.url, keptLog());
  const repositories: readonly WorldRepository[] = fresh.splice(0, REPOSITORIES);
  const begin = process.hrtime.bigint();
  const jobs = await Promise.all(repositories.map(({ name }) => queue.add(fixJob(name, server.url))));
  const ends = await Promise.all(jobs.map(({ end }) => end));
  const seconds = Number(process.hrtime.bigint() - begin) / 1e9;
  const failed = ends.find(({ state }) => state !== 'done');
  if (failed || repositories.some(({ pullRequests }) => pullRequests.length !== 1))
    throw new Error(`not each repository got its pull request: ${JSON.stringify(failed)}`);
  await queue.close();
  for (const { child } of running) child.kill('SIGTERM');
  await Promise.all(running.map(({ ended }) => ended));
  return seconds;
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

const ratios: number[] = [];
try {
  for (let round = 1; round <= ROUNDS; round += 1) {
    const one = await measured(1);
    const two = await measured(2);
    ratios.push(one / two);
    process.stdout.write(
      `round ${round}: ${REPOSITORIES} repositories, one worker ${one.toFixed(1)} s, two workers ${two.toFixed(1)} s, ratio ${(one / two).toFixed(2)}\n`,
    );
  }
  process.stdout.write(
    `two workers are ${median(ratios).toFixed(2)} times as fast as one (median of ${ROUNDS}; ${LATENCY} ms for each request to the forge); goal ${GOAL}\n`,
  );
} finally {
  await redis.stop();
  await server.close();
  await world.close();
  rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
}
