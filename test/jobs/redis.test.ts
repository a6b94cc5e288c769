import { afterEach, expect, test } from 'vitest';
import { UserError } from '../../src/errors.ts';
import type { Queue, Work } from '../../src/jobs/jobs.ts';
import { repositoryOf } from '../../src/jobs/keys.ts';
import { redisQueue, redisWorker, type WorkerOptions } from '../../src/jobs/redis.ts';
import { connectRedis, disconnect } from '../../src/jobs/redis-connection.ts';
import { takeLock } from '../../src/jobs/redis-locks.ts';
import { doneWith, fixJob, keptLog, QUICK } from './jobs.ts';
import { freePort, type RedisServer, startRedis, until } from './redis.ts';

const FORGE = 'https://git.example.org';
const PASSWORD = 'pa55-w0rd-of-redis';

const cleanup: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const clean of cleanup.splice(0).reverse()) await clean();
});

async function server(...settings: readonly string[]): Promise<RedisServer> {
  const redis = await startRedis(settings);
  cleanup.push(redis.stop);
  return redis;
}

async function worker(url: string, work: Work, changes: Partial<WorkerOptions>) {
  const log = keptLog();
  const mask = (text: string): string => text.replaceAll('t0ken-of-forge', '***');
  const options = { url, work, concurrency: 1, takeover: 2_000, retries: QUICK, mask, log, ...changes };
  const { close } = await redisWorker(options);
  cleanup.push(close);
  return log;
}

async function queue(url: string): Promise<Queue & { readonly lines: readonly string[] }> {
  const log = keptLog();
  const opened = await redisQueue(url, log);
  cleanup.push(opened.close);
  return { ...opened, lines: log.lines };
}

test.each(['http://127.0.0.1:6379', 'localhost', 'redis://', `redis:/${PASSWORD}`])('%s is no address', async (url) => {
  await expect(redisQueue(url, keptLog())).rejects.toThrow(/no address of Redis/);
});

test('says at the start that Redis is away, and never its password', async () => {
  const port = await freePort();
  const failure = await redisQueue(`redis://someone:${PASSWORD}@127.0.0.1:${port}/3`, keptLog()).catch(
    (error) => error,
  );
  expect(failure).toBeInstanceOf(UserError);
  expect(failure.message).toMatch(
    new RegExp(`^Redis at redis://127\\.0\\.0\\.1:${port}/3 cannot be used: .*ECONNREFUSED`),
  );
  expect(JSON.stringify([failure, failure.stack])).not.toContain(PASSWORD);
});

test('says that the password is wrong', async () => {
  const redis = await server('--requirepass', PASSWORD);
  for (const login of ['', ':wr0ng-password@']) {
    const failure = await redisQueue(`redis://${login}127.0.0.1:${redis.port}`, keptLog()).catch((error) => error);
    expect(failure).toBeInstanceOf(UserError);
    expect(failure.message).toMatch(/cannot be used: (NOAUTH|WRONGPASS)/);
    expect(failure.message).not.toContain('wr0ng');
  }
});

test('puts no password and no secret into its logs, nor into Redis', async () => {
  const redis = await server('--requirepass', PASSWORD);
  const url = `redis://:${PASSWORD}@127.0.0.1:${redis.port}`;
  const log = await worker(
    url,
    async (job) => {
      if (repositoryOf(job) === 'acme/shop') return doneWith('acme/shop');
      const cause = Object.assign(new Error('t0ken-of-forge'), { code: 'ECONNRESET', token: 't0ken-of-forge' });
      const passing = repositoryOf(job) === 'acme/passing';
      throw Object.assign(new Error('git said: t0ken-of-forge', passing ? { cause } : {}), { env: 't0ken-of-forge' });
    },
    {},
  );
  const { add, lines } = await queue(url);
  const added = await Promise.all(['acme/shop', 'acme/passing', 'acme/broken'].map((name) => add(fixJob(name, FORGE))));
  const ends = await Promise.all(added.map(({ end }) => end));
  expect(ends.map(({ state }) => state)).toEqual(['done', 'failed', 'failed']);
  expect(ends[2]).toEqual({ state: 'failed', message: 'git said: ***' });
  const { Redis } = await import('ioredis');
  const admin = new Redis(url);
  await admin.config('SET', 'requirepass', '');
  await admin.quit();
  const dump = (await redis.dump()).toString('latin1');
  expect(dump).toContain('acme/broken');
  for (const secret of ['t0ken-of-forge', PASSWORD]) {
    expect(dump).not.toContain(secret);
    expect([...log.lines, ...lines].join('\n')).not.toContain(secret);
  }
});

