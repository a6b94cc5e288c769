import { draftMarks } from './draft.ts';
import type { Forge, ForgeAddress, PullRequest, Repository } from './forge.ts';
import { ForgeError } from './forge-error.ts';
import { type HttpAnswer, type HttpOptions, send } from './http.ts';
import { pathUrl } from './path-url.ts';

/** The most entries of a page, unless the forge is told otherwise: https://docs.gitea.com/administration/config-cheat-sheet#api-api */
const PAGE = 50;
/** Gitea and Forgejo have no limit of their own; a megabyte fits into every database they can have. */
const BODY_LIMIT = 1_000_000;
/** The colour of labels that are made here. */
const LABEL_COLOUR = '#0969da';

/** What a person may do who can push: https://docs.gitea.com/usage/permissions */
const WRITING = new Set(['write', 'admin', 'owner']);
/** `warning` and `error` would block a pull request that needs the check; a status knows no "neutral". */
const STATUSES = { success: 'success', neutral: 'success', failure: 'failure' } as const;
/** The marks that Gitea and Forgejo know unless they are told others: https://docs.gitea.com/usage/pull-request#work-in-progress-pull-requests */
const drafts = draftMarks('WIP: ', /^(wip:|\[wip\])\s*/i);

interface GiteaRepository {
  readonly full_name: string;
  readonly default_branch: string;
  readonly archived: boolean;
  readonly fork: boolean;
  readonly empty: boolean;
}

interface GiteaBranch {
  /** The name of the branch, also when it is gone; `ref` is that of the pull request then. */
  readonly label: string;
  readonly sha: string;
  /** Null when the repository is gone. */
  readonly repo: GiteaRepository | null;
}

interface GiteaPullRequest {
  readonly number: number;
  readonly html_url: string;
  readonly state: 'open' | 'closed';
  readonly merged: boolean;
  readonly title: string;
  readonly body: string;
  readonly base: GiteaBranch;
  readonly head: GiteaBranch;
  /** Missing before Gitea 1.22. */
  readonly draft?: boolean;
}

interface GiteaLabel {
  readonly id: number;
  readonly name: string;
}

