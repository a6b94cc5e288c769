import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { transforms } from '../../transforms/index.ts';
import { UserError } from '../errors.ts';
import type { Forge, Repository } from '../forge/forge.ts';
import { ForgeError } from '../forge/forge-error.ts';
import { type BranchState, decide, type Plan, type Wanted } from './branch.ts';
import { carryOutPlan, Moved } from './carry-out.ts';
import { type Clone, withClone } from './clone.ts';
import { isRepairCommit } from './commit.ts';
import type { Remote } from './git.ts';
import { type Offer, offerOf } from './offer.ts';
import type { Proposal, Proposals } from './proposal.ts';
import { layDown } from './snapshot.ts';
import type { BranchAction, BranchResult, FixRequest, FixResult, Workshop } from './types.ts';

/** How often the work begins anew because somebody pushed meanwhile. */
const ATTEMPTS = 3;

/**
 * Decides with the base at hand how a repository is repaired, or why it is not. When the request names another base, that one is repaired.
 */
export type Adapt = (clone: Clone, repository: Repository) => Promise<FixRequest | { readonly skipped: string }>;

/**
 * Makes the branches of dockfix and their pull requests what they should be. Calling it again changes nothing, two calls at once
 * end as one. Rejects with a `ForgeError`, or with a `UserError` when the repository or the request cannot be worked with.
 */
export async function fixRepository(
  forge: Forge,
  request: FixRequest,
  workshop: Workshop,
  adapt?: Adapt,
): Promise<FixResult> {
  const repository = await forge.repository(request.repository);
  const branch = request.base ?? repository.defaultBranch;
  const skipped = repository.archived ? 'it is archived' : repository.empty ? 'it is empty' : undefined;
  if (branch.startsWith('dockfix/'))
    throw new UserError(
      `${branch} is a branch that dockfix makes itself`,
      'Name the branch that it is to be merged into.',
    );
  if (skipped !== undefined) return { repository: repository.name, base: { branch }, branches: [], skipped };
  for (let attempt = 1; ; attempt += 1) {
    const credentials = await forge.gitCredentials(repository.name);
    const remote = { url: repository.cloneUrl, credentials };
    try {
      const result = await withClone(workshop, remote, branch, async (clone) => {
        const adapted = adapt ? await adapt(clone, repository) : request;
        if ('skipped' in adapted)
          return { repository: repository.name, base: { branch, commit: clone.base.id }, branches: [], ...adapted };
        if (adapted.base !== undefined && adapted.base !== branch) return adapted;
        return fixClone({ forge, repository, branch, request: adapted, workshop, remote, clone });
      });
      return 'branches' in result ? result : await fixRepository(forge, result, workshop);
    } catch (error) {
      if (!(error instanceof Moved)) throw error;
      if (attempt === ATTEMPTS)
        throw new ForgeError('conflict', `${repository.name} keeps changing: ${error.message}`, undefined);
    }
  }
}

/** All that the work on one repository needs. */
export interface Work {
  readonly forge: Forge;
  readonly repository: Repository;
  /** The base branch. */
  readonly branch: string;
  readonly request: FixRequest;
  readonly workshop: Workshop;
  readonly remote: Remote;
  readonly clone: Clone;
}

async function fixClone(work: Work): Promise<FixResult> {
  const { repository, branch, request, workshop, clone } = work;
  const found = await proposalsFor(work);
  const branches: BranchResult[] = [];
  for (const [name, proposal] of wantedBranches(request, found, clone)) {
    workshop.signal.throwIfAborted();
    branches.push(await fixBranch(work, name, proposal, found.later));
  }
  const idle = branches.every(({ action }) => action === 'nothing to repair');
  return {
    repository: repository.name,
    base: { branch, commit: clone.base.id },
    branches: found.skipped !== undefined && idle ? [] : branches,
    ...(found.skipped !== undefined && { skipped: found.skipped }),
  };
}

