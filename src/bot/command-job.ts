import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { transforms } from '../../transforms/index.ts';
import { readmeOf } from '../assets.ts';
import { UserError } from '../errors.ts';
import type { PullRequest } from '../forge/forge.ts';
import type { CommandJob } from '../jobs/jobs.ts';
import { withCommits } from '../pull-request/clone.ts';
import { layDown } from '../pull-request/snapshot.ts';
import type { FixRequest } from '../pull-request/types.ts';
import { transformNamed } from '../selection.ts';
import { appliedText, explainedText, forkText, helpText, ignoredText, notOpenText, refusalText } from './answer.ts';
import { doCheck } from './check-job.ts';
import { configFilesIn } from './config-files.ts';
import { fixAsConfigured } from './fix-job.ts';
import { answerMark, ignoreMark, memoryOf } from './marks.ts';
import { remoteOf, type Workbench } from './workbench.ts';

/** An answer to a comment, and what follows from it once it is there. */
interface Reply {
  readonly text: string;
  /** Marks that the answer carries besides its own. */
  readonly marks?: readonly string[];
  /** Follows from the answer; done again when the job is, because it may have been cut off. */
  readonly afterwards?: () => Promise<void>;
}

/** Does what a comment asks for and answers it, once; does nothing for people who may not write. True when it answered. */
export async function doCommand(bench: Workbench, job: CommandJob): Promise<boolean> {
  const { forge, log } = bench;
  const { repository, pullRequest: number, comment, author } = job;
  if (!(await forge.canWrite(repository, author))) {
    log.info({ repository, pullRequest: number, comment }, 'a command of somebody who may not write was not done');
    return false;
  }
  const { answered } = memoryOf(await forge.comments(repository, number), await forge.self());
  if (answered.has(comment) && job.command.name !== 'ignore') return false;
  const pull = await forge.pullRequest(repository, number);
  const { text, marks, afterwards } = await replyTo(bench, job, pull).catch(refused);
  const isNew = !answered.has(comment);
  if (isNew) await forge.comment(repository, number, `${[answerMark(comment), ...(marks ?? [])].join('\n')}\n${text}`);
  await afterwards?.();
  return isNew;
}

function refused(error: unknown): Reply {
  if (error instanceof UserError) return { text: refusalText(error.message, error.hint) };
  throw error;
}

function replyTo(bench: Workbench, job: CommandJob, pull: PullRequest): Promise<Reply> {
  const { command } = job;
  switch (command.name) {
    case 'apply':
      return apply(bench, job, pull);
    case 'ignore':
      return ignore(bench, job, pull, transformNamed(transforms, command.transform).id);
    case 'explain':
      return explain(bench, job, pull, command.transform);
    case 'help':
      return Promise.resolve({ text: helpText() });
  }
}

/** The pull request is one that dockfix made: all that a name can say. The branch itself is judged by its commit. */
function isOwn({ head, headRepository }: PullRequest, { repository }: CommandJob): boolean {
  return head.startsWith('dockfix/') && headRepository.toLowerCase() === repository.toLowerCase();
}

/** The request that a pull request of dockfix comes from; for one of somebody else, the request to repair its branch. */
function requestFor(pull: PullRequest, job: CommandJob, skip: readonly string[]): FixRequest {
  const { head, base } = pull;
  const own = /^dockfix\/(?:(.+)\/)?[^/]+$/.exec(head);
  const isOurs = own !== null && isOwn(pull, job);
  const under = isOurs ? own[1] : `on-${head.replaceAll('+', '++').replaceAll('/', '+')}`;
  return {
    repository: job.repository,
    base: isOurs ? base : head,
    ...(under !== undefined && { under }),
    onePerTransform: false,
    draft: false,
    safeOnly: false,
    only: [],
    skip,
    group: [],
    labels: [],
    reviewers: [],
    dryRun: false,
  };
}

async function apply(bench: Workbench, job: CommandJob, pull: PullRequest): Promise<Reply> {
  if (pull.state !== 'open') return { text: notOpenText() };
  if (pull.headRepository.toLowerCase() !== job.repository.toLowerCase()) return { text: forkText() };
  const { ignored } = memoryOf(await bench.forge.comments(job.repository, pull.number), await bench.forge.self());
  const skip = transforms.map(({ id }) => id).filter((id) => ignored.has(id));
  const result = await fixAsConfigured(bench, requestFor(pull, job, skip), undefined);
  return { text: appliedText(result) };
}

async function ignore(bench: Workbench, job: CommandJob, pull: PullRequest, id: string): Promise<Reply> {
  const { forge } = bench;
  if (pull.state !== 'open') return { text: notOpenText() };
  const marks = [ignoreMark(id)];
  if (!isOwn(pull, job))
    return {
      text: ignoredText(id, 'of the check of this pull request'),
      marks,
      afterwards: () => recheck(bench, job, pull),
    };
  const alone = pull.head.slice(pull.head.lastIndexOf('/') + 1);
  if (alone === 'all')
    return {
      text: ignoredText(id, 'of this pull request, which is brought up to date now'),
      marks,
      afterwards: async () => void (await fixAsConfigured(bench, requestFor(pull, job, []), undefined)),
    };
  if (alone !== id) throw new UserError(`This pull request holds nothing of ${id}`, `It is about ${alone} alone.`);
  return {
    text: ignoredText(id, 'from now on: this pull request is closed, and there will be none for the same findings'),
    marks,
    afterwards: async () => void (await forge.update(job.repository, pull.number, { state: 'closed' })),
  };
}

async function recheck(bench: Workbench, { forge, repository }: CommandJob, pull: PullRequest): Promise<void> {
  await doCheck(bench, { kind: 'check', forge, repository, pullRequest: pull.number, commit: pull.headCommit });
}

/** In a pull request of dockfix, what is to be explained is in its base, and gone in its head. */
async function explain(bench: Workbench, job: CommandJob, pull: PullRequest, id: string): Promise<Reply> {
  const { forge, workshop, inspect } = bench;
  const transform = transformNamed(transforms, id);
  const remote = await remoteOf(forge, job.repository);
  const head = isOwn(pull, job) ? pull.base : `refs/pull/${pull.number}/head`;
  const markdown = await withCommits(workshop, remote, { head, base: pull.base }, async ({ folder: own, git, tip }) => {
    const folder = join(own, 'trees');
    mkdirSync(join(folder, 'head'), { recursive: true, mode: 0o700 });
    await layDown(git, tip('head').tree, join(folder, 'head'), workshop.limits);
    const config = await configFilesIn(git, tip('base').tree);
    const task = { kind: 'explain', folder, name: job.repository, config, transform: id } as const;
    return (await inspect(task, workshop.limits, workshop.signal)).markdown;
  });
  const found = markdown ?? `\`${id}\` finds nothing here.\n`;
  return { text: explainedText(transform, readmeOf(id), found, forge.bodyLimit - 1000) };
}
