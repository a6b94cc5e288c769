import type { Job, JobResult, Log, Work } from '../jobs/jobs.ts';
import { repositoryOf } from '../jobs/keys.ts';
import type { Metrics } from '../metrics.ts';
import { doCheck } from './check-job.ts';
import { doCommand } from './command-job.ts';
import { doFix } from './fix-job.ts';
import type { Workbench, Workbenches } from './workbench.ts';

/** Does jobs of every kind. */
export const botWork =
  (benches: Workbenches): Work =>
  (job, signal) =>
    done(benches(job.forge, signal), job);

function done(bench: Workbench, job: Job): Promise<JobResult> {
  switch (job.kind) {
    case 'fix':
      return doFix(bench, job);
    case 'check':
      return doCheck(bench, job);
    case 'command':
      return doCommand(bench, job);
  }
}

/** The same work, counted, timed and told. */
export const observed =
  (work: Work, metrics: Metrics, log: Log): Work =>
  async (job, signal) => {
    const start = performance.now();
    const seconds = (): number => Math.round(performance.now() - start) / 1000;
    const fields = { kind: job.kind, repository: repositoryOf(job) };
    try {
      const result = await work(job, signal);
      metrics.job(job.kind, 'done', seconds());
      log.info({ ...fields, seconds: seconds(), ...told(result) }, 'job done');
      return result;
    } catch (error) {
      metrics.job(job.kind, 'failed', seconds());
      throw error;
    }
  };

function told(result: JobResult): Readonly<Record<string, unknown>> {
  if (result.kind === 'check') return { conclusion: result.conclusion };
  if (result.kind === 'command') return { answered: result.answered };
  const { branches, skipped } = result.result;
  const shown = branches.map(({ branch, action, pullRequest }) => ({
    branch,
    action,
    pullRequest: pullRequest?.number,
  }));
  return { branches: shown, ...(skipped !== undefined && { skipped }) };
}
