import { existsSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../errors.ts';
import { codeOf } from '../repo/file-system.ts';
import { docker } from './docker.ts';
import { commandsOf, deadRuns, LABEL, type RunRecord, unregister } from './registry.ts';

/** What one run left behind and could not be removed. */
export interface Leftover {
  readonly id: string;
  readonly what: readonly string[];
}

const ROUNDS = 20;
const PAUSE_MS = 250;

/** Things of the engine in the order in which they can be removed: containers first, images last. */
const KINDS = [
  { kind: 'container', list: ['container', 'ls', '-aq'], remove: ['container', 'rm', '-f', '-v'] },
  { kind: 'network', list: ['network', 'ls', '-q'], remove: ['network', 'rm'] },
  { kind: 'volume', list: ['volume', 'ls', '-q'], remove: ['volume', 'rm', '-f'] },
  { kind: 'image', list: ['image', 'ls', '-aq'], remove: ['image', 'rm', '-f'] },
] as const;

type Kind = (typeof KINDS)[number]['kind'];

/** Removes everything of these kinds that carries the run's label; answers what is still there. */
export async function sweep(id: string, kinds: readonly Kind[]): Promise<readonly string[]> {
  let left: readonly string[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    left = [];
    for (const { kind, list, remove } of KINDS.filter(({ kind }) => kinds.includes(kind))) {
      const found = await listed([...list, '--filter', `label=${LABEL}=${id}`]);
      if (found.length > 0) await docker([...remove, ...found], { timeoutMs: 120_000 });
      left = [...left, ...found.map((each) => `${kind} ${each}`)];
    }
    // What was just found was just removed: done when a whole round finds nothing.
    if (left.length === 0) return left;
    if (round > 1) await sleep(PAUSE_MS);
  }
  return left;
}

async function listed(argv: readonly string[]): Promise<readonly string[]> {
  const { code, stdout, stderr } = await docker(argv, { timeoutMs: 60_000 });
  if (code !== 0)
    throw new UserError(
      `What was started could not be removed: ${stderr.trim()}`,
      'Run dockfix verify --clean when the engine answers again.',
    );
  return [...new Set(stdout.split('\n').filter(Boolean))];
}

/** Removes all that a run made, and forgets it when nothing is left. */
export async function removeRun(run: RunRecord): Promise<Leftover> {
  // Files that a container wrote as root into a mounted folder are removed with the help of an image of the run.
  await sweep(run.id, ['container']);
  await removeFolder(run);
  const left = await sweep(run.id, ['container', 'network', 'volume', 'image']);
  const what = existsSync(run.folder) ? [...left, `folder ${run.folder}`] : left;
  if (what.length === 0) unregister(run.id);
  return { id: run.id, what };
}

async function removeFolder({ id, folder }: RunRecord): Promise<void> {
  if (tryRemove(folder)) return;
  const images = await listed(['image', 'ls', '-q', '--filter', `label=${LABEL}=${id}`]);
  for (const image of images) {
    const emptied = [
      '--rm',
      '--user',
      '0',
      '--network',
      'none',
      '--label',
      `${LABEL}=${id}`,
      '-v',
      `${folder}:/run-of-verify`,
    ];
    await docker(['run', ...emptied, '--entrypoint', 'chmod', image, '-R', '777', '/run-of-verify'], {
      timeoutMs: 60_000,
    });
    if (tryRemove(folder)) return;
  }
}

function tryRemove(folder: string): boolean {
  try {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    return true;
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
    return false;
  }
}

/** Removes what killed runs left behind, and never what belongs to one that lives. */
export async function cleanUp(): Promise<{ readonly removed: readonly string[]; readonly left: readonly Leftover[] }> {
  const results: Leftover[] = [];
  for (const run of await deadRuns()) {
    await endCommands(run.id);
    results.push(await removeRun(run));
  }
  return {
    removed: results.filter(({ what }) => what.length === 0).map(({ id }) => id),
    left: results.filter(({ what }) => what.length > 0),
  };
}

/** Commands of a killed run would go on making containers. */
async function endCommands(id: string): Promise<void> {
  for (let round = 0; round < ROUNDS; round += 1) {
    const pids = await commandsOf(id);
    if (pids.length === 0) return;
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch (error) {
        if (codeOf(error) !== 'ESRCH') throw error;
      }
    }
    await sleep(PAUSE_MS);
  }
}
