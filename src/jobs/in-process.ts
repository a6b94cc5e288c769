import type { Job, JobEnd, Log, Queue, Work } from './jobs.ts';
import { forgeKey, jobKey, repositoryKey, repositoryOf } from './keys.ts';
import { afterFailure, NO_TRIES, type RetryPolicy, type Tries } from './retry.ts';

/** How a queue in this process works. */
export interface InProcessOptions {
  readonly work: Work;
  /** Jobs at a time. */
  readonly concurrency: number;
  readonly retries: RetryPolicy;
  /** Takes secrets out of the message of a failure. */
  readonly mask: (text: string) => string;
  readonly log: Log;
}

interface Entry {
  readonly id: string;
  readonly job: Job;
  readonly key: string;
  readonly repository: string;
  readonly forge: string;
  readonly tries: Tries;
  /** In milliseconds since the epoch. */
  readonly notBefore: number;
  readonly end: Promise<JobEnd>;
  readonly resolve: (end: JobEnd) => void;
}

/** A queue in the memory of this process, which does its jobs itself. What waits is gone when the process ends. */
export function inProcessQueue(options: InProcessOptions): Queue {
  const { work, concurrency, retries, mask, log } = options;
  const waiting: Entry[] = [];
  const running = new Map<string, Promise<void>>();
  const holds = new Map<string, number>();
  const stop = new AbortController();
  let failed = 0;
  let last = 0;
  let timer: NodeJS.Timeout | undefined;

  const startOf = (entry: Entry): number => Math.max(entry.notBefore, holds.get(entry.forge) ?? 0);

  function pump(): void {
    clearTimeout(timer);
    if (stop.signal.aborted) return;
    const now = Date.now();
    while (running.size < concurrency) {
      const index = waiting.findIndex((entry) => startOf(entry) <= now && !running.has(entry.repository));
      const [entry] = index < 0 ? [] : waiting.splice(index, 1);
      if (!entry) break;
      running.set(
        entry.repository,
        run(entry).finally(() => {
          running.delete(entry.repository);
          pump();
        }),
      );
    }
    const next = Math.min(...waiting.map(startOf).filter((time) => time > now));
    if (Number.isFinite(next)) timer = setTimeout(pump, Math.min(next - now, 60_000));
  }

  async function run(entry: Entry): Promise<void> {
    const { id, job } = entry;
    try {
      entry.resolve({ state: 'done', result: await work(job, new AbortController().signal) });
    } catch (error) {
      const message = mask(error instanceof Error ? error.message : String(error));
      const next = afterFailure(error, entry.tries, retries, Math.random());
      if (next.hold > 0) holds.set(entry.forge, Math.max(holds.get(entry.forge) ?? 0, Date.now() + next.hold));
      if (!next.again) {
        failed += 1;
        log.error({ job: id, kind: job.kind, repository: repositoryOf(job), reason: message }, 'job failed');
        entry.resolve({ state: 'failed', message });
        return;
      }
      log.warn(
        { job: id, kind: job.kind, repository: repositoryOf(job), reason: message, seconds: seconds(next.after) },
        'job will be tried again',
      );
      again({ ...entry, tries: next.tries, notBefore: Date.now() + next.after });
    }
  }

  function again(entry: Entry): void {
    // The same was asked for meanwhile: that one does it for both.
    const other = waiting.find(({ key }) => key === entry.key);
    if (stop.signal.aborted) entry.resolve({ state: 'left' });
    else if (other) void other.end.then(entry.resolve);
    else waiting.push(entry);
  }

  return {
    add: async (job) => {
      const key = jobKey(job);
      const same = waiting.find((entry) => entry.key === key);
      if (same) return { id: same.id, end: same.end };
      const { promise, resolve } = withResolvers();
      last += 1;
      const entry: Entry = {
        id: String(last),
        job,
        key,
        repository: repositoryKey(job),
        forge: forgeKey(job.forge),
        tries: NO_TRIES,
        notBefore: 0,
        end: promise,
        resolve,
      };
      if (stop.signal.aborted) resolve({ state: 'left' });
      else waiting.push(entry);
      pump();
      return { id: entry.id, end: promise };
    },
    counts: async () => ({ waiting: waiting.length, active: running.size, failed }),
    close: async () => {
      stop.abort();
      clearTimeout(timer);
      for (const entry of waiting.splice(0)) entry.resolve({ state: 'left' });
      await Promise.all(running.values());
    },
  };
}

const seconds = (milliseconds: number): number => Math.ceil(milliseconds / 1000);

function withResolvers(): { readonly promise: Promise<JobEnd>; readonly resolve: (end: JobEnd) => void } {
  let resolve: (end: JobEnd) => void = () => {};
  const promise = new Promise<JobEnd>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
