import { existsSync, readdirSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { doCheck } from '../bot/check-job.ts';
import { doCommand } from '../bot/command-job.ts';
import { doFix } from '../bot/fix-job.ts';
import { inspector } from '../bot/inspector.ts';
import type { Workbench } from '../bot/workbench.ts';
import { forgeAt } from '../forge/connect.ts';
import type { Credentials } from '../forge/credentials.ts';
import type { Forge, ForgeAddress } from '../forge/forge.ts';
import type { Log } from '../jobs/jobs.ts';
import type { Skills } from '../jobs/work.ts';
import { workshopIn } from '../pull-request/workshop.ts';
import { isRunning } from '../repo/journal.ts';

/** What jobs are done with here: the credentials of this process, and a folder for its temporary files. `stop` ends all of them at once. */
export function skillsOf(credentials: Credentials, folder: string, stop: AbortSignal, log: Log): Skills {
  const inspect = inspector();
  // Kept, because each has a token that is good for an hour.
  const forges = new Map<string, Forge>();
  const forgeOf = (address: ForgeAddress): Forge => {
    const key = JSON.stringify(address);
    const known = forges.get(key) ?? forgeAt(address, credentials);
    forges.set(key, known);
    return known;
  };
  const bench = (address: ForgeAddress, signal: AbortSignal): Workbench => ({
    forge: forgeOf(address),
    workshop: workshopIn(folder, AbortSignal.any([signal, stop])),
    inspect,
    log,
  });
  return {
    fix: (job, signal) => doFix(bench(job.forge, signal), job),
    check: (job, signal) => doCheck(bench(job.forge, signal), job),
    command: (job, signal) => doCommand(bench(job.forge, signal), job),
  };
}

/** A folder for the temporary files of this process; those of processes of this machine that were killed are removed. */
export function workFolder(): string {
  const prefix = `dockfix-work-${hostname()}-`;
  for (const name of readdirSync(tmpdir()).filter((each) => each.startsWith(prefix))) {
    const pid = Number(name.slice(prefix.length));
    if (!Number.isInteger(pid) || !isRunning(pid)) rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
  return join(tmpdir(), `${prefix}${process.pid}`);
}

/** Removes the folder of this process. */
export function removeWorkFolder(folder: string): void {
  if (existsSync(folder)) rmSync(folder, { recursive: true, force: true });
}
