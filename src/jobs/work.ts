import type { FixResult } from '../pull-request/types.ts';
import type { CheckJob, CommandJob, FixJob, JobResult, Work } from './jobs.ts';

/** What this process does of jobs; one kind or the other may not be its business. */
export interface Skills {
  readonly fix?: (job: FixJob, signal: AbortSignal) => Promise<FixResult>;
  readonly check?: (job: CheckJob, signal: AbortSignal) => Promise<'success' | 'failure' | 'neutral' | 'none'>;
  readonly command?: (job: CommandJob, signal: AbortSignal) => Promise<boolean>;
}

/** Does each job with what is there for its kind; rejects where there is nothing, as for jobs of a later version. */
export const workWith =
  (skills: Skills): Work =>
  async (job, signal): Promise<JobResult> => {
    if (job.kind === 'fix' && skills.fix) return { kind: 'fix', result: await skills.fix(job, signal) };
    if (job.kind === 'check' && skills.check) return { kind: 'check', conclusion: await skills.check(job, signal) };
    if (job.kind === 'command' && skills.command)
      return { kind: 'command', answered: await skills.command(job, signal) };
    throw new Error(`this process does no jobs of the kind ${job.kind}`);
  };
