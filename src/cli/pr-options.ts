import type { Command } from '../cli.ts';
import { type ProposalFlags, proposalOptions } from './proposal-options.ts';

/** The options of `dockfix pr`. */
export interface PrFlags extends ProposalFlags {
  readonly base?: string;
  readonly verification?: string;
  readonly format: 'text' | 'json';
}

/** Describes `dockfix pr` to the command line. */
export const prOptions = (command: Command): Command =>
  proposalOptions(
    command
      .description('open or update the pull request that repairs a repository on its forge')
      .argument('<repository>', 'owner/name, the URL that git clones, or a folder that was cloned from there')
      .option('--base <branch>', 'the branch to repair (the default one)')
      .option('--dry-run', 'change nothing: show the branch, the text and the diff')
      .option('--verification <file>', 'put into the text what "dockfix verify --format json" saw'),
  )
    .addOption(
      command.createOption('--format <format>', 'what goes to stdout').choices(['text', 'json']).default('text'),
    )
    .option('--debug', 'show the stack of an internal error');
