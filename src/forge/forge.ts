/** The forges that dockfix speaks to; Forgejo is a gitea. */
export type ForgeKind = 'github' | 'gitlab' | 'gitea';

/** Where a forge is, without any credential: what a job carries from one machine to another. */
export interface ForgeAddress {
  readonly kind: ForgeKind;
  /** The root of its web pages, without a slash at its end: `https://github.com`, `https://git.example.org/gitlab`. */
  readonly url: string;
  /** The installation of a GitHub App that answers for the repository. */
  readonly installation?: number;
}

/** A repository as its forge describes it. */
export interface Repository {
  /** `owner/name`; groups of GitLab may nest. */
  readonly name: string;
  readonly defaultBranch: string;
  /** Where git clones it over HTTP(S), without credentials. */
  readonly cloneUrl: string;
  /** Archived repositories take no pull requests. */
  readonly archived: boolean;
  readonly fork: boolean;
  /** True when it holds no commit. */
  readonly empty: boolean;
}

/** A pull request (GitLab: merge request). */
export interface PullRequest {
  /** As people name it on the forge (GitLab: the iid). */
  readonly number: number;
  readonly url: string;
  readonly state: 'open' | 'merged' | 'closed';
  readonly title: string;
  readonly body: string;
  readonly base: string;
  /** The branch that it wants to merge. */
  readonly head: string;
  /** The repository that the branch is in, which is another one for forks; empty when that is gone. */
  readonly headRepository: string;
  /** The commit that the branch is at, as the forge knows it. */
  readonly headCommit: string;
  readonly draft: boolean;
}

export interface NewPullRequest {
  readonly title: string;
  readonly body: string;
  readonly base: string;
  readonly head: string;
  readonly draft: boolean;
  /** Added where the forge knows them or makes them; one that cannot be added is reported, and does not undo the pull request. */
  readonly labels: readonly string[];
  readonly reviewers: readonly string[];
}

export interface Comment {
  readonly id: number;
  readonly author: string;
  readonly body: string;
}

/** What is shown at a commit: a check run on GitHub, a commit status elsewhere. */
export interface CommitCheck {
  readonly commit: string;
  /** The same name replaces what was shown under it. */
  readonly name: string;
  readonly conclusion: 'success' | 'failure' | 'neutral';
  readonly title: string;
  /** Markdown. */
  readonly summary: string;
  /** Shown where the forge can (GitHub), all of them, in the order given. */
  readonly annotations: readonly Annotation[];
}

/** A message at lines of a file; both count from one and are inclusive. */
export interface Annotation {
  readonly path: string;
  readonly startLine: number;
  readonly endLine: number;
  readonly level: 'failure' | 'warning' | 'notice';
  readonly title: string;
  readonly message: string;
}

/** What git presents as HTTP basic authentication. Never in a command line, a URL, a log or a queue. */
export interface GitCredentials {
  readonly username: string;
  readonly password: string;
}

/**
 * A hosting service of repositories, as far as dockfix needs one. Repositories are named `owner/name`.
 * Every method rejects with a `ForgeError`; none of them retries or waits: who calls it decides that.
 */
export interface Forge {
  readonly address: ForgeAddress;
  /** The longest body of a pull request or comment, in characters. */
  readonly bodyLimit: number;
  /** The web page of lines of a file at a commit. */
  readonly lineUrl: (repository: string, commit: string, path: string, line: number | undefined) => string;
  readonly repository: (name: string) => Promise<Repository>;
  /** What git clones and pushes with; good for an hour or more where the forge gives it an end. */
  readonly gitCredentials: (repository: string) => Promise<GitCredentials>;
  /** Who the credentials belong to, as author of comments; undefined when the forge does not tell. */
  readonly self: () => Promise<string | undefined>;
  /** All pull requests of a branch of the repository itself, in every state, newest first. */
  readonly pullRequests: (repository: string, head: string) => Promise<readonly PullRequest[]>;
  readonly pullRequest: (repository: string, number: number) => Promise<PullRequest>;
  /** The commit where a pull request left its base; absent where dockfix makes no checks of pull requests. */
  readonly mergeBase?: (repository: string, number: number) => Promise<string>;
  /** The paths that a pull request touches. */
  readonly changedPaths: (repository: string, number: number) => Promise<readonly string[]>;
  /** Opens one and tells in `notes` what could not be added to it; rejects with kind `conflict` when there is one already. */
  readonly open: (
    repository: string,
    wanted: NewPullRequest,
  ) => Promise<{ readonly pullRequest: PullRequest; readonly notes: readonly string[] }>;
  readonly update: (
    repository: string,
    number: number,
    change: {
      readonly title?: string;
      readonly body?: string;
      readonly base?: string;
      readonly state?: 'open' | 'closed';
    },
  ) => Promise<PullRequest>;
  readonly comments: (repository: string, number: number) => Promise<readonly Comment[]>;
  readonly comment: (repository: string, number: number, body: string) => Promise<void>;
  /** Whether somebody may push to the repository. */
  readonly canWrite: (repository: string, user: string) => Promise<boolean>;
  readonly setCheck: (repository: string, check: CommitCheck) => Promise<void>;
  /** The repositories of a user, organisation or group (with its subgroups), page by page. */
  readonly repositoriesOf: (owner: string) => AsyncIterable<Repository>;
  /** The repositories that a search in the forge's own language finds. */
  readonly search: (query: string) => AsyncIterable<Repository>;
}
