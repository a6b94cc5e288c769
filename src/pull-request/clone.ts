import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import { ForgeError } from '../forge/forge-error.ts';
import { MAX_FILE_SIZE } from '../repo/scan.ts';
import { type Commit, readCommit } from './commit.ts';
import { type Git, gitIn, type Remote } from './git.ts';
import type { Workshop } from './types.ts';

/** A commit of a clone. */
export interface Tip extends Commit {
  readonly id: string;
}

/** What was fetched of a repository: commits and their files, without history and without a working tree. */
export interface Clone {
  /** A temporary folder; all that is made of the clone goes into it. */
  readonly folder: string;
  readonly git: Git;
  readonly base: Tip;
  /** The branches below `dockfix/`, by name. */
  readonly branches: ReadonlyMap<string, Tip>;
}

const BASE = 'refs/dockfix/base';
const BRANCHES = 'refs/dockfix/branches/';
const COMMITS = 'refs/dockfix/commits/';

/** What git writes about filters into its configuration would let it fetch by itself what is missing. */
const OWN_CONFIG = '[core]\n\trepositoryformatversion = 0\n\tbare = true\n';

/**
 * Fetches the tip of a ref and of the branches of dockfix into a temporary folder, does the work, and removes the folder again.
 * Rejects with a `ForgeError`, or a `UserError` when a limit is reached or the ref does not exist.
 */
export async function withClone<T>(
  workshop: Workshop,
  remote: Remote,
  ref: string,
  work: (clone: Clone) => Promise<T>,
): Promise<T> {
  return inFolder(workshop, async (folder, git) => work(await fetchInto(folder, git, remote, ref)));
}

/** Does work in a temporary folder with an empty bare repository, and removes it again. */
async function inFolder<T>(workshop: Workshop, work: (folder: string, git: Git) => Promise<T>): Promise<T> {
  mkdirSync(workshop.folder, { recursive: true });
  const folder = mkdtempSync(join(workshop.folder, 'dockfix-'));
  try {
    return await work(folder, await gitIn(folder, workshop.limits, workshop.signal));
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** What was fetched of some commits. */
export interface Fetched {
  readonly folder: string;
  readonly git: Git;
  /** The commit that was asked for under a name. */
  readonly tip: (name: string) => Tip;
}

/** The same for some commits, by name; each is a branch, a whole ref or an id. */
export async function withCommits<T>(
  workshop: Workshop,
  remote: Remote,
  wanted: Readonly<Record<string, string>>,
  work: (fetched: Fetched) => Promise<T>,
): Promise<T> {
  return inFolder(workshop, async (folder, git) => {
    const specs: string[] = [];
    for (const [name, ref] of Object.entries(wanted)) {
      const isId = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/.test(ref);
      specs.push(`+${isId ? ref : await fullName(git, ref)}:${COMMITS}${name}`);
    }
    await fetchRefs(git, remote, specs);
    writeFileSync(join(folder, 'repository.git', 'config'), OWN_CONFIG);
    const tips = new Map<string, Tip>();
    for (const name of Object.keys(wanted)) {
      const id = await git.run(['rev-parse', '--verify', `${COMMITS}${name}^{commit}`], '');
      tips.set(name, await tipAt(git, id.toString().trim()));
    }
    const tip = (name: string): Tip => {
      const found = tips.get(name);
      if (!found) throw new Error(`nobody asked for the commit ${name}`);
      return found;
    };
    return work({ folder, git, tip });
  });
}

async function fetchInto(folder: string, git: Git, remote: Remote, ref: string): Promise<Clone> {
  await fetchRefs(git, remote, [`+${await fullName(git, ref)}:${BASE}`, `+refs/heads/dockfix/*:${BRANCHES}*`]);
  writeFileSync(join(folder, 'repository.git', 'config'), OWN_CONFIG);
  const refs = (await git.run(['for-each-ref', '--format=%(objectname) %(refname)', 'refs/dockfix'], ''))
    .toString()
    .split('\n')
    .flatMap((line) => {
      const [, id, name] = /^([0-9a-f]+) (.+)$/.exec(line) ?? [];
      return id !== undefined && name !== undefined ? [{ id, name }] : [];
    });
  const branches = new Map<string, Tip>();
  for (const { id, name } of refs)
    if (name.startsWith(BRANCHES)) branches.set(`dockfix/${name.slice(BRANCHES.length)}`, await tipAt(git, id));
  const base = refs.find(({ name }) => name === BASE);
  if (!base) throw new Error(`git fetched no ${ref}`);
  return { folder, git, base: await tipAt(git, base.id), branches };
}

async function fetchRefs(git: Git, remote: Remote, refspecs: readonly string[]): Promise<void> {
  const argv = [
    'fetch',
    '--quiet',
    '--depth=1',
    '--no-tags',
    '--no-write-fetch-head',
    // Larger files are not read as text; a server that knows no filters sends them all the same.
    `--filter=blob:limit=${MAX_FILE_SIZE + 1}`,
    '--',
    remote.url,
    ...refspecs,
  ];
  const { refused, output } = await git.remote(remote, argv);
  if (refused) throw new ForgeError('unavailable', `git fetch: ${output.trim()}`, undefined);
}

/** A branch, or a whole ref such as `refs/pull/1/head`. */
async function fullName(git: Git, ref: string): Promise<string> {
  const name = ref.startsWith('refs/') ? ref : `refs/heads/${ref}`;
  try {
    await git.run(['check-ref-format', name], '');
    return name;
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'GitError') throw error;
    throw new UserError(`"${ref}" is no name of a branch`, 'Name one with --base.');
  }
}

async function tipAt(git: Git, id: string): Promise<Tip> {
  const commit = readCommit((await git.run(['cat-file', 'commit', id], '')).toString());
  if (!commit) throw new Error(`${id} is no commit`);
  return { id, ...commit };
}
