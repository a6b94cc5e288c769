import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** A Redis of its own for a test. */
export interface RedisServer {
  readonly url: string;
  readonly port: number;
  /** Everything that it holds, as bytes: the dump that a save would write. */
  readonly dump: () => Promise<Buffer>;
  readonly stop: () => Promise<void>;
  /** Ends it, and keeps what its settings let it keep. */
  readonly away: () => Promise<void>;
  /** Starts it again at the same port. */
  readonly start: () => Promise<void>;
}

/** A port that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** Starts redis-server at a free port with these settings; whoever starts it stops it. */
export async function startRedis(settings: readonly string[]): Promise<RedisServer> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'dockfix-redis-'));
  let server: ChildProcess | undefined;
  const start = async (): Promise<void> => {
    server = await listening(port, folder, settings);
  };
  const end = async (): Promise<void> => {
    if (!server || server.exitCode !== null || server.signalCode !== null) return;
    const ended = once(server, 'exit');
    server.kill('SIGTERM');
    await ended;
  };
  await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    start,
    away: end,
    dump: async () => {
      const { Redis } = await import('ioredis');
      const redis = new Redis(port, '127.0.0.1');
      const parts: Buffer[] = [];
      for (const key of await redis.keys('*')) parts.push(Buffer.from(key), await contentOf(redis, key));
      await redis.quit();
      return Buffer.concat(parts);
    },
    stop: async () => {
      await end();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A key's value, whatever its type: uncompressed, so that it can be searched. */
async function contentOf(redis: import('ioredis').Redis, key: string): Promise<Buffer> {
  const type = await redis.type(key);
  const content: unknown =
    type === 'hash'
      ? await redis.hgetall(key)
      : type === 'list'
        ? await redis.lrange(key, '0', '-1')
        : type === 'set'
          ? await redis.smembers(key)
          : type === 'zset'
            ? await redis.zrange(key, '0', '-1')
            : type === 'stream'
              ? await redis.xrange(key, '-', '+')
              : await redis.get(key);
  return Buffer.from(JSON.stringify(content));
}

async function listening(port: number, folder: string, settings: readonly string[]): Promise<ChildProcess> {
  const argv = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder];
  const server = spawn('redis-server', [...argv, ...settings], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  const failed = new Promise<never>((_resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'ENOENT' ? new Error('redis-server is not installed: apt-get install redis-server') : error,
      ),
    );
    server.once('exit', () => reject(new Error(`redis-server ended: ${said}`)));
  });
  failed.catch((error: Error) => {
    said += error.message;
  });
  server.stderr.on('data', (data: Buffer) => {
    said += data.toString();
  });
  const ready = (async () => {
    for await (const data of server.stdout) {
      said += String(data);
      if (said.includes('Ready to accept connections')) return;
    }
  })();
  await Promise.race([ready, failed]);
  server.stdout.resume();
  return server;
}

/** Waits until something is so; fails after five minutes, which is longer than any test that only waits a moment may take. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 300_000;
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error(`it did not come to this in five minutes: ${what}`);
    await pause(20);
  }
}
