import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Forge, NewPullRequest, PullRequest, Repository } from '../../src/forge/forge.ts';
import { ForgeError, type ForgeFailure } from '../../src/forge/forge-error.ts';
import { gitEnvironment } from './bare.ts';
import type { Files, Stage } from './stage.ts';

const BOT = 'dockfix-bot';
const README = { 'README.md': 'A shop\n' };

const wanted = (head: string, more: Partial<NewPullRequest> = {}): NewPullRequest => ({
  ...{ title: 'Repair the shop', body: 'What and *why*\n\n```diff\n-a\n+b\n```', base: 'main', head, draft: false },
  ...{ labels: [], reviewers: [] },
  ...more,
});

/** What every forge promises, run against one of them. */
export function contract(name: string, start: () => Promise<Stage>): void {
  describe(`the contract of a forge: ${name}`, () => {
    let stage: Stage;
    let token: string;
    let forge: Forge;
    let last = 0;

    beforeAll(async () => {
      stage = await start();
      token = await stage.account(BOT);
      forge = await stage.connect(token);
    }, 120_000);
    afterAll(() => stage?.close());
    afterEach(() => expect(stage.violations()).toEqual([]));

    /** A new repository, which the bot looks after. */
    async function repository(files: Files | undefined, isPrivate = false): Promise<string> {
      last += 1;
      const name = `acme/shop-${last}`;
      await stage.addRepository(name, files, isPrivate);
      await stage.allow(name, BOT, 'admin');
      return name;
    }

    async function withBranch(head: string, files: Files = { 'README.md': 'A repaired shop\n' }): Promise<string> {
      const name = await repository(README);
      await stage.commit(name, head, files);
      return name;
    }

    async function opened(name: string, head: string, more: Partial<NewPullRequest> = {}): Promise<PullRequest> {
      return (await forge.open(name, wanted(head, more))).pullRequest;
    }

    /** How a request fails; what it says has no token in it. */
    async function failure(request: Promise<unknown>, secret = token): Promise<ForgeFailure | string> {
      const error = await request.then(
        () => 'it did not fail',
        (reason: unknown) => reason,
      );
      if (!(error instanceof ForgeError)) return String(error);
      expect(error.message).not.toContain(secret);
      return error.kind;
    }

    async function all(list: AsyncIterable<Repository>): Promise<readonly string[]> {
      const names: string[] = [];
      for await (const found of list) names.push(found.name);
      return names.sort();
    }

    describe('a repository', () => {
      test('is described', async () => {
        const name = await repository(README);
        expect(await forge.repository(name)).toEqual({
          ...{ name, defaultBranch: 'main', archived: false, fork: false, empty: false },
          cloneUrl: `${stage.url}/${name}.git`,
        });
      });

      test('is known by its own name, however it is written', async () => {
        const name = await repository(README);
        expect((await forge.repository(name.toUpperCase())).name).toBe(name);
      });

      test('may be empty', async () => {
        expect((await forge.repository(await repository(undefined))).empty).toBe(true);
      });

      test('may be archived, and takes no pull requests then', async () => {
        const name = await withBranch('fix');
        await stage.archive(name);
        expect((await forge.repository(name)).archived).toBe(true);
        expect(await failure(forge.open(name, wanted('fix')))).toBe('forbidden');
      });

      test('that is not there, or hidden, is not found', async () => {
        expect(await failure(forge.repository('acme/nothing'))).toBe('not found');
        const name = await repository(README, true);
        expect((await forge.repository(name)).name).toBe(name);
        const stranger = await stage.account('stranger');
        expect(await failure((await stage.connect(stranger)).repository(name), stranger)).toBe('not found');
      });

      test('is not shown to a wrong token', async () => {
        const wrong = 'wrong0123456789wrong0123456789wrong01234';
        const name = await repository(README);
        expect(await failure((await stage.connect(wrong)).repository(name), wrong)).toBe('unauthorised');
      });

      test('is cloned from and pushed to with the credentials for git', async () => {
        const name = await repository({ ...README, 'compose.yaml': 'services: {}\n' }, true);
        const folder = await mkdtemp(join(tmpdir(), 'dockfix-clone-'));
        const { username, password } = await forge.gitCredentials(name);
        const basic = Buffer.from(`${username}:${password}`).toString('base64');
        const git = async (...args: readonly string[]): Promise<string> => {
          const config = { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'http.extraHeader' };
          const env = { ...gitEnvironment, ...config, GIT_CONFIG_VALUE_0: `Authorization: Basic ${basic}` };
          return (await promisify(execFile)('git', args, { env, cwd: folder })).stdout;
        };
        try {
          await git('clone', '--quiet', (await forge.repository(name)).cloneUrl, 'shop');
          expect(await readFile(join(folder, 'shop/compose.yaml'), 'utf8')).toBe('services: {}\n');
          const person = ['-c', 'user.name=someone', '-c', 'user.email=someone@example.org'];
          await git('-C', 'shop', ...person, 'commit', '--quiet', '--allow-empty', '-m', 'Change');
          await git('-C', 'shop', 'push', '--quiet', 'origin', 'HEAD:refs/heads/dockfix/fix');
          const commit = (await git('-C', 'shop', 'rev-parse', 'HEAD')).trim();
          expect(await git('ls-remote', (await forge.repository(name)).cloneUrl)).toContain(
            `${commit}\trefs/heads/dockfix/fix`,
          );
        } finally {
          await rm(folder, { recursive: true, force: true });
        }
      });
    });

    describe('a pull request', () => {
      test('is opened, and found by its branch and its number', async () => {
        const name = await repository(README);
        const commit = await stage.commit(name, 'dockfix/fix', { 'README.md': 'Repaired\n' });
        const { pullRequest, notes } = await forge.open(name, wanted('dockfix/fix'));
        expect(notes).toEqual([]);
        const { number, url, ...rest } = pullRequest;
        expect(rest).toEqual({
          ...{ state: 'open', title: 'Repair the shop', body: wanted('').body, base: 'main', head: 'dockfix/fix' },
          ...{ headRepository: name, headCommit: commit, draft: false },
        });
        expect(url).toMatch(new RegExp(`^${stage.url}/${name}/.*\\b${number}$`));
        expect(await forge.pullRequest(name, number)).toEqual(pullRequest);
        expect(await forge.pullRequests(name, 'dockfix/fix')).toEqual([pullRequest]);
        expect(await forge.pullRequests(name, 'dockfix/other')).toEqual([]);
      });

      test('that is there already is a conflict', async () => {
        const name = await withBranch('fix');
        await opened(name, 'fix');
        expect(await failure(forge.open(name, wanted('fix', { title: 'Again' })))).toBe('conflict');
      });

      test('needs a branch that is there', async () => {
        const name = await repository(README);
        expect(['not found', 'invalid']).toContain(await failure(forge.open(name, wanted('nothing'))));
      });

      test('that is not there is not found', async () => {
        const name = await repository(README);
        expect(await failure(forge.pullRequest(name, 77))).toBe('not found');
        expect(await failure(forge.changedPaths(name, 77))).toBe('not found');
      });

      test('is opened by who may only read in no way', async () => {
        const name = await withBranch('fix');
        const reader = await stage.account('reader');
        await stage.allow(name, 'reader', 'read');
        const asReader = await stage.connect(reader);
        expect(
          await failure(asReader.update(name, (await opened(name, 'fix')).number, { title: 'Mine' }), reader),
        ).toBe('forbidden');
      });

      test('gets another title, body and base', async () => {
        const name = await withBranch('fix');
        await stage.commit(name, 'next', { 'next.txt': '' });
        const { number } = await opened(name, 'fix');
        const changed = await forge.update(name, number, { title: 'Other title', body: 'Other body', base: 'next' });
        expect(changed).toMatchObject({
          number,
          title: 'Other title',
          body: 'Other body',
          base: 'next',
          state: 'open',
        });
        expect(await forge.pullRequest(name, number)).toEqual(changed);
        expect(await forge.update(name, number, { body: '' })).toMatchObject({ title: 'Other title', body: '' });
      });

      test('is closed and opened again, with another base at once', async () => {
        const name = await withBranch('fix');
        await stage.commit(name, 'next', { 'next.txt': '' });
        const { number } = await opened(name, 'fix');
        expect((await forge.update(name, number, { state: 'closed' })).state).toBe('closed');
        expect((await forge.pullRequest(name, number)).state).toBe('closed');
        expect(await forge.update(name, number, { state: 'open', base: 'next' })).toMatchObject({
          ...{ state: 'open', base: 'next' },
        });
        expect((await forge.pullRequests(name, 'fix')).map(({ state }) => state)).toEqual(['open']);
      });

      test('may be a draft, and stays one when its title changes', async () => {
        const name = await withBranch('fix');
        const draft = await opened(name, 'fix', { draft: true });
        expect(draft).toMatchObject({ title: 'Repair the shop', draft: true });
        expect(await forge.update(name, draft.number, { title: 'Other title' })).toMatchObject({
          ...{ title: 'Other title', draft: true },
        });
        expect(await forge.pullRequest(name, draft.number)).toMatchObject({ title: 'Other title', draft: true });
        expect(await forge.update(name, draft.number, { body: 'Other' })).toMatchObject({ draft: true });
      });

      test('follows its branch, and keeps its name and commit when it is merged and the branch is gone', async () => {
        const name = await withBranch('fix');
        const { number } = await opened(name, 'fix');
        const commit = await stage.commit(name, 'fix', { 'more.txt': 'more' });
        expect((await forge.pullRequest(name, number)).headCommit).toBe(commit);
        await stage.merge(name, number);
        await stage.deleteBranch(name, 'fix');
        const merged = { number, state: 'merged', head: 'fix', headCommit: commit, headRepository: name };
        expect(await forge.pullRequests(name, 'fix')).toMatchObject([merged]);
        expect(await forge.pullRequest(name, number)).toMatchObject(merged);
        expect(await forge.changedPaths(name, number)).toEqual(['README.md', 'more.txt']);
      });

      test('of the same branch come newest first, in every state, without those of forks', async () => {
        const name = await withBranch('fix');
        const first = await opened(name, 'fix');
        await forge.update(name, first.number, { state: 'closed' });
        await stage.account('someone');
        await stage.openFromFork(name, 'someone', 'fix', { 'fork.txt': 'fork' });
        const second = await opened(name, 'fix', { title: 'Once more' });
        const found = await forge.pullRequests(name, 'fix');
        expect(found.map(({ number, state }) => [number, state])).toEqual([
          [second.number, 'open'],
          [first.number, 'closed'],
        ]);
        const fork = await forge.pullRequest(name, first.number + 1);
        expect(fork).toMatchObject({
          title: 'From a fork',
          headRepository: `someone/${name.split('/')[1]}`,
          head: 'fix',
        });
      });

      test('gets labels and reviewers, and says which it could not get', async () => {
        const name = await withBranch('fix');
        await stage.account('reviewer');
        await stage.allow(name, 'reviewer', 'write');
        const { pullRequest, notes } = await forge.open(
          name,
          wanted('fix', { labels: ['docker', 'bot: dockfix'], reviewers: ['reviewer', 'nobody-is-named-so'] }),
        );
        expect(pullRequest.state).toBe('open');
        expect(notes).toHaveLength(1);
        expect(notes[0]).toContain('nobody-is-named-so');
        expect(notes.join('')).not.toContain(token);
        await forge.update(name, pullRequest.number, { state: 'closed' });
        const again = await forge.open(name, wanted('fix', { labels: ['docker'], reviewers: ['reviewer'] }));
        expect(again.notes).toEqual([]);
      });

      test('holds as long a body as the forge says', async () => {
        const name = await withBranch('fix');
        const body = `${'ä'.repeat(forge.bodyLimit - 1)}.`;
        const { number } = await opened(name, 'fix', { body });
        expect((await forge.pullRequest(name, number)).body.length).toBe(forge.bodyLimit);
      });

      test('tells the paths that it touches, old names as well, over all pages', async () => {
        const name = await repository({
          ...README,
          'old.txt': 'some text that stays\n'.repeat(9),
          'gone.txt': 'gone\n',
        });
        const many = Array.from({ length: stage.page + 1 }, (_, i) => `many/file-${i} ä.txt`);
        await stage.commit(name, 'fix', {
          ...{
            'README.md': 'Changed\n',
            'old.txt': null,
            'new.txt': 'some text that stays\n'.repeat(9),
            'gone.txt': null,
          },
          ...Object.fromEntries(many.map((path) => [path, path])),
        });
        const { number } = await opened(name, 'fix');
        const paths = await forge.changedPaths(name, number);
        expect(paths).toEqual(['README.md', 'gone.txt', ...many, 'new.txt', 'old.txt'].sort());
      });

      test('of a busy repository are all found', async () => {
        const name = await withBranch('fix');
        const numbers: number[] = [];
        for (let i = 0; i < stage.page + 1; i++) {
          const { number } = await opened(name, 'fix', { title: `Try ${i}` });
          await forge.update(name, number, { state: 'closed' });
          numbers.unshift(number);
        }
        expect((await forge.pullRequests(name, 'fix')).map(({ number }) => number)).toEqual(numbers);
      });
    });

    test('comments are read in order, all of them, with who wrote them', async () => {
      const name = await withBranch('fix');
      const { number } = await opened(name, 'fix');
      const person = await stage.connect(await stage.account('someone'));
      expect(await forge.comments(name, number)).toEqual([]);
      await person.comment(name, number, '/dockfix again, please');
      for (let i = 0; i < stage.page; i++) await forge.comment(name, number, `Answer ${i}\n\n- \`a\``);
      const comments = await forge.comments(name, number);
      expect(comments.map(({ author, body }) => [author, body])).toEqual([
        ['someone', '/dockfix again, please'],
        ...Array.from({ length: stage.page }, (_, i) => [BOT, `Answer ${i}\n\n- \`a\``]),
      ]);
      expect(new Set(comments.map(({ id }) => id)).size).toBe(comments.length);
    });

    test('the credentials know who they belong to', async () => {
      expect(await forge.self()).toBe(BOT);
    });

    test('who may push is known, and who may not', async () => {
      const name = await repository(README);
      for (const [login, permission] of [
        ['maintainer', 'admin'],
        ['developer', 'write'],
        ['reporter', 'read'],
      ] as const) {
        await stage.account(login);
        await stage.allow(name, login, permission);
      }
      await stage.account('stranger');
      const may = Object.fromEntries(
        await Promise.all(
          ['maintainer', 'developer', 'DEVELOPER', 'reporter', 'stranger', 'nobody-is-named-so'].map(
            async (login) => [login, await forge.canWrite(name, login)] as const,
          ),
        ),
      );
      expect(may).toEqual({
        ...{ maintainer: true, developer: true, DEVELOPER: true },
        ...{ reporter: false, stranger: false, 'nobody-is-named-so': false },
      });
      expect([false, 'not found']).toContain(
        await forge.canWrite('acme/nothing', 'developer').catch((error: ForgeError) => error.kind),
      );
    });

    test('a check is shown at a commit, and the same name replaces it', async () => {
      const name = await repository(README);
      const commit = await stage.commit(name, 'main', { 'a.txt': 'a' });
      const check = { commit, name: 'dockfix', title: 'Two findings', summary: 'Some *text*', annotations: [] };
      await forge.setCheck(name, { ...check, conclusion: 'failure' });
      expect(await stage.statuses(name, commit)).toEqual({ dockfix: expect.stringMatching(/^fail/) });
      await forge.setCheck(name, { ...check, conclusion: 'neutral', title: 'x'.repeat(400) });
      expect(await stage.statuses(name, commit)).toEqual({ dockfix: expect.stringMatching(/^(success|neutral)$/) });
      await forge.setCheck(name, { ...check, name: 'dockfix: other', conclusion: 'success' });
      expect(await stage.statuses(name, commit)).toMatchObject({ 'dockfix: other': 'success' });
      const other = '0123456789'.repeat(4);
      expect(await failure(forge.setCheck(name, { ...check, commit: other, conclusion: 'success' }))).toMatch(
        /^(not found|invalid|unavailable)$/,
      );
    });

    test('the repositories of an owner are listed over all pages, private ones to who may see them', async () => {
      const names = Array.from({ length: stage.page + 1 }, (_, i) => `many/app-${i}`);
      for (const name of names) {
        await stage.addRepository(name, undefined, name === 'many/app-0');
        await stage.allow(name, BOT, 'write');
      }
      expect(await all(forge.repositoriesOf('many'))).toEqual([...names].sort());
      const stranger = await stage.connect(await stage.account('stranger'));
      expect(await all(stranger.repositoriesOf('many'))).toEqual(names.slice(1).sort());
      expect(await failure(all(forge.repositoriesOf('nobody-is-named-so')))).toBe('not found');
    });

    test('the repositories of a person are listed', async () => {
      await stage.account('painter');
      await stage.addRepository('painter/canvas', README, false);
      expect(await all(forge.repositoriesOf('painter'))).toEqual(['painter/canvas']);
    });

    test('a search finds repositories over all pages', async () => {
      const names = Array.from({ length: stage.page + 1 }, (_, i) => `looked/findable-${i}`);
      for (const name of names) await stage.addRepository(name, undefined, false);
      expect(await all(forge.search('findable'))).toEqual([...names].sort());
      expect(await all(forge.search('no-repository-is-named-so'))).toEqual([]);
    });
  });
}
