import { spawnSync } from 'node:child_process';
import { UserError } from '../errors.ts';
import { decode } from './encoding.ts';
import { gitPlace } from './git-dir.ts';
import { realRoot } from './scan.ts';

/** The files of a root as a commit has them. */
export interface Revision {
  /** The paths of regular files, relative to the root. */
  readonly paths: ReadonlySet<string>;
  /** The text of one of them. */
  readonly read: (path: string) => string;
}

/** Files of more than this are not compared. */
const MAX_BUFFER = 1 << 28;

/**
 * What stood in a root where the working tree left a ref: at the commit that both have in common, so that what others did there since
 * is no change of ours. Only objects are read: no filter, no hook, no monitor that the repository configures is run.
 */
export function revisionOf(root: string, ref: string): Revision {
  const folder = realRoot(root);
  const place = gitPlace(folder);
  if (!place) throw new UserError(`${root} is in no git repository`, 'Leave --diff out to see every finding.');
  const commit = commitOf(folder, ref);
  const base = git(folder, ['merge-base', commit, 'HEAD']).stdout.toString().trim() || commit;
  const prefix = place.prefix === '' ? '' : `${place.prefix}/`;
  const listed = output(folder, ['ls-tree', '-r', '-z', '--full-tree', base, ...(prefix === '' ? [] : ['--', prefix])]);
  const objects = new Map<string, string>();
  for (const entry of listed.toString().split('\0')) {
    const [, object, path] = /^100\d{3} blob ([0-9a-f]+)\t(.*)$/s.exec(entry) ?? [];
    if (object !== undefined && path?.startsWith(prefix)) objects.set(path.slice(prefix.length), object);
  }
  return {
    paths: new Set(objects.keys()),
    read: (path) => decode(output(folder, ['cat-file', 'blob', objects.get(path) ?? ''])).text,
  };
}

function commitOf(folder: string, ref: string): string {
  const unknown = new UserError(
    `There is no commit "${ref}" here`,
    'Name a branch, a tag or a commit; a shallow clone has to fetch it first.',
  );
  if (ref === '' || ref.includes('\0')) throw unknown;
  const { status, stdout, stderr } = git(folder, [
    'rev-parse',
    '--verify',
    '--quiet',
    '--end-of-options',
    `${ref}^{commit}`,
  ]);
  if (status === 0) return stdout.toString().trim();
  const said = stderr.toString().trim().split('\n')[0] ?? '';
  throw said === '' || /^fatal: Needed a single revision/.test(said) ? unknown : new UserError(`git: ${said}`);
}

function output(folder: string, argv: readonly string[]): Buffer {
  const { status, stdout, stderr } = git(folder, argv);
  if (status !== 0) throw new UserError(`git ${argv[0]}: ${stderr.toString().trim().split('\n')[0] || 'it failed'}`);
  return stdout;
}

function git(folder: string, argv: readonly string[]): { status: number | null; stdout: Buffer; stderr: Buffer } {
  // Variables such as GIT_DIR, which a hook sets, would point git somewhere else.
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('GIT_'));
  const env = {
    ...Object.fromEntries(inherited),
    LC_ALL: 'C',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_NO_LAZY_FETCH: '1',
    GIT_TERMINAL_PROMPT: '0',
  };
  const result = spawnSync('git', ['-c', 'core.fsmonitor=false', '--no-pager', ...argv], {
    cwd: folder,
    env,
    maxBuffer: MAX_BUFFER,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (result.error)
    throw new UserError(`git cannot be run (${result.error.message})`, 'Install it, or leave --diff out.');
  return result;
}
