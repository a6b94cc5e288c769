import type { Environment } from '../cli.ts';
import { UserError } from '../errors.ts';
import { changedFiles } from '../output/changed-files.ts';
import type { Palette } from '../output/palette.ts';
import { verificationJson, verificationMarkdown, verificationTable } from '../output/verification.ts';
import { visible } from '../output/visible.ts';
import type { Run } from '../pipeline/run.ts';
import { cleanUp, type Leftover } from '../verify/cleanup.ts';
import { checkEngine } from '../verify/engine.ts';
import { deadRuns } from '../verify/registry.ts';
import { passed, type Verification } from '../verify/verdict.ts';
import { verify } from '../verify/verify.ts';
import { interruptible } from './interrupt.ts';
import { progressDisplay, progressOutput } from './progress.ts';

/** The options of `dockfix verify` besides those that choose transforms. */
export interface VerifyFlags {
  readonly format: 'table' | 'json' | 'markdown';
  readonly timeout: number;
  readonly service: readonly string[];
  readonly buildOnly?: true;
  readonly afterOnly?: true;
  readonly yes?: true;
}

/** What `apply --verify` uses, too. */
export const VERIFY_DEFAULTS: VerifyFlags = { format: 'table', timeout: 300, service: [] };

/** How long a service without a healthcheck has to run. Celery's beat sends its first task within that time in most projects. */
const SETTLE_SECONDS = 35;
/** What `verify` answered: its result, or the status with which the program ends because it was interrupted. */
export type Answer = { readonly verification: Verification } | { readonly status: number };

/** Runs `dockfix verify` on a repair that was worked out already. */
export async function verifyCommand(
  environment: Environment,
  root: string,
  run: Run,
  flags: VerifyFlags,
  palettes: { readonly stdout: Palette },
): Promise<number> {
  const same = changedFiles(run).length === 0;
  if (same) environment.stderr.write('Nothing is to be repaired here: the stack is started once, as it is.\n');
  const how = same ? { ...flags, afterOnly: true as const } : flags;
  const answer = await verified(environment, root, run.before, run.after, how);
  if ('status' in answer) return answer.status;
  const { verification } = answer;
  const { stdout } = environment;
  if (flags.format === 'json') stdout.write(verificationJson(verification));
  else if (flags.format === 'markdown') stdout.write(verificationMarkdown(verification));
  else stdout.write(verificationTable(verification, palettes.stdout));
  return passed(verification) ? 0 : 1;
}

/** Asks, builds, starts, watches, tidies up; says on stderr what it does. */
export async function verified(
  environment: Environment,
  root: string,
  before: Run['before'],
  after: Run['after'],
  flags: VerifyFlags,
): Promise<Answer> {
  const { stderr } = environment;
  await checkEngine(new AbortController().signal);
  await consent(environment, root, flags);
  const earlier = await deadRuns();
  if (earlier.length > 0)
    stderr.write('note: an earlier verify was killed; "dockfix verify --clean" removes what it left behind\n');
  const display = progressDisplay(progressOutput(environment));
  return interruptible(
    async (signal) => {
      const { verification, leftover } = await verify({
        root,
        before,
        after,
        services: flags.service,
        timeoutSeconds: flags.timeout,
        settleSeconds: SETTLE_SECONDS,
        buildOnly: flags.buildOnly === true,
        afterOnly: flags.afterOnly === true,
        signal,
        progress: display.show,
      });
      display.end();
      tellLeftover(environment, [leftover]);
      return { verification };
    },
    () => {
      display.end();
      stderr.write('interrupted: removing what was started…\n');
    },
  ).finally(display.end);
}

/** Removes what killed runs left behind; 0 when nothing of them is there any more. */
export async function cleanCommand(environment: Environment): Promise<number> {
  await checkEngine(new AbortController().signal);
  const { removed, left } = await cleanUp();
  environment.stdout.write(
    removed.length === 0 && left.length === 0
      ? 'Nothing was left behind.\n'
      : removed.map((id) => `removed what run ${id} left behind\n`).join(''),
  );
  tellLeftover(environment, left);
  return left.length > 0 ? 2 : 0;
}

function tellLeftover({ stderr }: Environment, left: readonly Leftover[]): void {
  for (const { id, what } of left)
    if (what.length > 0) stderr.write(`note: run ${id} could not remove ${visible(what.join(', '))}\n`);
}

/** The repository's code runs with the rights of Docker: nobody shall be surprised by that. */
async function consent({ stderr, ask }: Environment, root: string, flags: VerifyFlags): Promise<void> {
  const what = flags.buildOnly ? 'builds the images of' : 'builds and starts the stack of';
  const times = flags.afterOnly ? 'once' : 'twice: as it is, and as it would be';
  stderr.write(
    `This ${what} ${visible(root)} with Docker, ${times}. It runs the code of the repository, from temporary copies.\n`,
  );
  if (flags.yes) return;
  if (!ask) throw new UserError('Nobody can be asked whether that code may run', 'Say so with --yes.');
  if (!(await ask('Run it? [y/N] '))) throw new UserError('Nothing was run', 'Answer y, or use --yes.');
}
