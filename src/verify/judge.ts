import type { State } from './verdict.ts';

/** What the engine says of a container, as far as it matters here. Times in milliseconds since 1970. */
export interface ContainerFacts {
  readonly id: string;
  readonly service: string;
  readonly status: string;
  readonly exitCode: number;
  /** The engine's own words when it could not start it. */
  readonly error: string;
  readonly restarts: number;
  readonly createdAt: number;
  readonly startedAt: number | undefined;
  readonly restartPolicy: string;
  readonly health?: {
    readonly status: string;
    readonly checks: readonly { readonly end: number; readonly exitCode: number; readonly output: string }[];
  };
}

/** What a container is judged against. */
export interface Moment {
  readonly now: number;
  /** Compose has done what it does at a start. */
  readonly upEnded: boolean;
  /** When Compose was done and every container with a healthcheck had come to an end state; absent before. */
  readonly steadySince: number | undefined;
  /** How long a container without a healthcheck must go on running from then on. */
  readonly settleMs: number;
}

/** After that many starts, or after that long, a container that keeps ending will not come up. */
const RESTARTS = 8;
const RESTARTING_MS = 60_000;

/** The state that a container has come to; `undefined` while it may still change for the better. */
export function stateOf(container: ContainerFacts, moment: Moment): State | undefined {
  const { status, exitCode, restartPolicy, health, startedAt } = container;
  if (status === 'created') return moment.upEnded || container.error !== '' ? 'not started' : undefined;
  if (status === 'restarting') return givenUp(container, moment) ? 'restarting' : undefined;
  if (status === 'exited' || status === 'dead') {
    const again = restartPolicy === 'always' || restartPolicy === 'unless-stopped';
    if (again || (restartPolicy === 'on-failure' && exitCode !== 0))
      return givenUp(container, moment) ? 'restarting' : undefined;
    return exitCode === 0 && container.error === '' ? 'done' : 'stopped';
  }
  if (status !== 'running') return 'stopped';
  if (health) {
    if (health.status === 'healthy') return 'healthy';
    if (health.status === 'unhealthy') return 'unhealthy';
    return givenUp(container, moment) ? 'restarting' : undefined;
  }
  const { now, steadySince, settleMs } = moment;
  const since = startedAt === undefined || steadySince === undefined ? now : Math.max(startedAt, steadySince);
  if (now - since >= settleMs) return 'runs';
  return givenUp(container, moment) ? 'restarting' : undefined;
}

const givenUp = ({ restarts, createdAt }: ContainerFacts, { now }: Moment): boolean =>
  restarts >= RESTARTS || (restarts > 0 && now - createdAt > RESTARTING_MS);

/** Seconds from its start to its first successful check. */
export function secondsToHealthy({ health, startedAt }: ContainerFacts): number | undefined {
  const first = health?.checks.find(({ exitCode }) => exitCode === 0);
  return first && startedAt !== undefined ? Math.max(0, (first.end - startedAt) / 1000) : undefined;
}

const ORDER: readonly State[] = [
  'not started',
  'stopped',
  'restarting',
  'unhealthy',
  'late',
  'runs',
  'healthy',
  'done',
];

/** Of several containers of a service the one that came least far. */
export function worstOf<T extends { readonly state: State | undefined }>(containers: readonly T[]): T | undefined {
  const place = ({ state }: T): number => (state === undefined ? ORDER.indexOf('late') : ORDER.indexOf(state));
  return [...containers].sort((a, b) => place(a) - place(b))[0];
}

type Loose = Readonly<Record<string, unknown>>;
const looseIn = (value: unknown, key: string): Loose => {
  const inner = (value as Loose | null | undefined)?.[key];
  return typeof inner === 'object' && inner !== null ? (inner as Loose) : {};
};
const time = (value: unknown): number => Date.parse(String(value ?? ''));

/** Reads one element of what `docker inspect` prints. */
export function factsOf(inspected: unknown): ContainerFacts {
  const state = looseIn(inspected, 'State');
  const health = looseIn(state, 'Health');
  const startedAt = time(state['StartedAt']);
  const checks = Array.isArray(health['Log']) ? (health['Log'] as readonly Loose[]) : [];
  return {
    id: String((inspected as Loose)['Id'] ?? ''),
    service: String(looseIn(looseIn(inspected, 'Config'), 'Labels')['com.docker.compose.service'] ?? ''),
    status: String(state['Status'] ?? ''),
    exitCode: Number(state['ExitCode'] ?? 0),
    error: String(state['Error'] ?? ''),
    restarts: Number((inspected as Loose)['RestartCount'] ?? 0),
    createdAt: time((inspected as Loose)['Created']),
    // A container that never ran has the year 1.
    startedAt: startedAt > 0 ? startedAt : undefined,
    restartPolicy: String(looseIn(looseIn(inspected, 'HostConfig'), 'RestartPolicy')['Name'] ?? ''),
    ...(typeof health['Status'] === 'string' &&
      health['Status'] !== 'none' && {
        health: {
          status: health['Status'],
          checks: checks.map((check) => ({
            end: time(check['End']),
            exitCode: Number(check['ExitCode'] ?? -1),
            output: String(check['Output'] ?? ''),
          })),
        },
      }),
  };
}
