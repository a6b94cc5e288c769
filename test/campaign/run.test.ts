import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Journal, openJournal, unwrittenJournal } from '../../src/campaign/journal.ts';
import { type CampaignOptions, pendingOf, runCampaign } from '../../src/campaign/run.ts';
import { type Outcome, type Target, targetKey } from '../../src/campaign/target.ts';
import type { JobEnd, Queue } from '../../src/jobs/jobs.ts';
import { repositoryOf } from '../../src/jobs/keys.ts';
import { REQUEST } from '../jobs/jobs.ts';

const HOUR = 3_600_000;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dockfix-campaign-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const targetsNamed = (...names: readonly string[]): readonly Target[] =>
  names.map((name) => ({ forge: { kind: 'github', url: 'https://git.example.org' }, repository: `acme/${name}` }));

const numbered = (count: number): readonly Target[] =>
  targetsNamed(...Array.from({ length: count }, (_, index) => `r${index}`));

const opened = (repository: string, pullRequests: number): Outcome => ({
  state: 'done',
  result: {
    repository,
    base: { branch: 'main', commit: '0'.repeat(40) },
    branches: Array.from({ length: pullRequests }, (_, index) => ({
      branch: `dockfix/${index}`,
      action: 'opened' as const,
      notes: [],
      repairs: {},
    })),
  },
});

/** A queue whose jobs end when they are told to. */
function handQueue(): Queue & { readonly given: string[]; readonly finish: (repository: string, end: JobEnd) => void } {
  const ends = new Map<string, (end: JobEnd) => void>();
  const given: string[] = [];
  return {
    given,
    finish: (repository, end) => ends.get(repository)?.(end),
    add: async (job) => {
      const repository = repositoryOf(job);
      given.push(repository);
      return { id: repository, end: new Promise((resolve) => ends.set(repository, resolve)) };
    },
    counts: async () => ({ waiting: 0, active: 0, failed: 0 }),
    close: async () => {
      for (const resolve of ends.values()) resolve({ state: 'left' });
    },
  };
}

/** Ends a job as its outcome says. */
function endOf(outcome: Outcome): JobEnd {
  return outcome.state === 'failed' ? outcome : { state: 'done', result: { kind: 'fix', result: outcome.result } };
}

/** A clock that stands still until it is moved; everything that is due then goes on before `move` resolves. */
function handClock(start: number) {
  let now = start;
  const waiting = new Set<{ readonly until: number; readonly resolve: () => void }>();
  return {
    now: () => now,
    wait: (milliseconds: number, signal: AbortSignal) =>
      new Promise<void>((resolve) => {
        const one = { until: now + milliseconds, resolve };
        if (signal.aborted) return resolve();
        waiting.add(one);
        signal.addEventListener('abort', () => {
          waiting.delete(one);
          resolve();
        });
      }),
    move: async (milliseconds: number) => {
      now += milliseconds;
      for (const one of waiting)
        if (one.until <= now) {
          waiting.delete(one);
          one.resolve();
        }
      await settled();
    },
  };
}

/** Lets all promises that can go on go on. */
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

function options(changes: Partial<CampaignOptions> & Pick<CampaignOptions, 'queue' | 'targets'>): CampaignOptions {
  return {
    request: REQUEST,
    concurrency: 2,
    maxPerHour: undefined,
    journal: unwrittenJournal(),
    clock: handClock(0),
    signal: new AbortController().signal,
    onEnd: () => {},
    onPause: () => {},
    ...changes,
  };
}

test('gives out no more at a time than it may', async () => {
  const queue = handQueue();
  const running = runCampaign(options({ queue, targets: numbered(4) }));
  await settled();
  expect(queue.given).toEqual(['acme/r0', 'acme/r1']);
  queue.finish('acme/r1', endOf(opened('acme/r1', 1)));
  await settled();
  expect(queue.given).toEqual(['acme/r0', 'acme/r1', 'acme/r2']);
  for (const name of ['acme/r0', 'acme/r2']) queue.finish(name, endOf(opened(name, 1)));
  await settled();
  queue.finish('acme/r3', { state: 'failed', message: 'gone' });
  await running;
});

test('opens no more pull requests in an hour than it may, those on their way counted', async () => {
  const queue = handQueue();
  const clock = handClock(10 * HOUR);
  const pauses: number[] = [];
  const running = runCampaign(
    options({ queue, clock, targets: numbered(6), concurrency: 10, maxPerHour: 3, onPause: (at) => pauses.push(at) }),
  );
  await settled();
  expect(queue.given).toHaveLength(3);
  // Nothing was opened for this one, so there is room for another.
  queue.finish('acme/r0', endOf(opened('acme/r0', 0)));
  await settled();
  expect(queue.given).toHaveLength(4);
  await clock.move(60_000);
  for (const name of ['acme/r1', 'acme/r2', 'acme/r3']) queue.finish(name, endOf(opened(name, 1)));
  await settled();
  expect(queue.given).toHaveLength(4);
  expect(pauses).toEqual([11 * HOUR + 60_000]);
  await clock.move(HOUR - 1);
  expect(queue.given).toHaveLength(4);
  await clock.move(2);
  expect(queue.given).toHaveLength(6);
  for (const name of ['acme/r4', 'acme/r5']) queue.finish(name, endOf(opened(name, 1)));
  await running;
});

