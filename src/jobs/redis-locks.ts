import { randomUUID } from 'node:crypto';
import type { Log } from './jobs.ts';
import type { RedisConnection } from './redis-connection.ts';

/** A lock that is held. */
export interface Lock {
  /** Aborted when somebody else has the lock now. */
  readonly signal: AbortSignal;
  readonly release: () => Promise<void>;
}

/** Another worker has the lock: this one was not heard of for too long. Passing: the job may be taken up again. */
export class LockLost extends Error {
  override readonly name = 'LockLost';
  readonly isPassing = true;
}

// What expired and nobody took is ours again: the work was only slow to answer.
const KEEP = `
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1`;
const RELEASE = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`;
const HOLD = `
if redis.call('PTTL', KEYS[1]) >= tonumber(ARGV[1]) then return 0 end
redis.call('SET', KEYS[1], '1', 'PX', ARGV[1])
return 1`;

/** Takes a lock that every worker sees, and keeps it until it is released; undefined when another has it. A dead holder's expires after `duration` milliseconds. */
export async function takeLock(
  redis: RedisConnection,
  name: string,
  duration: number,
  log: Log,
): Promise<Lock | undefined> {
  const key = `dockfix:lock:${name}`;
  const token = randomUUID();
  if ((await redis.set(key, token, 'PX', duration, 'NX')) === null) return undefined;
  const lost = new AbortController();
  let asking = false;
  const keep = async (): Promise<void> => {
    if (asking) return;
    asking = true;
    try {
      const kept = await redis.eval(KEEP, 1, key, token, duration);
      if (kept === 0) lost.abort(new LockLost('another worker has taken this repository'));
    } catch (error) {
      log.warn(
        { lock: name, reason: error instanceof Error ? error.message : String(error) },
        'a lock was not renewed',
      );
    } finally {
      asking = false;
    }
  };
  const timer = setInterval(() => void keep(), duration / 3);
  return {
    signal: lost.signal,
    release: async () => {
      clearInterval(timer);
      await redis.eval(RELEASE, 1, key, token);
    },
  };
}

/** Lets no worker start a job of this forge for so many milliseconds; never shortens what was said before. */
export async function holdForge(redis: RedisConnection, forge: string, milliseconds: number): Promise<void> {
  await redis.eval(HOLD, 1, `dockfix:hold:${forge}`, Math.ceil(milliseconds));
}

/** How many milliseconds no job of this forge may start; 0 when one may. */
export async function holdOf(redis: RedisConnection, forge: string): Promise<number> {
  return Math.max(0, await redis.pttl(`dockfix:hold:${forge}`));
}
