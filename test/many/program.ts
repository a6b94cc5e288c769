import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';

/** The built program, running. */
export interface Running {
  readonly child: ChildProcess;
  /** All that it wrote to standard output so far. */
  readonly stdout: () => string;
  /** Lines of standard error so far. */
  readonly lines: readonly string[];
  /** Its exit status, or the signal that ended it. */
  readonly ended: Promise<number | string>;
}

/** Starts the built program with no more environment than this; `onLine` gets each line of its standard error. */
export function start(
  argv: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
  onLine: (line: string) => void,
): Running {
  const child = spawn(process.execPath, [resolve('dist', 'bin.cjs'), ...argv], {
    cwd,
    env: { PATH: process.env['PATH'] ?? '', HOME: cwd, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const stdout: Buffer[] = [];
  const lines: string[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  createInterface({ input: child.stderr }).on('line', (line) => {
    lines.push(line);
    onLine(line);
  });
  const ended = once(child, 'close').then(([status, signal]) => (status as number | null) ?? String(signal));
  return { child, stdout: () => Buffer.concat(stdout).toString(), lines, ended };
}
