import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { forgeAt } from '../../src/forge/connect.ts';
import { type Credentials, credentialsIn } from '../../src/forge/credentials.ts';
import type { CommitCheck, Forge, NewPullRequest } from '../../src/forge/forge.ts';
import { ForgeError } from '../../src/forge/forge-error.ts';
import { type GithubServer, startGithub } from './github-server.ts';
import { World, type WorldRepository } from './world.ts';

let world: World;
let server: GithubServer;
let shop: WorldRepository;
let token: string;
let forge: Forge;

const asToken = (value: string): Credentials => credentialsIn({ GITHUB_TOKEN: value });
const connect = (value: string): Forge => forgeAt({ kind: 'github', url: server.url }, asToken(value));

beforeEach(async () => {
  world = await World.create();
  server = await startGithub(world);
  shop = await world.addRepository('acme/shop', {
    files: { Dockerfile: 'FROM python:3.12\n', 'old.txt': 'one\ntwo\n' },
  });
  world.allow(shop, 'someone', 'write');
  token = world.token('someone');
  forge = connect(token);
});

afterEach(async () => {
  await server.close();
  await world.close();
  expect(server.violations).toEqual([]);
});

const wanted: NewPullRequest = {
  title: 'Repair the stack',
  body: 'What was wrong.',
  base: 'main',
  head: 'dockfix/all',
  draft: false,
  labels: [],
  reviewers: [],
};

const branch = (name = 'dockfix/all', repository = shop): Promise<string> =>
  world.commit(repository, name, { Dockerfile: `FROM python:3.12\n# ${name}\n` }, 'Repair');

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

describe('a repository', () => {
  test('is described', async () => {
    expect(await forge.repository('ACME/shop')).toEqual({
      name: 'acme/shop',
      defaultBranch: 'main',
      cloneUrl: `${server.url}/acme/shop.git`,
      archived: false,
      fork: false,
      empty: false,
    });
    const fork = await world.fork(shop, 'other');
    fork.archived = true;
    expect(await forge.repository('other/shop')).toMatchObject({ fork: true, archived: true });
  });

  test('is empty without a branch, and not because its size is 0', async () => {
    await world.addRepository('acme/new', { defaultBranch: 'trunk' });
    expect(await forge.repository('acme/new')).toMatchObject({ empty: true, defaultBranch: 'trunk' });
    shop.size = 0;
    expect((await forge.repository('acme/shop')).empty).toBe(false);
  });

  test('that is private is not found by others', async () => {
    await world.addRepository('acme/secret', { files: { a: 'a' }, private: true });
    const error = await failure(forge.repository('acme/secret'));
    expect(error.kind).toBe('not found');
    expect(error.message).toBe(
      'GitHub answered 404 to GET /repos/acme/secret: Not Found (it is not there, or these credentials may not see it)',
    );
    expect(error.isPassing).toBe(false);
  });

  test.each(['shop', 'acme/..', 'acme/shop/pulls', 'acme/shop?x=1', '../acme'])(
    '%s is no name of one',
    async (name) => {
      expect((await failure(forge.repository(name))).kind).toBe('invalid');
      expect(server.requests).toEqual([]);
    },
  );

  test('has pages for its lines', () => {
    expect(forge.lineUrl('acme/shop', 'abc', 'my app/Docker#file', 3)).toBe(
      `${server.url}/acme/shop/blob/abc/my%20app/Docker%23file#L3`,
    );
    expect(forge.lineUrl('acme/shop', 'abc', 'a.yml', undefined)).toBe(`${server.url}/acme/shop/blob/abc/a.yml`);
  });

  test('is cloned with the token', async () => {
    expect(await forge.gitCredentials('acme/shop')).toEqual({ username: 'x-access-token', password: token });
  });
});