test('counts what several branches open, and is not stuck by one that opens more than an hour may', async () => {
  const queue = handQueue();
  const clock = handClock(0);
  const running = runCampaign(options({ queue, clock, targets: numbered(3), concurrency: 1, maxPerHour: 2 }));
  await settled();
  queue.finish('acme/r0', endOf(opened('acme/r0', 5)));
  await settled();
  expect(queue.given).toHaveLength(1);
  await clock.move(HOUR + 1);
  expect(queue.given).toHaveLength(2);
  queue.finish('acme/r1', endOf(opened('acme/r1', 5)));
  await settled();
  await clock.move(HOUR + 1);
  queue.finish('acme/r2', endOf(opened('acme/r2', 0)));
  await running;
});

test('goes on where it was killed: what is done stays done, what failed is tried again', async () => {
  const file = join(folder, 'state');
  const targets = numbered(4);
  const queue = handQueue();
  const first = openJournal(file, REQUEST);
  const stop = new AbortController();
  const running = runCampaign(options({ queue, targets, journal: first, signal: stop.signal }));
  await settled();
  queue.finish('acme/r0', endOf(opened('acme/r0', 1)));
  await settled();
  queue.finish('acme/r1', { state: 'failed', message: 'gone' });
  await settled();
  // Killed with r2 and r3 given out: in the middle of a line.
  stop.abort();
  await queue.close();
  await running;
  first.close();
  writeFileSync(file, `${readFileSync(file, 'utf8')}{"repository":"acme/r2","ended":17,"outc`);

  const second = openJournal(file, REQUEST);
  expect(pendingOf(targets, second).map(({ repository }) => repository)).toEqual(['acme/r1', 'acme/r2', 'acme/r3']);
  const again = handQueue();
  const rest = runCampaign(options({ queue: again, targets, journal: second, concurrency: 3 }));
  await settled();
  for (const name of again.given) again.finish(name, endOf(opened(name, 1)));
  await rest;
  second.close();
  const third = openJournal(file, REQUEST);
  expect(pendingOf(targets, third)).toEqual([]);
  expect(third.known.size).toBe(4);
  third.close();
});

test('keeps to the hour when it goes on, and counts what it gave out and never saw the end of', async () => {
  const now = 100 * HOUR;
  const journal = unwrittenJournal();
  const [a, b, c, ...targets] = numbered(6) as [Target, Target, Target, ...Target[]];
  journal.started(targetKey(a), now - 2 * HOUR);
  journal.ended(targetKey(a), now - 2 * HOUR, opened('acme/r0', 1));
  journal.started(targetKey(b), now - 600_000);
  journal.ended(targetKey(b), now - 500_000, opened('acme/r1', 1));
  journal.started(targetKey(c), now - 400_000);
  const queue = handQueue();
  const clock = handClock(now);
  const running = runCampaign(options({ queue, clock, journal, targets, concurrency: 9, maxPerHour: 3 }));
  await settled();
  expect(queue.given).toHaveLength(1);
  queue.finish('acme/r3', endOf(opened('acme/r3', 0)));
  await settled();
  queue.finish('acme/r4', endOf(opened('acme/r4', 0)));
  await settled();
  queue.finish('acme/r5', endOf(opened('acme/r5', 0)));
  await running;
});

test('stops when its state cannot be written any more', async () => {
  const queue = handQueue();
  const journal: Journal = {
    ...unwrittenJournal(),
    ended: () => {
      throw new Error('no space left');
    },
  };
  const running = runCampaign(options({ queue, journal, targets: numbered(4) }));
  await settled();
  queue.finish('acme/r0', endOf(opened('acme/r0', 1)));
  await expect(running).rejects.toThrow('no space left');
  expect(queue.given).toHaveLength(2);
});

test('does not mix up campaigns', () => {
  const file = join(folder, 'state');
  openJournal(file, REQUEST).close();
  expect(() => openJournal(file, { ...REQUEST, only: ['split-copy'] })).toThrow(/other options/);
  writeFileSync(file, '{"name":"something"}\n');
  expect(() => openJournal(file, REQUEST)).toThrow(/not the state of a campaign/);
  expect(() => openJournal(join(folder, 'missing', 'state'), REQUEST)).toThrow(/cannot be written/);
});

test('knows a repository whichever way it is written', () => {
  const [target] = targetsNamed('shop') as [Target];
  const same = { forge: { kind: 'github', url: 'https://GIT.example.org/' }, repository: 'Acme/Shop' } as const;
  expect(targetKey(same)).toBe(targetKey(target));
  expect(targetKey({ ...same, base: 'next' })).not.toBe(targetKey(target));
});
