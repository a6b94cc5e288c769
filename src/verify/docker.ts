import { type ChildProcess, spawn } from 'node:child_process';
import { codeOf } from '../repo/file-system.ts';

/** What a docker command left behind. */
export interface Ran {
  /** `undefined` when it was ended by a signal. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
}

/** How a docker command is run. */
export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Ends the command; the promise is then rejected with the signal's reason. */
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
  /** Sees each line as it is printed; answering true ends the command. */
  readonly onLine?: (line: string) => boolean;
}

const KILL_AFTER_MS = 5_000;
const KEPT = 4_000_000;

/** True when there is no such program. */
export class NoProgram extends Error {
  override readonly name = 'NoProgram';
}

/** Runs `docker` (or another program) in a process group of its own, so that Ctrl-C reaches it through us alone. */
export function runProgram(program: string, argv: readonly string[], options: RunOptions): Promise<Ran> {
  return new Promise((resolve, reject) => {
    options.signal?.throwIfAborted();
    const child = spawn(program, argv, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    let timedOut = false;
    const stop = (): void => end(child);
    const timer =
      options.timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            timedOut = true;
            stop();
          }, options.timeoutMs);
    options.signal?.addEventListener('abort', stop, { once: true });
    const stdout = collect(child.stdout, options.onLine, stop);
    const stderr = collect(child.stderr, options.onLine, stop);
    const tidy = (): void => {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', stop);
    };
    child.on('error', (error) => {
      tidy();
      reject(codeOf(error) === 'ENOENT' ? new NoProgram(program) : error);
    });
    child.on('close', (code) => {
      tidy();
      if (options.signal?.aborted) reject(options.signal.reason);
      else resolve({ code: code ?? undefined, stdout: stdout(), stderr: stderr(), timedOut });
    });
  });
}

export const docker = (argv: readonly string[], options: RunOptions): Promise<Ran> =>
  runProgram('docker', argv, options);

/** A Compose project on disk. */
export interface Stack {
  readonly project: string;
  readonly file: string;
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Runs `docker compose` on a project. */
export const compose = (stack: Stack, argv: readonly string[], options: RunOptions): Promise<Ran> =>
  docker(['compose', '-p', stack.project, '-f', stack.file, '--project-directory', stack.folder, ...argv], {
    cwd: stack.folder,
    env: stack.env,
    ...options,
  });

function collect(stream: NodeJS.ReadableStream | null, onLine: RunOptions['onLine'], stop: () => void): () => string {
  let text = '';
  let rest = '';
  stream?.setEncoding('utf8');
  stream?.on('data', (chunk: string) => {
    text = (text + chunk).slice(-KEPT);
    if (!onLine) return;
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (onLine(line)) stop();
  });
  return () => text;
}

/** Asks the command's whole group to end, and makes it end when it does not. */
function end(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null) return;
  signalGroup(child.pid, 'SIGTERM');
  const { pid } = child;
  const timer = setTimeout(() => signalGroup(pid, 'SIGKILL'), KILL_AFTER_MS);
  child.once('close', () => clearTimeout(timer));
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (codeOf(error) !== 'ESRCH') throw error;
  }
}
