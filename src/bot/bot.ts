import { UserError } from '../errors.ts';
import { inProcessQueue } from '../jobs/in-process.ts';
import type { Log, Queue, Work } from '../jobs/jobs.ts';
import { redisQueue, redisWorker } from '../jobs/redis.ts';
import { connectRedis, disconnect } from '../jobs/redis-connection.ts';
import { RETRIES } from '../jobs/retry.ts';
import { type Metrics, metricsOf } from '../metrics.ts';
import { observed } from './observed.ts';
import { within } from './patience.ts';
import { reception } from './reception.ts';
import { type Seen, seenInMemory, seenInRedis } from './seen.ts';
import { BODY_LIMITS, startServer, TIMEOUTS } from './server.ts';
import { signatureCheck } from './signature.ts';

/** All that a bot is started with. */
export interface BotOptions {
  readonly host: string;
  /** 0 for a free one. */
  readonly port: number;
  readonly webhookSecret: string;
  /** The root of the forge's web pages. */
  readonly url: string;
  /** Where jobs wait; in this process when absent. */
  readonly redis: string | undefined;
  /** Jobs at a time in this process. */
  readonly concurrency: number;
  readonly work: Work;
  readonly log: Log;
  /** Takes secrets out of the message of a failure. */
  readonly mask: (text: string) => string;
  /** Milliseconds that jobs have to end after `close`. */
  readonly grace: number;
  /** Ends the jobs that are running. */
  readonly hurry: () => void;
}

export interface Bot {
  readonly host: string;
  readonly port: number;
  /** Takes no more, lets what runs end, and answers how many jobs nobody will do: those of a queue in Redis are left to others. */
  readonly close: () => Promise<number>;
}

/** Deliveries that are remembered without Redis: some ten megabytes. */
const SEEN_LIMIT = 100_000;
/** Milliseconds, of the ten seconds that GitHub waits. */
const PATIENCE = 8_000;
/** Milliseconds after which Redis counts as away. */
const REDIS_PATIENCE = 2_000;
/** Milliseconds that requests have to end after `close`, and that jobs which were ended have. */
const LAST_WORDS = 5_000;

/** Starts to listen and to work. A `UserError` when the address cannot be had, or Redis not be reached. */
export async function startBot(options: BotOptions): Promise<Bot> {
  const { host, port, webhookSecret, url, log, grace, hurry } = options;
  const counts = async (): ReturnType<Queue['counts']> => {
    const now = await within(REDIS_PATIENCE, backend.queue.counts(), undefined);
    if (!now) throw new Error('the queue does not answer');
    return now;
  };
  const metrics = metricsOf(counts);
  const backend = await backendOf(options, metrics);
  const receive = reception({ queue: backend.queue, seen: backend.seen, url, log, now: Date.now, patience: PATIENCE });
  const ailment = (): Promise<string | undefined> =>
    counts().then(
      () => undefined,
      () => 'the queue cannot be reached',
    );
  const server = await startServer({
    host,
    port,
    verify: signatureCheck(webhookSecret),
    receive,
    metrics,
    ailment,
    log,
    limits: BODY_LIMITS,
    ...TIMEOUTS,
  }).catch(async (error: NodeJS.ErrnoException) => {
    await backend.close(AbortSignal.abort());
    throw new UserError(`Nothing can listen on ${host}:${port} (${error.code})`, 'Choose another --port or --host.');
  });
  log.info({ host: server.host, port: server.port, queue: backend.name }, 'listening');
  return {
    host: server.host,
    port: server.port,
    close: async () => {
      await within(LAST_WORDS, server.close(), undefined);
      const late = new AbortController();
      const drained = backend.close(late.signal).then(() => true);
      let left = 0;
      if (!(await within(grace, drained, false))) {
        const { waiting, active } = await counts().catch(() => ({ waiting: 0, active: 0 }));
        log.warn({ jobs: active }, 'jobs take too long: ending them');
        left = backend.keeps ? 0 : waiting + active;
        late.abort();
        hurry();
        await within(LAST_WORDS, drained, false);
      }
      if (left > 0)
        log.warn({ jobs: left }, 'jobs were not done: the next push, or another delivery, brings them back');
      log.info({}, 'ended');
      return left;
    },
  };
}

/** Where jobs wait and are done, and where deliveries are remembered. */
interface Backend {
  readonly name: 'in this process' | 'Redis';
  readonly queue: Queue;
  readonly seen: Seen;
  /** Whether what waits outlives the process. */
  readonly keeps: boolean;
  /** Lets what runs end; what waits only in this process, too, unless it is too late for that. */
  readonly close: (late: AbortSignal) => Promise<void>;
}

/** Milliseconds between looks at what is left. */
const LOOK = 50;

async function idle(queue: Queue, late: AbortSignal): Promise<void> {
  while (!late.aborted) {
    const { waiting, active } = await queue.counts();
    if (waiting + active === 0) return;
    await new Promise((resolve) => setTimeout(resolve, LOOK));
  }
}

async function backendOf(options: BotOptions, metrics: Metrics): Promise<Backend> {
  const { redis, concurrency, log, mask } = options;
  const work = observed(options.work, metrics, log);
  const shared = { work, concurrency, retries: RETRIES, mask, log };
  if (redis === undefined) {
    const queue = inProcessQueue(shared);
    return {
      name: 'in this process',
      queue,
      seen: seenInMemory(SEEN_LIMIT, Date.now),
      keeps: false,
      close: async (late) => {
        await idle(queue, late);
        await queue.close();
      },
    };
  }
  const connection = await connectRedis(redis, log);
  const queue = await redisQueue(redis, log);
  const worker = await redisWorker({ ...shared, url: redis, takeover: TAKEOVER });
  return {
    name: 'Redis',
    queue,
    seen: seenInRedis(connection),
    keeps: true,
    close: async () => {
      await worker.close();
      await queue.close();
      await disconnect(connection);
    },
  };
}

/** Milliseconds; as `dockfix worker` has it. */
const TAKEOVER = 30_000;
