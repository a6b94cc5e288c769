import { Job as BullJob, Queue as BullQueue, DelayedError, QueueEvents, UnrecoverableError, Worker } from 'bullmq';
import type { Job, JobEnd, JobResult, Log, Queue, Work } from './jobs.ts';
import { forgeKey, jobKey, repositoryKey, repositoryOf } from './keys.ts';
import { anotherConnection, connectRedis, disconnect, type RedisConnection } from './redis-connection.ts';
import { holdForge, holdOf, takeLock } from './redis-locks.ts';
import { afterFailure, NO_TRIES, type RetryPolicy, type Tries } from './retry.ts';

/** What is kept in Redis of a job. */
interface Stored {
  readonly job: Job;
  readonly tries: Tries;
}

/** What is kept of a job that ended; one that failed in passing goes on as another one. */
type Ended =
  | { readonly state: 'done'; readonly result: JobResult }
  | { readonly state: 'continued'; readonly by: string };

type Jobs = BullQueue<Stored, Ended, Job['kind']>;

const NAME = 'jobs';
const PREFIX = 'dockfix';
const DAY = 86_400;
/** A job whose worker died so often is what kills them. */
const TAKEOVERS = 20;
/** Milliseconds until a job looks again whether its repository is free. */
const BUSY_PAUSE = 500;
/** Milliseconds between looks at jobs whose end was not told, because Redis was away meanwhile. */
const RECHECK = 15_000;

/** A queue in Redis, for whoever gives jobs; `redisWorker` does them. A `UserError` when Redis cannot be reached now. */
export async function redisQueue(url: string, log: Log): Promise<Queue> {
  const connection = await connectRedis(url, log);
  const listening = anotherConnection(connection, log);
  const queue: Jobs = new BullQueue(NAME, { connection, prefix: PREFIX });
  // From now on, by the clock of Redis: the first job may end before anybody listens.
  const [seconds] = await connection.time();
  const events = new QueueEvents(NAME, {
    connection: listening,
    prefix: PREFIX,
    lastEventId: `${Number(seconds) * 1000}-0`,
  });
  queue.on('error', tell(log));
  events.on('error', tell(log));
  const ends = endsOf(queue, events, log);
  return {
    add: async (job) => {
      const id = await enqueue(queue, { job, tries: NO_TRIES }, 0);
      return { id, end: ends.of(id) };
    },
    counts: async () => {
      const counts = await queue.getJobCounts('wait', 'delayed', 'prioritized', 'active', 'failed');
      const { active = 0, failed = 0, ...waiting } = counts;
      return { waiting: Object.values(waiting).reduce((sum, each) => sum + each, 0), active, failed };
    },
    close: async () => {
      ends.close();
      await events.close();
      await queue.close();
      listening.disconnect();
      await disconnect(connection);
    },
  };
}

/** Only the message: an error of Redis carries the command that failed, with all that was sent. */
const tell =
  (log: Log) =>
  ({ message }: Error): void =>
    log.warn({ reason: message }, 'the queue had an error');

/** Writes a job down, unless the same one waits already; answers the id of the one that waits. */
async function enqueue(queue: Jobs, stored: Stored, delay: number): Promise<string> {
  const { id } = await queue.add(stored.job.kind, stored, {
    deduplication: { id: jobKey(stored.job) },
    delay: Math.ceil(delay),
    attempts: 1,
    stackTraceLimit: 0,
    removeOnComplete: { age: DAY, count: 1000 },
    removeOnFail: { age: 7 * DAY, count: 1000 },
  });
  if (id === undefined) throw new Error('the queue gave a job no id');
  return id;
}

interface Ends {
  readonly of: (id: string) => Promise<JobEnd>;
  readonly close: () => void;
}

/** Waits for the ends of jobs. */
function endsOf(queue: Jobs, events: QueueEvents, log: Log): Ends {
  const awaited = new Map<string, { readonly end: Promise<JobEnd>; readonly resolve: (end: JobEnd) => void }>();
  const settle = (id: string, end: JobEnd): void => {
    awaited.get(id)?.resolve(end);
    awaited.delete(id);
  };
  const ended = (id: string, how: Ended): void => {
    if (how.state === 'done') settle(id, how);
    else if (awaited.has(id)) void of(how.by).then((end) => settle(id, end));
  };
  const look = async (id: string): Promise<void> => {
    const job = await BullJob.fromId<Stored, Ended>(queue, id);
    if (!job) return settle(id, { state: 'failed', message: 'the queue no longer knows what became of it' });
    if (!job.finishedOn) return;
    if (job.failedReason) settle(id, { state: 'failed', message: job.failedReason });
    else ended(id, job.returnvalue);
  };
  const watch = (id: string): void =>
    void look(id).catch((error: Error) =>
      log.warn({ job: id, reason: error.message }, 'the end of a job is not known yet'),
    );
  const timer = setInterval(() => [...awaited.keys()].forEach(watch), RECHECK);
  timer.unref();
  events.on('completed', ({ jobId, returnvalue }) => ended(jobId, returnvalue as unknown as Ended));
  events.on('failed', ({ jobId, failedReason }) => settle(jobId, { state: 'failed', message: failedReason }));

  function of(id: string): Promise<JobEnd> {
    const known = awaited.get(id);
    if (known) return known.end;
    let resolve: (end: JobEnd) => void = () => {};
    const end = new Promise<JobEnd>((settled) => {
      resolve = settled;
    });
    awaited.set(id, { end, resolve });
    watch(id);
    return end;
  }
  return {
    of,
    close: () => {
      clearInterval(timer);
      for (const id of [...awaited.keys()]) settle(id, { state: 'left' });
    },
  };
}

