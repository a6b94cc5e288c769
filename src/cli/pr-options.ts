import type { Command } from '../cli.ts';
import type { ForgeKind } from '../forge/forge.ts';
import type { RepairFlags } from '../repair.ts';

/** The options of `dockfix pr`. */
export interface PrFlags extends RepairFlags {
  readonly base?: string;
  readonly onePerTransform?: true;
  readonly draft?: true;
  readonly labels: readonly string[];
  readonly reviewers: readonly string[];
  readonly dryRun?: true;
  readonly verification?: string;
  readonly forge?: ForgeKind;
  readonly forgeUrl?: string;
  readonly format: 'text' | 'json';
}

/** Describes `dockfix pr` to the command line. */
export const prOptions = (command: Command): Command =>
  command
    .description('open or update the pull request that repairs a repository on its forge')
    .argument('<repository>', 'owner/name, the URL that git clones, or a folder that was cloned from there')
    .option('--base <branch>', 'the branch to repair (the default one)')
    .option('--one-per-transform', 'a branch and a pull request for each transform')
    .option('--draft', 'open it as a draft')
    .addOption(
      command
        .createOption('--labels <names>', 'labels for a new one (comma-separated)')
        .argParser(addNames)
        .default([], 'none'),
    )
    .addOption(
      command
        .createOption(
          '--reviewers <names>',
          'who to ask to review a new one: users, teams as owner/team (comma-separated)',
        )
        .argParser(addNames)
        .default([], 'none'),
    )
    .option('--dry-run', 'change nothing: show the branch, the text and the diff')
    .option('--verification <file>', 'put into the text what "dockfix verify --format json" saw')
    .addOption(
      command
        .createOption('--forge <kind>', 'what runs there, when the address does not tell')
        .choices(['github', 'gitlab', 'gitea']),
    )
    .option('--forge-url <url>', 'the root of its web pages, for owner/name elsewhere than on github.com')
    .addOption(
      command.createOption('--format <format>', 'what goes to stdout').choices(['text', 'json']).default('text'),
    )
    .option('--debug', 'show the stack of an internal error');

/** Names, as given in one or several lists. */
function addNames(value: string, earlier: readonly string[]): readonly string[] {
  const names = value.split(',').map((name) => name.trim());
  return [...new Set([...earlier, ...names.filter(Boolean)])];
}
