import type { Transform } from '../transform.ts';
import type { Verification } from '../verify/verdict.ts';
import type { Limits } from './limits.ts';
import type { Proposer } from './proposal.ts';

/** What to do with one repository. Plain data: it travels through queues, and holds no credential. */
export interface FixRequest {
  /** `owner/name` on its forge. */
  readonly repository: string;
  /** The branch to repair; the forge's default branch when absent. */
  readonly base?: string;
  /** The folder of its branches below `dockfix/`, where they are not the usual ones: `dockfix/<under>/all`. */
  readonly under?: string;
  readonly onePerTransform: boolean;
  readonly draft: boolean;
  readonly safeOnly: boolean;
  readonly only: readonly string[];
  readonly skip: readonly string[];
  readonly group: readonly Transform['group'][];
  readonly labels: readonly string[];
  readonly reviewers: readonly string[];
  /** Works out everything and changes nothing on the forge. */
  readonly dryRun: boolean;
}

/** What became of one branch. */
export type BranchAction =
  /** A pull request was opened. */
  | 'opened'
  /** The branch or the text of its pull request was brought up to date. */
  | 'updated'
  /** All was as it should be. */
  | 'unchanged'
  /** The pull request was closed, because nothing is left to repair. */
  | 'closed'
  /** A person has commits on the branch, or closed the pull request for the same findings. */
  | 'left alone'
  /** There is nothing to repair, and never was a pull request. */
  | 'nothing to repair'
  /** With `dryRun`: what would be proposed. */
  | 'would propose';

export interface BranchResult {
  /** `dockfix/all`, or `dockfix/<transform>` for one transform alone. */
  readonly branch: string;
  readonly action: BranchAction;
  /** Why it was left alone, or what could not be done (a label, a reviewer). */
  readonly notes: readonly string[];
  readonly pullRequest?: { readonly number: number; readonly url: string };
  /** The tip of the branch, when it has or would have one. */
  readonly commit?: string;
  /** Repairs by transform. */
  readonly repairs: Readonly<Record<string, number>>;
  /** With `dryRun`: the patch, secrets masked. */
  readonly diff?: string;
  /** With `dryRun`: the text of the pull request. */
  readonly title?: string;
  readonly body?: string;
}

/** What became of a repository. */
export interface FixResult {
  readonly repository: string;
  /** Without a commit when the repository was not fetched. */
  readonly base: { readonly branch: string; readonly commit?: string };
  readonly branches: readonly BranchResult[];
  /** Why nothing was looked at: archived, empty, no Docker file. */
  readonly skipped?: string;
}

/** Where and with what the work is done. `workshopIn` makes one. */
export interface Workshop {
  /** The folder that temporary ones are made in, absolute; it is made when it is not there. */
  readonly folder: string;
  readonly limits: Limits;
  /** Ends the work when it aborts: what is under way is killed, and its folder removed. */
  readonly signal: AbortSignal;
  /** Works out what a tree needs. */
  readonly propose: Proposer;
  /** What `dockfix verify` saw of the same repository; it goes into the text of the pull request. */
  readonly verification?: Verification;
}
