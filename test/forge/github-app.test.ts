import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { forgeAt } from '../../src/forge/connect.ts';
import { credentialsIn } from '../../src/forge/credentials.ts';
import type { Annotation, CommitCheck, Forge, ForgeAddress } from '../../src/forge/forge.ts';
import { ForgeError } from '../../src/forge/forge-error.ts';
import type { App } from './github-app.ts';
import { type GithubServer, startGithub } from './github-server.ts';
import { World, type WorldRepository } from './world.ts';

let world: World;
let server: GithubServer;
let app: App;
let shop: WorldRepository;

beforeEach(async () => {
  world = await World.create();
  server = await startGithub(world);
  shop = await world.addRepository('acme/shop', { files: { a: 'a\n' }, private: true });
  app = server.addApp('dockfix');
});

afterEach(async () => {
  vi.restoreAllMocks();
  await server.close();
  await world.close();
  expect(server.violations).toEqual([]);
});

function connect(more: Partial<ForgeAddress> = {}, privateKey = app.privateKey): Forge {
  const credentials = credentialsIn({ DOCKFIX_APP_ID: String(app.id), DOCKFIX_APP_PRIVATE_KEY: privateKey });
  return forgeAt({ kind: 'github', url: server.url, ...more }, credentials);
}

async function failure(promise: Promise<unknown>): Promise<ForgeError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ForgeError)) throw new Error(`no ForgeError, but ${String(error)}`);
  expect(error.message).not.toMatch(/ghs_|eyJ|PRIVATE/);
  return error;
}

const asked = (): readonly string[] =>
  server.requests.map(({ method, url }) => `${method} ${url.replace('/api/v3', '')}`);
async function names(repositories: AsyncIterable<{ readonly name: string }>): Promise<readonly string[]> {
  const list: string[] = [];
  for await (const { name } of repositories) list.push(name);
  return list;
}

describe('an App', () => {
  test('works as its installation, which is looked up once for a repository', async () => {
    const installation = app.install('acme');
    const forge = connect();
    await Promise.all([forge.repository('acme/shop'), forge.repository('acme/shop'), forge.repository('Acme/Shop')]);
    const once = ['GET /repos/acme/shop/installation', `POST /app/installations/${installation}/access_tokens`];
    for (const request of once)
      expect(asked().filter((each) => each.toLowerCase() === request.toLowerCase())).toHaveLength(1);
    expect(await forge.self()).toBe('dockfix[bot]');
  });

  test('needs no look-up where the address names the installation', async () => {
    const installation = app.install('acme', ['acme/shop']);
    await connect({ installation }).repository('acme/shop');
    expect(asked()).toEqual([`POST /app/installations/${installation}/access_tokens`, 'GET /repos/acme/shop']);
  });

  test('signs with a key in PKCS#8 as well', async () => {
    app.install('acme');
    const key = createPrivateKey(app.privateKey).export({ type: 'pkcs8', format: 'pem' });
    expect(await connect({}, String(key)).repository('acme/shop')).toMatchObject({ name: 'acme/shop' });
  });

  test('with the key of another one is unauthorised', async () => {
    app.install('acme');
    const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs1', format: 'pem' });
    expect((await failure(connect({}, String(key)).repository('acme/shop'))).kind).toBe('unauthorised');
  });

  test('that is installed nowhere, or not on the repository, does not find it', async () => {
    expect((await failure(connect().repository('acme/shop'))).kind).toBe('not found');
    await world.addRepository('acme/other', { dataOf: shop, private: true });
    const installation = app.install('acme', ['acme/other']);
    const forge = connect({ installation });
    expect((await failure(forge.repository('acme/shop'))).kind).toBe('not found');
    expect(await forge.repository('acme/other')).toMatchObject({ name: 'acme/other' });
  });

  test('that is installed later is found then', async () => {
    const forge = connect();
    await failure(forge.repository('acme/shop'));
    app.install('acme');
    expect(await forge.repository('acme/shop')).toMatchObject({ name: 'acme/shop' });
  });

  test('gives git a token of its own, for this repository only', async () => {
    const other = await world.addRepository('acme/other', { dataOf: shop, private: true });
    app.install('acme');
    const forge = connect();
    const [first, second] = [await forge.gitCredentials('acme/shop'), await forge.gitCredentials('acme/shop')];
    expect(first.username).toBe('x-access-token');
    expect(second.password).not.toBe(first.password);
    const identity = world.whoIs(first.password);
    expect(world.permission(shop, identity)).toBe('write');
    expect(world.permission(other, identity)).toBe('none');
  });

  test('takes a new token before the old one ends', async () => {
    const installation = app.install('acme');
    const forge = connect({ installation });
    await forge.repository('acme/shop');
    await forge.repository('acme/shop');
    const tokens = (): number => asked().filter((each) => each.includes('access_tokens')).length;
    expect(tokens()).toBe(1);
    const now = Date.now();
    vi.spyOn(Date, 'now').mockImplementation(() => now + 56 * 60_000);
    server.fail({
      on: /access_tokens/,
      status: 201,
      body: {
        token: world.issue({ user: world.user('dockfix[bot]'), covers: () => true }, 'ghs'),
        expires_at: new Date(now + 7_200_000).toISOString(),
      },
    });
    await Promise.all([forge.repository('acme/shop'), forge.repository('acme/shop'), forge.repository('acme/shop')]);
    expect(tokens()).toBe(2);
  });

  test('whose new token is not known everywhere yet may try again; one that was revoked is replaced', async () => {
    const installation = app.install('acme');
    const forge = connect({ installation });
    server.fail({ on: /GET/, status: 401, body: { message: 'Bad credentials' } });
    const spreading = await failure(forge.repository('acme/shop'));
    expect([spreading.kind, spreading.retryAfter, spreading.isPassing]).toEqual(['unavailable', 5, true]);
    await forge.repository('acme/shop');
    const now = Date.now();
    vi.spyOn(Date, 'now').mockImplementation(() => now + 60_000);
    server.fail({ on: /GET/, status: 401, body: { message: 'Bad credentials' } });
    expect((await failure(forge.repository('acme/shop'))).kind).toBe('unauthorised');
    vi.restoreAllMocks();
    expect(await forge.repository('acme/shop')).toMatchObject({ name: 'acme/shop' });
  });

  test('lists what it is installed on', async () => {
    for (let n = 0; n < 130; n += 1) await world.addRepository(`acme/r${n}`, { dataOf: shop, private: n % 2 === 0 });
    world.user('someone');
    await world.addRepository('someone/mine', { dataOf: shop, private: true });
    app.install('acme');
    app.install('someone');
    expect(await names(connect().repositoriesOf('ACME'))).toHaveLength(131);
    expect(await names(connect().repositoriesOf('someone'))).toEqual(['someone/mine']);
    expect((await failure(names(connect().repositoriesOf('other')))).kind).toBe('not found');
  });

  test('searches as an installation only', async () => {
    const installation = app.install('acme');
    expect(await names(connect({ installation }).search('shop'))).toEqual(['acme/shop']);
    expect((await failure(names(connect().search('shop')))).message).toContain('GITHUB_TOKEN');
  });
});

