import type { ForgeAddress, Repository } from './forge.ts';
import { ForgeError } from './forge-error.ts';
import type { GithubApi, GithubClient } from './github-client.ts';

/** As many as GitHub gives at once. */
const PAGE = 100;
/** GitHub lists no more of what a search finds. https://docs.github.com/en/rest/search/search */
const SEARCH_LIMIT = 1000;

/** What is read of a repository, alone or in a list. */
interface GithubRepository {
  readonly full_name: string;
  readonly default_branch?: string;
  readonly clone_url?: string;
  readonly archived?: boolean;
  readonly fork: boolean;
  readonly size?: number;
  readonly owner: { readonly login: string } | null;
}

/** A repository in our words. Asks once more where only that tells whether it is empty. */
export async function repositoryOf(api: GithubApi, found: GithubRepository): Promise<Repository> {
  const { full_name: name, default_branch: defaultBranch, clone_url: cloneUrl } = found;
  if (defaultBranch === undefined || cloneUrl === undefined)
    throw new ForgeError('unavailable', `GitHub did not tell the branch or the address of ${name}.`, undefined);
  return {
    name,
    defaultBranch,
    cloneUrl,
    archived: found.archived ?? false,
    fork: found.fork,
    empty: found.size === 0 && (await hasNoBranch(api, name)),
  };
}

/** The size is 0 for a while after the first push, and for what is small. */
async function hasNoBranch(api: GithubApi, name: string): Promise<boolean> {
  const [owner = '', repo = ''] = name.split('/');
  const { data } = await api.rest.repos.listBranches({ owner, repo, per_page: 1 });
  return data.length === 0;
}

/** The repositories of an organisation or a user that the credentials may see; with an App those that it is installed on. */
export async function* repositoriesOfOwner(
  client: GithubClient,
  address: ForgeAddress,
  owner: string,
): AsyncGenerator<Repository> {
  const { asApp, asUser } = client;
  if (asUser) {
    for await (const found of pages(ofOwner(asUser, await accountOf(asUser, owner))))
      yield await repositoryOf(asUser, found);
    return;
  }
  const installation = address.installation ?? (asApp && (await installationOf(asApp, owner)));
  if (installation === undefined) return;
  const api = client.forInstallation(installation);
  const all = api.paginate.iterator(api.rest.apps.listReposAccessibleToInstallation, { per_page: PAGE });
  for await (const found of pages(all))
    if (found.owner.login.toLowerCase() === owner.toLowerCase()) yield await repositoryOf(api, found);
}

async function* pages<T>(all: AsyncIterable<{ readonly data: readonly T[] }>): AsyncGenerator<T> {
  for await (const { data } of all) yield* data;
}

/** Whose repositories are asked for: only one's own list has those that are private. */
async function accountOf(
  api: GithubApi,
  name: string,
): Promise<{ readonly name: string; readonly kind: 'organisation' | 'self' | 'user' }> {
  const { data } = await api.rest.users.getByUsername({ username: name });
  if (data.type === 'Organization') return { name: data.login, kind: 'organisation' };
  try {
    const { data: self } = await api.rest.users.getAuthenticated();
    return { name: data.login, kind: self.id === data.id ? 'self' : 'user' };
  } catch (error) {
    // The token of a workflow may not ask who it is, and is nobody's own.
    if (error instanceof ForgeError && error.kind === 'forbidden') return { name: data.login, kind: 'user' };
    throw error;
  }
}

/** Sorted by name, so that what is made meanwhile moves nothing from one page to another that was read already. */
function ofOwner(
  api: GithubApi,
  { name, kind }: Awaited<ReturnType<typeof accountOf>>,
): AsyncIterable<{ readonly data: readonly GithubRepository[] }> {
  const sorted = { sort: 'full_name', direction: 'asc', per_page: PAGE } as const;
  if (kind === 'organisation')
    return api.paginate.iterator(api.rest.repos.listForOrg, { org: name, type: 'all', ...sorted });
  if (kind === 'self')
    return api.paginate.iterator(api.rest.repos.listForAuthenticatedUser, { affiliation: 'owner', ...sorted });
  return api.paginate.iterator(api.rest.repos.listForUser, { username: name, type: 'owner', ...sorted });
}

/** The installation for an organisation or a user: GitHub has a path for each. */
async function installationOf(asApp: GithubApi, owner: string): Promise<number> {
  try {
    return (await asApp.rest.apps.getOrgInstallation({ org: owner })).data.id;
  } catch (error) {
    if (!(error instanceof ForgeError) || error.kind !== 'not found') throw error;
    return (await asApp.rest.apps.getUserInstallation({ username: owner })).data.id;
  }
}

/**
 * The repositories that a search finds. Rejects after the last one that GitHub lists when it found more than those, because what is
 * missing then would not be noticed.
 */
export async function* searchedRepositories(
  client: GithubClient,
  { installation }: ForgeAddress,
  query: string,
): AsyncGenerator<Repository> {
  const api = client.asUser ?? (installation === undefined ? undefined : client.forInstallation(installation));
  if (!api)
    throw new ForgeError(
      'forbidden',
      'A GitHub App cannot search all of GitHub; a token can (GITHUB_TOKEN).',
      undefined,
    );
  let total = 0;
  let isIncomplete = false;
  let listed = 0;
  // Not `paginate`: it gives the items only, without how many there are.
  for (let page = 1; page <= SEARCH_LIMIT / PAGE; page += 1) {
    const { data } = await api.rest.search.repos({ q: query, per_page: PAGE, page });
    total = data.total_count;
    isIncomplete ||= data.incomplete_results;
    listed += data.items.length;
    for (const found of data.items) yield await repositoryOf(api, found);
    if (data.items.length === 0 || listed >= total) break;
  }
  if (total > SEARCH_LIMIT && listed >= SEARCH_LIMIT)
    throw new ForgeError(
      'invalid',
      `The search finds ${total} repositories, and GitHub lists the first ${SEARCH_LIMIT} of them: split it (created:<2024-01-01, created:>=2024-01-01).`,
      undefined,
    );
  if (isIncomplete)
    throw new ForgeError(
      'unavailable',
      'GitHub ran out of time during the search: some results may be missing.',
      undefined,
    );
}
