import { resolve } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { Command, CommanderError, Option } from 'commander';
import picocolors from 'picocolors';
import { transforms } from '../transforms/index.ts';
import { pythonWasm, readmeOf, version } from './assets.ts';
import { UserError } from './errors.ts';
import { selectFinding, transformIn } from './finding-selection.ts';
import { mayRepeatInit } from './model/node/source.ts';
import { dockerFiles, unreadFiles } from './model/unread-files.ts';
import { appliedOutcomes } from './output/changed-files.ts';
import { colouredDiff } from './output/coloured-diff.ts';
import { diff, diffBytes } from './output/diff.ts';
import { findingText } from './output/finding.ts';
import { json } from './output/json.ts';
import type { Palette } from './output/palette.ts';
import { pretty } from './output/pretty.ts';
import { visible } from './output/visible.ts';
import { loadPython } from './parse/python.ts';
import { loadTypescript } from './parse/typescript.ts';
import { withFix } from './pipeline/edits.ts';
import { type Notice, type Run, run } from './pipeline/run.ts';
import { gitPrefix, recover, scan, undo, write } from './repo/disk.ts';
import type { Repo } from './repo/repo.ts';
import { selectTransforms, transformNamed } from './selection.ts';
import type { Transform } from './transform.ts';

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
}

interface ApplyFlags {
  readonly write?: true;
  readonly dryRun?: true;
  readonly only: readonly string[];
  readonly skip: readonly string[];
  readonly group: readonly Transform['group'][];
  readonly safeOnly?: true;
  readonly format: 'diff' | 'pretty' | 'json';
  readonly exitCode?: true;
  readonly debug?: true;
}

