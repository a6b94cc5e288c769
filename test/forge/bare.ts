import { execFile, spawn } from 'node:child_process';
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Keeps the configuration of whoever runs the tests out of git. */
export const gitEnvironment: Readonly<Record<string, string>> = {
  PATH: process.env['PATH'] ?? '',
  HOME: '/nonexistent',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_TERMINAL_PROMPT: '0',
};

/** What git prints, byte for byte as UTF-8; rejects with what it says on stderr. */
export async function gitPrints(folder: string, ...args: readonly string[]): Promise<string> {
  return (await run('git', ['-C', folder, ...args], { env: gitEnvironment, maxBuffer: 1 << 26 })).stdout;
}

/** What git prints, without the last line break. */
export async function git(folder: string, ...args: readonly string[]): Promise<string> {
  return (await gitPrints(folder, ...args)).replace(/\n$/, '');
}

/** Whether git exits with 0; rejects when it exits with something else than 0 or 1. */
export async function gitSays(folder: string, ...args: readonly string[]): Promise<boolean> {
  try {
    await git(folder, ...args);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 1) return false;
    throw error;
  }
}

/** Makes an empty bare repository that takes pushes and partial clones over HTTP. */
export async function createBare(path: string, defaultBranch: string): Promise<void> {
  await run('git', ['init', '--quiet', '--bare', `--initial-branch=${defaultBranch}`, path], { env: gitEnvironment });
  await configure(path);
}

/** Copies a bare repository, as a fork of it. */
export async function copyBare(from: string, to: string): Promise<void> {
  await run('git', ['clone', '--quiet', '--bare', from, to], { env: gitEnvironment });
  await git(to, 'remote', 'remove', 'origin');
  await configure(to);
}

/** `refs/pull` is what a forge keeps of pull requests: it can be fetched, and not pushed. */
const SETTINGS = `
[http]
	receivepack = true
[uploadpack]
	allowFilter = true
	allowAnySHA1InWant = true
[receive]
	hideRefs = refs/pull
[gc]
	auto = 0
`;

/** One write instead of a process for each setting: tests make many repositories. */
const configure = (path: string): Promise<void> => appendFile(join(path, 'config'), SETTINGS);

/** The commit of a branch; undefined when there is no such branch. */
export async function tipOf(path: string, branch: string): Promise<string | undefined> {
  const listed = await git(path, 'for-each-ref', '--format=%(objectname)', `refs/heads/${branch}`);
  return listed.split('\n')[0] || undefined;
}

/** What a commit does to a file: its new content (executable with `mode`), or null to remove it. */
export type FileChange =
  | string
  | Uint8Array
  | null
  | { readonly content: string | Uint8Array; readonly mode: '100644' | '100755' | '120000' };

/** Commits changes on a branch, which is made when there is none, and answers the commit. */
export async function commitTo(
  path: string,
  branch: string,
  changes: Readonly<Record<string, FileChange>>,
  as: { readonly message: string; readonly author: string; readonly seconds: number },
): Promise<string> {
  const parent = await tipOf(path, branch);
  const person = `${as.author} <${as.author}@example.org> ${as.seconds} +0000`;
  const parts: Uint8Array[] = [
    Buffer.from(`commit refs/heads/${branch}\nauthor ${person}\ncommitter ${person}\n`),
    data(as.message),
    Buffer.from(parent ? `from ${parent}\n` : ''),
  ];
  for (const [file, change] of Object.entries(changes)) {
    if (change === null) {
      parts.push(Buffer.from(`D ${file}\n`));
      continue;
    }
    const { content, mode } =
      typeof change === 'string' || change instanceof Uint8Array ? { content: change, mode: '100644' } : change;
    parts.push(Buffer.from(`M ${mode} inline ${file}\n`), data(content));
  }
  await fastImport(path, Buffer.concat(parts));
  const commit = await tipOf(path, branch);
  if (!commit) throw new Error(`git fast-import made no commit on ${branch}`);
  return commit;
}

function data(content: string | Uint8Array): Uint8Array {
  const bytes = Buffer.from(content);
  return Buffer.concat([Buffer.from(`data ${bytes.length}\n`), bytes, Buffer.from('\n')]);
}

async function fastImport(path: string, input: Uint8Array): Promise<void> {
  const child = spawn('git', ['-C', path, 'fast-import', '--quiet'], { env: gitEnvironment });
  const said: Buffer[] = [];
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk));
  child.stdin.end(input);
  const code = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
  if (code !== 0) throw new Error(`git fast-import: ${Buffer.concat(said).toString()}`);
}

/** Merges a commit into a branch with a merge commit, and answers that; rejects when they conflict. */
export async function mergeInto(path: string, branch: string, commit: string, seconds: number): Promise<string> {
  const base = await git(path, 'rev-parse', `refs/heads/${branch}`);
  const tree = await git(path, 'merge-tree', '--write-tree', base, commit);
  const person = { name: 'someone', email: 'someone@example.org', date: `${seconds} +0000` };
  const { stdout } = await run('git', ['-C', path, 'commit-tree', tree, '-p', base, '-p', commit, '-m', 'Merge'], {
    env: {
      ...gitEnvironment,
      GIT_AUTHOR_NAME: person.name,
      GIT_AUTHOR_EMAIL: person.email,
      GIT_AUTHOR_DATE: person.date,
      GIT_COMMITTER_NAME: person.name,
      GIT_COMMITTER_EMAIL: person.email,
      GIT_COMMITTER_DATE: person.date,
    },
  });
  const merge = stdout.trim();
  await git(path, 'update-ref', `refs/heads/${branch}`, merge, base);
  return merge;
}

/** The paths that differ between where a commit left a branch and the commit, old names of renamed files as well. */
export async function changedBetween(
  path: string,
  base: string,
  commit: string,
): Promise<readonly { readonly status: string; readonly path: string; readonly from: string | undefined }[]> {
  const listed = await git(path, 'diff', '--name-status', '-z', '-M', `${base}...${commit}`);
  const fields = listed.split('\0');
  const changes: { status: string; path: string; from: string | undefined }[] = [];
  for (let i = 0; i + 1 < fields.length; ) {
    const status = (fields[i] ?? '')[0] ?? '';
    const renamed = status === 'R' || status === 'C';
    const first = fields[i + 1] ?? '';
    changes.push(
      renamed ? { status, path: fields[i + 2] ?? '', from: first } : { status, path: first, from: undefined },
    );
    i += renamed ? 3 : 2;
  }
  return changes;
}
