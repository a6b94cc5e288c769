import type { ForgeAddress } from '../forge/forge.ts';
import type { FixJob } from '../jobs/jobs.ts';
import { repositoryKey } from '../jobs/keys.ts';
import type { FixRequest, FixResult } from '../pull-request/types.ts';

/** A repository of a campaign. */
export interface Target {
  readonly forge: ForgeAddress;
  /** `owner/name`. */
  readonly repository: string;
  /** The branch to repair; the default branch when absent. */
  readonly base?: string;
}

/** What every repository of a campaign is asked for. */
export type CampaignRequest = Omit<FixRequest, 'repository' | 'base'>;

/** What became of a repository. */
export type Outcome =
  | { readonly state: 'done'; readonly result: FixResult }
  | { readonly state: 'failed'; readonly message: string };

/** The job that repairs a repository of a campaign. */
export const jobOf = ({ forge, repository, base }: Target, request: CampaignRequest): FixJob => ({
  kind: 'fix',
  forge,
  request: { ...request, repository, ...(base !== undefined && { base }) },
});

/** Tells the repositories of a campaign apart, whichever way a name is written. */
export function targetKey(target: Target): string {
  const { forge, repository, base } = target;
  const name = repositoryKey({ kind: 'check', forge, repository, pullRequest: 0, commit: '' });
  return base === undefined ? name : `${name} ${base}`;
}
