import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import type { Environment } from '../cli.ts';
import { UserError } from '../errors.ts';
import { addressOf, type RepositoryAddress } from '../forge/address.ts';
import { forgeAt } from '../forge/connect.ts';
import { credentialsIn } from '../forge/credentials.ts';
import { ForgeError, type ForgeFailure } from '../forge/forge-error.ts';
import { visible, visibleLines } from '../output/visible.ts';
import { fixRepository } from '../pull-request/fix-repository.ts';
import type { BranchResult, FixRequest, FixResult } from '../pull-request/types.ts';
import { workshopIn } from '../pull-request/workshop.ts';
import { originUrl } from '../repo/origin-url.ts';
import { interruptible } from './interrupt.ts';
import type { PrFlags } from './pr-options.ts';
import { proposalOf } from './proposal-options.ts';
import { verificationIn } from './verification-file.ts';

/** Runs `dockfix pr`: one line for each branch, or with `--dry-run` all that would be sent. */
export async function prCommand(environment: Environment, target: string, flags: PrFlags): Promise<number> {
  const { cwd, env, stdout, stderr } = environment;
  const verification = flags.verification === undefined ? undefined : verificationIn(cwd, flags.verification);
  const credentials = credentialsIn(env);
  const { address, repository } = repositoryAt(cwd, target, flags);
  const forge = forgeAt(address, credentials);
  const answer = await interruptible(
    (signal) =>
      fixRepository(forge, requestOf(repository, flags), {
        ...workshopIn(tmpdir(), signal),
        ...(verification && { verification }),
      }),
    () => stderr.write('interrupted: removing the temporary clone…\n'),
  ).catch((error: unknown) => {
    throw error instanceof ForgeError ? explained(error, address.url) : error;
  });
  if ('status' in answer) return answer.status;
  if (flags.format === 'json') stdout.write(`${JSON.stringify({ schemaVersion: 1, ...answer }, undefined, 2)}\n`);
  else stdout.write(flags.dryRun ? answer.branches.map(proposalText).join('\n') : linesOf(answer));
  tell(environment, answer, flags);
  return answer.skipped === undefined ? 0 : 2;
}

/** A path that begins like one is a folder, and so is a name without a slash; the rest is for the forge. */
function repositoryAt(cwd: string, target: string, flags: PrFlags): RepositoryAddress {
  if (target === '') throw new UserError('The repository is empty', 'Name it as owner/name.');
  const options = { kind: flags.forge, url: flags.forgeUrl, anyHost: true };
  const isFolder = /^(?:\.{1,2}(?:\/|$)|\/)/.test(target) || /^[^/:@]+$/.test(target);
  return addressOf(isFolder ? originUrl(resolve(cwd, target)) : target, options);
}

const requestOf = (repository: string, flags: PrFlags): FixRequest => ({
  repository,
  ...(flags.base !== undefined && { base: flags.base }),
  ...proposalOf(flags),
});

const linesOf = ({ branches }: FixResult): string =>
  branches
    .map(({ branch, action, pullRequest, repairs }) => {
      const count = Object.values(repairs).reduce((sum, each) => sum + each, 0);
      const amount = count > 0 ? ` (${count} ${count === 1 ? 'repair' : 'repairs'})` : '';
      return `${branch}: ${action}${pullRequest ? ` ${visible(pullRequest.url)}` : ''}${amount}\n`;
    })
    .join('');

/** What would be sent, as it would be sent. */
function proposalText({ branch, action, commit, title, body, diff }: BranchResult): string {
  const head = `${branch}: ${action}${commit === undefined ? '' : ` ${commit.slice(0, 12)}`}\n`;
  if (title === undefined || body === undefined) return head;
  return `${head}\n${visible(title)}\n\n${visibleLines(body)}\n${visibleLines(diff ?? '')}`;
}

function tell(
  { stderr }: Environment,
  { repository, branches, skipped }: FixResult,
  { onePerTransform }: PrFlags,
): void {
  if (skipped !== undefined) stderr.write(`${visible(repository)} was skipped: ${visible(skipped)}\n`);
  else if (branches.length === 0 && onePerTransform) stderr.write(`${visible(repository)}: nothing to repair\n`);
  for (const { branch, notes } of branches)
    for (const note of notes) stderr.write(`note: ${branch}: ${visible(note)}\n`);
}

const HINTS: Readonly<Record<ForgeFailure, string>> = {
  'not found': 'Check its name, and whether these credentials may see it.',
  unauthorised: 'Check the token: it may have expired.',
  forbidden: 'The token needs to write contents and pull requests.',
  'rate limited': 'Come back later.',
  conflict: 'Run it again.',
  invalid: 'The forge does not take it: check the options.',
  unavailable: 'Run it again later: nothing is lost, and nothing is done twice.',
};

function explained({ kind, message, retryAfter }: ForgeError, url: string): UserError {
  const hint = retryAfter === undefined ? HINTS[kind] : `Come back in ${retryAfter} seconds.`;
  return new UserError(`${url}: ${message}`, hint);
}
