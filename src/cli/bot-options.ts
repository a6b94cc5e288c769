import { availableParallelism } from 'node:os';
import type { Command } from '../cli.ts';
import { UserError } from '../errors.ts';

/** The options of `dockfix bot`. */
export interface BotFlags {
  readonly host: string;
  readonly port: number;
  readonly redis?: string;
  readonly concurrency: number;
  readonly forgeUrl?: string;
  /** In seconds. */
  readonly grace: number;
  readonly logLevel: 'error' | 'warn' | 'info' | 'debug';
}

/** Describes `dockfix bot` to the command line. */
export const botOptions = (command: Command): Command =>
  command
    .description('run the webhook server of a GitHub App: pull requests, checks and answers to comments')
    .option('--host <address>', 'where it listens; 0.0.0.0 in a container', '127.0.0.1')
    .addOption(
      command.createOption('--port <number>', 'and on which port').argParser(numberFor('--port', 65_535)).default(3000),
    )
    .option('--redis <url>', 'keep jobs there, for all bots and workers that do (or set DOCKFIX_REDIS_URL)')
    .addOption(
      command
        .createOption('--concurrency <number>', 'jobs at a time in this process')
        .argParser(numberFor('--concurrency', 999))
        .default(availableParallelism()),
    )
    .option('--forge-url <url>', 'the root of the web pages of a GitHub Enterprise Server')
    .addOption(
      command
        .createOption('--grace <seconds>', 'how long jobs may take to end when it is asked to')
        .argParser(numberFor('--grace', 3600))
        .default(25),
    )
    .addOption(
      command
        .createOption('--log-level <level>', 'how much is told on stdout, as JSON lines')
        .choices(['error', 'warn', 'info', 'debug'])
        .default('info'),
    )
    .option('--debug', 'show the stack of an internal error')
    .addHelpText(
      'after',
      `
Environment:
  DOCKFIX_WEBHOOK_SECRET   or DOCKFIX_WEBHOOK_SECRET_FILE: the secret of the App's webhook
  DOCKFIX_APP_ID           the App's id
  DOCKFIX_APP_PRIVATE_KEY  or DOCKFIX_APP_PRIVATE_KEY_FILE: its private key
`,
    );

const numberFor =
  (option: string, most: number) =>
  (value: string): number => {
    const number = /^\d{1,6}$/.test(value) ? Number(value) : Number.NaN;
    // 0 is a free port, and no time at all.
    if (number <= most && (number > 0 || option !== '--concurrency')) return number;
    throw new UserError(`${option} is a number up to ${most}, not ${JSON.stringify(value)}`);
  };
