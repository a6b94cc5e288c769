import type { Job, Log, Queue } from '../jobs/jobs.ts';
import type { FixRequest } from '../pull-request/types.ts';
import type { Delivery } from './delivery.ts';
import { type BotEvent, eventOf } from './event.ts';
import { within } from './patience.ts';
import { PayloadError } from './payload.ts';
import { type Seen, WINDOW } from './seen.ts';

/** What became of a delivery. */
export type Outcome = 'queued' | 'nothing' | 'seen' | 'malformed' | 'old' | 'unavailable';

export interface Answer {
  readonly status: 200 | 202 | 400 | 503;
  readonly outcome: Outcome;
  readonly reason: string;
  readonly jobs: number;
}

/** What a reception works with. */
export interface ReceptionOptions {
  readonly queue: Pick<Queue, 'add'>;
  readonly seen: Seen;
  /** The root of the forge's web pages. It never comes from a payload. */
  readonly url: string;
  readonly log: Log;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Milliseconds that queueing may take; GitHub waits for ten seconds. */
  readonly patience: number;
}

/** Takes deliveries that are verified: queues their jobs, each delivery once. */
export type Receive = (delivery: Delivery) => Promise<Answer>;

/** Deliveries that may wait for the queue at once: while Redis is away they pile up here. */
const MAX_PENDING = 1000;

export function reception(options: ReceptionOptions): Receive {
  const { now, patience } = options;
  let pending = 0;
  return async (delivery) => {
    const event = readable(delivery);
    if (event instanceof PayloadError) return answer(400, 'malformed', event.message);
    if (event.kind === 'nothing') return answer(200, 'nothing', event.why);
    if ('at' in event && now() - event.at > WINDOW) return answer(400, 'old', 'it happened more than three days ago');
    if (pending >= MAX_PENDING) return answer(503, 'unavailable', 'the queue cannot be reached');
    pending += 1;
    const queued = queueOnce(options, delivery.id, jobsFor(event, options.url)).finally(() => {
      pending -= 1;
    });
    return within(patience, queued, answer(503, 'unavailable', 'the queue cannot be reached'));
  };
}

const answer = (status: Answer['status'], outcome: Outcome, reason: string): Answer => ({
  status,
  outcome,
  reason,
  jobs: 0,
});

function readable(delivery: Delivery): BotEvent | PayloadError {
  try {
    return eventOf(delivery);
  } catch (error) {
    if (error instanceof PayloadError) return error;
    throw error;
  }
}

async function queueOnce(options: ReceptionOptions, id: string, jobs: readonly Job[]): Promise<Answer> {
  const { queue, seen, log } = options;
  try {
    if (!(await seen.claim(id))) return answer(200, 'seen', 'seen already');
    await Promise.all(jobs.map((job) => queue.add(job)));
    return { ...answer(202, 'queued', 'queued'), jobs: jobs.length };
  } catch (error) {
    log.error({ delivery: id, reason: error instanceof Error ? error.message : String(error) }, 'not queued');
    await seen.release(id).catch((again: Error) => log.warn({ delivery: id, reason: again.message }, 'not forgotten'));
    return answer(503, 'unavailable', 'the queue cannot be reached');
  }
}

/** What is to be done for an event. */
function jobsFor(event: Exclude<BotEvent, { kind: 'nothing' }>, url: string): readonly Job[] {
  const forge = { kind: 'github', url, installation: event.installation } as const;
  switch (event.kind) {
    case 'repositories':
      return event.repositories.map((repository) => ({
        kind: 'fix',
        forge,
        request: requestFor(repository),
        configured: {},
      }));
    case 'push': {
      const { repository, branch } = event;
      return [{ kind: 'fix', forge, request: requestFor(repository), configured: { pushed: branch } }];
    }
    case 'pull request': {
      const { repository, number, commit } = event;
      return [{ kind: 'check', forge, repository, pullRequest: number, commit }];
    }
    case 'command': {
      const { repository, pullRequest, comment, author, command } = event;
      return [{ kind: 'command', forge, repository, pullRequest, comment, author, command }];
    }
  }
}

/** All else is for the repository's own configuration to say, when the job is done. */
const requestFor = (repository: string): FixRequest => ({
  repository,
  onePerTransform: false,
  draft: false,
  safeOnly: false,
  only: [],
  skip: [],
  group: [],
  labels: [],
  reviewers: [],
  dryRun: false,
});
