import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from '../repo/file-system.ts';
import { stateFolder } from '../repo/place.ts';
import { NoProgram, runProgram } from './docker.ts';

/** A run of `verify`, as it is written down before it makes anything. */
export interface RunRecord {
  readonly id: string;
  /** The folder of its copies. */
  readonly folder: string;
  readonly pid: number;
  /** When that process began, as `ps` tells it: another process may get the same number later. */
  readonly began: string;
}

/** The name of the label that everything a run makes carries; its value is the run's id. */
export const LABEL = 'dockfix.verify';

/** The first part of the run's Compose project names. */
export const projectPrefix = (id: string): string => `dockfix-verify-${id}`;

const folder = (): string => join(stateFolder(), 'verify');
const fileOf = (id: string): string => join(folder(), `${id}.json`);

/** Writes a new run down. The folder is not made yet, so that a kill leaves no folder that nobody knows. */
export async function register(folderOf: (id: string) => string): Promise<RunRecord> {
  const id = randomBytes(5).toString('hex');
  const record = { id, folder: folderOf(id), pid: process.pid, began: (await beganAt(process.pid)) ?? '' };
  mkdirSync(folder(), { recursive: true, mode: 0o700 });
  writeFileSync(`${fileOf(id)}.new`, JSON.stringify(record), { mode: 0o600 });
  renameSync(`${fileOf(id)}.new`, fileOf(id));
  return record;
}

/** Forgets a run that has left nothing behind. */
export const unregister = (id: string): void => rmSync(fileOf(id), { force: true });

/** The runs whose process is gone. */
export async function deadRuns(): Promise<readonly RunRecord[]> {
  const records = readdirIfThere(folder())
    .filter((name) => /^[0-9a-f]+\.json$/.test(name))
    .map((name) => JSON.parse(readFileSync(join(folder(), name), 'utf8')) as RunRecord);
  const lives = await Promise.all(records.map(isAlive));
  return records.filter((_, index) => !lives[index]);
}

async function isAlive({ pid, began }: RunRecord): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it exists, and belongs to somebody else.
    if (codeOf(error) === 'ESRCH') return false;
    if (codeOf(error) !== 'EPERM') throw error;
  }
  const now = await beganAt(pid);
  return now === undefined || began === '' || now === began;
}

/** `undefined` where `ps` cannot tell; `''` for a process that is gone. */
async function beganAt(pid: number): Promise<string | undefined> {
  const argv = ['-o', 'lstart=', '-p', String(pid)];
  const { code, stdout } = await ps(argv);
  return code === undefined ? undefined : stdout.trim();
}

/** The docker commands of a run that are still going: they outlive it when it is killed. */
export async function commandsOf(id: string): Promise<readonly number[]> {
  const { stdout } = await ps(['-eo', 'pid=,args=']);
  return stdout.split('\n').flatMap((line) => {
    const [, pid, args = ''] = /^\s*(\d+) (.*)$/.exec(line) ?? [];
    const isOurs = /^\S*\bdocker(?:-compose|-buildx)? /.test(args) && args.includes(projectPrefix(id));
    return isOurs ? [Number(pid)] : [];
  });
}

async function ps(argv: readonly string[]): Promise<{ readonly code: number | undefined; readonly stdout: string }> {
  try {
    return await runProgram('ps', argv, { timeoutMs: 10_000 });
  } catch (error) {
    if (error instanceof NoProgram) return { code: undefined, stdout: '' };
    throw error;
  }
}

function readdirIfThere(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}
