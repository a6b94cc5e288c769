import type { GithubCredentials } from './credentials.ts';
import type { CommitCheck, Forge, ForgeAddress, NewPullRequest, PullRequest } from './forge.ts';
import { ForgeError } from './forge-error.ts';
import { setCheckRun, setStatus } from './github-check.ts';
import { type GithubApi, type GithubClient, githubClient, ownerAndName } from './github-client.ts';
import { repositoriesOfOwner, repositoryOf, searchedRepositories } from './github-list.ts';

/** As many as GitHub gives at once. */
const PAGE = 100;

/**
 * GitHub, or a GitHub Enterprise Server, through its REST API. A request without an answer is given up after `timeout` milliseconds;
 * `masked` takes the secrets of this process out of a text. https://docs.github.com/en/rest
 */
export function github(
  address: ForgeAddress,
  credentials: GithubCredentials,
  timeout: number,
  masked: (text: string) => string,
): Forge {
  const client = githubClient(address, credentials, timeout, masked);

  /** The API and the parts of the repository's name, for the parameters of a request. */
  const on = async (name: string) => ({ api: await client.forRepository(name), at: ownerAndName(name) });

  return {
    address,
    bodyLimit: 65_536,

    lineUrl(repository, commit, path, line) {
      const file = path.split('/').map(encodeURIComponent).join('/');
      return `${address.url}/${repository}/blob/${commit}/${file}${line === undefined ? '' : `#L${line}`}`;
    },

    async repository(name) {
      const { api, at } = await on(name);
      const { data } = await api.rest.repos.get(at);
      return repositoryOf(api, data);
    },

    async gitCredentials(repository) {
      return { username: 'x-access-token', password: await client.gitToken(repository) };
    },

    self: () => selfOf(client),

    async pullRequests(repository, head) {
      const { api, at } = await on(repository);
      const all = await api.paginate(api.rest.pulls.list, {
        ...at,
        // Without the owner, GitHub ignores the branch.
        head: `${at.owner}:${head}`,
        state: 'all',
        sort: 'created',
        direction: 'desc',
        per_page: PAGE,
      });
      // The owner may have a fork of the repository with a branch of the same name; the repository may have another name by now.
      return all
        .filter((pull) => pull.head.ref === head && pull.head.repo?.id === pull.base.repo.id)
        .map(pullRequestOf);
    },

    async pullRequest(repository, number) {
      const { api, at } = await on(repository);
      return pullRequestOf((await api.rest.pulls.get({ ...at, pull_number: number })).data);
    },

    async mergeBase(repository, number) {
      const { api, at } = await on(repository);
      const { data } = await api.rest.pulls.get({ ...at, pull_number: number });
      const basehead = `${data.base.ref}...${data.head.sha}`;
      // One commit is as little as it lists; the base of the merge is always told.
      const compared = await api.rest.repos.compareCommitsWithBasehead({ ...at, basehead, per_page: 1 });
      return compared.data.merge_base_commit.sha;
    },

    async changedPaths(repository, number) {
      const { api, at } = await on(repository);
      const files = await api.paginate(api.rest.pulls.listFiles, { ...at, pull_number: number, per_page: PAGE });
      const paths = files.flatMap((file) => [
        file.filename,
        ...(file.previous_filename ? [file.previous_filename] : []),
      ]);
      return [...new Set(paths)].sort();
    },

    async open(repository, wanted) {
      const { api, at } = await on(repository);
      const { pullRequest, notes } = await opened(api, at, wanted);
      const added = [
        await labelled(api, at, pullRequest.number, wanted.labels),
        await reviewed(api, at, pullRequest.number, wanted.reviewers),
      ];
      return { pullRequest, notes: [...notes, ...added.flat()] };
    },

    async update(repository, number, change) {
      const { api, at } = await on(repository);
      return pullRequestOf((await api.rest.pulls.update({ ...at, pull_number: number, ...change })).data);
    },

    async comments(repository, number) {
      const { api, at } = await on(repository);
      const all = await api.paginate(api.rest.issues.listComments, { ...at, issue_number: number, per_page: PAGE });
      return all.map(({ id, user, body }) => ({ id, author: user?.login ?? GONE, body: body ?? '' }));
    },

    async comment(repository, number, body) {
      const { api, at } = await on(repository);
      await api.rest.issues.createComment({ ...at, issue_number: number, body });
    },

    async canWrite(repository, user) {
      const { api, at } = await on(repository);
      try {
        const { data } = await api.rest.repos.getCollaboratorPermissionLevel({ ...at, username: user });
        return data.permission === 'write' || data.permission === 'admin';
      } catch (error) {
        // There is no such user.
        if (error instanceof ForgeError && error.kind === 'not found') return false;
        throw error;
      }
    },

    async setCheck(repository, check) {
      const { api, at } = await on(repository);
      await shown(api, at, check, client.asApp !== undefined);
    },

    repositoriesOf: (owner) => repositoriesOfOwner(client, address, owner),
    search: (query) => searchedRepositories(client, address, query),
  };
}

