import { spawnSync } from 'node:child_process';
import { UserError } from '../errors.ts';
import { gitPlace } from './git-dir.ts';
import { realRoot } from './scan.ts';

/** The URL that the folder's git repository was cloned from, as git would fetch from it. A `UserError` when there is none. */
export function originUrl(root: string): string {
  const folder = realRoot(root);
  const hint = 'Name the repository instead: owner/name, or the URL that git clones.';
  if (!gitPlace(folder)) throw new UserError(`${root} is in no git repository`, hint);
  const { status, stdout, error } = spawnSync('git', ['-c', 'core.fsmonitor=false', 'remote', 'get-url', 'origin'], {
    cwd: folder,
    env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('GIT_'))),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  if (error) throw new UserError(`git cannot be run (${error.message})`, hint);
  const [url = ''] = stdout.split('\n');
  if (status !== 0 || url === '') throw new UserError(`${root} has no remote "origin"`, hint);
  return url;
}
