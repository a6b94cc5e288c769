import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { forgeAt } from '../../src/forge/connect.ts';
import { credentialsIn } from '../../src/forge/credentials.ts';
import type { Forge } from '../../src/forge/forge.ts';
import { ForgeError } from '../../src/forge/forge-error.ts';
import { github } from '../../src/forge/github.ts';
import { apiUrl } from '../../src/forge/github-client.ts';
import { forgeErrorOf } from '../../src/forge/github-failure.ts';
import { type GithubServer, startGithub } from './github-server.ts';
import type { Fault } from './serve.ts';
import { World, type WorldRepository } from './world.ts';

let world: World;
let server: GithubServer;
let shop: WorldRepository;
let token: string;
let forge: Forge;

beforeEach(async () => {
  world = await World.create();
  server = await startGithub(world);
  shop = await world.addRepository('acme/shop', { files: { a: 'a\n' } });
  token = world.token('someone');
  forge = forgeAt({ kind: 'github', url: server.url }, credentialsIn({ GITHUB_TOKEN: token }));
});

afterEach(async () => {
  await server.close();
  await world.close();
  expect(server.violations).toEqual([]);
});

async function failure(from: Forge, fault: Fault | undefined): Promise<ForgeError> {
  if (fault) server.fail(fault);
  const error = await from.repository('acme/shop').then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ForgeError)) throw new Error(`no ForgeError, but ${String(error)}`);
  expect(`${error.message} ${error.stack} ${JSON.stringify(error)}`).not.toContain(token);
  return error;
}

const NOON = 1_767_268_800;
const date = new Date(NOON * 1000).toUTCString();

describe('what GitHub refuses', () => {
  test.each<[string, Fault, string, number | undefined]>([
    [
      'primary rate limit',
      {
        status: 403,
        headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(NOON + 90), date },
        body: { message: 'API rate limit exceeded for user ID 1.' },
      },
      'rate limited',
      91,
    ],
    [
      'secondary rate limit',
      { status: 403, headers: { 'retry-after': '30' }, body: { message: 'You have exceeded a secondary rate limit.' } },
      'rate limited',
      30,
    ],
    [
      'secondary rate limit without a time',
      { status: 403, body: { message: 'You have exceeded a secondary rate limit. Please wait a few minutes.' } },
      'rate limited',
      60,
    ],
    [
      'too many requests, until a date',
      { status: 429, headers: { 'retry-after': new Date(NOON * 1000 + 5000).toUTCString(), date } },
      'rate limited',
      5,
    ],
    [
      'a limit that is lifted by now',
      { status: 429, headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(NOON - 90), date } },
      'rate limited',
      1,
    ],
    [
      'no permission',
      { status: 403, headers: { 'x-ratelimit-remaining': '4000' }, body: { message: 'Resource not accessible' } },
      'forbidden',
      undefined,
    ],
    ['not authenticated', { status: 401, body: { message: 'Bad credentials' } }, 'unauthorised', undefined],
    ['taken away', { status: 451, body: { message: 'Repository access blocked' } }, 'forbidden', undefined],
    ['gone', { status: 410, body: { message: 'Issues are disabled for this repo' } }, 'not found', undefined],
    ['conflict', { status: 409, body: { message: 'Git Repository is empty.' } }, 'conflict', undefined],
    [
      'invalid',
      { status: 422, body: { message: 'Validation Failed', errors: ['one', { field: 'x', code: 'missing' }] } },
      'invalid',
      undefined,
    ],
    ['wrong', { status: 400, body: { message: 'Problems parsing JSON' } }, 'invalid', undefined],
    ['broken', { status: 500, body: { message: 'Server Error' } }, 'unavailable', undefined],
    ['in maintenance', { status: 503, headers: { 'retry-after': '120' } }, 'unavailable', 120],
    [
      'a proxy',
      { status: 502, headers: { 'content-type': 'text/html' }, body: '<html><b>Bad Gateway</b></html>' },
      'unavailable',
      undefined,
    ],
    [
      'a page instead of JSON',
      { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>' },
      'unavailable',
      undefined,
    ],
    ['a connection that ends', { drop: true }, 'unavailable', undefined],
  ])('%s', async (_, fault, kind, seconds) => {
    const error = await failure(forge, fault);
    expect([error.kind, error.retryAfter]).toEqual([kind, seconds]);
    expect(error.isPassing).toBe(['rate limited', 'unavailable', 'conflict'].includes(kind));
    expect(error.message).toContain('GET /repos/acme/shop');
    expect(server.requests.length, 'nothing is sent twice').toBeLessThanOrEqual(1);
  });

  test('says what is wrong in one line', async () => {
    const body = {
      message: 'Validation Failed',
      errors: ['one', { field: 'x', code: 'missing' }, { message: 'two\nlines' }],
    };
    expect((await failure(forge, { status: 422, body })).message).toBe(
      'GitHub answered 422 to GET /repos/acme/shop: Validation Failed: one; x missing; two lines',
    );
    expect(
      (
        await failure(forge, {
          status: 502,
          headers: { 'x-github-request-id': 'A:1', 'content-type': 'text/html' },
          body: '',
        })
      ).message,
    ).toMatch(/\(request A:1\)$/);
  });

  test('does not repeat a token that comes back', async () => {
    const github = { status: 400, body: { message: `Bad header: token ${token} and ghp_${'a1B2'.repeat(9)}` } };
    expect((await failure(forge, github)).message).toBe(
      'GitHub answered 400 to GET /repos/acme/shop: Bad header: token *** and ***',
    );
  });
});

