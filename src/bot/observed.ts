import type { JobResult, Log, Work } from '../jobs/jobs.ts';
import { repositoryOf } from '../jobs/keys.ts';
import type { Metrics } from '../metrics.ts';

/** The same work, counted, timed and told. */
export const observed =
  (work: Work, metrics: Metrics, log: Log): Work =>
  async (job, signal) => {
    const start = performance.now();
    const seconds = (): number => Math.round(performance.now() - start) / 1000;
    try {
      const result = await work(job, signal);
      metrics.job(job.kind, 'done', seconds());
      log.info({ kind: job.kind, repository: repositoryOf(job), seconds: seconds(), ...told(result) }, 'job done');
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
