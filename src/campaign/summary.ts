import type { BranchAction, BranchResult, FixResult } from '../pull-request/types.ts';
import type { Journal } from './journal.ts';
import { type Target, targetKey } from './target.ts';

/** In one word: what was done to the branches of a repository, or why nothing was. */
export type Result = BranchAction | 'skipped' | 'failed' | 'not done';

/** What became of one repository. */
export interface RepositoryRow {
  readonly repository: string;
  readonly result: Result;
  /** Repairs by transform, all its branches together. */
  readonly repairs: Readonly<Record<string, number>>;
  readonly pullRequests: readonly { readonly number: number; readonly url: string }[];
  /** Why it failed or was skipped, why a branch was left alone, what could not be done. */
  readonly notes: readonly string[];
}

/** What came of a campaign. */
export interface Summary {
  /** In the order of the list. */
  readonly repositories: readonly RepositoryRow[];
  /** How many repositories had which result, in the order of `RESULTS`; those that none had are left out. */
  readonly results: readonly { readonly result: Result; readonly repositories: number }[];
  /** By transform: in how many repositories it repairs how much; the most repositories first. */
  readonly transforms: readonly { readonly id: string; readonly repositories: number; readonly repairs: number }[];
}

/** Of a repository with several branches, the first of these that one of them has is its result. */
const RESULTS: readonly Result[] = [
  'opened',
  'would propose',
  'updated',
  'closed',
  'left alone',
  'unchanged',
  'nothing to repair',
  'skipped',
  'failed',
  'not done',
];

/** Counts what a campaign did. */
export function summaryOf(targets: readonly Target[], { known }: Journal): Summary {
  const repositories = targets.map((target): RepositoryRow => {
    const none = { repository: target.repository, repairs: {}, pullRequests: [], notes: [] };
    const outcome = known.get(targetKey(target))?.ended?.outcome;
    if (!outcome) return { ...none, result: 'not done' };
    if (outcome.state === 'failed') return { ...none, result: 'failed', notes: [outcome.message] };
    return rowOf(outcome.result);
  });
  const results = RESULTS.map((result) => ({
    result,
    repositories: repositories.filter((row) => row.result === result).length,
  })).filter((each) => each.repositories > 0);
  return { repositories, results, transforms: byTransform(repositories) };
}

function rowOf({ repository, branches, skipped }: FixResult): RepositoryRow {
  const actions = new Set<Result>(branches.map(({ action }) => action));
  const notes = branches.flatMap((branch) =>
    branch.notes.map((note) => (branches.length > 1 ? `${branch.branch}: ${note}` : note)),
  );
  return {
    repository,
    result: skipped === undefined ? (RESULTS.find((result) => actions.has(result)) ?? 'nothing to repair') : 'skipped',
    repairs: repairsOf(branches),
    pullRequests: branches.flatMap(({ pullRequest }) => pullRequest ?? []),
    notes: [...(skipped === undefined ? [] : [skipped]), ...notes],
  };
}

/** What stands in a pull request or would; a closed one repairs nothing any more. */
function repairsOf(branches: readonly BranchResult[]): Readonly<Record<string, number>> {
  const sums = new Map<string, number>();
  for (const { repairs } of branches)
    for (const [id, count] of Object.entries(repairs)) sums.set(id, (sums.get(id) ?? 0) + count);
  return Object.fromEntries([...sums].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function byTransform(rows: readonly RepositoryRow[]): Summary['transforms'] {
  const sums = new Map<string, { readonly repositories: number; readonly repairs: number }>();
  for (const { repairs } of rows)
    for (const [id, count] of Object.entries(repairs)) {
      const before = sums.get(id) ?? { repositories: 0, repairs: 0 };
      if (count > 0) sums.set(id, { repositories: before.repositories + 1, repairs: before.repairs + count });
    }
  return [...sums]
    .map(([id, sum]) => ({ id, ...sum }))
    .sort((a, b) => b.repositories - a.repositories || b.repairs - a.repairs || (a.id < b.id ? -1 : 1));
}

/** All repairs of a repository. */
export const repairCount = ({ repairs }: RepositoryRow): number =>
  Object.values(repairs).reduce((sum, count) => sum + count, 0);

/** The summary as JSON, two spaces deep. */
export const summaryJson = (summary: Summary): string => `${JSON.stringify(summary, undefined, 2)}\n`;
