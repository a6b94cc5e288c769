import { setTimeout as sleep } from 'node:timers/promises';
import { compose, docker, type Ran, type Stack } from './docker.ts';
import type { Progress } from './images.ts';
import { type ContainerFacts, factsOf, type Moment, secondsToHealthy, stateOf, worstOf } from './judge.ts';
import { tellingLine, uncaughtError } from './log.ts';
import type { ServiceResult, State } from './verdict.ts';

/** How long is waited, and for what. */
export interface Patience {
  readonly timeoutSeconds: number;
  readonly settleSeconds: number;
}

/** How the services of a started project came out. */
export interface Observation {
  readonly services: readonly ServiceResult[];
  /** Compose's own words when `up` failed. */
  readonly stopped?: string;
}

const POLL_MS = 1000;
/** After Compose gave up, what is still going gets that long to show that it stays. */
const SETTLE_AFTER_FAILURE_MS = 5000;
const LOG_LINES = '400';

/** Starts a project whose images are there, and waits until every service has come to an end state or time is up. */
export async function startAndObserve(
  stack: Stack,
  names: readonly string[],
  patience: Patience,
  progress: Progress,
  signal: AbortSignal,
): Promise<Observation> {
  const start = Date.now();
  let up: Ran | undefined;
  const timeoutMs = patience.timeoutSeconds * 1000;
  const starting = compose(stack, ['up', '-d', '--no-build'], { signal, timeoutMs }).then((ran) => {
    up = ran;
  });
  // Its failure is that of the whole: it is awaited below, and must not go unhandled until then.
  starting.catch(() => undefined);
  const seen = new Watch(progress);
  let steadySince: number | undefined;
  const momentNow = (): Moment => ({
    now: Date.now(),
    upEnded: up !== undefined,
    steadySince,
    settleMs: up === undefined || up.code === 0 ? patience.settleSeconds * 1000 : SETTLE_AFTER_FAILURE_MS,
  });
  for (;;) {
    signal.throwIfAborted();
    const containers = await containersOf(stack, signal);
    const checked = containers.filter(({ health }) => health);
    if (up !== undefined && checked.every((container) => stateOf(container, momentNow()) !== undefined))
      steadySince ??= Date.now();
    const moment = momentNow();
    seen.note(containers, moment);
    const settled = up !== undefined && containers.every((container) => stateOf(container, moment) !== undefined);
    if (settled || moment.now - start > timeoutMs) break;
    await sleep(POLL_MS, undefined, { signal });
  }
  await starting;
  const moment = momentNow();
  const containers = await containersOf(stack, signal);
  const failed = up === undefined || up.code === 0 ? undefined : wordsOf(up);
  const context = { moment, failed, patience, seen, signal };
  const services = await Promise.all(
    names.map((name) =>
      resultOf(
        name,
        containers.filter(({ service }) => service === name),
        context,
      ),
    ),
  );
  return { services, ...(failed !== undefined && { stopped: failed }) };
}

/** Keeps what later looks may no longer show, and tells what changed. */
class Watch {
  readonly #progress: Progress;
  readonly #told = new Map<string, string>();
  readonly healthyAfter = new Map<string, number>();

  constructor(progress: Progress) {
    this.#progress = progress;
  }

