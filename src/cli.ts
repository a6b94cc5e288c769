import { createInterface } from 'node:readline/promises';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { transforms } from '../transforms/index.ts';
import { version } from './assets.ts';
import { type ApplyFlags, applyCommand, putRight, repairOf, rootAt } from './cli/apply.ts';
import { type BotFlags, botOptions } from './cli/bot-options.ts';
import type { CampaignFlags } from './cli/campaign.ts';
import { campaignOptions, workerOptions } from './cli/campaign-options.ts';
import { CHECK_FORMATS, type CheckFlags, checkCommand } from './cli/check.ts';
import { type DiagnoseFlags, diagnoseCommand } from './cli/diagnose.ts';
import { explainFinding, explainTransform } from './cli/explain.ts';
import { paletteFor } from './cli/palette.ts';
import { type PrFlags, prOptions } from './cli/pr-options.ts';
import { REPORT_FORMATS, type ReportFlags, reportCommand } from './cli/report.ts';
import { cleanCommand, VERIFY_DEFAULTS, type VerifyFlags, verifyCommand } from './cli/verify.ts';
import type { WorkerFlags } from './cli/worker.ts';
import { UserError } from './errors.ts';
import { maskShapes } from './model/secret/mask.ts';
import type { Palette } from './output/palette.ts';
import { visible } from './output/visible.ts';
import type { RepairFlags } from './repair.ts';
import { undo } from './repo/disk.ts';
import type { Transform } from './transform.ts';

/** What options are described to. */
export type { Command } from 'commander';

/** A stream that the program writes to. */
export interface Output {
  readonly isTTY: boolean;
  readonly write: (data: string | Uint8Array) => void;
}

/** Everything that a call of the program depends on besides the files it is pointed at. */
export interface Environment {
  /** The arguments, without the program's own name. */
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: Output;
  readonly stderr: Output;
  /** What is piped or typed in; absent when there is nothing to read from. */
  readonly stdin?: { readonly isTTY: boolean; readonly read: () => AsyncIterable<Uint8Array> };
  /** Asks the person at the terminal a question that is answered with yes or no; absent when there is nobody. */
  readonly ask?: (question: string) => Promise<boolean>;
}

const EXAMPLES = `
Examples:
  dockfix apply                          show what would change, as a diff
  dockfix apply | git apply --index      take the diff yourself
  dockfix apply --write                  write it; "dockfix undo" takes it back
  dockfix apply --only split-copy ../shop
  dockfix verify                         start the stack as it is and as it would be, and compare
  docker compose up 2>&1 | dockfix diagnose    the cause of an error message, and its repair
  dockfix check --format github          find the same in CI; exit 1 when there is something
  dockfix pr acme/shop --dry-run         the pull request that would repair a repository on GitHub
  dockfix report -o CORRECTION.md        the document that you hand over with it
  dockfix campaign --org acme --dry-run  the same for all repositories of an organisation
  dockfix explain add-entrypoint         what it repairs, and when it does not
  dockfix explain --finding 3            the third finding here, with every line that proves it

Exit status: 0 done; 1 with --exit-code, something changed or would change, with check, something is wrong, with verify,
the repair is not proven, with diagnose, no cause is known, with campaign, some repositories failed; 2 something could not be
run or read.
`;

/** Runs the program once and answers its exit status. */
export async function main(environment: Environment): Promise<number> {
  const { stderr, env } = environment;
  let status = 0;
  try {
    await program(environment, (code) => {
      status = code;
    }).parseAsync([...environment.argv], { from: 'user' });
    return status;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    stderr.write(errorText(error, paletteFor(stderr, env), environment.argv.includes('--debug')));
    return 2;
  }
}

/** Runs the program on this process. */
export function start(): void {
  const output = (stream: NodeJS.WriteStream): Output => {
    stream.on('error', ({ code, message }: NodeJS.ErrnoException) => {
      // The reader has gone (`dockfix apply | head`): what is left to say has no audience.
      if (code === 'EPIPE' || code === 'EIO') return;
      if (stream !== process.stderr) process.stderr.write(`error: the output could not be written: ${message}\n`);
      process.exit(2);
    });
    return { isTTY: stream.isTTY === true, write: (data) => void stream.write(data) };
  };
  const { argv, env, stdout, stderr } = process;
  const environment = {
    argv: argv.slice(2),
    cwd: process.cwd(),
    env,
    stdout: output(stdout),
    stderr: output(stderr),
    stdin: { isTTY: process.stdin.isTTY === true, read: () => process.stdin },
    ...(process.stdin.isTTY && stderr.isTTY && { ask }),
  };
  void main(environment).then((status) => {
    process.exitCode = status;
  });
}

async function ask(question: string): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const asked = new AbortController();
  // Ctrl-C and Ctrl-D are answers, too.
  lines.once('SIGINT', () => asked.abort()).once('close', () => asked.abort());
  try {
    return /^\s*y(?:es)?\s*$/i.test(await lines.question(question, { signal: asked.signal }));
  } catch (error) {
    if (!asked.signal.aborted) throw error;
    process.stderr.write('\n');
    return false;
  } finally {
    lines.close();
  }
}

