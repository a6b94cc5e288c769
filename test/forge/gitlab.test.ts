import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Forge, NewPullRequest } from '../../src/forge/forge.ts';
import { gitlab } from '../../src/forge/gitlab.ts';
import { startGitlab } from './gitlab-server.ts';
import type { ForgeServer } from './serve.ts';
import { plainly } from './stage.ts';
import { World } from './world.ts';

describe('GitLab', () => {
  let world: World;
  let server: ForgeServer;
  let forge: Forge;

  beforeAll(async () => {
    world = await World.create();
    server = await startGitlab(world);
    const token = world.token('dockfix-bot');
    forge = gitlab({ kind: 'gitlab', url: server.url }, token, plainly(token));
  });
  afterAll(async () => {
    expect(server.violations).toEqual([]);
    await server.close();
    await world.close();
  });

  async function project(name: string) {
    const made = await world.addRepository(name, { files: { 'README.md': 'A shop\n' } });
    world.allow(made, 'dockfix-bot', 'write');
    await world.commit(made, 'fix', { 'README.md': 'Repaired\n' }, 'Repair');
    return made;
  }
  const wanted = (more: Partial<NewPullRequest> = {}): NewPullRequest => ({
    ...{ title: 'Repair', body: '', base: 'main', head: 'fix', draft: false, labels: [], reviewers: [] },
    ...more,
  });

  test('groups nest, also in the folder that it is in', async () => {
    const name = 'acme/tools/build/shop';
    await project(name);
    const { cloneUrl } = await forge.repository(name);
    expect(cloneUrl).toBe(`${server.url}/${name}.git`);
    expect(new URL(cloneUrl).pathname).toBe(`/gitlab/${name}.git`);
    expect((await forge.open(name, wanted())).pullRequest).toMatchObject({ number: 1, headRepository: name });
    expect(forge.lineUrl(name, 'abc', 'a b/ä#.txt', 3)).toBe(`${server.url}/${name}/-/blob/abc/a%20b/%C3%A4%23.txt#L3`);
    expect(forge.lineUrl(name, 'abc', 'a.txt', undefined)).toBe(`${server.url}/${name}/-/blob/abc/a.txt`);
  });

  test('a group has the projects of its subgroups, and no group of a similar name has', async () => {
    for (const name of ['nest/one', 'nest/sub/two', 'nest/sub/deep/three', 'nest-other/four']) await project(name);
    const names: string[] = [];
    for await (const { name } of forge.repositoriesOf('nest')) names.push(name);
    expect(names).toEqual(['nest/one', 'nest/sub/two', 'nest/sub/deep/three']);
    names.length = 0;
    for await (const { name } of forge.repositoriesOf('nest/sub')) names.push(name);
    expect(names).toEqual(['nest/sub/two', 'nest/sub/deep/three']);
  });

  test('one reviewer is taken, and who is none is told', async () => {
    const shop = await project('acme/reviewed');
    for (const login of ['first', 'second']) world.allow(shop, login, 'write');
    world.user('outsider');
    const { notes } = await forge.open(shop.name, wanted({ reviewers: ['first', 'second', 'outsider'] }));
    expect(shop.pullRequests[0]?.reviewers).toEqual(['first']);
    expect(notes).toHaveLength(2);
    expect(notes[0]).toContain('"second"');
    expect(notes[1]).toContain('"outsider"');
  });

  test('a label with a comma would be two, and is not added', async () => {
    const shop = await project('acme/labelled');
    const { notes } = await forge.open(shop.name, wanted({ labels: ['a,b', 'docker'] }));
    expect(shop.pullRequests[0]?.labels.map(({ name }) => name)).toEqual(['docker']);
    expect(notes).toEqual(['The label "a,b" could not be added.']);
  });

  test('another one cannot be opened again beside an open one', async () => {
    const shop = await project('acme/twice');
    const { number } = (await forge.open(shop.name, wanted())).pullRequest;
    await forge.update(shop.name, number, { state: 'closed' });
    await forge.open(shop.name, wanted());
    await expect(forge.update(shop.name, number, { state: 'open' })).rejects.toMatchObject({ kind: 'conflict' });
  });

  test('what people mark as a draft in their way is one, and its title has no mark', async () => {
    const shop = await project('acme/drafts');
    const { number } = (await forge.open(shop.name, wanted({ title: '[Draft] draft: (draft)  Repair' }))).pullRequest;
    expect(await forge.pullRequest(shop.name, number)).toMatchObject({ draft: true });
    expect((await forge.update(shop.name, number, { title: 'Mend' })).title).toBe('Mend');
    expect(shop.pullRequests[0]).toMatchObject({ title: 'Mend', draft: true });
  });

  test('a fork that is gone leaves a merge request without a repository', async () => {
    const shop = await project('acme/forked');
    const fork = await world.fork(shop, 'someone');
    await world.commit(fork, 'theirs', { 'a.txt': 'a' }, 'Change');
    const text = { title: 'Theirs', body: '', base: 'main', head: 'theirs', draft: false };
    const pull = await world.openPullRequest(shop, { ...text, author: world.user('someone'), headRepository: fork });
    expect((await forge.pullRequest(shop.name, pull.number)).headRepository).toBe('someone/forked');
    pull.headRepository = undefined;
    expect(await forge.pullRequest(shop.name, pull.number)).toMatchObject({ headRepository: '', state: 'closed' });
  });

  test('a long search goes on after the last project, and asks for no page by number', async () => {
    for (let i = 0; i < 5; i++) await world.addRepository(`long/search-${i}`);
    world.mostOfPage = 2;
    const before = server.requests.length;
    const names: string[] = [];
    for await (const { name } of forge.search('search-')) names.push(name);
    world.mostOfPage = 100;
    const asked = server.requests.slice(before);
    expect(names).toHaveLength(5);
    expect(asked.map(({ url }) => new URL(url, server.url).searchParams.get('page'))).toEqual(['1', '1', '1', '1']);
  });
});
