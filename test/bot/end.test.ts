import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Bot, type BotOptions, startBot } from '../../src/bot/bot.ts';
import type { Job, JobResult, Work } from '../../src/jobs/jobs.ts';
import { credentialMask, structuredLog } from '../../src/log.ts';
import { type RedisServer, startRedis, until } from '../jobs/redis.ts';
import { deliver, get, push, SECRET } from './deliveries.ts';

const SCENE = { repository: 'acme/shop', installation: 7, branch: 'main' };
const DONE: JobResult = { kind: 'check', conclusion: 'none' };

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis([]);
});
afterAll(() => redis.stop());

interface Started {
  readonly bot: Bot;
  readonly log: string[];
  readonly began: Job[];
  /** Lets the jobs that wait end. */
  readonly let: () => void;
}

/** A bot whose jobs wait until they are let go, or ended. */
async function started(more: Partial<BotOptions>): Promise<Started> {
  const log: string[] = [];
  const began: Job[] = [];
  const late = new AbortController();
  let open = (): void => {};
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const work: Work = async (job) => {
    began.push(job);
    const ended = new Promise<never>((_resolve, reject) => {
      late.signal.addEventListener('abort', () => reject(late.signal.reason));
    });
    await Promise.race([gate, ended]);
    return DONE;
  };
  const mask = credentialMask([SECRET]);
  const bot = await startBot({
    host: '127.0.0.1',
    port: 0,
    webhookSecret: SECRET,
    url: 'https://github.com',
    redis: undefined,
    concurrency: 1,
    work,
    log: structuredLog((line) => log.push(line), mask, 'debug'),
    mask,
    grace: 60_000,
    hurry: () => late.abort(Object.assign(new Error('the process had to end'), { isPassing: true })),
    ...more,
  });
  return { bot, log, began, let: open };
}

const pushTo = (bot: Bot, repository: string) => deliver(bot.port, 'push', push({ ...SCENE, repository }, 'main'));

describe('when it is asked to end', () => {
  test('it takes no more, and what runs and waits ends', async () => {
    const { bot, began, let: go } = await started({});
    expect((await pushTo(bot, 'acme/one')).status).toBe(202);
    await until('the job began', () => began.length === 1);
    expect((await pushTo(bot, 'acme/more')).status).toBe(202);
    const ended = bot.close();
    await expect(pushTo(bot, 'acme/two')).rejects.toThrow(/ECONNREFUSED|ECONNRESET|socket hang up/);
    go();
    expect(await ended).toBe(0);
    expect(began).toHaveLength(2);
  });

  test('a job that takes too long is ended, and counts as not done, as do those that wait', async () => {
    const { bot, began, log } = await started({ grace: 100 });
    await pushTo(bot, 'acme/one');
    await until('the job began', () => began.length === 1);
    await pushTo(bot, 'acme/two');
    expect(await bot.close()).toBe(2);
    expect(log.join('')).toContain('"msg":"jobs were not done: the next push, or another delivery, brings them back"');
  });

  test('with Redis, another one does what is left', async () => {
    const url = `${redis.url}/1`;
    const first = await started({ redis: url, grace: 100 });
    await pushTo(first.bot, 'acme/one');
    await until('the job began', () => first.began.length === 1);
    await pushTo(first.bot, 'acme/two');
    expect(await first.bot.close()).toBe(0);
    const second = await started({ redis: url });
    second.let();
    await until('both were done', () => new Set(second.began.map((job) => JSON.stringify(job))).size === 2);
    expect(await second.bot.close()).toBe(0);
  });
});

describe('with Redis', () => {
  test('a delivery is taken once by all', async () => {
    const url = `${redis.url}/2`;
    const bots = [await started({ redis: url }), await started({ redis: url })];
    for (const each of bots) each.let();
    const headers = { 'x-github-delivery': randomUUID() };
    const statuses: number[] = [];
    for (const { bot } of [...bots, ...bots])
      statuses.push((await deliver(bot.port, 'push', push(SCENE, 'main'), headers)).status);
    expect(statuses).toEqual([202, 200, 200, 200]);
    await Promise.all(bots.map(({ bot }) => bot.close()));
  });

  test('it is not healthy while Redis is away, and takes nothing; then it goes on', async () => {
    const own = await startRedis(['--appendonly', 'yes']);
    const { bot, began, let: go, log } = await started({ redis: own.url });
    go();
    expect((await get(bot.port, '/healthz')).status).toBe(200);
    await own.away();
    const health = await get(bot.port, '/healthz');
    expect([health.status, health.text]).toEqual([503, '{"reason":"the queue cannot be reached"}\n']);
    expect((await get(bot.port, '/metrics')).text).toMatch(/dockfix_queue_jobs\{state="waiting"\} nan/i);
    expect((await pushTo(bot, 'acme/one')).status).toBe(503);
    await own.start();
    await until('it is healthy again', async () => (await get(bot.port, '/healthz')).status === 200);
    await pushTo(bot, 'acme/two');
    await until('the job began', () => began.some((job) => JSON.stringify(job).includes('acme/two')));
    expect(await bot.close()).toBe(0);
    await own.stop();
    for (const line of log) expect(() => JSON.parse(line)).not.toThrow();
  }, 120_000);

  test('a password in its address is in no message', async () => {
    const url = 'redis://someone:hunter2-of-redis@127.0.0.1:1/0';
    await expect(started({ redis: url })).rejects.toThrow(/^(?!.*hunter2).*127\.0\.0\.1:1/);
  });
});

test('a port that is taken is told', async () => {
  const { bot } = await started({});
  await expect(started({ port: bot.port })).rejects.toThrow(`Nothing can listen on 127.0.0.1:${bot.port} (EADDRINUSE)`);
  await bot.close();
});