describe('pull requests', () => {
  test('are opened, read, changed and closed', async () => {
    const commit = await branch();
    const { pullRequest, notes } = await forge.open('acme/shop', wanted);
    expect(notes).toEqual([]);
    expect(pullRequest).toEqual({
      number: 1,
      url: `${server.url}/acme/shop/pull/1`,
      state: 'open',
      title: 'Repair the stack',
      body: 'What was wrong.',
      base: 'main',
      head: 'dockfix/all',
      headRepository: 'acme/shop',
      headCommit: commit,
      draft: false,
    });
    const changed = await forge.update('acme/shop', 1, { title: 'Again', body: '' });
    expect(changed).toEqual({ ...pullRequest, title: 'Again', body: '' });
    await world.commit(shop, 'release', { a: 'a' }, 'Release');
    expect(await forge.update('acme/shop', 1, { base: 'release' })).toMatchObject({ base: 'release', title: 'Again' });
    const next = await branch();
    expect(await forge.pullRequest('acme/shop', 1)).toMatchObject({ headCommit: next, state: 'open' });
    expect(await forge.update('acme/shop', 1, { state: 'closed' })).toMatchObject({ state: 'closed' });
    expect(await forge.update('acme/shop', 1, { state: 'open' })).toMatchObject({ state: 'open' });
    const pull = await world.pullRequest(shop, 1);
    if (pull) await world.merge(pull);
    expect(await forge.pullRequest('acme/shop', 1)).toMatchObject({ state: 'merged', body: '' });
    expect((await failure(forge.update('acme/shop', 1, { state: 'open' }))).kind).toBe('invalid');
  });

  test('of a branch are listed in every state, newest first, over all pages', async () => {
    await branch('dockfix/other');
    await branch();
    await forge.open('acme/shop', wanted);
    const first = await world.pullRequest(shop, 1);
    if (!first) throw new Error('there is no pull request');
    world.end(first, 'closed');
    // More of the same, which opening one by one would take a minute for.
    for (let number = 2; number <= 100; number += 1) shop.pullRequests.push({ ...first, id: world.nextId(), number });
    await forge.open('acme/shop', wanted);
    await forge.open('acme/shop', { ...wanted, head: 'dockfix/other' });
    const listed = await forge.pullRequests('acme/shop', 'dockfix/all');
    expect(listed.map(({ number }) => number)).toEqual(Array.from({ length: 101 }, (_, index) => 101 - index));
    expect(listed.map(({ state }) => state)).toEqual(['open', ...Array.from({ length: 100 }, () => 'closed')]);
    expect(await forge.pullRequests('acme/shop', 'dockfix/none')).toEqual([]);
  });

  test('of a fork with a branch of the same name are others', async () => {
    const fork = await world.fork(shop, 'other');
    await branch();
    await branch('dockfix/all', fork);
    await forge.open('acme/shop', wanted);
    const author = world.user('other');
    await world.openPullRequest(shop, { ...wanted, author, headRepository: fork });
    // An organisation may have a fork of its own repository.
    const own = await world.addRepository('acme/shop-fork', { dataOf: fork });
    await world.openPullRequest(shop, { ...wanted, author, headRepository: own });
    expect((await forge.pullRequests('acme/shop', 'dockfix/all')).map(({ number }) => number)).toEqual([1]);
    expect(await forge.pullRequest('acme/shop', 2)).toMatchObject({ headRepository: 'other/shop' });
  });

  test('of a fork that is gone have no repository for their head', async () => {
    // GitHub answers null there, which its description does not know for a single one: so it is answered past the checks.
    const pull = {
      number: 2,
      html_url: `${server.url}/acme/shop/pull/2`,
      state: 'closed',
      merged_at: null,
      title: 'From elsewhere',
      body: null,
      base: { ref: 'main' },
      head: { ref: 'patch-1', sha: 'abc', repo: null },
    };
    server.fail({ status: 200, body: pull });
    expect(await forge.pullRequest('acme/shop', 2)).toMatchObject({ headRepository: '', body: '', draft: false });
  });

  test('that are there already are a conflict; without commits, or with a long body, they are invalid', async () => {
    await branch();
    await forge.open('acme/shop', wanted);
    const there = await failure(forge.open('acme/shop', wanted));
    expect(there.kind).toBe('conflict');
    expect(there.message).toBe(
      'GitHub answered 422 to POST /repos/acme/shop/pulls: Validation Failed: A pull request already exists for acme:dockfix/all.',
    );
    const none = await failure(forge.open('acme/shop', { ...wanted, head: 'main' }));
    expect([none.kind, none.message]).toEqual(['invalid', expect.stringContaining('No commits between main and main')]);
    expect((await failure(forge.open('acme/shop', { ...wanted, head: 'nowhere' }))).message).toContain(
      'PullRequest head invalid',
    );
    await branch('dockfix/long');
    const long = (length: number): NewPullRequest => ({ ...wanted, head: 'dockfix/long', body: 'x'.repeat(length) });
    expect((await failure(forge.open('acme/shop', long(forge.bodyLimit + 1)))).kind).toBe('invalid');
    await forge.open('acme/shop', long(forge.bodyLimit));
  });

  test('are drafts where the repository has them', async () => {
    await branch();
    expect((await forge.open('acme/shop', { ...wanted, draft: true })).pullRequest.draft).toBe(true);
    await forge.update('acme/shop', 1, { state: 'closed' });
    shop.drafts = false;
    const { pullRequest, notes } = await forge.open('acme/shop', { ...wanted, draft: true });
    expect(pullRequest.draft).toBe(false);
    expect(notes).toEqual(['This repository has no drafts: the pull request is a normal one.']);
  });

  test('get labels and reviewers; who cannot be added is told, and undoes nothing', async () => {
    await branch();
    for (const known of ['reviewer', 'acme/infra']) world.allow(shop, known, 'read');
    const { pullRequest, notes } = await forge.open('acme/shop', {
      ...wanted,
      labels: ['dockfix', 'x'.repeat(60)],
      reviewers: ['reviewer', 'nobody', 'acme/infra'],
    });
    const pull = await world.pullRequest(shop, pullRequest.number);
    expect(pull?.labels.map(({ name }) => name)).toEqual(['dockfix']);
    expect(pull?.reviewers).toEqual(['reviewer', 'acme/infra']);
    expect(notes).toEqual([
      expect.stringMatching(/^The label x{60} could not be added: GitHub answered 422 to .*name is too long$/),
      expect.stringMatching(/^The reviewer nobody could not be added: GitHub answered 422 .*not a collaborator/),
    ]);
  });

  test('stay open when GitHub has a fault after that', async () => {
    await branch();
    server.fail({ on: /\/labels$/, status: 502 });
    server.fail({ on: /requested_reviewers/, drop: true });
    const { pullRequest, notes } = await forge.open('acme/shop', {
      ...wanted,
      labels: ['a', 'b'],
      reviewers: ['someone'],
    });
    expect(pullRequest.state).toBe('open');
    expect(notes).toEqual([
      expect.stringMatching(/^The labels a, b could not be added: GitHub answered 502/),
      expect.stringMatching(/^The reviewer someone could not be added: GitHub did not answer/),
    ]);
  });

  test('tell where they left their base', async () => {
    const start = await world.tip(shop, 'main');
    await branch();
    await world.commit(shop, 'main', { 'new.txt': 'x\n' }, 'Meanwhile');
    await forge.open('acme/shop', wanted);
    expect(await forge.mergeBase?.('acme/shop', 1)).toBe(start);
    expect((await failure(forge.mergeBase?.('acme/shop', 7) ?? Promise.resolve())).kind).toBe('not found');
  });

  test('touch paths: old names too, over all pages', async () => {
    const many = Object.fromEntries(
      Array.from({ length: 120 }, (_, n) => [`many/${String(n).padStart(3, '0')}`, `${n}\n`]),
    );
    await world.commit(shop, 'wide', { ...many, Dockerfile: null, 'old.txt': null, 'new.txt': 'one\ntwo\n' }, 'Much');
    await forge.open('acme/shop', { ...wanted, head: 'wide' });
    expect(await forge.changedPaths('acme/shop', 1)).toEqual([
      'Dockerfile',
      ...Object.keys(many),
      'new.txt',
      'old.txt',
    ]);
  });

  test('have comments, over all pages, also of accounts that are gone', async () => {
    await branch();
    await forge.open('acme/shop', wanted);
    await forge.comment('acme/shop', 1, 'dockfix says this');
    const pull = await world.pullRequest(shop, 1);
    if (!pull) throw new Error('there is no pull request');
    for (let n = 0; n < 130; n += 1) world.comment(pull, world.user('reader'), `comment ${n}`);
    const comments = await forge.comments('acme/shop', 1);
    expect(comments).toHaveLength(131);
    expect(comments[0]).toEqual({ id: pull.comments[0]?.id, author: 'someone', body: 'dockfix says this' });
    expect(comments[130]).toMatchObject({ author: 'reader', body: 'comment 129' });
    expect((await failure(forge.comment('acme/shop', 9, 'where?'))).kind).toBe('not found');
  });
});

