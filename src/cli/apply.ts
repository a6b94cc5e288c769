import { realpathSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { transforms } from '../../transforms/index.ts';
import { pythonWasm } from '../assets.ts';
import type { Environment, Output } from '../cli.ts';
import { type Config, readConfig } from '../config.ts';
import { UserError } from '../errors.ts';
import type { Finding } from '../finding.ts';
import { ignoreAt } from '../model/ignore-comment.ts';
import { mayRepeatInit } from '../model/node/source.ts';
import { dockerFiles, unreadFiles } from '../model/unread-files.ts';
import { appliedOutcomes } from '../output/changed-files.ts';
import { findingsOnIgnores } from '../output/check/ignores.ts';
import { colouredDiff } from '../output/coloured-diff.ts';
import { diff, diffBytes } from '../output/diff.ts';
import { json } from '../output/json.ts';
import { maskBetween } from '../output/masked.ts';
import { pretty } from '../output/pretty.ts';
import { verificationTable } from '../output/verification.ts';
import { visible } from '../output/visible.ts';
import { loadPython } from '../parse/python.ts';
import { loadTypescript } from '../parse/typescript.ts';
import { type Notice, type Run, run } from '../pipeline/run.ts';
import { gitPrefix, recover, scan, write } from '../repo/disk.ts';
import { pathMatcher } from '../repo/ignore-rules.ts';
import type { Repo } from '../repo/repo.ts';
import { selectTransforms } from '../selection.ts';
import type { Transform } from '../transform.ts';
import { worseIn } from '../verify/verdict.ts';
import { paletteFor } from './palette.ts';
import { progressOutput, type Spinner, spinner } from './progress.ts';
import { VERIFY_DEFAULTS, verified } from './verify.ts';

/** Which transforms run, and which of their fixes are applied. */
export interface RepairFlags {
  readonly only: readonly string[];
  readonly skip: readonly string[];
  readonly group: readonly Transform['group'][];
  readonly safeOnly?: true;
}

/** The options of `dockfix apply`. */
export interface ApplyFlags extends RepairFlags {
  readonly write?: true;
  readonly verify?: true;
  readonly yes?: true;
  readonly dryRun?: true;
  readonly format: 'diff' | 'pretty' | 'json';
  readonly exitCode?: true;
  readonly debug?: true;
}

/** Runs `dockfix apply`: shows the repair, or writes it. */
export async function applyCommand(environment: Environment, path: string, flags: ApplyFlags): Promise<number> {
  if (flags.verify && !flags.write)
    throw new UserError('--verify needs --write', 'To compare without writing, run: dockfix verify');
  if (flags.write) putRight(environment.stderr, rootAt(environment.cwd, path));
  const { folder, result, config } = await repairOf(environment, path, flags);
  if (flags.verify && appliedOutcomes(result).length > 0) {
    const refused = await refusal(environment, folder, result, flags);
    if (refused !== undefined) return refused;
  }
  const leftover = flags.write ? write(folder, result.before, result.after).leftover : undefined;
  report(environment, result, flags, { prefix: gitPrefix(folder), ignores: idleIgnores(result, config) });
  if (leftover !== undefined)
    environment.stderr.write(`note: all is written, but tidying up failed: ${visible(leftover)}\n`);
  if (result.notices.length > 0 || result.steps.some((step) => step.error !== undefined)) return 2;
  return flags.exitCode && appliedOutcomes(result).length > 0 ? 1 : 0;
}

/** A repair that was worked out, and what it is about. */
export interface Repair {
  readonly folder: string;
  readonly result: Run;
  readonly config: Config;
}

/**
 * What the chosen transforms make of the repository at a path. `hidden` is a file (absolute) that is no part of it. Without a
 * stream to show progress on, it is silent.
 */
export async function repairOf(
  { cwd, stderr, env }: Pick<Environment, 'cwd'> & Partial<Pick<Environment, 'stderr' | 'env'>>,
  path: string,
  flags: RepairFlags,
  hidden?: string,
): Promise<Repair> {
  const busy = stderr && env && spinner(progressOutput({ stderr, env }), () => performance.now());
  try {
    return await workedOut(rootAt(cwd, path), path, flags, { hidden, busy });
  } finally {
    busy?.end();
  }
}

async function workedOut(
  folder: string,
  path: string,
  flags: RepairFlags,
  { hidden, busy }: { readonly hidden: string | undefined; readonly busy: Spinner | undefined },
): Promise<Repair> {
  const all = scan(folder);
  const config = readConfig(all, transforms);
  const chosen = chosenBy(flags, config);
  const repo = withoutOwn(all, hidden === undefined ? undefined : relative(realpathSync(folder), hidden));
  const isExcluded = pathMatcher(config.exclude);
  const unread = unreadFiles(repo);
  if (dockerFiles(repo).length === 0) throw nothingToRepair(path, unread);
  busy?.step('reading the repository');
  await loadParsers(repo);
  const allow = new Set(flags.safeOnly ? (['safe'] as const) : (['safe', 'review'] as const));
  const touches = ({ at, fix }: Finding): readonly string[] => [
    at.path,
    ...(fix?.changes ?? []).map((change) => change.path),
  ];
  const ran = run(repo, chosen, {
    allow,
    named: new Set(flags.only),
    leave: ({ id }, finding, seen) => {
      if (touches(finding).some(isExcluded)) return 'excluded by configuration';
      return ignoreAt(seen, id, finding.at) ? 'ignored by comment' : undefined;
    },
    onTurn: ({ transform, number, total, round }) =>
      busy?.step(`${transform.id} (${number} of ${total}${round > 1 ? ', again' : ''})`),
  });
  const notices = [...unread, ...ran.notices].filter((notice) => !isExcluded(notice.path));
  return { folder, config, result: { ...ran, notices } };
}

/** What the command line says about transforms goes over what the configuration says. */
function chosenBy(flags: RepairFlags, config: Config): readonly Transform[] {
  const { only, skip } = flags;
  const selected = selectTransforms(transforms, { only, skip, groups: [...flags.group, ...config.groups] });
  if (only.length > 0) return selected;
  const chosen = transforms.filter(({ id }) => {
    const on = config.transforms.get(id);
    return on === undefined ? selected.some((each) => each.id === id) : on && !skip.includes(id);
  });
  if (chosen.length === 0) throw new UserError('No transform is left to run', 'See them with: dockfix list');
  return chosen;
}

/** The files of dockfix itself name files and say words that would count as what the repository's own files say. */
function withoutOwn(repo: Repo, hidden: string | undefined): Repo {
  const own = repo.paths.filter((each) => each === hidden || /^\.?dockfix(?:[.-][\w.-]+)?\.(?:json|ya?ml)$/.test(each));
  return own.length === 0 ? repo : repo.with(new Map(own.map((each) => [each, null])));
}

/** Starts both states; the exit status when the changes are not to be kept. What was seen goes to stderr. */
async function refusal(
  environment: Environment,
  folder: string,
  { before, after }: Run,
  { yes }: ApplyFlags,
): Promise<number | undefined> {
  const { stderr, env } = environment;
  const answer = await verified(environment, folder, before, after, { ...VERIFY_DEFAULTS, ...(yes && { yes }) });
  if ('status' in answer) return answer.status;
  stderr.write(`${verificationTable(answer.verification, paletteFor(stderr, env))}\n`);
  if (worseIn(answer.verification).length === 0) return undefined;
  stderr.write('Nothing was written: the stack starts worse with these changes than without them.\n');
  return 1;
}

/** An empty path is an unset variable of a script rather than the current folder. */
export function rootAt(cwd: string, path: string): string {
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

/** What is wrong with the ignore comments of files that are not excluded. */
function idleIgnores(result: Run, { exclude }: Config): readonly Finding[] {
  const isExcluded = pathMatcher(exclude);
  return findingsOnIgnores(result, new Set(transforms.map(({ id }) => id))).filter(({ at }) => !isExcluded(at.path));
}

/** The result goes to stdout, the talk to stderr. `prefix` is where the repository lies below the top of its git repository. */
function report(
  environment: Environment,
  result: Run,
  flags: ApplyFlags,
  { prefix, ignores }: { readonly prefix: string; readonly ignores: readonly Finding[] },
): void {
  const { stdout, stderr, env } = environment;
  const { before, after } = result;
  const options = { written: flags.write === true, stacks: flags.debug === true, ignores };
  if (flags.format === 'pretty') {
    stdout.write(pretty(result, { ...options, palette: paletteFor(stdout, env) }));
    return;
  }
  if (flags.format === 'json') stdout.write(json(result, { ...options, diff: diff(before, after, prefix) }));
  // A patch stays a patch, byte for byte, unless a person reads it on a terminal.
  else if (stdout.isTTY) showDiff(environment, before, after, diff(before, after, prefix));
  else stdout.write(diffBytes(before, after, prefix));
  stderr.write(pretty(result, { ...options, palette: paletteFor(stderr, env) }));
}

/** A diff on a terminal is for reading: the secrets that it takes away are masked there. */
function showDiff({ stdout, stderr, env }: Environment, before: Repo, after: Repo, patch: string): void {
  const masked = maskBetween(before, after)(patch);
  stdout.write(colouredDiff(masked, paletteFor(stdout, env)));
  if (masked !== patch)
    stderr.write(
      'note: secrets are shown as ***; a diff that goes to a file or a pipe has them on its removed lines\n',
    );
}

/** Finishes or rolls back a write that a crash interrupted, and says so. */
export function putRight(stderr: Output, root: string): void {
  const { outcome, paths } = recover(root);
  if (outcome === 'nothing to recover') return;
  stderr.write(`note: an interrupted write was ${outcome}: ${paths.map(visible).join(', ')}\n`);
}