/** How a worker works. */
export interface WorkerOptions {
  readonly url: string;
  readonly work: Work;
  /** Jobs at a time in this process. */
  readonly concurrency: number;
  /** Milliseconds after which a worker that is not heard of counts as dead, and others take over its jobs; the same for all workers. */
  readonly takeover: number;
  readonly retries: RetryPolicy;
  /** Takes secrets out of the message of a failure. */
  readonly mask: (text: string) => string;
  readonly log: Log;
}

/** Takes jobs from a queue in Redis and does them, until `close`, which resolves when what runs here has ended. */
export async function redisWorker(options: WorkerOptions): Promise<{ readonly close: () => Promise<void> }> {
  const { url, concurrency, takeover, log } = options;
  const connection = await connectRedis(url, log);
  const queue: Jobs = new BullQueue(NAME, { connection, prefix: PREFIX });
  const process = (job: BullJob<Stored, Ended>, token: string | undefined): Promise<Ended> =>
    attempt(options, { connection, queue }, job, token);
  const worker = new Worker<Stored, Ended>(NAME, process, {
    connection,
    prefix: PREFIX,
    concurrency,
    lockDuration: Math.ceil(takeover),
    // Redis takes whole milliseconds only.
    stalledInterval: Math.ceil(takeover / 3),
    maxStalledCount: TAKEOVERS,
    // How long it may take until a job that nobody announces, such as a delayed one, is seen.
    drainDelay: 1,
    runRetryDelay: 1_000,
  });
  queue.on('error', tell(log));
  worker.on('error', tell(log));
  worker.on('stalled', (job) => log.warn({ job }, 'took over a job: its worker was not heard of any more'));
  await worker.waitUntilReady();
  return {
    close: async () => {
      await worker.close();
      await queue.close();
      await disconnect(connection);
    },
  };
}

interface Shared {
  readonly connection: RedisConnection;
  readonly queue: Jobs;
}

/** Does a job once, or puts it back when it may not start now. */
async function attempt(
  options: WorkerOptions,
  { connection, queue }: Shared,
  stored: BullJob<Stored, Ended>,
  token: string | undefined,
): Promise<Ended> {
  const { work, takeover, log } = options;
  const { job } = stored.data;
  const later = async (milliseconds: number): Promise<never> => {
    await stored.moveToDelayed(Date.now() + milliseconds * (1 + Math.random() / 4), token);
    throw new DelayedError();
  };
  const forge = forgeKey(job.forge);
  const held = await holdOf(connection, forge);
  if (held > 0) return later(held);
  const lock = await takeLock(connection, repositoryKey(job), takeover, log);
  if (!lock) return later(BUSY_PAUSE);
  const about = { job: stored.id, kind: job.kind, repository: repositoryOf(job) };
  try {
    // Whoever asks for the same from now on gets another run: this one may have read what has changed.
    await stored.removeDeduplicationKey();
    const started = Date.now();
    log.info(about, 'job started');
    const result = await work(job, lock.signal);
    log.info({ ...about, milliseconds: Date.now() - started }, 'job done');
    return { state: 'done', result };
  } catch (error) {
    const message = options.mask(error instanceof Error ? error.message : String(error));
    const next = afterFailure(error, stored.data.tries, options.retries, Math.random());
    if (next.hold > 0) await holdForge(connection, forge, next.hold);
    if (!next.again) {
      log.error({ ...about, reason: message }, 'job failed');
      throw new UnrecoverableError(message);
    }
    log.warn({ ...about, reason: message, seconds: Math.ceil(next.after / 1000) }, 'job will be tried again');
    return { state: 'continued', by: await enqueue(queue, { job, tries: next.tries }, next.after) };
  } finally {
    await lock.release();
  }
}