describe('a check of an App', () => {
  const annotation = (n: number): Annotation => ({
    path: 'docker-compose.yml',
    startLine: n + 1,
    endLine: n + 1,
    level: n % 2 === 0 ? 'failure' : 'notice',
    title: `Problem ${n}`,
    message: 'What follows.',
  });
  const check = async (count: number): Promise<CommitCheck> => ({
    commit: (await world.tip(shop, 'main')) ?? '',
    name: 'dockfix',
    conclusion: 'failure',
    title: 'Problems',
    summary: 'Some **text**',
    annotations: Array.from({ length: count }, (_, n) => annotation(n)),
  });

  test.each([
    [0, 1],
    [50, 1],
    [51, 2],
    [123, 3],
  ])('%i annotations need %i requests, and all arrive in order', async (count, requests) => {
    app.install('acme');
    await connect().setCheck('acme/shop', await check(count));
    expect(shop.checks).toHaveLength(1);
    expect(shop.checks[0]).toMatchObject({
      status: 'completed',
      conclusion: 'failure',
      title: 'Problems',
      summary: 'Some **text**',
    });
    expect(shop.checks[0]?.annotations.map(({ start_line }) => start_line)).toEqual(
      Array.from({ length: count }, (_, n) => n + 1),
    );
    expect(asked().filter((each) => each.includes('check-runs'))).toHaveLength(requests);
  });

  test('is cut to what GitHub takes', async () => {
    app.install('acme');
    const long = { ...(await check(1)), summary: '😀'.repeat(40_000), title: 'x'.repeat(300) };
    await connect().setCheck('acme/shop', long);
    expect(shop.checks[0]?.summary).toMatch(/😀…$/u);
    expect(shop.checks[0]?.summary.length).toBeLessThanOrEqual(65_535);
    expect(shop.checks[0]?.title).toHaveLength(255);
  });

  test('that is not permitted is no status instead', async () => {
    app.install('acme');
    server.fail({ on: /check-runs/, status: 403, body: { message: 'Resource not accessible by integration' } });
    expect((await failure(connect().setCheck('acme/shop', await check(1)))).kind).toBe('forbidden');
    expect(shop.statuses).toEqual([]);
  });
});