function program(environment: Environment, exit: (status: number) => void): Command {
  const { stdout, stderr } = environment;
  const root = new Command('dockfix')
    .description('Repairs dockerised repositories across Dockerfile, Compose, env files, entrypoints and source')
    .version(version(), '--version', 'print the version')
    .helpOption('--help', 'print this help')
    .helpCommand(false)
    .configureOutput({ writeOut: stdout.write, writeErr: stderr.write, outputError: () => {} })
    .exitOverride()
    .addHelpText('after', EXAMPLES);
  const apply = root
    .command('apply')
    .description('show the repair of a repository as a diff, or write it')
    .argument('[path]', 'folder of the repository', '.')
    .option('--dry-run', 'only show what would change (the default)')
    .addOption(new Option('--write', 'write the changes, all or none').conflicts('dryRun'))
    .option('--verify', 'with --write: build and start both states first, and write only if no service got worse')
    .option('--yes', 'with --verify: do not ask before running code of the repository')
    .addOption(
      new Option('--format <format>', 'what goes to stdout').choices(['diff', 'pretty', 'json']).default('diff'),
    )
    .option('--exit-code', 'exit with 1 when something changed or would change')
    .option('--debug', 'show the stack of an internal error');
  withSelection(apply);
  apply.action(async (path: string, flags: ApplyFlags) => exit(await applyCommand(environment, path, flags)));
  chooses(
    root
      .command('check')
      .description('find what apply would repair or a person has to, and change nothing; for CI')
      .argument('[path]', 'folder of the repository', '.')
      .addOption(new Option('--format <format>', 'what goes to stdout').choices(CHECK_FORMATS).default('pretty'))
      .option('--baseline <file>', 'leave out the problems that this file knows')
      .option('--write-baseline', 'write the problems that there are to that file, and pass')
      .option('--diff <ref>', 'only what the change since this branch, tag or commit touches')
      .option('--suppressed', 'with sarif: also what a comment or the baseline leaves alone, as suppressed')
      .option('--debug', 'show the stack of an internal error'),
  ).action(async (path: string, flags: CheckFlags) => exit(await checkCommand(environment, path, flags)));
  withSelection(verifyOptions(root.command('verify'))).action(
    async (path: string, flags: VerifyFlags & RepairFlags & { readonly clean?: true }) => {
      if (flags.clean) return exit(await cleanCommand(environment));
      const { folder, result } = await repairOf(environment, path, flags);
      exit(await verifyCommand(environment, folder, result, flags, { stdout: paletteFor(stdout, environment.env) }));
    },
  );
  chooses(
    root
      .command('report')
      .description(
        'write the correction document: each problem with its proof and repair, what is left to do, how to check',
      )
      .argument('[path]', 'folder of the repository', '.')
      .addOption(new Option('--format <format>', 'how it is written').choices(REPORT_FORMATS).default('markdown'))
      .option('-o, --output <file>', 'write it to this file instead of stdout')
      .option('--verification <file>', 'what "dockfix verify --format json" wrote, to be part of it')
      .option('--debug', 'show the stack of an internal error'),
  ).action(async (path: string, flags: ReportFlags) => exit(await reportCommand(environment, path, flags)));
  root
    .command('diagnose')
    .description('read a log or an error message, and name its cause in the repository')
    .argument('[logfile]', 'what docker, Compose or a container printed; standard input without it or with -')
    .option('--path <folder>', 'folder of the repository', '.')
    .addOption(new Option('--format <format>', 'what goes to stdout').choices(['pretty', 'json']).default('pretty'))
    .action(async (log: string | undefined, flags: DiagnoseFlags) =>
      exit(await diagnoseCommand(environment, log, flags)),
    );
  withSelection(prOptions(root.command('pr'))).action(async (repository: string, flags: PrFlags) => {
    const { prCommand } = await import('./remote.ts');
    exit(await prCommand(environment, repository, flags));
  });
  withSelection(campaignOptions(root.command('campaign'))).action(
    async (list: string | undefined, flags: CampaignFlags) => {
      const { campaignCommand } = await import('./remote.ts');
      exit(await campaignCommand(environment, list, flags));
    },
  );
  botOptions(root.command('bot')).action(async (flags: BotFlags) => {
    const { botCommand } = await import('./remote.ts');
    exit(await botCommand(environment, flags));
  });
  workerOptions(root.command('worker')).action(async (flags: WorkerFlags) => {
    const { workerCommand } = await import('./remote.ts');
    exit(await workerCommand(environment, flags));
  });
  root
    .command('list')
    .description('list the transforms in the order they run')
    .addOption(new Option('--format <format>', 'what goes to stdout').choices(['text', 'json']).default('text'))
    .action((flags: { readonly format: 'text' | 'json' }) => stdout.write(listText(flags.format)));
  root
    .command('explain')
    .description('tell what a transform repairs, or show one finding with all that proves it')
    .argument('[id]', 'a transform, as "dockfix list" names it; with --finding the folder of the repository')
    .option('--finding <which>', 'its number in the order of "dockfix apply", or transform[:path[:line]]')
    .action(async (argument: string | undefined, { finding }: { readonly finding?: string }) => {
      if (finding !== undefined) await explainFinding(environment, argument ?? '.', finding);
      else await explainTransform(environment, argument);
    });
  root
    .command('undo')
    .description('take back the last --write')
    .argument('[path]', 'folder of the repository', '.')
    .action((path: string) => undoCommand(environment, path));
  return root;
}

