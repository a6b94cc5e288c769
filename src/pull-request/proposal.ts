import type { FileMode } from '../finding.ts';
import type { Report } from '../output/report.ts';
import type { Transform } from '../transform.ts';
import type { Limits } from './limits.ts';

/** What is wanted of a tree that was laid down in a folder. Plain data. */
export interface Task {
  /** Where `layDown` put the tree. */
  readonly folder: string;
  /** How people name the repository. */
  readonly name: string;
  readonly only: readonly string[];
  readonly skip: readonly string[];
  readonly group: readonly Transform['group'][];
  readonly safeOnly: boolean;
  /** A proposal for each transform that changes something by itself. */
  readonly onePerTransform: boolean;
}

/** A file of a proposal: its next content, or that it goes. */
export type ProposedFile =
  | { readonly path: string; readonly base64: string; readonly mode: FileMode }
  | { readonly path: string; readonly removed: true };

/** What one pull request would bring. Plain data without secrets, but for the contents of its files. */
export interface Proposal {
  /** The only transform in it; absent when there may be several. */
  readonly transform?: string;
  /** Nothing when there is nothing to repair. */
  readonly files: readonly ProposedFile[];
  /** New files that the ignore rules of the repository keep out of git. */
  readonly keptOut: readonly string[];
  /** The patch, masked. */
  readonly diff: string;
  readonly report: Report;
  /** The same for the same findings, wherever in a file they stand. */
  readonly findings: string;
  /** Repairs by transform. */
  readonly repairs: Readonly<Record<string, number>>;
}

/** What a repository needs. */
export interface Proposals {
  readonly proposals: readonly Proposal[];
  /** With `onePerTransform`: transforms that change something only after others. */
  readonly later: readonly string[];
  /** Why nothing was looked at. */
  readonly skipped?: string;
}

/** Works out proposals. Rejects with a `UserError` when the repository's configuration is wrong, or a limit is reached. */
export type Proposer = (task: Task, limits: Limits, signal: AbortSignal) => Promise<Proposals>;
