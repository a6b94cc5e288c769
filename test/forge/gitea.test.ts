import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Forge, NewPullRequest } from '../../src/forge/forge.ts';
import { gitea } from '../../src/forge/gitea.ts';
import { startGitea } from './gitea-server.ts';
import type { ForgeServer } from './serve.ts';
import { plainly } from './stage.ts';
import { World } from './world.ts';

describe('Gitea', () => {
  let world: World;
  let server: ForgeServer;
  let forge: Forge;

  beforeAll(async () => {
    world = await World.create();
    world.mostOfPage = 3;
    server = await startGitea(world);
    const token = world.token('dockfix-bot');
    forge = gitea({ kind: 'gitea', url: server.url }, token, plainly(token));
  });
  afterAll(async () => {
    expect(server.violations).toEqual([]);
    await server.close();
    await world.close();
  });

  async function repository(name: string) {
    const made = await world.addRepository(name, { files: { 'README.md': 'A shop\n' } });
    world.allow(made, 'dockfix-bot', 'write');
    await world.commit(made, 'fix', { 'README.md': 'Repaired\n' }, 'Repair');
    return made;
  }
  const wanted = (more: Partial<NewPullRequest> = {}): NewPullRequest => ({
    ...{ title: 'Repair', body: '', base: 'main', head: 'fix', draft: false, labels: [], reviewers: [] },
    ...more,
  });

  test('who may write is for administrators of the repository to ask, and is told to nobody else', async () => {
    const { name } = await repository('acme/asked');
    world.user('someone');
    await expect(forge.canWrite(name, 'someone')).rejects.toMatchObject({ kind: 'forbidden' });
    expect(await forge.canWrite(name, 'dockfix-bot')).toBe(true);
  });

  test('labels of the repository are found on every page, and not made again', async () => {
    const shop = await repository('acme/labelled');
    for (let i = 0; i < 7; i++) world.label(shop, `label-${i}`);
    const { notes } = await forge.open(shop.name, wanted({ labels: ['label-6', 'new'] }));
    expect(notes).toEqual([]);
    expect(shop.labels).toHaveLength(8);
    expect(shop.pullRequests[0]?.labels.map(({ name }) => name)).toEqual(['label-6', 'new']);
  });

  test('a forge that fails after the pull request is open does not undo it', async () => {
    const shop = await repository('acme/half');
    world.allow(shop, 'reviewer', 'write');
    server.fail({ on: /^POST .*\/issues\/\d+\/labels/, status: 500, body: { message: 'Broken' } });
    server.fail({ on: /requested_reviewers/, drop: true });
    const { pullRequest, notes } = await forge.open(shop.name, wanted({ labels: ['a'], reviewers: ['reviewer'] }));
    expect(pullRequest.number).toBe(1);
    expect(notes).toHaveLength(2);
    expect(notes[0]).toMatch(/^Labels could not be added \(.*500 Broken\)\.$/);
    expect(notes[1]).toMatch(/^"reviewer" could not be asked for a review \(/);
  });

  test('lines have pages of their own', () => {
    expect(forge.lineUrl('acme/shop', 'abc', 'a b/ä#.txt', 3)).toBe(
      `${server.url}/acme/shop/src/commit/abc/a%20b/%C3%A4%23.txt#L3`,
    );
  });

  test('an older Gitea tells a draft by its title alone', async () => {
    const branch = { label: 'fix', sha: 'abc', repo: null };
    const shared = { number: 1, html_url: 'x', state: 'open', merged: false, body: '', base: branch, head: branch };
    const titles = ['WIP: Repair', '[wip] wip:Repair', 'Wipe the table'];
    const old = createServer((_, response) =>
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ ...shared, title: titles.shift() })),
    );
    await new Promise<void>((ready) => old.listen(0, '127.0.0.1', ready));
    const url = `http://127.0.0.1:${(old.address() as AddressInfo).port}`;
    const at = gitea({ kind: 'gitea', url }, 'token', plainly('token'));
    const found = [await at.pullRequest('a/b', 1), await at.pullRequest('a/b', 1), await at.pullRequest('a/b', 1)];
    old.close();
    expect(found.map(({ title, draft }) => [title, draft])).toEqual([
      ['Repair', true],
      ['Repair', true],
      ['Wipe the table', false],
    ]);
  });
});
