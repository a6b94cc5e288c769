import type { ForgeAddress } from '../forge/forge.ts';
import type { FixRequest, FixResult } from '../pull-request/types.ts';

/** Work on one repository. Plain data without credentials: it is written to queues as JSON. */
export type Job = FixJob | CheckJob | CommandJob;

/** Brings the pull requests of a repository up to date. */
export interface FixJob {
  readonly kind: 'fix';
  readonly forge: ForgeAddress;
  readonly request: FixRequest;
  /** The repository's own `bot:` configuration decides how, and where; `pushed` is the branch whose push made the job. */
  readonly configured?: { readonly pushed?: string };
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
  readonly command:
    | { readonly name: 'apply' | 'help' }
    | { readonly name: 'ignore' | 'explain'; readonly transform: string };
}

/** What became of a job; written to queues as JSON. */
export type JobResult =
  | { readonly kind: 'fix'; readonly result: FixResult }
  /** `none`: nothing was to be shown. */
  | { readonly kind: 'check'; readonly conclusion: 'success' | 'failure' | 'neutral' | 'none' }
  | { readonly kind: 'command'; readonly answered: boolean };

/** Does a job; may be called again for the same one, also while another machine still believes to do it. */
export type Work = (job: Job, signal: AbortSignal) => Promise<JobResult>;

/** What a queue tells of a job that it was given. */
export type JobEnd =
  | { readonly state: 'done'; readonly result: JobResult }
  /** It failed for good; the message holds no secret. */
  | { readonly state: 'failed'; readonly message: string }
  /** The queue was closed first. A job in Redis goes on without who asked for it. */
  | { readonly state: 'left' };

/** Where jobs wait. One job of a repository runs at a time; jobs with the same key that still wait are one. */
export interface Queue {
  /** Resolves when the job is safely queued; `end` when it has ended, however often it had to be tried. */
  readonly add: (job: Job) => Promise<{ readonly id: string; readonly end: Promise<JobEnd> }>;
  /** Jobs that wait, run, and failed for good. */
  readonly counts: () => Promise<{ readonly waiting: number; readonly active: number; readonly failed: number }>;
  /** Takes no more; resolves when what runs here has ended. */
  readonly close: () => Promise<void>;
}

/** Where what happens is told. No field or message may hold a secret. */
export interface Log {
  readonly info: (fields: Readonly<Record<string, unknown>>, message: string) => void;
  readonly warn: (fields: Readonly<Record<string, unknown>>, message: string) => void;
  readonly error: (fields: Readonly<Record<string, unknown>>, message: string) => void;
}
