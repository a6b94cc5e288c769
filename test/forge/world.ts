import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  changedBetween,
  commitTo,
  copyBare,
  createBare,
  type FileChange,
  git,
  gitPrints,
  gitSays,
  mergeInto,
  tipOf,
} from './bare.ts';
import type {
  Identity,
  Permission,
  WorldComment,
  WorldLabel,
  WorldPullRequest,
  WorldRepository,
  WorldUser,
} from './world-types.ts';

export type {
  Identity,
  Permission,
  WorldCheck,
  WorldComment,
  WorldLabel,
  WorldPullRequest,
  WorldRepository,
  WorldStatus,
  WorldUser,
} from './world-types.ts';

export interface NewRepository {
  /** Its first commit; none when absent: the repository is empty then. */
  readonly files?: Readonly<Record<string, FileChange>>;
  readonly defaultBranch?: string;
  readonly private?: boolean;
  /** Has the git data of another one: cheap, where only many names are needed. */
  readonly dataOf?: WorldRepository;
}

/** The same text means the same account or repository, whatever its case. */
const key = (text: string): string => text.toLowerCase();

/**
 * A world of repositories for tests: the git data are real bare repositories in a temporary folder, all else is in memory.
 * Servers in front of it speak as one forge each. Its time is a counter, not a clock.
 */
export class World {
  readonly folder: string;
  readonly repositories: WorldRepository[] = [];
  readonly users: WorldUser[] = [];
  /** The most entries that forges put on a page of a list, whatever is asked for. */
  mostOfPage = 100;
  private readonly tokens = new Map<string, Identity>();
  private lastId = 1000;
  private seconds = 1_700_000_000;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async create(): Promise<World> {
    return new World(await mkdtemp(join(tmpdir(), 'dockfix-world-')));
  }