test('a repository that was renamed is found at its new name', async () => {
  const location = `${server.url}/api/v3/repos/acme/shop`;
  server.fail({
    on: /\/old$/,
    status: 301,
    headers: { location },
    body: { message: 'Moved Permanently', url: location },
  });
  expect(await forge.repository('acme/old')).toMatchObject({ name: 'acme/shop' });
  world.allow(shop, 'someone', 'write');
  await world.commit(shop, 'fix', { a: 'b\n' }, 'Fix');
  const pulls = `${location}/pulls`;
  server.fail({ on: /\/old\/pulls$/, status: 307, headers: { location: pulls }, body: { url: pulls } });
  const wanted = { title: 't', body: '', base: 'main', head: 'fix', draft: false, labels: [], reviewers: [] };
  expect((await forge.open('acme/old', wanted)).pullRequest.url).toBe(`${server.url}/acme/shop/pull/1`);
});

test('a request without an answer is given up', async () => {
  const credentials = { kind: 'token', token } as const;
  const impatient = github({ kind: 'github', url: server.url }, credentials, 100, (text) => text);
  const error = await failure(impatient, { delay: 20_000 });
  expect([error.kind, error.message]).toEqual([
    'unavailable',
    expect.stringMatching(/GET \/repos\/acme\/shop: .*timeout/i),
  ]);
});

test('a forge that is not there cannot be reached', async () => {
  const closed = await startGithub(world);
  await closed.close();
  const error = await failure(
    forgeAt({ kind: 'github', url: closed.url }, credentialsIn({ GITHUB_TOKEN: token })),
    undefined,
  );
  expect([error.kind, error.message]).toEqual(['unavailable', expect.stringContaining('ECONNREFUSED')]);
});

test('the clock of this machine counts only where GitHub does not tell its own', () => {
  const reset = String(Math.floor(Date.now() / 1000) + 500);
  const headers = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset };
  const error = forgeErrorOf({ request: 'GET /', status: 403, headers, body: undefined }, (text) => text);
  expect(error.retryAfter).toBeGreaterThan(490);
  expect(error.retryAfter).toBeLessThanOrEqual(501);
});

test.each([
  ['https://github.com', 'https://api.github.com'],
  ['https://acme.ghe.com', 'https://api.acme.ghe.com'],
  ['https://git.example.org', 'https://git.example.org/api/v3'],
  ['http://127.0.0.1:3000', 'http://127.0.0.1:3000/api/v3'],
])('the API of %s is at %s', (url, api) => {
  expect(apiUrl(url)).toBe(api);
});