test('waits while Redis is away, and goes on', async () => {
  const redis = await server('--save', '3600', '1');
  let gate = (): void => {};
  const started: string[] = [];
  const log = await worker(
    redis.url,
    async (job) => {
      started.push(repositoryOf(job));
      if (started.length === 1) await new Promise<void>((resolve) => (gate = resolve));
      return doneWith(repositoryOf(job));
    },
    { takeover: 30_000 },
  );
  const { add } = await queue(redis.url);
  const running = await add(fixJob('acme/shop', FORGE));
  const waiting = await add(fixJob('acme/blog', FORGE));
  await until('one runs', () => started.length === 1);
  await redis.away();
  await until('it is noticed', () => log.lines.some((line) => line.startsWith('Redis is away')));
  // It ends while nobody can be told, and another one is asked for.
  gate();
  const asked = add(fixJob('acme/late', FORGE));
  await redis.start();
  for (const { end } of [running, waiting, await asked]) expect(await end).toMatchObject({ state: 'done' });
  expect(log.lines.filter((line) => line.startsWith('Redis is away'))).toHaveLength(1);
  expect(log.lines.filter((line) => line.startsWith('Redis is back'))).toHaveLength(1);
});

test('does not take over what takes long', async () => {
  const redis = await server();
  let starts = 0;
  const slow: Work = async (job) => {
    starts += 1;
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    return doneWith(repositoryOf(job));
  };
  const logs = [await worker(redis.url, slow, {}), await worker(redis.url, slow, {})];
  const { add } = await queue(redis.url);
  const { end } = await add(fixJob('acme/shop', FORGE));
  expect(await end).toMatchObject({ state: 'done' });
  expect(starts).toBe(1);
  // Nor was it only luck: who looks after dead workers would say that it cannot.
  expect(logs.flatMap(({ lines }) => lines.filter((line) => line.startsWith('the queue had')))).toEqual([]);
});

test('tells the work when another worker has its repository, and does it again', async () => {
  const redis = await server();
  let starts = 0;
  const log = await worker(
    redis.url,
    async (job, signal) => {
      starts += 1;
      if (starts === 1)
        await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      return doneWith(repositoryOf(job));
    },
    {},
  );
  const { add } = await queue(redis.url);
  const { end } = await add(fixJob('acme/shop', FORGE));
  await until('it runs', () => starts === 1);
  const connection = await connectRedis(redis.url, keptLog());
  const [lock] = await connection.keys('dockfix:lock:*');
  await connection.set(lock ?? '', 'another', 'PX', 3_000);
  expect(await end).toMatchObject({ state: 'done' });
  expect(starts).toBe(2);
  expect(log.lines.join('\n')).toContain('another worker has taken this repository');
  await disconnect(connection);
});

test('a lock has one holder, outlives its time while it is held, and expires when its holder is gone', async () => {
  const redis = await server();
  const log = keptLog();
  const alive = await connectRedis(redis.url, log);
  const dead = await connectRedis(redis.url, log);
  const lock = await takeLock(alive, 'a', 1_500, log);
  expect(lock).toBeDefined();
  expect(await takeLock(dead, 'a', 1_500, log)).toBeUndefined();
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  expect(await takeLock(dead, 'a', 1_500, log)).toBeUndefined();
  await lock?.release();
  const taken = await takeLock(dead, 'a', 1_500, log);
  expect(taken).toBeDefined();
  // Who comes too late lets go of nothing.
  await lock?.release();
  expect(await takeLock(alive, 'a', 1_500, log)).toBeUndefined();
  dead.disconnect();
  let next = await takeLock(alive, 'a', 1_500, log);
  await until('it expires', async () => {
    next ??= await takeLock(alive, 'a', 1_500, log);
    return next !== undefined;
  });
  await next?.release();
  await disconnect(alive);
});

test('counts what waits', async () => {
  const redis = await server();
  const { add, counts } = await queue(redis.url);
  const first = await add(fixJob('acme/shop', FORGE));
  const second = await add(fixJob('acme/shop', FORGE));
  await add(fixJob('acme/blog', FORGE));
  expect(second.id).toBe(first.id);
  expect(await counts()).toEqual({ waiting: 2, active: 0, failed: 0 });
});
