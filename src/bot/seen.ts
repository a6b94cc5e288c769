import type { RedisConnection } from '../jobs/redis-connection.ts';

/** The deliveries that were taken. */
export interface Seen {
  /** True for the first who claims an id within the window. */
  readonly claim: (id: string) => Promise<boolean>;
  /** Forgets an id, so that it can be claimed again. */
  readonly release: (id: string) => Promise<void>;
}

/** Three days, in milliseconds: for so long GitHub delivers again on request. https://docs.github.com/en/webhooks/testing-and-troubleshooting-webhooks/redelivering-webhooks */
export const WINDOW = 3 * 86_400_000;

/** In the memory of this process: at most `limit` ids, of which the oldest make room. `now` is in milliseconds. */
export function seenInMemory(limit: number, now: () => number): Seen {
  const claimed = new Map<string, number>();
  return {
    claim: async (id) => {
      const time = now();
      const isOver = (at: number): boolean => time - at > WINDOW;
      if (!isOver(claimed.get(id) ?? Number.NEGATIVE_INFINITY)) return false;
      claimed.delete(id);
      // In the order in which they came.
      for (const [old, at] of claimed) {
        if (!isOver(at) && claimed.size < limit) break;
        claimed.delete(old);
      }
      claimed.set(id, time);
      return true;
    },
    release: async (id) => void claimed.delete(id),
  };
}

/** In Redis, for all processes that use it. */
export function seenInRedis(redis: RedisConnection): Seen {
  const key = (id: string): string => `dockfix:delivery:${id}`;
  return {
    claim: async (id) => (await redis.set(key(id), '1', 'PX', WINDOW, 'NX')) !== null,
    release: async (id) => void (await redis.del(key(id))),
  };
}
