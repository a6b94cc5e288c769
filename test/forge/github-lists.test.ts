import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { forgeAt } from '../../src/forge/connect.ts';
import { credentialsIn } from '../../src/forge/credentials.ts';
import type { Forge, Repository } from '../../src/forge/forge.ts';
import { ForgeError } from '../../src/forge/forge-error.ts';
import { type GithubServer, startGithub } from './github-server.ts';
import { World, type WorldRepository } from './world.ts';

let world: World;
let server: GithubServer;
let shop: WorldRepository;
let token: string;
let forge: Forge;

beforeEach(async () => {
  world = await World.create();
  server = await startGithub(world);
  shop = await world.addRepository('acme/shop', { files: { Dockerfile: 'FROM python:3.12\n' } });
  token = world.token('someone');
  forge = forgeAt({ kind: 'github', url: server.url }, credentialsIn({ GITHUB_TOKEN: token }));
});

afterEach(async () => {
  await server.close();
  await world.close();
  expect(server.violations).toEqual([]);
});

async function failure(promise: Promise<unknown>): Promise<ForgeError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ForgeError)) throw new Error(`no ForgeError, but ${String(error)}`);
  expect(error.message).not.toContain(token);
  expect(JSON.stringify(error)).not.toContain(token);
  return error;
}

async function all<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}
const names = (repositories: readonly Repository[]): readonly string[] => repositories.map(({ name }) => name);

describe('lists of repositories', () => {
  async function many(owner: string, count: number): Promise<readonly string[]> {
    const made = Array.from({ length: count }, (_, n) => `${owner}/r${String(n).padStart(4, '0')}`);
    for (const name of made) await world.addRepository(name, { dataOf: shop });
    return made;
  }

  test('of an organisation, over all pages, with the private ones that the token may see', async () => {
    const made = await many('acme', 203);
    const secret = await world.addRepository('acme/secret', { dataOf: shop, private: true });
    await world.addRepository('acme/hidden', { dataOf: shop, private: true });
    world.allow(secret, 'someone', 'read');
    expect(names(await all(forge.repositoriesOf('Acme')))).toEqual(['acme/shop', ...made, 'acme/secret']);
  });

  test('stop where the reader stops', async () => {
    await many('acme', 250);
    for await (const { name } of forge.repositoriesOf('acme')) if (name === 'acme/r0003') break;
    expect(server.requests.filter(({ url }) => url.includes('/orgs/'))).toHaveLength(1);
  });

  test('of a user: the private ones only of oneself', async () => {
    world.user('other');
    await world.addRepository('someone/mine', { dataOf: shop, private: true });
    await world.addRepository('other/open', { dataOf: shop });
    await world.addRepository('other/closed', { dataOf: shop, private: true });
    expect(names(await all(forge.repositoriesOf('someone')))).toEqual(['someone/mine']);
    expect(names(await all(forge.repositoriesOf('other')))).toEqual(['other/open']);
    expect((await failure(all(forge.repositoriesOf('nobody-at-all')))).kind).toBe('not found');
  });

  test('of a search', async () => {
    const made = await many('acme', 120);
    expect(names(await all(forge.search('org:acme r0')))).toEqual(made);
    expect(await all(forge.search('nothing-like-this'))).toEqual([]);
  });

  test('of a search that finds more than GitHub lists end with an error, after all that it lists', async () => {
    await many('acme', 1000);
    expect(await all(forge.search('org:acme r'))).toHaveLength(1000);
    await many('other', 1);
    const seen: string[] = [];
    const read = async (): Promise<void> => {
      for await (const { name } of forge.search('r0')) seen.push(name);
    };
    const error = await failure(read());
    expect(seen).toHaveLength(1000);
    expect([error.kind, error.message]).toEqual(['invalid', expect.stringContaining('finds 1001 repositories')]);
  });

  test('of a search that ran out of time end with an error', async () => {
    server.fail({ status: 200, body: { total_count: 0, incomplete_results: true, items: [] } });
    expect((await failure(all(forge.search('x')))).kind).toBe('unavailable');
  });
});
