import { transforms } from '../../transforms/index.ts';
import type { Report } from '../output/report.ts';
import { transformNamed } from '../selection.ts';
import type { Limits } from './limits.ts';
import { answerQuestion, askOwnProcess } from './own-process.ts';
import type { Proposals, Proposer, Task } from './proposal.ts';
import { propose } from './propose.ts';

/** Works out proposals in a process of its own; `program` is the bundle that exports `answerTask`. */
export const isolated =
  (program: string): Proposer =>
  async (task, limits, signal) => {
    const { proposals, ...rest } = await askOwnProcess<Proposals>(program, 'answerTask', task, limits, signal);
    return { ...rest, proposals: proposals.map((each) => ({ ...each, report: revived(each.report) })) };
  };

/** The process of its own. */
export const answerTask = (): Promise<void> => answerQuestion<Task>(propose);

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