  note(containers: readonly ContainerFacts[], moment: Moment): void {
    for (const container of containers) {
      const seconds = secondsToHealthy(container);
      if (seconds !== undefined && !this.healthyAfter.has(container.id)) this.healthyAfter.set(container.id, seconds);
      const state = stateOf(container, moment);
      const words = state ?? (container.health && container.status === 'running' ? 'starting' : container.status);
      if (this.#told.get(container.id) === words) continue;
      this.#told.set(container.id, words);
      this.#progress({ kind: state === undefined ? 'detail' : 'milestone', text: `${container.service}: ${words}` });
    }
  }
}

interface Context {
  readonly moment: Moment;
  readonly failed: string | undefined;
  readonly patience: Patience;
  readonly seen: Watch;
  readonly signal: AbortSignal;
}

async function resultOf(name: string, containers: readonly ContainerFacts[], context: Context): Promise<ServiceResult> {
  const { moment, failed, seen, patience } = context;
  const judged = containers.map((container) => ({ container, state: stateOf(container, moment) }));
  const worst = worstOf(judged);
  if (!worst)
    return { name, state: 'not started', ...(failed === undefined && { reason: 'Compose made no container' }) };
  const { container } = worst;
  // What still runs when Compose gives up has not been waited for: it is what it is.
  const state: State = worst.state ?? (failed !== undefined && !container.health ? 'runs' : 'late');
  const seconds = seen.healthyAfter.get(container.id);
  const facts = {
    name,
    ...(container.restarts > 0 && { restarts: container.restarts }),
    ...(state === 'healthy' && seconds !== undefined && { secondsToHealthy: seconds }),
  };
  if (state === 'healthy' || state === 'runs' || state === 'done') {
    // What went wrong while others were still starting, and was tried again, does not count.
    const log = failed === undefined ? await logOf(container, moment.steadySince, context.signal) : '';
    const uncaught = uncaughtError(log);
    return uncaught === undefined ? { ...facts, state } : { ...facts, state: 'errors', reason: uncaught };
  }
  // Without words of the engine's own it waits for another service, and Compose's words tell for which one.
  if (state === 'not started') return { ...facts, state, ...(container.error !== '' && { reason: container.error }) };
  const line = tellingLine(await logOf(container, undefined, context.signal));
  const check = container.health?.checks.findLast(({ exitCode }) => exitCode !== 0);
  const checked = state === 'unhealthy' || state === 'late' ? tellingLine(check?.output ?? '') : undefined;
  const told = [
    state === 'late' ? `not settled after ${patience.timeoutSeconds} s` : undefined,
    container.error || undefined,
    checked && `its healthcheck says: ${checked}`,
    line,
  ].filter((part) => part !== undefined && part !== '');
  const ended = state === 'stopped' || state === 'restarting';
  return { ...facts, state, reason: told.join('; '), ...(ended && { exitCode: container.exitCode }) };
}

async function containersOf(stack: Stack, signal: AbortSignal): Promise<readonly ContainerFacts[]> {
  const filters = [`label=com.docker.compose.project=${stack.project}`, 'label=com.docker.compose.oneoff=False'];
  const listed = await docker(['ps', '-aq', '--no-trunc', ...filters.flatMap((each) => ['--filter', each])], {
    signal,
  });
  const ids = listed.stdout.split('\n').filter(Boolean);
  if (ids.length === 0) return [];
  const { stdout } = await docker(['inspect', '--type', 'container', ...ids], { signal });
  return (JSON.parse(stdout || '[]') as readonly unknown[]).map(factsOf);
}

async function logOf({ id }: ContainerFacts, since: number | undefined, signal: AbortSignal): Promise<string> {
  const from = since === undefined ? [] : ['--since', new Date(since).toISOString()];
  const { stdout, stderr } = await docker(['logs', '--timestamps', '--tail', LOG_LINES, ...from, id], { signal });
  return [...stdout.split('\n'), ...stderr.split('\n')].filter(Boolean).sort(byStamp).join('\n');
}

/** Both streams of a container in the order of their time stamps; `sort` keeps the order of equal ones. */
const byStamp = (a: string, b: string): number => {
  const [one, two] = [a.slice(0, 30), b.slice(0, 30)];
  return one < two ? -1 : one > two ? 1 : 0;
};

/** Compose's last line that is not one of its progress. */
function wordsOf({ stderr, timedOut }: Ran): string {
  if (timedOut) return 'time was up before everything had started';
  const lines = stderr.split('\n').map((line) => line.trim());
  const last = lines.findLast(
    (line) => line !== '' && !/^(?:Container|Network|Volume|Image)\s|level=warning/.test(line),
  );
  return last ?? 'docker compose up failed';
}
