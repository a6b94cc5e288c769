import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { deliver, get, pullRequest, push, SECRET } from '../bot/deliveries.ts';
import { filesOf } from '../bot/stage.ts';
import type { App } from '../forge/github-app.ts';
import { type GithubServer, startGithub } from '../forge/github-server.ts';
import { World } from '../forge/world.ts';
import { until } from '../jobs/redis.ts';
import { dockfix } from './program.ts';

let world: World;
let github: GithubServer;
let app: App;
beforeEach(async () => {
  world = await World.create();
  github = await startGithub(world);
  app = github.addApp('dockfix');
});
afterEach(async () => {
  await github.close();
  await world.close();
});

const environment = (): Record<string, string> => ({
  DOCKFIX_WEBHOOK_SECRET: SECRET,
  DOCKFIX_APP_ID: String(app.id),
  DOCKFIX_APP_PRIVATE_KEY: app.privateKey,
});

describe('what is missing or wrong is told by its name', () => {
  test.each<[string, string | undefined, string]>([
    [
      'DOCKFIX_WEBHOOK_SECRET',
      undefined,
      'error: The secret of the webhook is not set\nhint: Set DOCKFIX_WEBHOOK_SECRET',
    ],
    ['DOCKFIX_WEBHOOK_SECRET', 'short', 'DOCKFIX_WEBHOOK_SECRET is shorter than 16 characters'],
    ['DOCKFIX_WEBHOOK_SECRET_FILE', '/nowhere', 'DOCKFIX_WEBHOOK_SECRET and DOCKFIX_WEBHOOK_SECRET_FILE are both set'],
    ['DOCKFIX_APP_ID', undefined, 'Set DOCKFIX_APP_ID.'],
    ['DOCKFIX_APP_PRIVATE_KEY', undefined, 'Set DOCKFIX_APP_PRIVATE_KEY or DOCKFIX_APP_PRIVATE_KEY_FILE.'],
  ])('%s = %j', (name, value, message) => {
    const { [name]: _gone, ...env } = environment();
    const { status, stdout, stderr } = dockfix(['bot', '--port', '0'], tmpdir(), {
      ...env,
      ...(value !== undefined && { [name]: value }),
    });
    expect([status, stdout.toString()]).toEqual([2, '']);
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/PRIVATE KEY|\bat .*:\d+:\d+/);
  });

  test.each([
    ['--port', '70000'],
    ['--concurrency', '0'],
    ['--grace', 'soon'],
    ['--log-level', 'all'],
  ])('%s %s', (...argv) => {
    const { status, stderr } = dockfix(['bot', ...argv], tmpdir(), environment());
    expect(status).toBe(2);
    expect(stderr).toContain(argv[0]);
  });
});

test('the program itself: it answers, repairs in a process of its own, and ends when it is asked to', async () => {
  const shop = await world.addRepository('acme/shop', {
    files: filesOf('fixtures/transforms/split-copy/basic/before'),
  });
  const installation = app.install('acme');
  const argv = [resolve('dist', 'bin.cjs'), 'bot', '--port', '0', '--forge-url', github.url];
  const { PATH } = process.env;
  const bot = spawn(process.execPath, argv, { env: { PATH, ...environment() }, cwd: join(tmpdir()) });
  let log = '';
  let said = '';
  bot.stdout.on('data', (data: Buffer) => {
    log += data.toString();
  });
  bot.stderr.on('data', (data: Buffer) => {
    said += data.toString();
  });
  const ended = once(bot, 'exit');
  try {
    await until('it listens', () => log.includes('"listening"') || bot.exitCode !== null);
    expect(said).toBe('');
    const port = Number(/"port":(\d+)/.exec(log)?.[1]);
    expect(log).toContain('"app":"dockfix[bot]"');
    expect((await get(port, '/healthz')).status).toBe(200);
    expect(
      (await deliver(port, 'push', push({ repository: 'acme/shop', installation, branch: 'main' }, 'main'))).status,
    ).toBe(202);
    await until('it is repaired', () => shop.pullRequests.length === 1);
    const [ours] = shop.pullRequests;
    if (!ours) throw new Error('there is no pull request');
    const scene = { repository: 'acme/shop', installation, branch: 'main' };
    expect((await deliver(port, 'pull_request', pullRequest(scene, 'opened', 1, ours.headCommit))).status).toBe(202);
    // It ends what it has begun, also when it is asked to end right away.
    bot.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  } finally {
    bot.kill('SIGKILL');
  }
  expect(shop.pullRequests.map(({ head }) => head)).toEqual(['dockfix/all']);
  expect(shop.checks).toMatchObject([{ name: 'dockfix', conclusion: 'success' }]);
  expect(
    log
      .split('\n')
      .filter(Boolean)
      .map((line) => (JSON.parse(line) as { msg: string }).msg),
  ).toContain('job done');
  expect(log + said).not.toContain(SECRET);
  expect(log + said).not.toContain(app.privateKey.split('\n')[1]);
  expect(github.violations).toEqual([]);
});

test('a key of another App is told at once', () => {
  const env = { ...environment(), DOCKFIX_APP_ID: '999999' };
  const argv = ['bot', '--port', '0', '--forge-url', github.url];
  const child = spawn(process.execPath, [resolve('dist', 'bin.cjs'), ...argv], {
    env: { PATH: process.env['PATH'], ...env },
  });
  let said = '';
  child.stderr.on('data', (data: Buffer) => {
    said += data.toString();
  });
  return once(child, 'exit').then(([status]) => {
    expect([status, said]).toEqual([2, expect.stringContaining('does not know this App')]);
    expect(said).toContain('DOCKFIX_APP_ID and DOCKFIX_APP_PRIVATE_KEY have to be of the same App');
  });
});
