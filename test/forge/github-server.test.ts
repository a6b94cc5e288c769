import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { GITHUB_API, type GithubServer, startGithub } from './github-server.ts';
import { descriptionIn } from './openapi.ts';
import { World } from './world.ts';

let world: World;
let server: GithubServer;
let token: string;

beforeEach(async () => {
  world = await World.create();
  server = await startGithub(world);
  const shop = await world.addRepository('acme/shop', { files: { a: 'a\n' } });
  world.allow(shop, 'someone', 'write');
  token = world.token('someone');
});

afterEach(async () => {
  await server.close();
  await world.close();
});

async function ask(method: string, path: string, body?: unknown): Promise<number> {
  const response = await fetch(`${server.url}/api/v3${path}`, {
    method,
    headers: { authorization: `token ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  await response.text();
  return response.status;
}

const pull = { title: 't', head: 'x', base: 'main' };

describe('what does not fit the description of GitHub is a violation', () => {
  test.each<[string, string, string, unknown, RegExp]>([
    ['a path that is not there', 'GET', '/repos/acme/shop/pull', undefined, /is not documented/],
    ['a method that is not there', 'PUT', '/repos/acme/shop/pulls', pull, /is not documented/],
    ['a parameter that is not there', 'GET', '/repos/acme/shop/pulls?sate=all', undefined, /no parameter sate/],
    [
      'a parameter with a wrong value',
      'GET',
      '/repos/acme/shop/pulls?state=merged',
      undefined,
      /query state: must be equal/,
    ],
    ['a number that is none', 'GET', '/repos/acme/shop/pulls/one', undefined, /path pull_number: must be integer/],
    ['a parameter that is missing', 'GET', '/search/repositories', undefined, /query: q is missing/],
    [
      'a field that is not there',
      'POST',
      '/repos/acme/shop/pulls',
      { ...pull, labels: [] },
      /"unevaluatedProperty":"labels"/,
    ],
    [
      'a field that is missing',
      'POST',
      '/repos/acme/shop/pulls',
      { title: 't', head: 'x' },
      /required property 'base'/,
    ],
    ['a field of a wrong type', 'PATCH', '/repos/acme/shop/pulls/1', { title: 1 }, /body\/title: must be string/],
    ['a body that is missing', 'POST', '/repos/acme/shop/pulls', undefined, /body: is missing/],
    ['a body where there is none', 'POST', '/repos/acme/shop/forks/x', {}, /is not documented/],
    [
      'a field that is not there, deep inside',
      'POST',
      '/repos/acme/shop/check-runs',
      {
        name: 'n',
        head_sha: 'x',
        status: 'completed',
        conclusion: 'success',
        output: { title: 't', summary: 's', annotation: [] },
      },
      /body\/output: .*"annotation"/,
    ],
    [
      'more annotations than one request may have',
      'POST',
      '/repos/acme/shop/check-runs',
      {
        name: 'n',
        head_sha: 'x',
        output: {
          title: 't',
          summary: 's',
          annotations: Array.from({ length: 51 }, () => ({
            path: 'a',
            start_line: 1,
            end_line: 1,
            annotation_level: 'notice',
            message: 'm',
          })),
        },
      },
      /must NOT have more than 50 items/,
    ],
    ['what is documented and not simulated', 'GET', '/repos/acme/shop/releases', undefined, /does not have it/],
  ])('%s', async (_, method, path, body, violation) => {
    expect(await ask(method, path, body)).toBe(500);
    expect(server.violations).toEqual([expect.stringMatching(violation)]);
    expect(server.violations[0]).toContain(`${method} /api/v3${path.split('?')[0]}`);
  });

  test('and what fits is none', async () => {
    expect(await ask('GET', '/repos/acme/shop/pulls?state=all&per_page=5')).toBe(200);
    expect(await ask('POST', '/repos/acme/shop/pulls', pull)).toBe(422);
    expect(server.violations).toEqual([]);
  });
});

describe('a response', () => {
  const description = descriptionIn(GITHUB_API);
  const found = description.find('GET', '/repos/acme/shop');
  if (!found) throw new Error('the description has no repository');
  const { operation, values } = found;

  test('is completed from the facts, and checked', () => {
    expect(values).toEqual({ owner: 'acme', repo: 'shop' });
    const whole = description.complete(operation, 200, { name: 'shop', size: 3 }) as Record<string, unknown>;
    expect(whole).toMatchObject({ name: 'shop', size: 3, owner: { login: 'text' } });
    expect(description.responseFaults(operation, 200, whole)).toEqual([]);
    expect(description.responseFaults(operation, 200, { ...whole, size: 'large' })).toEqual([
      expect.stringContaining('/size'),
    ]);
    const { owner: _, ...rest } = whole;
    expect(description.responseFaults(operation, 200, rest)).toEqual([expect.stringContaining("'owner'")]);
    expect(description.responseFaults(operation, 418, whole)).toEqual([expect.stringContaining('418')]);
  });

  test('has no facts that the description does not know', () => {
    expect(() => description.complete(operation, 200, { nam: 'shop' })).toThrow(/no field nam/);
  });
});

test('takes as long as it is told to', async () => {
  server.latency = 150;
  const before = performance.now();
  await ask('GET', '/repos/acme/shop');
  expect(performance.now() - before).toBeGreaterThan(140);
});
