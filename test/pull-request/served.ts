import { cp, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type Clone, withClone } from '../../src/pull-request/clone.ts';
import type { Remote } from '../../src/pull-request/git.ts';
import { unlimited } from '../../src/pull-request/isolated.ts';
import { LIMITS, type Limits } from '../../src/pull-request/limits.ts';
import { layDown, type Snapshot, snapshotIn } from '../../src/pull-request/snapshot.ts';
import type { Workshop } from '../../src/pull-request/types.ts';
import { git } from '../forge/bare.ts';
import { type ForgeServer, serve } from '../forge/serve.ts';
import { type NewRepository, World, type WorldRepository } from '../forge/world.ts';

/** An empty folder that goes when the test is over. */
export async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'dockfix-pr-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

/** A workshop in an empty folder that works in this process. */
export async function newWorkshop(limits?: Partial<Limits>): Promise<Workshop> {
  const folder = await emptyFolder();
  return { folder, limits: { ...LIMITS, ...limits }, signal: new AbortController().signal, propose: unlimited };
}

/** A repository that is served over HTTP to anybody who has its token. */
export interface Served {
  readonly world: World;
  readonly server: ForgeServer;
  readonly repository: WorldRepository;
  readonly remote: Remote;
}

export async function served(options: NewRepository): Promise<Served> {
  const world = await World.create();
  const server = await serve(world, '', async () => ({ status: 404 }));
  onTestFinished(async () => {
    await server.close();
    await world.close();
  });
  const repository = await world.addRepository('acme/shop', { ...options, private: true });
  world.allow(repository, 'robot', 'write');
  const credentials = { username: 'robot', password: world.token('robot') };
  return { world, server, repository, remote: { url: `${server.url}/acme/shop.git`, credentials } };
}

/** The same with a folder as its first commit, all of it, ignored files as well. */
export async function servedFolder(folder: string): Promise<Served> {
  const copy = join(await emptyFolder(), 'copy');
  await cp(folder, copy, { recursive: true, verbatimSymlinks: true });
  await git(copy, 'init', '--quiet', '--initial-branch=main');
  await git(copy, 'add', '--all', '--force');
  await git(copy, '-c', 'user.name=a', '-c', 'user.email=a@example.org', 'commit', '--quiet', '--message=start');
  const all = await served({});
  await git(copy, 'push', '--quiet', all.repository.path, 'HEAD:refs/heads/main');
  return all;
}

/** What a checkout of it looks like on disk. */
export async function checkedOut({ repository }: Served): Promise<string> {
  const folder = join(await emptyFolder(), 'checkout');
  await git(
    repository.path,
    '-c',
    'protocol.file.allow=always',
    'clone',
    '--quiet',
    '--branch=main',
    repository.path,
    folder,
  );
  return folder;
}

/** Gives work a snapshot of the main branch. */
export const withSnapshot = async <T>(
  { remote }: Served,
  workshop: Workshop,
  work: (snapshot: Snapshot, clone: Clone) => Promise<T>,
): Promise<T> =>
  withClone(workshop, remote, 'main', async (clone) => {
    const folder = join(clone.folder, 'tree');
    await mkdir(folder);
    await layDown(clone.git, clone.base.tree, folder, workshop.limits);
    return work(snapshotIn(folder, 'acme/shop'), clone);
  });

/** What is left in a folder, however deep. */
export const leftIn = (folder: string): Promise<readonly string[]> => readdir(folder, { recursive: true });