  /** Removes the git data. */
  async close(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  nextId(): number {
    this.lastId += 1;
    return this.lastId;
  }

  /** The next second, as forges write it. */
  now(): string {
    this.seconds += 1;
    return new Date(this.seconds * 1000).toISOString().replace('.000', '');
  }

  /** The account of this name, which is made when there is none. */
  user(login: string, kind: WorldUser['kind'] = 'user'): WorldUser {
    const known = this.users.find((user) => key(user.login) === key(login));
    if (known) return known;
    const user: WorldUser = { id: this.nextId(), login, kind };
    this.users.push(user);
    return user;
  }

  hasUser(login: string): boolean {
    return this.users.some((user) => key(user.login) === key(login));
  }

  /** A new token of an account: good for the API, and as the password of git. */
  token(login: string): string {
    return this.issue({ user: this.user(login) }, 'test');
  }

  /** A new token for an identity. */
  issue(identity: Identity, prefix: string): string {
    const token = `${prefix}_${String(this.nextId()).padStart(8, '0')}${'x'.repeat(28)}`;
    this.tokens.set(token, identity);
    return token;
  }

  revoke(token: string): void {
    this.tokens.delete(token);
  }

  whoIs(token: string): Identity | undefined {
    return this.tokens.get(token);
  }

  /** What somebody (undefined: anybody) may do with a repository. Archived ones can only be read. */
  permission(repository: WorldRepository, identity: Identity | undefined): Permission {
    const unknown: Permission = repository.private ? 'none' : 'read';
    if (!identity) return unknown;
    const { user, covers } = identity;
    if (covers) return covers(repository) ? 'write' : unknown;
    if (user === repository.owner) return 'admin';
    return repository.permissions.get(key(user.login)) ?? unknown;
  }

  allow(repository: WorldRepository, login: string, permission: Permission): void {
    this.user(login);
    repository.permissions.set(key(login), permission);
  }

  /** Makes a repository; its owner is an organisation unless it is known as something else. */
  async addRepository(name: string, options: NewRepository = {}): Promise<WorldRepository> {
    const { files, dataOf, defaultBranch = dataOf?.defaultBranch ?? 'main' } = options;
    const repository = this.register(
      name,
      undefined,
      { defaultBranch, private: options.private ?? false },
      dataOf?.path,
    );
    if (dataOf) repository.size = dataOf.size;
    else await createBare(repository.path, defaultBranch);
    if (files) await this.commit(repository, defaultBranch, files, 'Begin');
    return repository;
  }

  async fork(of: WorldRepository, owner: string): Promise<WorldRepository> {
    this.user(owner);
    const repository = this.register(`${owner}/${of.name.slice(of.name.lastIndexOf('/') + 1)}`, of, of, undefined);
    repository.size = of.size;
    await copyBare(of.path, repository.path);
    return repository;
  }

  private register(
    name: string,
    forkOf: WorldRepository | undefined,
    { defaultBranch, private: isPrivate }: { readonly defaultBranch: string; readonly private: boolean },
    path: string | undefined,
  ): WorldRepository {
    if (this.find(name)) throw new Error(`${name} is there already`);
    const id = this.nextId();
    const repository: WorldRepository = {
      id,
      owner: this.user(name.slice(0, name.lastIndexOf('/')), 'organisation'),
      name,
      path: path ?? join(this.folder, `${id}.git`),
      createdAt: this.now(),
      forkOf,
      defaultBranch,
      private: isPrivate,
      archived: false,
      drafts: true,
      size: 0,
      permissions: new Map(),
      pullRequests: [],
      labels: [],
      statuses: [],
      checks: [],
    };
    this.repositories.push(repository);
    return repository;
  }

  find(name: string): WorldRepository | undefined {
    return this.repositories.find((repository) => key(repository.name) === key(name));
  }

  /** Commits on a branch, as a person would by pushing, and answers the commit. The branch starts at the default one. */
  async commit(
    repository: WorldRepository,
    branch: string,
    changes: Readonly<Record<string, FileChange>>,
    message: string,
    author = 'someone',
  ): Promise<string> {
    if (branch !== repository.defaultBranch && !(await this.tip(repository, branch))) {
      const start = await this.tip(repository, repository.defaultBranch);
      if (start) await git(repository.path, 'update-ref', `refs/heads/${branch}`, start);
    }
    this.seconds += 1;
    repository.size = Math.max(repository.size, 1);
    return commitTo(repository.path, branch, changes, { message, author, seconds: this.seconds });
  }

  tip(repository: WorldRepository, branch: string): Promise<string | undefined> {
    return tipOf(repository.path, branch);
  }

  /** The names of all branches, sorted. */
  async branches(repository: WorldRepository): Promise<readonly string[]> {
    const listed = await git(repository.path, 'for-each-ref', '--format=%(refname:lstrip=2)', 'refs/heads/');
    return listed === '' ? [] : listed.split('\n');
  }

  async deleteBranch(repository: WorldRepository, branch: string): Promise<void> {
    await git(repository.path, 'update-ref', '-d', `refs/heads/${branch}`);
  }

  /** What a file holds at a branch or commit; undefined when it is not there. */
  async file(repository: WorldRepository, revision: string, path: string): Promise<string | undefined> {
    const listed = await git(repository.path, 'ls-tree', '--object-only', revision, '--', path);
    return listed === '' ? undefined : await gitPrints(repository.path, 'cat-file', 'blob', listed);
  }

  hasCommit(repository: WorldRepository, commit: string): Promise<boolean> {
    return gitSays(repository.path, 'rev-parse', '--quiet', '--verify', `${commit}^{commit}`);
  }

  /** Opens a pull request. Nothing is checked: a forge's server does that as its forge does. */
  async openPullRequest(
    repository: WorldRepository,
    wanted: Pick<WorldPullRequest, 'author' | 'title' | 'body' | 'base' | 'head' | 'draft'> & {
      readonly headRepository?: WorldRepository;
    },
  ): Promise<WorldPullRequest> {
    const { headRepository = repository, ...rest } = wanted;
    const commit = await this.tip(headRepository, wanted.head);
    if (!commit) throw new Error(`${headRepository.name} has no branch ${wanted.head}`);
    const pull: WorldPullRequest = {
      ...rest,
      id: this.nextId(),
      number: repository.pullRequests.length + 1,
      repository,
      createdAt: this.now(),
      headRepository,
      headCommit: commit,
      startCommit: commit,
      state: 'open',
      closedAt: undefined,
      labels: [],
      reviewers: [],
      comments: [],
    };
    repository.pullRequests.push(pull);
    await this.keepHead(pull);
    return pull;
  }

  /** A pull request as it is now: an open one follows its branch, is merged when its base has its commits, and closed without a branch. */
  async pullRequest(repository: WorldRepository, number: number): Promise<WorldPullRequest | undefined> {
    const pull = repository.pullRequests.find((each) => each.number === number);
    if (pull?.state === 'open') await this.follow(pull);
    return pull;
  }

  /** All of a repository, oldest first. */
  async pullRequests(repository: WorldRepository): Promise<readonly WorldPullRequest[]> {
    for (const pull of repository.pullRequests) if (pull.state === 'open') await this.follow(pull);
    return repository.pullRequests;
  }

  private async follow(pull: WorldPullRequest): Promise<void> {
    const { headRepository, repository } = pull;
    const tip = headRepository && (await this.tip(headRepository, pull.head));
    if (!tip) {
      this.end(pull, 'closed');
      return;
    }
    if (tip !== pull.headCommit) {
      pull.headCommit = tip;
      await this.keepHead(pull);
    }
    const isMerged = await gitSays(repository.path, 'merge-base', '--is-ancestor', tip, `refs/heads/${pull.base}`);
    if (isMerged) this.end(pull, 'merged');
  }

  /** The base repository keeps the commits of the branch, wherever that is: `refs/pull/<number>/head`. */
  private async keepHead(pull: WorldPullRequest): Promise<void> {
    const { repository, headRepository, headCommit } = pull;
    if (headRepository && headRepository !== repository)
      await git(repository.path, 'fetch', '--quiet', headRepository.path, headCommit);
    await git(repository.path, 'update-ref', `refs/pull/${pull.number}/head`, headCommit);
    pull.startCommit = await git(repository.path, 'merge-base', `refs/heads/${pull.base}`, headCommit);
  }

  /** Closes an open pull request, or calls it merged. */
  end(pull: WorldPullRequest, state: 'closed' | 'merged'): void {
    pull.state = state;
    pull.closedAt = this.now();
  }

  reopen(pull: WorldPullRequest): void {
    pull.state = 'open';
    pull.closedAt = undefined;
  }

  /** Merges a pull request with a merge commit, as a person does with the button; answers that commit. */
  async merge(pull: WorldPullRequest): Promise<string> {
    await this.follow(pull);
    this.seconds += 1;
    const commit = await mergeInto(pull.repository.path, pull.base, pull.headCommit, this.seconds);
    this.end(pull, 'merged');
    return commit;
  }

  comment(pull: WorldPullRequest, author: WorldUser, body: string): WorldComment {
    const comment: WorldComment = { id: this.nextId(), author, body, createdAt: this.now() };
    pull.comments.push(comment);
    return comment;
  }

  /** The label of a repository by its name, which is made when there is none. */
  label(repository: WorldRepository, name: string): WorldLabel {
    const known = repository.labels.find((label) => key(label.name) === key(name));
    if (known) return known;
    const label: WorldLabel = { id: this.nextId(), name };
    repository.labels.push(label);
    return label;
  }

  /** The files that a pull request touches. */
  changes(pull: WorldPullRequest): ReturnType<typeof changedBetween> {
    const from = pull.state === 'open' ? `refs/heads/${pull.base}` : pull.startCommit;
    return changedBetween(pull.repository.path, from, pull.headCommit);
  }
}
