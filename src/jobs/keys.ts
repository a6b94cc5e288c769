import { createHash } from 'node:crypto';
import type { ForgeAddress } from '../forge/forge.ts';
import type { Job } from './jobs.ts';

/** The repository that a job is about. */
export const repositoryOf = (job: Job): string => (job.kind === 'fix' ? job.request.repository : job.repository);

/** Tells forges apart as far as they count requests: an installation of a GitHub App has a limit of its own. */
export function forgeKey({ kind, url, installation }: ForgeAddress): string {
  const { protocol, host, pathname, username, password } = new URL(url);
  if (username || password) throw new Error('the address of a forge holds credentials, and jobs must not');
  const place = `${protocol}//${host}${pathname.replace(/\/+$/, '')}`;
  return `${kind} ${place}${installation === undefined ? '' : ` ${installation}`}`;
}

/** Tells repositories apart. All forges take names in either case; whose credentials reach it does not matter. */
export function repositoryKey(job: Job): string {
  const { kind, url } = job.forge;
  return `${forgeKey({ kind, url })} ${repositoryOf(job).toLowerCase()}`;
}

/** Jobs with the same key want the same: a SHA-256 in hex. */
export function jobKey(job: Job): string {
  const same = { ...job, forge: forgeKey(job.forge), at: repositoryKey(job) };
  const wanted =
    same.kind === 'fix' ? { ...same, request: { ...same.request, repository: '' } } : { ...same, repository: '' };
  return createHash('sha256')
    .update(JSON.stringify(sorted(wanted)))
    .digest('hex');
}

/** The same data with the keys of objects in order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, each]) => [key, sorted(each)]),
  );
}
