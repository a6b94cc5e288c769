import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ForgeError } from '../../src/forge/forge-error.ts';
import { inProcessQueue } from '../../src/jobs/in-process.ts';
import type { Queue, Work } from '../../src/jobs/jobs.ts';
import { repositoryOf } from '../../src/jobs/keys.ts';
import { redisQueue, redisWorker } from '../../src/jobs/redis.ts';
import { doneWith, fixJob, keptLog, QUICK } from './jobs.ts';
import { type RedisServer, startRedis, until } from './redis.ts';

const FORGE = 'https://git.example.org';

let redis: RedisServer;
let database = 0;
beforeAll(async () => {
  redis = await startRedis(['--databases', '64']);
});
afterAll(() => redis.stop());

interface Running {
  readonly queue: Queue;
  readonly close: () => Promise<void>;
}

/** Both kinds of queues, each with what does its jobs. */
const KINDS: Readonly<Record<string, (work: Work) => Promise<Running>>> = {
  'in this process': async (work) => {
    const queue = inProcessQueue({ work, concurrency: 4, retries: QUICK, mask, log: keptLog() });
    return { queue, close: queue.close };
  },
  'in Redis': async (work) => {
    database += 1;
    const url = `${redis.url}/${database}`;
    const options = { url, work, concurrency: 2, takeover: 3_000, retries: QUICK, mask, log: keptLog() };
    const workers = [await redisWorker(options), await redisWorker(options)];
    const queue = await redisQueue(url, keptLog());
    const close = async (): Promise<void> => {
      await Promise.all(workers.map((worker) => worker.close()));
      await queue.close();
    };
    return { queue, close };
  },
};

const mask = (text: string): string => text.replaceAll('hunter2', '***');

/** Work that stops until it is let go. */
function gated(): { readonly work: Work; readonly started: string[]; readonly let: (repository: string) => void } {
  const gates = new Map<string, () => void>();
  const started: string[] = [];
  return {
    started,
    work: async (job) => {
      const repository = repositoryOf(job);
      started.push(repository);
      await new Promise<void>((resolve) => gates.set(repository, resolve));
      return doneWith(repository);
    },
    let: (repository) => gates.get(repository)?.(),
  };
}

