import { realpathSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { transforms } from '../../transforms/index.ts';
import type { Environment, Output } from '../cli.ts';
import type { Config } from '../config.ts';
import { UserError } from '../errors.ts';
import type { Finding } from '../finding.ts';
import { appliedOutcomes } from '../output/changed-files.ts';
import { findingsOnIgnores } from '../output/check/ignores.ts';
import { colouredDiff } from '../output/coloured-diff.ts';
import { diff, diffBytes } from '../output/diff.ts';
import { json } from '../output/json.ts';
import { maskBetween } from '../output/masked.ts';
import { pretty } from '../output/pretty.ts';
import { verificationTable } from '../output/verification.ts';
import { visible } from '../output/visible.ts';
import type { Notice, Run } from '../pipeline/run.ts';
import { type Repair, type RepairFlags, repair } from '../repair.ts';
import { gitPrefix, recover, scan, write } from '../repo/disk.ts';
import { pathMatcher } from '../repo/ignore-rules.ts';
import type { Repo } from '../repo/repo.ts';
import { worseIn } from '../verify/verdict.ts';
import { paletteFor } from './palette.ts';
import { progressOutput, spinner } from './progress.ts';
import { VERIFY_DEFAULTS, verified } from './verify.ts';

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

/**
 * What the chosen transforms make of the repository at a path. `hidden` is a file (absolute) that is no part of it. Without a
 * stream to show progress on, it is silent.
 */
export async function repairOf(
  { cwd, stderr, env }: Pick<Environment, 'cwd'> & Partial<Pick<Environment, 'stderr' | 'env'>>,
  path: string,
  flags: RepairFlags,
  hidden?: string,
): Promise<Repair & { readonly folder: string }> {
  const folder = rootAt(cwd, path);
  const busy = stderr && env && spinner(progressOutput({ stderr, env }), () => performance.now());
  try {
    const all = scan(folder);
    busy?.step('reading the repository');
    const repaired = await repair(all, flags, {
      ...(hidden !== undefined && { hidden: relative(realpathSync(folder), hidden) }),
      onTurn: ({ transform, number, total, round }) =>
        busy?.step(`${transform.id} (${number} of ${total}${round > 1 ? ', again' : ''})`),
    });
    if ('unread' in repaired) throw nothingToRepair(path, repaired.unread);
    return { folder, ...repaired };
  } finally {
    busy?.end();
  }
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
