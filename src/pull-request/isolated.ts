import { transforms } from '../../transforms/index.ts';
import { UserError } from '../errors.ts';
import type { Report } from '../output/report.ts';
import { transformNamed } from '../selection.ts';
import { runChild } from './child.ts';
import type { Limits } from './limits.ts';
import type { Proposals, Proposer, Task } from './proposal.ts';
import { propose } from './propose.ts';

/** What the process that works out proposals answers. */
type Answer =
  | { readonly proposals: Proposals }
  | { readonly wrong: { readonly message: string; readonly hint?: string } };

const OUTPUT_BYTES = 256_000_000;

/**
 * Works out proposals in a process of its own, which has no environment and is killed when it takes more than it may. `program` is the
 * bundle that exports `answerTask`.
 */
export const isolated =
  (program: string): Proposer =>
  async (task, limits, signal) => {
    const ended = await runChild({
      program: process.execPath,
      argv: [`--max-old-space-size=${limits.repairMegabytes}`, '-e', 'require(process.argv[1]).answerTask()', program],
      cwd: task.folder,
      env: {},
      input: JSON.stringify(task),
      seconds: limits.repairSeconds,
      outputBytes: OUTPUT_BYTES,
      disk: { folder: task.folder, bytes: limits.diskBytes },
      signal,
    });
    if (ended.stopped === 'time')
      throw new UserError(
        `Working out the repairs of ${task.name} takes longer than ${limits.repairSeconds} seconds`,
        'Nothing was changed: leave out with "exclude" in dockfix.yml what is no file of the project.',
      );
    if (ended.stopped || /heap out of memory|Array buffer allocation failed/.test(ended.stderr))
      throw new UserError(
        `Working out the repairs of ${task.name} takes more than ${limits.repairMegabytes} MB of memory`,
        'Nothing was changed: leave out with "exclude" in dockfix.yml what is no file of the project.',
      );
    if (ended.status !== 0)
      throw new Error(`the repairs of ${task.name} could not be worked out: ${ended.stderr.trim() || ended.status}`);
    return proposalsIn(JSON.parse(ended.stdout.toString()) as Answer);
  };

/** Reads a task from standard input and answers it on standard output: the process of its own. */
export async function answerTask(): Promise<void> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Uint8Array);
  const task = JSON.parse(Buffer.concat(chunks).toString()) as Task;
  process.stdout.write(JSON.stringify(await answerOf(task)));
}

async function answerOf(task: Task): Promise<Answer> {
  try {
    return { proposals: await propose(task) };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const { message, hint } = error;
    return { wrong: { message, ...(hint !== undefined && { hint }) } };
  }
}

function proposalsIn(answer: Answer): Proposals {
  if ('wrong' in answer) throw new UserError(answer.wrong.message, answer.wrong.hint);
  const { proposals } = answer;
  return { ...proposals, proposals: proposals.proposals.map((each) => ({ ...each, report: revived(each.report) })) };
}

/** A transform is a function, too: what came as data gets it back by its id. */
const revived = (report: Report): Report => ({
  ...report,
  problems: report.problems.map((problem) => ({
    ...problem,
    transform: transformNamed(transforms, problem.transform.id),
  })),
});

/** Works out proposals in this process, with no limit but the pipeline's own: for trusted trees, and where nothing is built. */
export const unlimited: Proposer = async (task: Task, _limits: Limits, signal: AbortSignal) => {
  signal.throwIfAborted();
  return propose(task);
};
