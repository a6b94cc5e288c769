import type { Forge } from '../../src/forge/forge.ts';
import type { HttpOptions } from '../../src/forge/http.ts';
import type { FileChange } from './bare.ts';
import type { ForgeServer } from './serve.ts';
import type { Permission, WorldRepository } from './world.ts';

/** How requests are sent in tests. */
export const plainly = (token: string): HttpOptions => ({
  timeout: 60_000,
  masked: (text) => text.replaceAll(token, '***'),
});

export type Files = Readonly<Record<string, FileChange>>;

/** A forge with what other people do there, for the contract: a server in front of a world, or a real one. */
export interface Stage {
  /** The root of its web pages. */
  readonly url: string;
  /** Its pages of lists have so many entries. */
  readonly page: number;
  /** A token of an account, which is made when it is not there. */
  readonly account: (login: string) => Promise<string>;
  /** The forge as the owner of a token speaks to it. */
  readonly connect: (token: string) => Promise<Forge>;
  /** An account or organisation is made for the owner; without files the repository is empty. */
  readonly addRepository: (name: string, files: Files | undefined, isPrivate: boolean) => Promise<void>;
  readonly allow: (name: string, login: string, permission: Permission) => Promise<void>;
  /** Commits on a branch, which starts at the default one, and answers the commit. */
  readonly commit: (name: string, branch: string, files: Files) => Promise<string>;
  readonly deleteBranch: (name: string, branch: string) => Promise<void>;
  /** Forks a repository to an account, and opens a pull request from a branch of the fork. */
  readonly openFromFork: (name: string, owner: string, branch: string, files: Files) => Promise<void>;
  readonly merge: (name: string, number: number) => Promise<void>;
  readonly archive: (name: string) => Promise<void>;
  /** What is shown at a commit: the latest of each name. */
  readonly statuses: (name: string, commit: string) => Promise<Readonly<Record<string, string>>>;
  /** What was asked or answered against the description of the forge. */
  readonly violations: () => readonly string[];
  readonly close: () => Promise<void>;
}

/** A test server as a stage. */
export function stageOf(server: ForgeServer, connect: Stage['connect']): Stage {
  const { world } = server;
  world.mostOfPage = 3;
  const find = (name: string): WorldRepository => {
    const repository = world.find(name);
    if (!repository) throw new Error(`There is no ${name}`);
    return repository;
  };
  const tokens = new Map<string, string>();
  return {
    url: server.url,
    page: world.mostOfPage,
    async account(login) {
      const token = tokens.get(login) ?? world.token(login);
      tokens.set(login, token);
      return token;
    },
    connect,
    async addRepository(name, files, isPrivate) {
      await world.addRepository(name, { ...(files && { files }), private: isPrivate });
    },
    allow: async (name, login, permission) => world.allow(find(name), login, permission),
    commit: (name, branch, files) => world.commit(find(name), branch, files, 'Change'),
    deleteBranch: (name, branch) => world.deleteBranch(find(name), branch),
    async openFromFork(name, owner, branch, files) {
      const repository = find(name);
      const fork = await world.fork(repository, owner);
      await world.commit(fork, branch, files, 'Change');
      const text = { title: 'From a fork', body: '', base: repository.defaultBranch, head: branch, draft: false };
      await world.openPullRequest(repository, { ...text, author: world.user(owner), headRepository: fork });
    },
    async merge(name, number) {
      const pull = await world.pullRequest(find(name), number);
      if (!pull) throw new Error(`${name} has no pull request ${number}`);
      await world.merge(pull);
    },
    async archive(name) {
      find(name).archived = true;
    },
    async statuses(name, commit) {
      const { statuses, checks } = find(name);
      const shown = [
        ...statuses.map(({ state, ...rest }) => ({ ...rest, state })),
        ...checks.map((check) => ({ ...check, state: check.conclusion ?? '' })),
      ];
      return Object.fromEntries(shown.filter((each) => each.commit === commit).map(({ name, state }) => [name, state]));
    },
    violations: () => server.violations,
    async close() {
      await server.close();
      await world.close();
    },
  };
}
