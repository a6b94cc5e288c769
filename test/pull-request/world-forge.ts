import type { Forge, PullRequest } from '../../src/forge/forge.ts';
import { ForgeError } from '../../src/forge/forge-error.ts';
import type { World, WorldPullRequest, WorldRepository } from '../forge/world.ts';

/** A forge that is the world itself, without an API between: for tests of what is done, not of how a forge is spoken to. */
export function worldForge(world: World, url: string, login: string): Forge {
  const token = world.token(login);
  const found = (name: string): WorldRepository => {
    const repository = world.find(name);
    if (!repository) throw new ForgeError('not found', `there is no ${name}`, undefined);
    return repository;
  };
  const shown = (pull: WorldPullRequest): PullRequest => ({
    number: pull.number,
    url: `${url}/${pull.repository.name}/pull/${pull.number}`,
    state: pull.state,
    title: pull.title,
    body: pull.body,
    base: pull.base,
    head: pull.head,
    headRepository: pull.headRepository?.name ?? '',
    headCommit: pull.headCommit,
    draft: pull.draft,
  });
  const pullOf = async (name: string, number: number): Promise<WorldPullRequest> => {
    const pull = await world.pullRequest(found(name), number);
    if (!pull) throw new ForgeError('not found', `there is no #${number}`, undefined);
    return pull;
  };
  const unused = (): never => {
    throw new Error('dockfix pr does not need this');
  };
  return {
    address: { kind: 'github', url },
    bodyLimit: 65_536,
    lineUrl: (name, commit, path, line) =>
      `${url}/${name}/blob/${commit}/${encodeURI(path)}${line === undefined ? '' : `#L${line}`}`,
    repository: async (name) => {
      const { name: exact, defaultBranch, archived, forkOf } = found(name);
      const empty = (await world.branches(found(name))).length === 0;
      return {
        name: exact,
        defaultBranch,
        cloneUrl: `${url}/${exact}.git`,
        archived,
        fork: forkOf !== undefined,
        empty,
      };
    },
    gitCredentials: async () => ({ username: login, password: token }),
    self: async () => login,
    pullRequests: async (name, head) =>
      (await world.pullRequests(found(name)))
        .filter((pull) => pull.head === head)
        .map(shown)
        .reverse(),
    pullRequest: async (name, number) => shown(await pullOf(name, number)),
    changedPaths: unused,
    open: async (name, { labels, reviewers, ...wanted }) => {
      const repository = found(name);
      const all = await world.pullRequests(repository);
      if (all.some((pull) => pull.state === 'open' && pull.head === wanted.head && pull.base === wanted.base))
        throw new ForgeError('conflict', 'there is one already', undefined);
      const pull = await world.openPullRequest(repository, { ...wanted, author: world.user(login) });
      pull.labels.push(...labels.map((label) => world.label(repository, label)));
      const unknown = reviewers.filter((reviewer) => !world.hasUser(reviewer));
      pull.reviewers.push(...reviewers.filter((reviewer) => world.hasUser(reviewer)));
      return { pullRequest: shown(pull), notes: unknown.map((reviewer) => `there is no ${reviewer}`) };
    },
    update: async (name, number, { state, ...change }) => {
      const pull = Object.assign(await pullOf(name, number), change);
      if (state === 'closed' && pull.state === 'open') world.end(pull, 'closed');
      if (state === 'open') world.reopen(pull);
      return shown(pull);
    },
    comments: async (name, number) =>
      (await pullOf(name, number)).comments.map(({ id, author, body }) => ({ id, author: author.login, body })),
    comment: async (name, number, body) => {
      world.comment(await pullOf(name, number), world.user(login), body);
    },
    canWrite: unused,
    setCheck: unused,
    repositoriesOf: unused,
    search: unused,
  };
}
