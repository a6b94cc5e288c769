import { availableParallelism } from 'node:os';
import type { Command } from '../cli.ts';
import { UserError } from '../errors.ts';
import { proposalOptions } from './proposal-options.ts';

/** Describes `dockfix campaign` to the command line. */
export const campaignOptions = (command: Command): Command =>
  proposalOptions(
    command
      .description('open or update the pull requests that repair many repositories')
      .argument('[file]', 'the repositories: one in a line, or a list as YAML or JSON')
      .option('--org <name>', 'all repositories of a user, organisation or group instead')
      .option('--search <query>', 'those that a search in the language of the forge finds instead')
      .option('--archived', 'with --org or --search: archived ones, too')
      .option('--forks', 'with --org or --search: forks, too')
      .option('--dry-run', 'change nothing: show what would be proposed')
      .addOption(
        command
          .createOption('--concurrency <number>', 'repositories at a time')
          .argParser(countFor('--concurrency'))
          .default(availableParallelism()),
      )
      .addOption(
        command
          .createOption('--max-prs-per-hour <number>', 'open no more pull requests than that within any hour')
          .argParser(countFor('--max-prs-per-hour')),
      )
      .option('--redis <url>', 'let "dockfix worker" do the work (or set DOCKFIX_REDIS_URL)')
      .option(
        '--state <file>',
        'what is done is written there, to go on with after an interruption',
        'dockfix-campaign.jsonl',
      )
      .addOption(
        command
          .createOption('--format <format>', 'the summary on stdout')
          .choices(['table', 'json', 'html'])
          .default('table'),
      )
      .option('--summary <file>', 'also write the summary there, as a web page'),
  ).option('--debug', 'show the stack of an internal error');

/** Describes `dockfix worker` to the command line. */
export const workerOptions = (command: Command): Command =>
  command
    .description('do jobs from Redis, beside as many other workers as wanted')
    .option('--redis <url>', 'where the jobs are: redis:// or rediss:// (or set DOCKFIX_REDIS_URL)')
    .addOption(
      command
        .createOption('--concurrency <number>', 'jobs at a time in this process')
        .argParser(countFor('--concurrency'))
        .default(availableParallelism()),
    )
    .addOption(
      command
        .createOption('--takeover <seconds>', 'how long a worker is not heard of until others take over its jobs')
        .argParser(countFor('--takeover'))
        .default(30),
    )
    .addOption(
      command
        .createOption('--log-level <level>', 'how much is told on stderr, as JSON lines')
        .choices(['error', 'warn', 'info', 'debug'])
        .default('info'),
    )
    .option('--debug', 'show the stack of an internal error');

const countFor =
  (option: string) =>
  (value: string): number => {
    if (!/^[1-9]\d{0,5}$/.test(value))
      throw new UserError(`${option} is a number from 1 to 999999, not ${JSON.stringify(value)}`);
    return Number(value);
  };