/** Gitea (1.20 and later) or Forgejo (7 and later), spoken to with an access token. */
export function gitea(address: ForgeAddress, token: string, http: HttpOptions): Forge {
  const request = (method: string, path: string, body?: unknown): Promise<HttpAnswer> =>
    send({ method, url: `${address.url}/api/v1${path}`, headers: { authorization: `token ${token}` }, body }, http);

  const get = async <T>(path: string): Promise<T> => (await request('GET', path)).body as T;

  /** The pages of a list. Only the link to the next page tells that there is one: entries that are hidden make pages shorter. */
  async function* pages<T>(path: string): AsyncGenerator<T> {
    for (let page = 1; ; page++) {
      const { body, headers } = await request(
        'GET',
        `${path}${path.includes('?') ? '&' : '?'}page=${page}&limit=${PAGE}`,
      );
      yield body as T;
      if (!/rel="next"/.test(headers.get('link') ?? '')) return;
    }
  }

  async function everyOne<T>(path: string): Promise<readonly T[]> {
    const found: T[] = [];
    for await (const page of pages<readonly T[]>(path)) found.push(...page);
    return found;
  }

  const repo = (name: string): string => `/repos/${pathUrl(name)}`;

  const repositoryOf = (found: GiteaRepository): Repository => ({
    name: found.full_name,
    defaultBranch: found.default_branch,
    cloneUrl: `${address.url}/${found.full_name}.git`,
    archived: found.archived,
    fork: found.fork,
    empty: found.empty,
  });

  const repository = async (name: string): Promise<Repository> => repositoryOf(await get(repo(name)));

  function pullRequestOf(found: GiteaPullRequest): PullRequest {
    const draft = found.draft ?? drafts.has(found.title);
    return {
      number: found.number,
      url: found.html_url,
      state: found.merged ? 'merged' : found.state,
      title: draft ? drafts.without(found.title) : found.title,
      body: found.body,
      base: found.base.label,
      head: found.head.label,
      headRepository: found.head.repo?.full_name ?? '',
      headCommit: found.head.sha,
      draft,
    };
  }

  /** The labels of these names, made where they are missing, and why some could not be. */
  async function labelsOf(name: string, wanted: readonly string[]): Promise<Settled<number>> {
    const owner = name.split('/')[0] ?? '';
    const ofOwner = everyOne<GiteaLabel>(`/orgs/${encodeURIComponent(owner)}/labels`).catch((error: unknown) => {
      if (error instanceof ForgeError) return []; // A person has no labels to share; an organisation may hide them.
      throw error;
    });
    const known = new Map(
      [...(await ofOwner), ...(await everyOne<GiteaLabel>(`${repo(name)}/labels`))].map((l) => [l.name, l.id]),
    );
    return settle(
      wanted,
      async (label) => {
        const id = known.get(label);
        if (id !== undefined) return id;
        const made = await request('POST', `${repo(name)}/labels`, { name: label, color: LABEL_COLOUR });
        return (made.body as GiteaLabel).id;
      },
      (label) => `The label "${label}" could not be added`,
    );
  }

  /** Labels and reviewers of a new pull request; what cannot be added becomes a note. */
  async function dress(name: string, number: number, labels: readonly string[], reviewers: readonly string[]) {
    const notes: string[] = [];
    if (labels.length > 0) {
      const added = await settle(
        [labels],
        async () => {
          const found = await labelsOf(name, labels);
          if (found.done.length > 0)
            await request('POST', `${repo(name)}/issues/${number}/labels`, { labels: found.done });
          return found.notes;
        },
        () => 'Labels could not be added',
      );
      notes.push(...added.done.flat(), ...added.notes);
    }
    const asked = await settle(
      reviewers,
      (reviewer) => request('POST', `${repo(name)}/pulls/${number}/requested_reviewers`, { reviewers: [reviewer] }),
      (reviewer) => `"${reviewer}" could not be asked for a review`,
    );
    return [...notes, ...asked.notes];
  }

  return {
    address,
    bodyLimit: BODY_LIMIT,
    lineUrl: (name, commit, path, line) =>
      `${address.url}/${name}/src/commit/${commit}/${pathUrl(path)}${line === undefined ? '' : `#L${line}`}`,
    repository,
    // The name is not looked at: https://docs.gitea.com/development/oauth2-provider#git-authentication
    gitCredentials: async () => ({ username: 'oauth2', password: token }),

    async self() {
      try {
        return (await get<{ login: string }>('/user')).login;
      } catch (error) {
        if (error instanceof ForgeError && error.kind === 'forbidden') return undefined; // A token without read:user.
        throw error;
      }
    },

    // There is no way to ask for those of a branch in every state. The default order is newest first, so that one that is
    // opened meanwhile moves others to the next page, where they are seen twice, and none is missed.
    async pullRequests(name, head) {
      const found = await everyOne<GiteaPullRequest>(`${repo(name)}/pulls?state=all`);
      const own = found.filter(
        (one) => one.head.label === head && one.head.repo?.full_name === one.base.repo?.full_name,
      );
      const once = new Map(own.map((one) => [one.number, one]));
      return [...once.values()].map(pullRequestOf).sort((a, b) => b.number - a.number);
    },

    pullRequest: async (name, number) => pullRequestOf(await get(`${repo(name)}/pulls/${number}`)),

    async changedPaths(name, number) {
      type File = { readonly filename: string; readonly previous_filename?: string };
      const files = await everyOne<File>(`${repo(name)}/pulls/${number}/files`);
      const paths = files.flatMap(({ filename, previous_filename }) =>
        previous_filename ? [filename, previous_filename] : [filename],
      );
      return [...new Set(paths)].sort();
    },

    async open(name, wanted) {
      const { body } = await request('POST', `${repo(name)}/pulls`, {
        title: wanted.draft ? drafts.with(wanted.title) : wanted.title,
        body: wanted.body,
        base: wanted.base,
        head: wanted.head,
      });
      const pullRequest = pullRequestOf(body as GiteaPullRequest);
      return { pullRequest, notes: await dress(name, pullRequest.number, wanted.labels, wanted.reviewers) };
    },

    async update(name, number, change) {
      const path = `${repo(name)}/pulls/${number}`;
      // A title without the mark would make a draft ready, which is a person's to decide.
      const isDraft = change.title !== undefined && pullRequestOf(await get(path)).draft;
      const title = change.title !== undefined && isDraft ? drafts.with(change.title) : change.title;
      const { body } = await request('PATCH', path, {
        title,
        body: change.body,
        base: change.base,
        state: change.state,
      });
      return pullRequestOf(body as GiteaPullRequest);
    },

    async comments(name, number) {
      type Found = { readonly id: number; readonly body: string; readonly user: { readonly login: string } };
      const found = await get<readonly Found[]>(`${repo(name)}/issues/${number}/comments`);
      return found.map(({ id, body, user }) => ({ id, author: user.login, body }));
    },

    async comment(name, number, body) {
      await request('POST', `${repo(name)}/issues/${number}/comments`, { body });
    },

    // Only an administrator of the repository may ask this about others; anybody else is told "forbidden".
    async canWrite(name, user) {
      try {
        const path = `${repo(name)}/collaborators/${encodeURIComponent(user)}/permission`;
        return WRITING.has((await get<{ permission: string }>(path)).permission);
      } catch (error) {
        if (!(error instanceof ForgeError) || error.kind !== 'not found') throw error;
      }
      // Nobody is named so, unless the repository itself is what was not found.
      await repository(name);
      return false;
    },

    async setCheck(name, check) {
      await request('POST', `${repo(name)}/statuses/${check.commit}`, {
        context: check.name,
        state: STATUSES[check.conclusion],
        description: check.title,
      });
    },

    async *repositoriesOf(owner) {
      for await (const page of pages<readonly GiteaRepository[]>(`/users/${encodeURIComponent(owner)}/repos`))
        yield* page.map(repositoryOf);
    },

    async *search(query) {
      type Found = { readonly data: readonly GiteaRepository[] };
      const path = `/repos/search?${new URLSearchParams({ q: query, sort: 'id', order: 'asc' })}`;
      for await (const { data } of pages<Found>(path)) yield* data.map(repositoryOf);
    },
  };
}

interface Settled<T> {
  readonly done: readonly T[];
  /** A sentence for each that a forge refused. */
  readonly notes: readonly string[];
}

/** Does `work` for each, one after the other; what the forge refuses becomes a sentence that begins with `what`. */
async function settle<I, T>(
  each: readonly I[],
  work: (one: I) => Promise<T>,
  what: (one: I) => string,
): Promise<Settled<T>> {
  const done: T[] = [];
  const notes: string[] = [];
  for (const one of each) {
    try {
      done.push(await work(one));
    } catch (error) {
      if (!(error instanceof ForgeError)) throw error;
      notes.push(`${what(one)} (${error.message}).`);
    }
  }
  return { done, notes };
}