type At = ReturnType<typeof ownerAndName>;

/** The account that GitHub shows for accounts that are gone. */
const GONE = 'ghost';

async function selfOf({ asApp, asUser }: GithubClient): Promise<string | undefined> {
  if (asApp) {
    const { data } = await asApp.rest.apps.getAuthenticated();
    return data?.slug === undefined ? undefined : `${data.slug}[bot]`;
  }
  try {
    return (await asUser?.rest.users.getAuthenticated())?.data.login;
  } catch (error) {
    // The token of a workflow may not ask who it is.
    if (error instanceof ForgeError && error.kind === 'forbidden') return undefined;
    throw error;
  }
}

/** What is read of a pull request, alone or in a list. */
interface GithubPullRequest {
  readonly number: number;
  readonly html_url: string;
  readonly state: string;
  readonly merged_at: string | null;
  readonly title: string;
  readonly body: string | null;
  readonly draft?: boolean;
  readonly base: { readonly ref: string };
  readonly head: { readonly ref: string; readonly sha: string; readonly repo: { readonly full_name: string } | null };
}

const pullRequestOf = (pull: GithubPullRequest): PullRequest => ({
  number: pull.number,
  url: pull.html_url,
  state: pull.merged_at !== null ? 'merged' : pull.state === 'open' ? 'open' : 'closed',
  title: pull.title,
  body: pull.body ?? '',
  base: pull.base.ref,
  head: pull.head.ref,
  headRepository: pull.head.repo?.full_name ?? '',
  headCommit: pull.head.sha,
  draft: pull.draft ?? false,
});

/** Opens a pull request; as a normal one where the plan of a private repository has no drafts. */
async function opened(
  api: GithubApi,
  at: At,
  { title, body, base, head, draft }: NewPullRequest,
): Promise<{ readonly pullRequest: PullRequest; readonly notes: readonly string[] }> {
  try {
    const { data } = await api.rest.pulls.create({ ...at, title, body, base, head, draft });
    return { pullRequest: pullRequestOf(data), notes: [] };
  } catch (error) {
    const hasNoDrafts =
      draft && error instanceof ForgeError && error.kind === 'invalid' && /\bdraft/i.test(error.message);
    if (!hasNoDrafts) throw error;
    const { data } = await api.rest.pulls.create({ ...at, title, body, base, head });
    return {
      pullRequest: pullRequestOf(data),
      notes: ['This repository has no drafts: the pull request is a normal one.'],
    };
  }
}

/** Adds labels, which GitHub makes where they are new; answers what could not be added. */
const labelled = (api: GithubApi, at: At, number: number, labels: readonly string[]): Promise<readonly string[]> =>
  each(labels, 'label', (some) => api.rest.issues.addLabels({ ...at, issue_number: number, labels: [...some] }));

/** Asks users, and teams as `org/team`, for a review; answers who could not be asked. */
const reviewed = (api: GithubApi, at: At, number: number, names: readonly string[]): Promise<readonly string[]> =>
  each(names, 'reviewer', (some) =>
    api.rest.pulls.requestReviewers({
      ...at,
      pull_number: number,
      reviewers: some.filter((name) => !name.includes('/')),
      team_reviewers: some.filter((name) => name.includes('/')).map((name) => name.slice(name.indexOf('/') + 1)),
    }),
  );

/** Adds all at once; where GitHub takes none because of one, one by one. Answers a note for each that it does not take. */
async function each(
  names: readonly string[],
  what: string,
  add: (some: readonly string[]) => Promise<unknown>,
): Promise<readonly string[]> {
  if (names.length === 0) return [];
  try {
    await add(names);
    return [];
  } catch (error) {
    if (!(error instanceof ForgeError)) throw error;
    const many = names.length > 1;
    if (!many || error.kind !== 'invalid')
      return [`The ${what}${many ? 's' : ''} ${names.join(', ')} could not be added: ${error.message}`];
  }
  const notes: string[] = [];
  for (const name of names) notes.push(...(await each([name], what, add)));
  return notes;
}

/** Only Apps (and the token of a workflow) have check runs; for others it is a commit status. */
async function shown(api: GithubApi, at: At, check: CommitCheck, isApp: boolean): Promise<void> {
  try {
    await setCheckRun(api, at, check);
  } catch (error) {
    if (isApp || !(error instanceof ForgeError) || error.kind !== 'forbidden') throw error;
    await setStatus(api, at, check);
  }
}
