import { Redis } from 'ioredis';
import { UserError } from '../errors.ts';
import type { Log } from './jobs.ts';

/** A connection to Redis. Commands wait while it is away. */
export type RedisConnection = Redis;

const CONNECT_MILLISECONDS = 10_000;
const LONGEST_PAUSE = 5_000;

/**
 * Connects to `redis://` or `rediss://`; a `UserError` when that is no such address or nothing answers there. When Redis goes away
 * later, the connection comes back by itself. The password of the address is in no message.
 */
export async function connectRedis(url: string, log: Log): Promise<RedisConnection> {
  const place = placeOf(url);
  let connected = false;
  let away = false;
  let cause: string | undefined;
  const connection = new Redis(url, {
    lazyConnect: true,
    // BullMQ asks for it, and a job that is done must be told even when Redis is away for a while.
    maxRetriesPerRequest: null,
    connectTimeout: CONNECT_MILLISECONDS,
    retryStrategy: (times) => (connected ? Math.min(times * 200, LONGEST_PAUSE) : null),
  });
  connection.on('error', ({ message }: Error) => {
    cause = message;
  });
  connection.on('close', () => {
    if (!connected || away) return;
    away = true;
    log.warn({ redis: place, reason: cause ?? 'the connection was closed' }, 'Redis is away: waiting for it');
  });
  connection.on('ready', () => {
    if (away) log.info({ redis: place }, 'Redis is back');
    away = false;
    cause = undefined;
  });
  // Closed on purpose, it is not away.
  connection.on('end', () => {
    connected = false;
  });
  try {
    await connection.connect();
    await connection.ping();
  } catch (error) {
    connection.disconnect();
    const reason = cause ?? (error instanceof Error ? error.message : String(error));
    throw new UserError(
      `Redis at ${place} cannot be used: ${reason}`,
      'Is the address of --redis right, and Redis running?',
    );
  }
  connected = true;
  return connection;
}

/** One more connection to the same Redis. */
export function anotherConnection(connection: RedisConnection, log: Log): RedisConnection {
  const another = connection.duplicate();
  // Whether Redis is there is told by the first one.
  another.on('error', ({ message }: Error) => log.info({ reason: message }, 'a connection to Redis failed'));
  return another;
}

/** Closes a connection; what was sent is answered first. */
export async function disconnect(connection: RedisConnection): Promise<void> {
  if (connection.status !== 'ready') return connection.disconnect();
  // Told before, because quitting looks like going away.
  connection.removeAllListeners('close');
  await connection.quit();
}

/** The address without user and password. */
function placeOf(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (!parsed || !/^rediss?:$/.test(parsed.protocol) || !parsed.hostname)
    throw new UserError(
      'That is no address of Redis',
      'It looks like this: redis://localhost:6379, or rediss:// with TLS.',
    );
  return `${parsed.protocol}//${parsed.host}${parsed.pathname === '/' ? '' : parsed.pathname}`;
}