describe.each(Object.entries(KINDS))('a queue %s', (_, start) => {
  test('does a job and tells its result', async () => {
    const { queue, close } = await start(async (job) => doneWith(repositoryOf(job)));
    const { end } = await queue.add(fixJob('acme/shop', FORGE));
    expect(await end).toEqual({ state: 'done', result: doneWith('acme/shop') });
    expect(await queue.counts()).toEqual({ waiting: 0, active: 0, failed: 0 });
    await close();
  });

  test('makes one of those that wait, and loses none that comes while one runs', async () => {
    const { work, started, let: go } = gated();
    const { queue, close } = await start(work);
    const first = await queue.add(fixJob('acme/shop', FORGE));
    await until('the first runs', () => started.length === 1);
    const second = await queue.add(fixJob('acme/shop', FORGE));
    const third = await queue.add(fixJob('Acme/Shop', `${FORGE}/`));
    expect(second.id).not.toBe(first.id);
    expect(third.id).toBe(second.id);
    expect((await queue.counts()).waiting + (await queue.counts()).active).toBeLessThanOrEqual(3);
    go('acme/shop');
    expect(await first.end).toMatchObject({ state: 'done' });
    await until('the second runs', () => started.length === 2);
    go('acme/shop');
    expect(await second.end).toMatchObject({ state: 'done' });
    expect(await third.end).toMatchObject({ state: 'done' });
    expect(started).toHaveLength(2);
    await close();
  });

  test('never runs two jobs of a repository at once, and others meanwhile', async () => {
    const active = new Map<string, number>();
    let most = 0;
    let total = 0;
    const { queue, close } = await start(async (job) => {
      const repository = repositoryOf(job).toLowerCase();
      active.set(repository, (active.get(repository) ?? 0) + 1);
      expect(active.get(repository)).toBe(1);
      total = [...active.values()].reduce((sum, each) => sum + each, 0);
      most = Math.max(most, total);
      if (repository === 'acme/blog') await until('another one runs', () => most > 1);
      await new Promise((resolve) => setTimeout(resolve, 30));
      active.set(repository, (active.get(repository) ?? 0) - 1);
      return doneWith(repository);
    });
    // Other options make another job of the same repository.
    const job = (repository: string, only: string) => {
      const plain = fixJob(repository, FORGE);
      return { ...plain, request: { ...plain.request, only: [only] } };
    };
    const added = await Promise.all(
      ['acme/shop', 'Acme/shop', 'acme/blog'].flatMap((name) =>
        ['a', 'b', 'c'].map((only) => queue.add(job(name, only))),
      ),
    );
    for (const { end } of added) expect(await end).toMatchObject({ state: 'done' });
    expect(most).toBeGreaterThan(1);
    await close();
  });

  test('tries again what failed in passing, and nothing else', async () => {
    const tries: Record<string, number> = {};
    const { queue, close } = await start(async (job) => {
      const repository = repositoryOf(job);
      tries[repository] = (tries[repository] ?? 0) + 1;
      if (repository === 'acme/gone')
        throw new ForgeError('not found', 'there is no acme/gone, says hunter2', undefined);
      if (repository === 'acme/down') throw new ForgeError('unavailable', 'the forge is down', undefined);
      if (repository === 'acme/network' && tries[repository] < 3)
        throw new Error('fetch failed', { cause: Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }) });
      return doneWith(repository);
    });
    const [gone, down, network] = await Promise.all(
      ['acme/gone', 'acme/down', 'acme/network'].map((name) => queue.add(fixJob(name, FORGE))),
    );
    expect(await gone?.end).toEqual({ state: 'failed', message: 'there is no acme/gone, says ***' });
    expect(await down?.end).toEqual({ state: 'failed', message: 'the forge is down' });
    expect(await network?.end).toMatchObject({ state: 'done' });
    expect(tries).toEqual({ 'acme/gone': 1, 'acme/down': QUICK.attempts, 'acme/network': 3 });
    expect((await queue.counts()).failed).toBe(2);
    await close();
  });

  test('starts nothing at a forge before it wants to be asked again; other forges do not wait', async () => {
    const starts: { readonly forge: string; readonly at: number }[] = [];
    let limitedAt = 0;
    const { queue, close } = await start(async (job) => {
      starts.push({ forge: job.forge.url, at: Date.now() });
      if (limitedAt === 0) {
        limitedAt = Date.now();
        throw new ForgeError('rate limited', 'too many requests', 3);
      }
      return doneWith(repositoryOf(job));
    });
    const limited = await queue.add(fixJob('acme/shop', FORGE));
    await until('the forge said stop', () => limitedAt > 0);
    // The answer has to be told to the others first.
    await new Promise((resolve) => setTimeout(resolve, 100));
    const names = Array.from({ length: 8 }, (_, index) => `acme/r${index}`);
    const held = await Promise.all(names.map((name) => queue.add(fixJob(name, FORGE))));
    const other = await queue.add(fixJob('acme/shop', 'https://other.example.org'));
    expect(await other.end).toMatchObject({ state: 'done' });
    expect(starts.filter(({ forge }) => forge === FORGE)).toHaveLength(1);
    for (const { end } of [limited, ...held]) expect(await end).toMatchObject({ state: 'done' });
    const again = starts.filter(({ forge }) => forge === FORGE).slice(1);
    expect(again).toHaveLength(9);
    for (const { at } of again) expect(at - limitedAt).toBeGreaterThanOrEqual(2_990);
    await close();
  });

  test('gives up when a forge has too many requests again and again', async () => {
    let tries = 0;
    const { queue, close } = await start(async () => {
      tries += 1;
      throw new ForgeError('rate limited', 'too many requests', 0.05);
    });
    const { end } = await queue.add(fixJob('acme/shop', FORGE));
    expect(await end).toMatchObject({ state: 'failed' });
    expect(tries).toBe(QUICK.rateLimits);
    await close();
  });

  test('closing waits for what runs', async () => {
    const { work, started, let: go } = gated();
    const { queue, close } = await start(work);
    const { end } = await queue.add(fixJob('acme/shop', FORGE));
    await until('it runs', () => started.length === 1);
    let closed = false;
    const closing = close().then(() => {
      closed = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(closed).toBe(false);
    go('acme/shop');
    await closing;
    expect((await end).state).toMatch(/done|left/);
  });

  test('refuses an address with credentials', async () => {
    const { queue, close } = await start(async (job) => doneWith(repositoryOf(job)));
    await expect(queue.add(fixJob('acme/shop', 'https://user:hunter2@git.example.org'))).rejects.toThrow(/credentials/);
    await close();
  });
});