/** What the tree of the base needs. */
async function proposalsFor({ repository, request, workshop, clone }: Work): Promise<Proposals> {
  const folder = join(clone.folder, 'tree');
  mkdirSync(folder, { mode: 0o700 });
  await layDown(clone.git, clone.base.tree, folder, workshop.limits);
  const { only, skip, group, safeOnly, onePerTransform } = request;
  const task = { folder, name: repository.name, only, skip, group, safeOnly, onePerTransform };
  return workshop.propose(task, workshop.limits, workshop.signal);
}

/** Each branch that is wanted, and with one per transform those of before: what is not wanted any more is closed. */
function wantedBranches(
  { only, onePerTransform, under }: FixRequest,
  { proposals }: Proposals,
  clone: Clone,
): readonly (readonly [string, Proposal | undefined])[] {
  if (!onePerTransform) {
    const [one, ...more] = only;
    return [[branchOf(under, more.length === 0 ? one : undefined), proposals[0]]];
  }
  const ids = transforms.map(({ id }) => id).filter((id) => only.length === 0 || only.includes(id));
  return ids.flatMap((id) => {
    const proposal = proposals.find(({ transform }) => transform === id);
    const branch = branchOf(under, id);
    return proposal || clone.branches.has(branch) ? [[branch, proposal] as const] : [];
  });
}

/** The name of a branch: for all repairs together, or for a transform alone. */
export const branchOf = (under: string | undefined, transform: string | undefined): string =>
  ['dockfix', ...(under === undefined ? [] : [under]), transform ?? 'all'].join('/');

async function fixBranch(
  work: Work,
  name: string,
  proposal: Proposal | undefined,
  later: readonly string[],
): Promise<BranchResult> {
  const { branch, request } = work;
  const offer = proposal && proposal.files.length > 0 ? await offerOf(work, proposal, later) : undefined;
  const wanted: Wanted | undefined = offer && { ...offer, base: branch };
  const state = await stateOf(work, name);
  const plan = decide(state, wanted);
  const result = (action: BranchAction, pull: BranchResult['pullRequest'], notes: readonly string[]): BranchResult => ({
    branch: name,
    action,
    notes: [...plan.notes, ...notes],
    ...(pull && { pullRequest: { number: pull.number, url: pull.url } }),
    ...(offer && { commit: offer.commit }),
    repairs: offer ? (proposal?.repairs ?? {}) : {},
  });
  if (request.dryRun) return { ...result(...rehearsed(plan)), ...shownOf(proposal, offer) };
  const { pull, notes } = await carryOutPlan(work, name, plan, wanted);
  return result(plan.action, pull, notes);
}

async function stateOf({ forge, repository, clone }: Work, branch: string): Promise<BranchState> {
  const tip = clone.branches.get(branch);
  const all = await forge.pullRequests(repository.name, branch);
  const pulls = all.filter(({ headRepository }) => headRepository.toLowerCase() === repository.name.toLowerCase());
  if (!tip) return { pulls };
  // What was merged, or is the base itself, is no work of anybody that a push could lose.
  const settled =
    tip.id === clone.base.id || pulls.some((pull) => pull.state === 'merged' && pull.headCommit === tip.id);
  return { tip: { commit: tip.id, ours: settled || isRepairCommit(tip) }, pulls };
}

/** What a dry run says of a plan that is not carried out. */
function rehearsed({ action, pull }: Plan): [BranchAction, Plan['pull'], readonly string[]] {
  if (action === 'opened') return ['would propose', undefined, ['a pull request would be opened']];
  if (action === 'updated') return ['would propose', pull, ['the pull request would be brought up to date']];
  if (action === 'closed')
    return ['would propose', pull, ['the pull request would be closed: nothing is left to repair']];
  return [action, pull, []];
}

const shownOf = (
  proposal: Proposal | undefined,
  offer: Offer | undefined,
): Pick<BranchResult, 'diff' | 'title' | 'body'> =>
  proposal && offer ? { diff: proposal.diff, title: offer.title, body: offer.body } : {};
