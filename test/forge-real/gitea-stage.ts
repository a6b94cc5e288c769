import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { gitea } from '../../src/forge/gitea.ts';
import { commitTo, createBare, git } from '../forge/bare.ts';
import { type Files, plainly, type Stage } from '../forge/stage.ts';
import { type Gitea, MOST_OF_PAGE } from './gitea-program.ts';

/** What a token needs, as the README says. */
const SCOPES = ['write:repository', 'write:issue', 'read:user', 'read:organization'];

/** A real Gitea as a stage: other people are accounts of it, and what they do goes through its API and git. */
export async function giteaStage(program: Gitea): Promise<Stage> {
  const { url, adminToken } = program;
  const folder = await mkdtemp(join(tmpdir(), 'dockfix-gitea-work-'));
  const tokens = new Map<string, string>();
  const copies = new Map<string, string>();
  let seconds = 1_700_000_000;

  async function call<T>(
    method: string,
    path: string,
    body?: unknown,
    authorization = `token ${adminToken}`,
  ): Promise<T> {
    const response = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: { authorization, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }

  async function account(login: string): Promise<string> {
    const known = tokens.get(login);
    if (known) return known;
    const password = `Aa1-${login}`;
    await call('POST', '/admin/users', {
      ...{ username: login, email: `${login}@example.org`, password, must_change_password: false },
    });
    const basic = `Basic ${Buffer.from(`${login}:${password}`).toString('base64')}`;
    const made = await call<{ sha1: string }>(
      'POST',
      `/users/${login}/tokens`,
      { name: 'test', scopes: SCOPES },
      basic,
    );
    tokens.set(login, made.sha1);
    return made.sha1;
  }

  /** Commits in a copy, and pushes the branch. */
  async function push(name: string, branch: string, files: Files): Promise<string> {
    seconds += 1;
    const remote = `${url.replace('://', `://git:${adminToken}@`)}/${name}.git`;
    let path = copies.get(name);
    if (!path) {
      path = join(folder, `${copies.size}.git`);
      copies.set(name, path);
      await createBare(path, 'main');
    }
    await git(path, 'fetch', '--quiet', '--prune', remote, '+refs/heads/*:refs/heads/*');
    const isNew = (await git(path, 'for-each-ref', `refs/heads/${branch}`)) === '';
    if (isNew && branch !== 'main') await git(path, 'update-ref', `refs/heads/${branch}`, 'refs/heads/main');
    const commit = await commitTo(path, branch, files, { message: 'Change', author: 'someone', seconds });
    await git(path, 'push', '--quiet', remote, `refs/heads/${branch}`);
    return commit;
  }

  return {
    url,
    page: MOST_OF_PAGE,
    account,
    connect: async (token) => gitea({ kind: 'gitea', url }, token, plainly(token)),

    async addRepository(name, files, isPrivate) {
      const [owner = '', repository = ''] = name.split('/');
      const wanted = { name: repository, private: isPrivate, default_branch: 'main' };
      if (tokens.has(owner)) await call('POST', `/admin/users/${owner}/repos`, wanted);
      else {
        const isThere = (await fetch(`${url}/api/v1/orgs/${owner}`)).ok;
        if (!isThere) await call('POST', '/orgs', { username: owner });
        await call('POST', `/orgs/${owner}/repos`, wanted);
      }
      if (!files) return;
      await push(name, 'main', files);
      // Gitea learns in the background that a repository is no longer empty.
      while ((await call<{ empty: boolean }>('GET', `/repos/${name}`)).empty) await wait(50);
    },

    async allow(name, login, permission) {
      await account(login);
      await call('PUT', `/repos/${name}/collaborators/${login}`, { permission });
    },

    commit: push,
    deleteBranch: (name, branch) => call('DELETE', `/repos/${name}/branches/${encodeURIComponent(branch)}`),

    async openFromFork(name, owner, branch, files) {
      const as = `token ${await account(owner)}`;
      const fork = `${owner}/${name.split('/')[1]}`;
      await call('POST', `/repos/${name}/forks`, {}, as);
      await push(fork, branch, files);
      await call(
        'POST',
        `/repos/${name}/pulls`,
        { title: 'From a fork', head: `${owner}:${branch}`, base: 'main' },
        as,
      );
    },

    async merge(name, number) {
      // Gitea looks in the background whether a pull request can be merged, and refuses until it knows.
      for (let tries = 0; ; tries++) {
        const merged = await call('POST', `/repos/${name}/pulls/${number}/merge`, { Do: 'merge' }).then(
          () => true,
          (error: Error) => {
            if (tries === 100 || !/: 405 /.test(error.message)) throw error;
            return false;
          },
        );
        if (merged) return;
        await wait(100);
      }
    },

    archive: (name) => call('PATCH', `/repos/${name}`, { archived: true }),

    async statuses(name, commit) {
      type Status = { readonly context: string; readonly status: string };
      const { statuses } = await call<{ statuses: readonly Status[] }>(
        'GET',
        `/repos/${name}/commits/${commit}/status`,
      );
      return Object.fromEntries(statuses.map(({ context, status }) => [context, status]));
    },

    violations: () => [],
    async close() {
      await program.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