/** The options that choose transforms, and which of their fixes are applied. */
const withSelection = (command: Command): Command =>
  chooses(command).option('--safe-only', 'leave out fixes that change how the stack runs');

/** The options that choose transforms. */
const chooses = (command: Command): Command =>
  command
    .addOption(
      new Option('--only <ids>', 'run just these transforms (comma-separated)').argParser(addIds).default([], 'all'),
    )
    .addOption(new Option('--skip <ids>', 'run all but these transforms').argParser(addIds).default([], 'none'))
    .addOption(
      new Option('--group <name>', 'also run a group that is off by default: hygiene')
        .argParser(addGroup)
        .default([], 'none'),
    );

/** Describes `dockfix verify` to the command line. */
const verifyOptions = (command: Command): Command =>
  command
    .description('build and start the stack as it is and as it would be after apply, and compare')
    .argument('[path]', 'folder of the repository', '.')
    .addOption(
      new Option('--format <format>', 'what goes to stdout')
        .choices(['table', 'json', 'markdown'])
        .default(VERIFY_DEFAULTS.format),
    )
    .addOption(
      new Option('--timeout <seconds>', 'how long each side may take to become healthy once it is built')
        .argParser(seconds)
        .default(VERIFY_DEFAULTS.timeout),
    )
    .addOption(
      new Option('--service <names...>', 'just these services and what they need').default(
        VERIFY_DEFAULTS.service,
        'all',
      ),
    )
    .option('--build-only', 'build the images, start nothing')
    .option('--after-only', 'leave out the repository as it is')
    .option('--yes', 'do not ask before running code of the repository')
    .option('--clean', 'remove what a killed verify left behind, and do nothing else')
    .option('--debug', 'show the stack of an internal error');

function seconds(value: string): number {
  if (!/^\d{1,6}$/.test(value) || Number(value) === 0) throw new InvalidArgumentError('It is a number of seconds.');
  return Number(value);
}

function addIds(value: string, earlier: readonly string[]): readonly string[] {
  const ids = value
    .split(',')
    .map((id) => id.trim())
    .filter(Boolean);
  // An unset variable in a script must not stand for all transforms.
  if (ids.length === 0)
    throw new UserError('--only and --skip need at least one transform', 'See: dockfix list, for their names.');
  return [...earlier, ...ids];
}

function addGroup(value: string, earlier: readonly Transform['group'][]): readonly Transform['group'][] {
  if (value !== 'hygiene' && value !== 'repair')
    throw new UserError(`There is no group "${value}"`, 'The groups are repair and hygiene.');
  return [...earlier, value];
}

function undoCommand({ cwd, stdout, stderr }: Environment, path: string): void {
  const root = rootAt(cwd, path);
  putRight(stderr, root);
  stdout.write(
    undo(root)
      .map((file) => `restored ${visible(file)}\n`)
      .join(''),
  );
}

function listText(format: 'text' | 'json'): string {
  const rows = transforms.map(({ id, group, summary }) => ({ id, group, summary }));
  if (format === 'json') return `${JSON.stringify(rows, undefined, 2)}\n`;
  const width = Math.max(...rows.map(({ id }) => id.length));
  return rows.map(({ id, group, summary }) => `${id.padEnd(width)}  ${group.padEnd(7)}  ${summary}\n`).join('');
}

/** One line that says what is wrong and one that says what to do. */
function errorText(error: unknown, palette: Palette, debug: boolean): string {
  const { message, hint } = explained(error);
  const choices = error instanceof UserError ? error.choices.map((choice) => `  ${visible(choice)}\n`).join('') : '';
  const stack = debug && error instanceof Error && !(error instanceof UserError) ? `${error.stack}\n` : '';
  return maskShapes(
    `${palette.red('error')}: ${visible(message)}\n${hint ? `${palette.dim('hint')}: ${visible(hint)}\n` : ''}${choices}${stack}`,
  );
}

function explained(error: unknown): { readonly message: string; readonly hint: string | undefined } {
  if (error instanceof UserError) return error;
  if (error instanceof CommanderError) {
    const [message = '', suggestion] = error.message.replace(/^error: /, '').split('\n');
    if (error.code === 'commander.help')
      return { message: 'no command was given', hint: 'Try: dockfix apply, or dockfix --help' };
    return { message, hint: suggestion?.replace(/^\(|\)$/g, '') ?? 'See: dockfix --help' };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { message: `internal error: ${message}`, hint: 'This is a bug in dockfix; --debug shows where.' };
}
