import type { JobEnd, Queue } from '../jobs/jobs.ts';
import type { Journal } from './journal.ts';
import { type CampaignRequest, jobOf, type Outcome, type Target, targetKey } from './target.ts';

/** The time, in milliseconds since the epoch, and how to wait for it. */
export interface Clock {
  readonly now: () => number;
  /** Resolves after so many milliseconds, or when the signal is aborted. */
  readonly wait: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

/** How a campaign is run. */
export interface CampaignOptions {
  readonly queue: Queue;
  /** Without those that are named twice. */
  readonly targets: readonly Target[];
  readonly request: CampaignRequest;
  /** Jobs that are given out at a time. */
  readonly concurrency: number;
  /** Pull requests that may be opened within any hour. */
  readonly maxPerHour: number | undefined;
  readonly journal: Journal;
  readonly clock: Clock;
  /** Aborted: nothing more is given out, and what was given out and is not done is left to the next run. */
  readonly signal: AbortSignal;
  readonly onEnd: (target: Target, outcome: Outcome) => void;
  /** Nothing is given out before that time, because of `maxPerHour`. */
  readonly onPause: (until: number) => void;
}

const HOUR = 3_600_000;

/** Gives out what is not done yet, and resolves when all of it has ended; rejects when that cannot be written down. */
export async function runCampaign(options: CampaignOptions): Promise<void> {
  const { queue, request, journal, clock } = options;
  const broken = new AbortController();
  const signal = AbortSignal.any([options.signal, broken.signal]);
  const inFlight = new Set<Promise<void>>();
  const opened: { readonly at: number; readonly count: number }[] = openedBefore(options);
  for (const target of pendingOf(options.targets, journal)) {
    await room({ ...options, signal }, inFlight, opened);
    if (signal.aborted) break;
    const key = targetKey(target);
    journal.started(key, clock.now());
    const { end } = await queue.add(jobOf(target, request));
    const write = (how: JobEnd): void => {
      const outcome = outcomeOf(how);
      if (!outcome) return;
      const at = clock.now();
      journal.ended(key, at, outcome);
      const count = openedIn(outcome);
      if (count > 0) opened.push({ at, count });
      options.onEnd(target, outcome);
    };
    const ending = end
      .then(write)
      .catch((error: unknown) => broken.abort(error))
      .finally(() => inFlight.delete(ending));
    inFlight.add(ending);
  }
  // With a state that cannot be written, what is on its way is better repeated than waited for.
  if (!broken.signal.aborted) await Promise.all(inFlight);
  broken.signal.throwIfAborted();
}

/** The repositories that still have to be given out: all but those that are done. */
export const pendingOf = (targets: readonly Target[], { known }: Journal): readonly Target[] =>
  targets.filter((target) => known.get(targetKey(target))?.ended?.outcome.state !== 'done');

/** Waits until one more may be given out, or none may any more. */
async function room(
  { concurrency, maxPerHour, clock, signal, onPause }: CampaignOptions,
  inFlight: ReadonlySet<Promise<void>>,
  opened: readonly { readonly at: number; readonly count: number }[],
): Promise<void> {
  while (!signal.aborted) {
    const awake = new AbortController();
    const any = AbortSignal.any([signal, awake.signal]);
    const recent = opened.filter(({ at }) => at > clock.now() - HOUR);
    const most = Math.max(1, ...opened.map(({ count }) => count));
    const used = recent.reduce((sum, { count }) => sum + count, 0);
    const asked = used + (inFlight.size + 1) * most;
    // Where one repository alone needs more than an hour may have, it gets an hour of its own.
    const full = maxPerHour !== undefined && asked > maxPerHour && used + inFlight.size > 0;
    if (!full && inFlight.size < concurrency) return;
    const [oldest] = recent;
    const until = full && oldest ? oldest.at + HOUR : undefined;
    if (until !== undefined && inFlight.size === 0) onPause(until);
    const waiting = clock.wait(until === undefined ? HOUR : until - clock.now() + 1, any);
    await Promise.race([waiting, ...inFlight]);
    awake.abort();
    await waiting;
  }
}

/** Pull requests that an earlier run opened; of a repository that it gave out and whose end it did not see, one is assumed. */
function openedBefore({ journal }: CampaignOptions): { readonly at: number; readonly count: number }[] {
  const before = [...journal.known.values()].flatMap(({ started, ended }) => {
    if (ended && (started === undefined || ended.at >= started))
      return [{ at: ended.at, count: openedIn(ended.outcome) }];
    return started === undefined ? [] : [{ at: started, count: 1 }];
  });
  return before.filter(({ count }) => count > 0).sort((a, b) => a.at - b.at);
}

const openedIn = (outcome: Outcome): number =>
  outcome.state === 'done' ? outcome.result.branches.filter(({ action }) => action === 'opened').length : 0;

function outcomeOf(end: JobEnd): Outcome | undefined {
  if (end.state === 'left') return undefined;
  if (end.state === 'failed') return end;
  if (end.result.kind !== 'fix') throw new Error(`a repair was asked for, and a ${end.result.kind} was done`);
  return { state: 'done', result: end.result.result };
}
