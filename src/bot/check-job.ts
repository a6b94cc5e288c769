import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { CONFIG_FILES } from '../config.ts';
import { UserError } from '../errors.ts';
import type { CommitCheck, PullRequest } from '../forge/forge.ts';
import type { CheckJob } from '../jobs/jobs.ts';
import { withCommits } from '../pull-request/clone.ts';
import { layDown } from '../pull-request/snapshot.ts';
import { uncheckedRun, wrongConfigRun } from './check-run.ts';
import { configFilesIn } from './config-files.ts';
import { memoryOf } from './marks.ts';
import { relevanceOf } from './relevance.ts';
import { remoteOf, type Workbench } from './workbench.ts';

/** Checks the head of a pull request, and shows there what it touches. A job for a head that is not the head any more shows nothing. */
export async function doCheck(bench: Workbench, job: CheckJob): Promise<CommitCheck['conclusion'] | 'none'> {
  const { forge } = bench;
  const pull = await forge.pullRequest(job.repository, job.pullRequest);
  if (pull.state !== 'open' || pull.headCommit !== job.commit) return 'none';
  const check = await checkOfPull(bench, job.repository, pull);
  if (!check) return 'none';
  await forge.setCheck(job.repository, check);
  return check.conclusion;
}

/** What is to be shown at the head of a pull request; undefined when that is nothing. */
async function checkOfPull(bench: Workbench, repository: string, pull: PullRequest): Promise<CommitCheck | undefined> {
  const { forge } = bench;
  const paths = await forge.changedPaths(repository, pull.number);
  const relevance = relevanceOf(paths);
  if (relevance === 'none') return undefined;
  const { ignored } = memoryOf(await forge.comments(repository, pull.number), await forge.self());
  const always = relevance === 'docker';
  try {
    return await inspected(bench, repository, pull, {
      ignored: [...ignored].sort(),
      always,
      changesConfig: paths.some((path) => CONFIG_FILES.some((each) => each === path)),
    });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return always ? uncheckedRun(pull.headCommit, error) : undefined;
  }
}

async function inspected(
  { forge, workshop, inspect }: Workbench,
  repository: string,
  pull: PullRequest,
  more: { readonly ignored: readonly string[]; readonly always: boolean; readonly changesConfig: boolean },
): Promise<CommitCheck | undefined> {
  const remote = await remoteOf(forge, repository);
  const before = (await forge.mergeBase?.(repository, pull.number)) ?? pull.base;
  const wanted = { head: headRef(pull), before, base: pull.base };
  return withCommits(workshop, remote, wanted, async ({ folder: own, git, tip }) => {
    // Somebody pushed meanwhile: there is, or will be, a job for that.
    if (tip('head').id !== pull.headCommit) return undefined;
    const folder = join(own, 'trees');
    for (const name of ['head', 'before']) {
      mkdirSync(join(folder, name), { recursive: true, mode: 0o700 });
      await layDown(git, tip(name).tree, join(folder, name), workshop.limits);
    }
    const config = await configFilesIn(git, tip('base').tree).catch(asUserError);
    if (config instanceof UserError) return wrongConfigRun(pull.headCommit, config, 'failure');
    const task = { kind: 'check', folder, name: repository, commit: pull.headCommit, config, ...more } as const;
    return (await inspect(task, workshop.limits, workshop.signal)).check ?? undefined;
  });
}

/** What the forge keeps of the head of a pull request, in the repository itself also when it comes from a fork. */
const headRef = ({ number }: PullRequest): string => `refs/pull/${number}/head`;

function asUserError(error: unknown): UserError {
  if (error instanceof UserError) return error;
  throw error;
}