describe('who may write', () => {
  test.each([
    ['someone', true],
    ['boss', true],
    ['reader', false],
    ['stranger', false],
    ['nobody-at-all', false],
    ['dependabot[bot]', false],
  ])('%s: %s', async (user, may) => {
    world.allow(shop, 'boss', 'admin');
    world.allow(shop, 'reader', 'read');
    world.user('stranger');
    expect(await forge.canWrite('acme/shop', user)).toBe(may);
  });

  test('a fault is no answer', async () => {
    server.fail({ status: 503 });
    expect((await failure(forge.canWrite('acme/shop', 'someone'))).kind).toBe('unavailable');
  });

  test('without write access nothing is opened', async () => {
    await branch();
    world.allow(shop, 'reader', 'read');
    expect((await failure(connect(world.token('reader')).open('acme/shop', wanted))).kind).toBe('forbidden');
    shop.archived = true;
    expect((await failure(forge.open('acme/shop', wanted))).message).toContain('archived');
  });
});

describe('who the credentials belong to', () => {
  test('the account of a token', async () => {
    expect(await forge.self()).toBe('someone');
  });

  test('the token of a workflow does not tell', async () => {
    server.fail({ status: 403, body: { message: 'Resource not accessible by integration' } });
    expect(await forge.self()).toBeUndefined();
  });

  test('a wrong token is unauthorised', async () => {
    const error = await failure(connect('ghp_wrong').self());
    expect([error.kind, error.isPassing]).toEqual(['unauthorised', false]);
  });
});

