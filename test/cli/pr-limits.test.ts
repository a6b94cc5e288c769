import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { gitIn } from '../../src/pull-request/git.ts';
import { isolated, unlimited } from '../../src/pull-request/isolated.ts';
import { LIMITS } from '../../src/pull-request/limits.ts';
import type { Task } from '../../src/pull-request/proposal.ts';
import { layDown } from '../../src/pull-request/snapshot.ts';
import { commitTree, type RawEntry, writeObject, writeRawTree } from '../pull-request/raw-git.ts';
import { BROKEN } from '../pull-request/requests.ts';

const signal = new AbortController().signal;
const apart = isolated(resolve('dist', 'remote.cjs'));

/** A task on a tree with these files. */
async function taskOn(files: Readonly<Record<string, string>>): Promise<Task> {
  const folder = mkdtempSync(join(tmpdir(), 'dockfix-cli-limits-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const git = await gitIn(folder, LIMITS, signal);
  const path = join(folder, 'repository.git');
  const entries = Object.entries(files).map(
    ([name, text]): RawEntry => ({ mode: '100644', name, object: writeObject(path, 'blob', text) }),
  );
  const tree = writeRawTree(
    path,
    entries.sort((a, b) => (String(a.name) < String(b.name) ? -1 : 1)),
  );
  commitTree(path, tree);
  const laid = join(folder, 'tree');
  mkdirSync(laid);
  await layDown(git, tree, laid, LIMITS);
  return { folder: laid, name: 'acme/shop', only: [], skip: [], group: [], safeOnly: false, onePerTransform: false };
}

const small = Object.fromEntries(Object.entries(BROKEN).map(([path, text]) => [path, String(text)]));

test('the process of its own proposes what the pipeline proposes here', async () => {
  const task = await taskOn(small);
  const [own, here] = [await apart(task, LIMITS, signal), await unlimited(task, LIMITS, signal)];
  expect(own).toEqual(here);
  expect(own.proposals[0]?.files.length).toBeGreaterThan(0);
});

test('what is wrong with the configuration of the repository comes through', async () => {
  const task = await taskOn({ ...small, 'dockfix.yml': 'transform: {}\n' });
  await expect(apart(task, LIMITS, signal)).rejects.toMatchObject({
    name: 'UserError',
    message: 'dockfix.yml:1: There is no key "transform"',
    hint: 'Did you mean transforms?',
  });
});

/** A Compose file that is read, and takes long. */
const services = Array.from(
  { length: 4000 },
  (_, index) =>
    `  s${index}:\n    image: x\n    depends_on: [s${(index * 7) % 4000}]\n    environment:\n      A: $\{B${index}}\n`,
).join('');

test('a repository that takes longer than its time is refused in that time', async () => {
  const task = await taskOn({ ...small, 'compose.yml': `services:\n${services}` });
  const start = performance.now();
  await expect(apart(task, { ...LIMITS, repairSeconds: 2 }, signal)).rejects.toThrow(
    'Working out the repairs of acme/shop takes longer than 2 seconds',
  );
  expect(performance.now() - start).toBeLessThan(20_000);
});

test('a repository that takes more than its memory is refused', async () => {
  const task = await taskOn({ ...small, 'compose.yml': `services:\n${services}` });
  await expect(apart(task, { ...LIMITS, repairMegabytes: 48 }, signal)).rejects.toThrow(
    'Working out the repairs of acme/shop takes more than 48 MB of memory',
  );
});
