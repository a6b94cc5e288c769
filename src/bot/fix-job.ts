import { transforms } from '../../transforms/index.ts';
import { type BotConfig, readConfig } from '../config.ts';
import { UserError } from '../errors.ts';
import type { FixJob } from '../jobs/jobs.ts';
import { type Adapt, branchOf, fixRepository } from '../pull-request/fix-repository.ts';
import type { FixRequest, FixResult } from '../pull-request/types.ts';
import { Repo } from '../repo/repo.ts';
import { wrongConfigRun } from './check-run.ts';
import { configFilesIn } from './config-files.ts';
import { memoryOf } from './marks.ts';
import type { Workbench } from './workbench.ts';

/** Brings the pull requests of a repository up to date, as the job says, or as the repository's own configuration says. */
export function doFix(bench: Workbench, { request, configured }: FixJob): Promise<FixResult> {
  if (configured) return fixAsConfigured(bench, request, configured.pushed);
  return fixRepository(bench.forge, request, bench.workshop);
}

/**
 * Repairs a repository as its configuration says. What is wrong with that is shown at the commit, and nothing is repaired. After a push,
 * only when it was the branch that is to be repaired.
 */
export async function fixAsConfigured(
  bench: Workbench,
  request: FixRequest,
  pushed: string | undefined,
): Promise<FixResult> {
  const { forge, workshop } = bench;
  const adapt: Adapt = async (clone, repository) => {
    const { bot, wrong } = await botConfigIn(clone.git, clone.base.tree);
    if (wrong) {
      await forge.setCheck(repository.name, wrongConfigRun(clone.base.id, wrong, 'failure'));
      return { skipped: 'its configuration cannot be used' };
    }
    if (!bot.enabled) return { skipped: 'its configuration switches dockfix off' };
    const base = request.base ?? bot.base ?? repository.defaultBranch;
    if (pushed !== undefined && pushed !== base) return { skipped: `${base} is repaired, and not ${pushed}` };
    const asConfigured = { ...request, ...optionsOf(bot), base };
    const ignored = bot.onePerTransform ? [] : await ignoredIn(bench, asConfigured);
    return { ...asConfigured, skip: [...request.skip, ...ignored] };
  };
  return fixRepository(forge, request, workshop, adapt);
}

const optionsOf = ({ onePerTransform, draft, safeOnly, labels, reviewers }: BotConfig): Partial<FixRequest> => ({
  onePerTransform,
  draft,
  safeOnly,
  labels,
  reviewers,
});

async function botConfigIn(
  git: Parameters<typeof configFilesIn>[0],
  tree: string,
): Promise<
  { readonly bot: BotConfig; readonly wrong?: undefined } | { readonly wrong: UserError; readonly bot?: undefined }
> {
  try {
    return { bot: readConfig(Repo.of(await configFilesIn(git, tree)), transforms).bot };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { wrong: error };
  }
}

/** What people want left out of the pull request that there is; a merged one is done with. */
async function ignoredIn({ forge }: Workbench, { repository, under }: FixRequest): Promise<readonly string[]> {
  const [newest] = await forge.pullRequests(repository, branchOf(under, undefined));
  if (!newest || newest.state === 'merged') return [];
  const { ignored } = memoryOf(await forge.comments(repository, newest.number), await forge.self());
  return transforms.map(({ id }) => id).filter((id) => ignored.has(id));
}
