import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startGitea } from './gitea-server.ts';
import { startGitlab } from './gitlab-server.ts';
import type { ForgeServer } from './serve.ts';
import { World } from './world.ts';

describe.each([
  { name: 'GitLab', start: startGitlab, api: '/api/v4', pulls: '/projects/acme%2Fshop/merge_requests', edit: 'PUT' },
  { name: 'Gitea', start: startGitea, api: '/api/v1', pulls: '/repos/acme/shop/pulls', edit: 'PATCH' },
])('the test server of $name', ({ start, api, pulls, edit }) => {
  let world: World;
  let server: ForgeServer;
  let token: string;

  beforeAll(async () => {
    world = await World.create();
    server = await start(world);
    token = world.token('someone');
    const shop = await world.addRepository('acme/shop', { files: { 'README.md': 'A shop\n' } });
    world.allow(shop, 'someone', 'write');
    await world.commit(shop, 'fix', { 'README.md': 'Repaired\n' }, 'Repair');
    const text = { title: 'Repair', body: '', base: 'main', head: 'fix', draft: false };
    await world.openPullRequest(shop, { ...text, author: world.user('someone') });
  });
  afterAll(async () => {
    await server.close();
    await world.close();
  });

  async function ask(method: string, path: string, body?: unknown): Promise<readonly [number, readonly string[]]> {
    const response = await fetch(`${server.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    await response.text();
    return [response.status, server.violations.splice(0)];
  }

  test('answers what is described', async () => {
    expect(await ask('GET', `${api}${pulls}?state=all`)).toEqual([200, []]);
  });

  test.each([
    ['a parameter that is not there', 'GET', `${pulls}?head=fix`, undefined, 'there is no parameter head'],
    ['a value that a parameter never has', 'GET', `${pulls}?state=pending`, undefined, 'state'],
    ['a field that is not there', edit, `${pulls}/1`, { draft: true }, 'draft'],
    ['a field of another type', edit, `${pulls}/1`, { title: 1 }, 'title'],
    ['a change of nothing', edit, `${pulls}/1`, {}, 'body'],
    ['no body where one is needed', edit, `${pulls}/1`, undefined, 'is missing'],
    ['a number that is none', 'GET', `${pulls}/one`, undefined, 'integer'],
    ['a path that is not there', 'GET', '/nothing', undefined, 'is not described'],
    ['a method that is not there', 'DELETE', `${pulls}/1`, undefined, 'is not described'],
  ])('does not take %s', async (_, method, path, body, fault) => {
    const [status, violations] = await ask(method, `${api}${path}`, body);
    expect(status).toBe(500);
    expect(violations.join('\n')).toContain(fault);
  });

  test('is nowhere else', async () => {
    expect((await ask('GET', `/other${api}${pulls}`))[1].join()).toContain('is no path of the API');
  });
});
