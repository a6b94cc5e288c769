import { hostname } from 'node:os';
import type { Environment } from '../cli.ts';
import { credentialsIn, secretsOf } from '../forge/credentials.ts';
import { redisWorker } from '../jobs/redis.ts';
import { RETRIES } from '../jobs/retry.ts';
import { workWith } from '../jobs/work.ts';
import { credentialMask, type LOG_LEVELS, structuredLog } from '../log.ts';
import { neededRedisUrl, redisPasswords } from './redis-url.ts';
import { stopping } from './stopping.ts';
import { removeWorkFolder, skillsOf, workFolder } from './work.ts';

/** The options of `dockfix worker`. */
export interface WorkerFlags {
  readonly redis?: string;
  readonly concurrency: number;
  /** In seconds. */
  readonly takeover: number;
  readonly logLevel: (typeof LOG_LEVELS)[number];
}

/** Does jobs from Redis until it is told to end; 0 when all that it began has ended. */
export async function workerCommand({ env, stderr }: Environment, flags: WorkerFlags): Promise<number> {
  const url = neededRedisUrl(flags.redis, env);
  const credentials = credentialsIn(env);
  const mask = credentialMask([...secretsOf(credentials), ...redisPasswords(url)]);
  const log = structuredLog((line) => stderr.write(line), mask, flags.logLevel);
  const stop = stopping(() => log.info({}, 'finishing what is running; once more ends at once'));
  const folder = workFolder();
  try {
    const worker = await redisWorker({
      url,
      work: workWith(skillsOf(credentials, folder, stop.atOnce, log)),
      concurrency: flags.concurrency,
      takeover: flags.takeover * 1000,
      retries: RETRIES,
      mask,
      log,
    });
    log.info({ host: hostname(), process: process.pid, concurrency: flags.concurrency }, 'waiting for jobs');
    await aborted(stop.finish);
    await worker.close();
    log.info({}, 'ended');
    return 0;
  } finally {
    stop.end();
    removeWorkFolder(folder);
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve());
  });
