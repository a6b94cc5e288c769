import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../repo/file-system.ts';

/** A program to run, and how much it may take. */
export interface Command {
  readonly program: string;
  readonly argv: readonly string[];
  readonly cwd: string;
  /** All of its environment: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly input: string | Uint8Array;
  /** A file (descriptor) for its output; without it the output is answered. */
  readonly output?: number;
  readonly seconds: number;
  /** The most output that is answered, in bytes. */
  readonly outputBytes: number;
  /** A folder that may not grow over that many bytes while it runs. */
  readonly disk: { readonly folder: string; readonly bytes: number };
  readonly signal: AbortSignal;
}

/** How a program ended. `stopped` when it was killed for what it took. */
export interface Ended {
  readonly status: number | null;
  readonly stdout: Buffer;
  /** The end of what it said. */
  readonly stderr: string;
  readonly stopped?: 'time' | 'output' | 'disk';
}

const STDERR_KEPT = 65_536;
const WATCH_MILLISECONDS = 200;

/** Runs a program in a process group of its own, which is killed when it takes more than it may. Rejects when it cannot be started, or the signal aborts. */
export async function runChild(command: Command): Promise<Ended> {
  const { program, argv, cwd, env, input, output, seconds, outputBytes, disk, signal } = command;
  signal.throwIfAborted();
  const child = spawn(program, argv, { cwd, env, detached: true, stdio: ['pipe', output ?? 'pipe', 'pipe'] });
  let stopped: Ended['stopped'];
  const stop = (why: Ended['stopped']): void => {
    stopped ??= why;
    killGroup(child);
  };
  const onAbort = (): void => killGroup(child);
  signal.addEventListener('abort', onAbort);
  const timer = setTimeout(() => stop('time'), seconds * 1000);
  const watch = watching(disk, () => stop('disk'));
  const stdout: Buffer[] = [];
  let size = 0;
  child.stdout?.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > outputBytes) stop('output');
    else stdout.push(chunk);
  });
  let stderr = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString()).slice(-STDERR_KEPT);
  });
  // A program that ends without reading all of its input closes the pipe: its status says what became of it.
  child.stdin?.on('error', () => child.stdin?.destroy());
  child.stdin?.end(input);
  try {
    const [status] = (await once(child, 'close')) as [number | null];
    signal.throwIfAborted();
    if (stopped === undefined && (await sizeOf(disk.folder)) > disk.bytes) stopped = 'disk';
    return { status, stdout: Buffer.concat(stdout), stderr, ...(stopped && { stopped }) };
  } finally {
    clearTimeout(timer);
    watch.end();
    signal.removeEventListener('abort', onAbort);
    // What it started may outlive it.
    killGroup(child);
  }
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if (codeOf(error) !== 'ESRCH') throw error;
  }
}

function watching(disk: Command['disk'], onFull: () => void): { readonly end: () => void } {
  let ended = false;
  const look = async (): Promise<void> => {
    if ((await sizeOf(disk.folder)) > disk.bytes) onFull();
    else if (!ended) timer = setTimeout(() => void look(), WATCH_MILLISECONDS);
  };
  let timer = setTimeout(() => void look(), WATCH_MILLISECONDS);
  return {
    end: () => {
      ended = true;
      clearTimeout(timer);
    },
  };
}

/** The bytes of the files below a folder; what vanishes meanwhile counts nothing. */
export async function sizeOf(folder: string): Promise<number> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    const sizes = await Promise.all(
      entries.map(async (entry) => {
        const path = join(folder, entry.name);
        return entry.isDirectory() ? sizeOf(path) : (await lstat(path)).size;
      }),
    );
    return sizes.reduce((sum, size) => sum + size, 0);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 0;
    throw error;
  }
}