describe('a check with a plain token', () => {
  test('is a commit status', async () => {
    const commit = await branch();
    const check: CommitCheck = {
      commit,
      name: 'dockfix',
      conclusion: 'failure',
      title: `3 problems ${'x'.repeat(200)}`,
      summary: '…',
      annotations: [],
    };
    await forge.setCheck('acme/shop', check);
    await forge.setCheck('acme/shop', { ...check, conclusion: 'neutral', title: 'Nothing to do' });
    expect(shop.statuses).toMatchObject([
      { commit, name: 'dockfix', state: 'failure' },
      { commit, name: 'dockfix', state: 'success', description: 'Nothing to do' },
    ]);
    expect(shop.statuses[0]?.description).toMatch(/^3 problems x+…$/);
    expect(shop.statuses[0]?.description).toHaveLength(140);
    expect(shop.checks).toEqual([]);
  });

  test('is not one because of a rate limit', async () => {
    server.fail({
      status: 403,
      headers: { 'retry-after': '7' },
      body: { message: 'You have exceeded a secondary rate limit.' },
    });
    const check: CommitCheck = {
      commit: await branch(),
      name: 'n',
      conclusion: 'success',
      title: 't',
      summary: 's',
      annotations: [],
    };
    const error = await failure(forge.setCheck('acme/shop', check));
    expect([error.kind, error.retryAfter]).toEqual(['rate limited', 7]);
    expect(shop.statuses).toEqual([]);
  });
});
