import type { PullRequest } from '../forge/forge.ts';
import { marksIn } from './marks.ts';
import type { BranchAction } from './types.ts';

/** A branch of dockfix and its pull requests, as they are. */
export interface BranchState {
  /** The tip of the branch; absent when there is none. */
  readonly tip?: { readonly commit: string; readonly ours: boolean };
  /** The pull requests of the branch in the repository itself, newest first. */
  readonly pulls: readonly PullRequest[];
}

/** What a branch and its pull request should be. */
export interface Wanted {
  readonly commit: string;
  readonly base: string;
  readonly title: string;
  /** The text of the pull request, with its marks. */
  readonly body: string;
  readonly findings: string;
}

/** What is to be done about a branch, in this order. */
export interface Plan {
  readonly action: BranchAction;
  /** Why, where that is no matter of course. */
  readonly notes: readonly string[];
  /** Sets the branch to a commit if it is still at `expect` (absent: if it is still not there). */
  readonly push?: { readonly commit: string; readonly expect?: string };
  readonly open?: true;
  /** The pull request to bring up to date, and what of it. */
  readonly update?: {
    readonly number: number;
    readonly change: { readonly title?: string; readonly body?: string; readonly base?: string };
  };
  readonly close?: PullRequest;
  /** A comment that is made once. */
  readonly comment?: { readonly number: number; readonly mark: 'foreign' | 'needless' };
  /** Removes the branch if it is still at this commit. */
  readonly remove?: string;
  /** The pull request that there is. */
  readonly pull?: PullRequest;
}

/** Decides what becomes of a branch; `wanted` is absent when there is nothing to repair. */
export function decide(state: BranchState, wanted: Wanted | undefined): Plan {
  const { tip, pulls } = state;
  const open =
    pulls.find((pull) => pull.state === 'open' && pull.base === wanted?.base) ??
    pulls.find((pull) => pull.state === 'open');
  if (tip && !tip.ours) return leaveAlone(open, wanted);
  if (!wanted) return tidyUp(tip?.commit, open);
  const refused = open ? undefined : refusedBy(pulls, wanted.findings);
  if (refused)
    return {
      action: 'left alone',
      notes: [`#${refused.number} was closed by somebody for the same findings`],
      pull: refused,
    };
  const push =
    tip?.commit === wanted.commit ? undefined : { commit: wanted.commit, ...(tip && { expect: tip.commit }) };
  if (!open) return { action: 'opened', notes: [], ...(push && { push }), open: true };
  const change = changeOf(open, wanted);
  const update = Object.keys(change).length > 0 ? { number: open.number, change } : undefined;
  const action = push || update ? 'updated' : 'unchanged';
  return { action, notes: [], ...(push && { push }), ...(update && { update }), pull: open };
}

function leaveAlone(open: PullRequest | undefined, wanted: Wanted | undefined): Plan {
  if (!open && !wanted) return { action: 'nothing to repair', notes: [] };
  const notes = [
    wanted ? 'somebody has commits on the branch' : 'nothing is left to repair, but somebody has commits on the branch',
  ];
  if (!open) return { action: 'left alone', notes };
  const mark = wanted ? ('foreign' as const) : ('needless' as const);
  return { action: 'left alone', notes, comment: { number: open.number, mark }, pull: open };
}

function tidyUp(tip: string | undefined, open: PullRequest | undefined): Plan {
  if (!open) return { action: 'nothing to repair', notes: [] };
  return { action: 'closed', notes: [], close: open, ...(tip !== undefined && { remove: tip }), pull: open };
}

/** The newest pull request for these findings, when a person closed it without merging. */
function refusedBy(pulls: readonly PullRequest[], findings: string): PullRequest | undefined {
  const last = pulls.find(({ body }) => marksIn(body).get('findings') === findings);
  return last?.state === 'closed' && !marksIn(last.body).has('closed') ? last : undefined;
}

/** What dockfix wrote is compared by its mark, so that what people and forges make of the text afterwards is no difference. */
function changeOf(open: PullRequest, wanted: Wanted): NonNullable<Plan['update']>['change'] {
  const { title, body, base } = wanted;
  const marks = marksIn(open.body);
  // Somebody reopened what dockfix closed: it is a pull request as any other again.
  const sameText = marks.get('text') === marksIn(body).get('text') && !marks.has('closed');
  return { ...(!sameText && { title, body }), ...(open.base !== base && { base }) };
}