const EXAMPLES = `
Examples:
  dockfix apply                          show what would change, as a diff
  dockfix apply | git apply --index      take the diff yourself
  dockfix apply --write                  write it; "dockfix undo" takes it back
  dockfix apply --only split-copy ../shop
  dockfix explain add-entrypoint         what it repairs, and when it does not
  dockfix explain --finding 3            the third finding here, with every line that proves it

Exit status: 0 done; 1 with --exit-code, something changed or would change; 2 something could not be run or read.
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
      if (code === 'EPIPE') return;
      if (stream !== process.stderr) process.stderr.write(`error: the output could not be written: ${message}\n`);
      process.exit(2);
    });
    return { isTTY: stream.isTTY === true, write: (data) => void stream.write(data) };
  };
  const { argv, env, stdout, stderr } = process;
  const environment = { argv: argv.slice(2), cwd: process.cwd(), env, stdout: output(stdout), stderr: output(stderr) };
  void main(environment).then((status) => {
    process.exitCode = status;
  });
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
    .addOption(
      new Option('--only <ids>', 'run just these transforms (comma-separated)').argParser(addIds).default([], 'all'),
    )
    .addOption(new Option('--skip <ids>', 'run all but these transforms').argParser(addIds).default([], 'none'))
    .addOption(
      new Option('--group <name>', 'also run a group that is off by default: hygiene')
        .argParser(addGroup)
        .default([], 'none'),
    )
    .option('--safe-only', 'leave out fixes that change how the stack runs')
    .addOption(
      new Option('--format <format>', 'what goes to stdout').choices(['diff', 'pretty', 'json']).default('diff'),
    )
    .option('--exit-code', 'exit with 1 when something changed or would change')
    .option('--debug', 'show the stack of an internal error');
  apply.action(async (path: string, flags: ApplyFlags) => exit(await applyCommand(environment, path, flags)));
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

async function applyCommand(environment: Environment, path: string, flags: ApplyFlags): Promise<number> {
  const chosen = selectTransforms(transforms, { only: flags.only, skip: flags.skip, groups: flags.group });
  const root = rootAt(environment.cwd, path);
  if (flags.write) putRight(environment.stderr, root);
  const repo = scan(root);
  const unread = unreadFiles(repo);
  if (dockerFiles(repo).length === 0) throw nothingToRepair(path, unread);
  await loadParsers(repo);
  const allow = new Set(flags.safeOnly ? (['safe'] as const) : (['safe', 'review'] as const));
  const ran = run(repo, chosen, { allow, named: new Set(flags.only) });
  const result = { ...ran, notices: [...unread, ...ran.notices] };
  const leftover = flags.write ? write(root, result.before, result.after).leftover : undefined;
  report(environment, result, flags, gitPrefix(root));
  if (leftover !== undefined)
    environment.stderr.write(`note: all is written, but tidying up failed: ${visible(leftover)}\n`);
  if (result.notices.length > 0 || result.steps.some((step) => step.error !== undefined)) return 2;
  return flags.exitCode && appliedOutcomes(result).length > 0 ? 1 : 0;
}

/** An empty path is an unset variable of a script rather than the current folder. */
function rootAt(cwd: string, path: string): string {
  if (path === '') throw new UserError('The path is empty', 'Leave it out for the current folder.');
  return resolve(cwd, path);
}

function nothingToRepair(path: string, unread: readonly Notice[]): UserError {
  const [first] = unread;
  if (first) return new UserError(`${first.path}: ${first.message}`, first.hint);
  return new UserError(
    `${path} holds no Dockerfile and no Compose file`,
    'Name the folder of a repository that has one.',
  );
}

/** The parsers of Python and TypeScript are loaded only for repositories that need them. */
async function loadParsers(repo: Repo): Promise<void> {
  if (mayRepeatInit(repo)) await loadTypescript();
  if (!repo.paths.some((path) => path.endsWith('.py'))) return;
  // The optimising compiler would take longer than the parsing.
  setFlagsFromString('--liftoff-only');
  await loadPython(pythonWasm());
}

/** The result goes to stdout, the talk to stderr. `prefix` is where the repository lies below the top of its git repository. */
function report(
  { stdout, stderr, env }: Environment,
  result: Run,
  flags: ApplyFlags,
  prefix: string | undefined,
): void {
  const { before, after } = result;
  const options = { written: flags.write === true, stacks: flags.debug === true };
  if (flags.format === 'pretty') {
    stdout.write(pretty(result, { ...options, palette: paletteFor(stdout, env) }));
    return;
  }
  if (flags.format === 'json') stdout.write(json(result, { ...options, diff: diff(before, after, prefix) }));
  // A patch stays a patch, byte for byte, unless a person reads it on a terminal.
  else if (stdout.isTTY) stdout.write(colouredDiff(diff(before, after, prefix), paletteFor(stdout, env)));
  else stdout.write(diffBytes(before, after, prefix));
  stderr.write(pretty(result, { ...options, palette: paletteFor(stderr, env) }));
}

async function explainTransform({ stdout, env }: Environment, id: string | undefined): Promise<void> {
  if (id === undefined)
    throw new UserError('Nothing was named to explain', 'Name a transform (dockfix list), or a finding: --finding 1');
  const { markdown } = await import('./output/markdown.ts');
  stdout.write(markdown(readmeOf(transformNamed(transforms, id).id), paletteFor(stdout, env)));
}

/** The run is the one of `dockfix apply`, so that its findings have the same numbers; a transform that is off by default joins it when named. */
async function explainFinding({ cwd, stdout, env }: Environment, path: string, selector: string): Promise<void> {
  const named = transformIn(transforms, selector);
  const chosen = selectTransforms(transforms, { only: [], skip: [], groups: [] });
  const steps = transforms.filter((each) => chosen.includes(each) || each === named);
  const root = rootAt(cwd, path);
  const repo = scan(root);
  if (dockerFiles(repo).length === 0) throw nothingToRepair(path, unreadFiles(repo));
  await loadParsers(repo);
  const result = run(repo, steps, { allow: new Set(['safe', 'review'] as const), named: new Set() });
  const { transform, outcome, number } = selectFinding(result, selector);
  const { seen, finding } = outcome;
  const repair = finding.fix ? diff(seen, withFix(seen, finding.fix), gitPrefix(root)) : '';
  stdout.write(findingText({ transform, outcome, number, start: repo, diff: repair }, paletteFor(stdout, env)));
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

/** Finishes or rolls back a write that a crash interrupted, and says so. */
function putRight(stderr: Output, root: string): void {
  const { outcome, paths } = recover(root);
  if (outcome === 'nothing to recover') return;
  stderr.write(`note: an interrupted write was ${outcome}: ${paths.map(visible).join(', ')}\n`);
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
  return `${palette.red('error')}: ${visible(message)}\n${hint ? `${palette.dim('hint')}: ${visible(hint)}\n` : ''}${choices}${stack}`;
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

function paletteFor(output: Output, env: Environment['env']): Palette {
  const asked = env['FORCE_COLOR'] !== undefined ? env['FORCE_COLOR'] !== '0' : output.isTTY && env['TERM'] !== 'dumb';
  return picocolors.createColors(asked && !env['NO_COLOR']);
}
