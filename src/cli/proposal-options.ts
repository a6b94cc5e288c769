import type { Command } from '../cli.ts';
import type { ForgeKind } from '../forge/forge.ts';
import type { FixRequest } from '../pull-request/types.ts';
import type { RepairFlags } from '../repair.ts';

/** How pull requests are to be, and where their forge is. */
export interface ProposalFlags extends RepairFlags {
  readonly onePerTransform?: true;
  readonly draft?: true;
  readonly dryRun?: true;
  readonly labels: readonly string[];
  readonly reviewers: readonly string[];
  readonly forge?: ForgeKind;
  readonly forgeUrl?: string;
}

/** The options that say so, for one pull request as for many. */
export const proposalOptions = (command: Command): Command =>
  command
    .option('--one-per-transform', 'a branch and a pull request for each transform')
    .option('--draft', 'open new ones as drafts')
    .addOption(
      command
        .createOption('--labels <names>', 'labels for new ones (comma-separated)')
        .argParser(addNames)
        .default([], 'none'),
    )
    .addOption(
      command
        .createOption(
          '--reviewers <names>',
          'who to ask to review new ones: users, teams as owner/team (comma-separated)',
        )
        .argParser(addNames)
        .default([], 'none'),
    )
    .addOption(
      command
        .createOption('--forge <kind>', 'what runs there, when the address does not tell')
        .choices(['github', 'gitlab', 'gitea']),
    )
    .option('--forge-url <url>', 'the root of its web pages, for owner/name elsewhere than on github.com');

/** What is asked for of each repository. */
export const proposalOf = (flags: ProposalFlags): Omit<FixRequest, 'repository' | 'base'> => ({
  onePerTransform: flags.onePerTransform === true,
  draft: flags.draft === true,
  safeOnly: flags.safeOnly === true,
  only: flags.only,
  skip: flags.skip,
  group: flags.group,
  labels: flags.labels,
  reviewers: flags.reviewers,
  dryRun: flags.dryRun === true,
});

/** Names, as given in one or several lists. */
function addNames(value: string, earlier: readonly string[]): readonly string[] {
  const names = value.split(',').map((name) => name.trim());
  return [...new Set([...earlier, ...names.filter(Boolean)])];
}
