import type { ForgeAddress } from '../forge/forge.ts';
import type { FixRequest, FixResult } from '../pull-request/types.ts';

/** Work on one repository. Plain data without credentials: it is written to queues as JSON. */
export type Job = FixJob | CheckJob | CommandJob;

/** Brings the pull requests of a repository up to date. */
export interface FixJob {
  readonly kind: 'fix';
  readonly forge: ForgeAddress;
  readonly request: FixRequest;
}

/** Checks the head of a pull request and shows the result there. */
export interface CheckJob {
  readonly kind: 'check';
  readonly forge: ForgeAddress;
  readonly repository: string;
  readonly pullRequest: number;
  readonly commit: string;
}

/** Does what a person with write access asked for in a comment. */
export interface CommandJob {
  readonly kind: 'command';
  readonly forge: ForgeAddress;
  readonly repository: string;
  readonly pullRequest: number;
  /** The comment that asks: the same one is answered once. */
  readonly comment: number;
  readonly author: string;
  readonly command: { readonly name: 'apply' } | { readonly name: 'ignore' | 'explain'; readonly transform: string };
}

/** What became of a job; written to queues as JSON. */
export type JobResult =
  | { readonly kind: 'fix'; readonly result: FixResult }
  | { readonly kind: 'check'; readonly conclusion: 'success' | 'failure' | 'neutral' }
  | { readonly kind: 'command'; readonly answered: boolean };

/** Does a job; may be called again for the same one, also while another machine still believes to do it. */
export type Work = (job: Job, signal: AbortSignal) => Promise<JobResult>;

/** What a queue tells of a job that it was given. */
export type JobEnd =
  | { readonly state: 'done'; readonly result: JobResult }
  /** It failed for good; the message holds no secret. */
  | { readonly state: 'failed'; readonly message: string };

/** Where jobs wait. One job of a repository runs at a time; jobs with the same key that still wait are one. */
export interface Queue {
  /** Resolves when the job is safely queued; `end` when it has ended, however often it had to be tried. */
  readonly add: (job: Job) => Promise<{ readonly id: string; readonly end: Promise<JobEnd> }>;
  /** Jobs that wait, run, and failed for good. */
  readonly counts: () => Promise<{ readonly waiting: number; readonly active: number; readonly failed: number }>;
  /** Takes no more; resolves when what runs here has ended. */
  readonly close: () => Promise<void>;
}
