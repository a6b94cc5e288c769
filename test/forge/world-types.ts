/** What a world consists of, as no forge in particular has it. */
export type Permission = 'none' | 'read' | 'write' | 'admin';

export interface WorldUser {
  readonly id: number;
  readonly login: string;
  readonly kind: 'user' | 'organisation' | 'bot';
}

/** Who a request is from. */
export interface Identity {
  readonly user: WorldUser;
  /** The repositories that a token of an app is good for; a person's is good for all that the person may see. */
  readonly covers?: (repository: WorldRepository) => boolean;
  /** The app that the token belongs to. */
  readonly app?: { readonly id: number; readonly slug: string; readonly installation: number };
}

export interface WorldComment {
  readonly id: number;
  readonly author: WorldUser;
  body: string;
  readonly createdAt: string;
}

export interface WorldPullRequest {
  readonly id: number;
  readonly number: number;
  readonly repository: WorldRepository;
  readonly author: WorldUser;
  readonly createdAt: string;
  readonly head: string;
  /** Undefined once the fork is gone. */
  headRepository: WorldRepository | undefined;
  /** Kept up to date with the branch while it is open: see `World.pullRequest`. */
  headCommit: string;
  /** Where its branch left the base, as far as that was before a merge. */
  startCommit: string;
  state: 'open' | 'merged' | 'closed';
  title: string;
  body: string;
  base: string;
  draft: boolean;
  closedAt: string | undefined;
  readonly labels: WorldLabel[];
  /** Names of users, and teams as `org/team`. */
  readonly reviewers: string[];
  readonly comments: WorldComment[];
}

export interface WorldLabel {
  readonly id: number;
  readonly name: string;
}

/** A commit status. */
export interface WorldStatus {
  readonly id: number;
  readonly commit: string;
  readonly name: string;
  readonly state: string;
  readonly description: string;
  readonly url: string | undefined;
  readonly author: WorldUser;
}

/** A check run, as GitHub has them. */
export interface WorldCheck {
  readonly id: number;
  readonly commit: string;
  readonly name: string;
  readonly app: number;
  status: string;
  conclusion: string | undefined;
  title: string;
  summary: string;
  readonly annotations: Readonly<Record<string, unknown>>[];
}

export interface WorldRepository {
  readonly id: number;
  readonly owner: WorldUser;
  /** `owner/name`. */
  readonly name: string;
  /** The bare repository. */
  readonly path: string;
  readonly createdAt: string;
  readonly forkOf: WorldRepository | undefined;
  defaultBranch: string;
  private: boolean;
  archived: boolean;
  /** Whether pull requests may be drafts. */
  drafts: boolean;
  /** In KiB, as forges tell it: often 0 for what is new or small. */
  size: number;
  /** By login in lower case. Owners of their own repositories need none. */
  readonly permissions: Map<string, Permission>;
  readonly pullRequests: WorldPullRequest[];
  readonly labels: WorldLabel[];
  readonly statuses: WorldStatus[];
  readonly checks: WorldCheck[];
}
