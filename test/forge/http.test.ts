import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Forge } from '../../src/forge/forge.ts';
import { ForgeError } from '../../src/forge/forge-error.ts';
import { gitea } from '../../src/forge/gitea.ts';
import { gitlab } from '../../src/forge/gitlab.ts';
import type { HttpOptions } from '../../src/forge/http.ts';
import { startGitea } from './gitea-server.ts';
import { startGitlab } from './gitlab-server.ts';
import type { ForgeServer } from './serve.ts';
import { plainly } from './stage.ts';
import { World } from './world.ts';

const FORGES = [
  { kind: 'gitlab', start: startGitlab, client: gitlab },
  { kind: 'gitea', start: startGitea, client: gitea },
] as const;

async function failure(request: Promise<unknown>): Promise<ForgeError> {
  const error = await request.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ForgeError)) throw new Error(`no ForgeError: ${error}`);
  return error;
}

describe.each(FORGES)('requests to $kind', ({ kind, start, client }) => {
  let world: World;
  let server: ForgeServer;
  let token: string;
  let forge: Forge;
  const speak = (url: string, more: Partial<HttpOptions> = {}): Forge =>
    client({ kind, url }, token, { ...plainly(token), ...more });

  beforeAll(async () => {
    world = await World.create();
    token = world.token('dockfix-bot');
    const repository = await world.addRepository('acme/shop', { files: { 'README.md': 'A shop\n' } });
    world.allow(repository, 'dockfix-bot', 'admin');
    await world.commit(repository, 'fix', { 'README.md': 'Repaired\n' }, 'Repair');
  });
  beforeEach(async () => {
    server = await start(world);
    forge = speak(server.url);
  });
  afterEach(() => server.close());
  afterAll(() => world.close());

  test.each([
    [401, 'unauthorised', false],
    [403, 'forbidden', false],
    [404, 'not found', false],
    [400, 'invalid', false],
    [422, 'invalid', false],
    [409, 'conflict', true],
    [500, 'unavailable', true],
    [502, 'unavailable', true],
    [503, 'unavailable', true],
  ] as const)('status %i is %s, and the request is sent once', async (status, failed, passing) => {
    server.fail({ status, body: { message: 'For some reason' } });
    const error = await failure(forge.repository('acme/shop'));
    expect(error.kind).toBe(failed);
    expect(error.isPassing).toBe(passing);
    expect(error.retryAfter).toBeUndefined();
    expect(error.message).toMatch(/^GET http:\/\/127\.0\.0\.1:\d+\/.*acme.*shop: \d+ For some reason$/);
    expect(server.requests).toHaveLength(1);
    expect((await forge.repository('acme/shop')).name).toBe('acme/shop');
  });

  test('too many requests say when to come back', async () => {
    const limited = async (headers: Readonly<Record<string, string>>): Promise<number | undefined> => {
      server.fail({ status: 429, headers: { 'content-type': 'text/plain', ...headers }, body: 'Retry later' });
      const error = await failure(forge.repository('acme/shop'));
      expect([error.kind, error.isPassing]).toEqual(['rate limited', true]);
      return error.retryAfter;
    };
    expect(await limited({ 'retry-after': '17' })).toBe(17);
    expect(await limited({})).toBe(60);
    expect(await limited({ 'retry-after': 'soon' })).toBe(60);
    expect(await limited({ 'retry-after': new Date(0).toUTCString() })).toBe(0);
    const inAnHour = await limited({ 'retry-after': new Date(Date.now() + 3_600_000).toUTCString() });
    expect(inAnHour).toBeGreaterThan(3000);
    expect(inAnHour).toBeLessThanOrEqual(3600);
    expect(server.requests).toHaveLength(5);
  });

  test('a forge that is down for a while says so', async () => {
    server.fail({ status: 503, headers: { 'retry-after': '120' }, body: {} });
    expect(await failure(forge.repository('acme/shop'))).toMatchObject({ kind: 'unavailable', retryAfter: 120 });
  });

  test('a connection that breaks is not tried again: what was asked may have been done', async () => {
    server.fail({ on: /^POST /, drop: true });
    const wanted = { title: 'Fix', body: '', base: 'main', head: 'fix', draft: false, labels: [], reviewers: [] };
    const error = await failure(forge.open('acme/shop', wanted));
    expect([error.kind, error.isPassing]).toEqual(['unavailable', true]);
    expect(server.requests.filter(({ method }) => method === 'POST')).toEqual([]);
    expect(world.find('acme/shop')?.pullRequests).toEqual([]);
  });

  test('no answer in time is given up', async () => {
    server.fail({ delay: 60_000 });
    const error = await failure(speak(server.url, { timeout: 100 }).repository('acme/shop'));
    expect(error.kind).toBe('unavailable');
    expect(error.message).toContain('no answer after 0.1 seconds');
  });

  test('nobody there is unavailable, and the message says where', async () => {
    await server.close();
    const error = await failure(forge.repository('acme/shop'));
    expect(error.kind).toBe('unavailable');
    expect(error.message).toContain(server.url);
    expect(error.message).toContain('ECONNREFUSED');
    server = await start(world);
  });

  test('a page instead of the API is told apart from an answer', async () => {
    const proxy = createServer((_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<p>Hi'));
    await new Promise<void>((ready) => proxy.listen(0, '127.0.0.1', ready));
    const { port } = proxy.address() as AddressInfo;
    const error = await failure(speak(`http://127.0.0.1:${port}`).repository('acme/shop'));
    proxy.close();
    expect(error).toMatchObject({ kind: 'unavailable' });
    expect(error.message).toContain('no JSON');
  });

  test('a token that the forge repeats is in no message, not even by half', async () => {
    for (const before of ['', 'x'.repeat(290)]) {
      server.fail({ status: 400, body: { message: `${before} ${token}` } });
      const { message } = await failure(forge.repository('acme/shop'));
      expect(message).not.toContain(token.slice(0, 6));
    }
  });

  test('a token does not follow a redirect to another host', async () => {
    const seen: IncomingHttpHeaders[] = [];
    const other = createServer(({ headers }, response) => {
      seen.push(headers);
      response.writeHead(404).end('{}');
    });
    await new Promise<void>((ready) => other.listen(0, '127.0.0.1', ready));
    const { port } = other.address() as AddressInfo;
    server.fail({ status: 302, headers: { location: `http://127.0.0.1:${port}/elsewhere` } });
    await failure(forge.repository('acme/shop'));
    other.close();
    expect(seen).toHaveLength(1);
    expect(JSON.stringify(seen)).not.toContain(token);
  });

  test('what the forge says in other forms is said as well', async () => {
    const said = async (body: unknown): Promise<string> => {
      server.fail({ status: 422, body });
      return (await failure(forge.repository('acme/shop'))).message.replace(/^.*?: 422 /, '');
    };
    expect(await said({ message: ['one', 'two'] })).toBe('one, two');
    expect(await said({ message: { title: ["can't be blank", 'is short'] } })).toBe("title: can't be blank, is short");
    expect(await said({ error: 'invalid_token', error_description: 'Revoked' })).toBe('invalid_token: Revoked');
  });
});
