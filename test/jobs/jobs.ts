import type { FixJob, JobResult, Log } from '../../src/jobs/jobs.ts';
import type { RetryPolicy } from '../../src/jobs/retry.ts';
import type { FixRequest, FixResult } from '../../src/pull-request/types.ts';

/** Retries that a test can wait for. */
export const QUICK: RetryPolicy = { attempts: 4, firstDelay: 20, longestDelay: 100, rateLimits: 4 };

/** What a job to repair a repository asks for, when nothing special is wanted. */
export const REQUEST: Omit<FixRequest, 'repository'> = {
  onePerTransform: false,
  draft: false,
  safeOnly: false,
  only: [],
  skip: [],
  group: [],
  labels: [],
  reviewers: [],
  dryRun: false,
};

/** A job to repair a repository of a forge. */
export const fixJob = (repository: string, url: string): FixJob => ({
  kind: 'fix',
  forge: { kind: 'github', url },
  request: { ...REQUEST, repository },
});

/** A result that names its repository. */
export function doneWith(repository: string): JobResult {
  const result: FixResult = { repository, base: { branch: 'main', commit: '0'.repeat(40) }, branches: [] };
  return { kind: 'fix', result };
}

/** A log that keeps its lines. */
export function keptLog(): Log & { readonly lines: string[] } {
  const lines: string[] = [];
  const keep = (fields: Readonly<Record<string, unknown>>, message: string): void => {
    lines.push(`${message} ${JSON.stringify(fields)}`);
  };
  return { lines, info: keep, warn: keep, error: keep };
}
