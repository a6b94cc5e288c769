/** The two states of a repository that are compared. */
export type Side = 'before' | 'after';

/** What became of one service. */
export type State =
  /** Its healthcheck succeeds. */
  | 'healthy'
  /** It has no healthcheck, and still runs. */
  | 'runs'
  /** A task that ended with 0. */
  | 'done'
  /** Its image is there, and nothing more was asked for. */
  | 'built'
  /** It runs, and its log shows errors that nobody caught. */
  | 'errors'
  | 'unhealthy'
  /** Time was up. */
  | 'late'
  | 'stopped'
  | 'restarting'
  | 'not started'
  | 'not built'
  | 'no image'
  /** Its image could not be pulled because the registry cannot be reached: says nothing about the repository. */
  | 'unavailable'
  /** Compose rejects the files. */
  | 'unread';

/** One service on one side. */
export interface ServiceResult {
  readonly name: string;
  readonly state: State;
  /** The line that says why not. */
  readonly reason?: string;
  readonly exitCode?: number;
  readonly restarts?: number;
  readonly secondsToHealthy?: number;
  readonly imageBytes?: number;
  /** Whether the layer that installs the dependencies survives a source edit; absent when there is none, or it could not be tried. */
  readonly installCached?: boolean;
}

/** One side of a verification. */
export interface SideResult {
  readonly services: readonly ServiceResult[];
  /** Compose's own words when it rejected the files or stopped before everything was started. */
  readonly stopped?: string;
  /** What had to be done differently from `docker compose up`. */
  readonly notes: readonly string[];
  readonly seconds: number;
}

/** What a verification has to tell; the outputs are pure functions of it. */
export interface Verification {
  /** Absent with `--after-only`. */
  readonly before?: SideResult;
  readonly after: SideResult;
}

/** One service on both sides. */
export interface Row {
  readonly name: string;
  readonly before?: ServiceResult;
  readonly after?: ServiceResult;
  readonly change: 'better' | 'worse' | 'same' | 'new' | 'removed' | 'not compared';
}

/** How far a service came; `undefined` when that cannot be judged. */
const RANK: Readonly<Record<State, number | undefined>> = {
  unread: 0,
  'no image': 1,
  'not built': 1,
  'not started': 2,
  stopped: 3,
  restarting: 3,
  unhealthy: 4,
  late: 4,
  errors: 5,
  built: 6,
  runs: 6,
  done: 6,
  healthy: 6,
  unavailable: undefined,
};

/** True for the name of a state. */
export const isState = (text: string): text is State => Object.hasOwn(RANK, text);

/** True for a service that is up. Errors in its log alone do not make it fail: they count when it had none before. */
export const isUp = ({ state }: ServiceResult): boolean => (RANK[state] ?? 0) >= 5;

/** Every service of either side, in the order of their names. */
export function rowsOf({ before, after }: Verification): readonly Row[] {
  const was = before && asJudged(before, after);
  const is = before ? asJudged(after, before) : after;
  const names = new Set([...is.services, ...(was?.services ?? [])].map(({ name }) => name));
  return [...names].sort().map((name) => rowOf(name, named(was, name), named(is, name), before !== undefined));
}

/** Files that Compose rejects have no services: those that the other side has are not even read. */
function asJudged(side: SideResult, other: SideResult): SideResult {
  if (side.services.length > 0 || side.stopped === undefined) return side;
  return { ...side, services: other.services.map(({ name }): ServiceResult => ({ name, state: 'unread' })) };
}

const named = (side: SideResult | undefined, name: string): ServiceResult | undefined =>
  side?.services.find((service) => service.name === name);

function rowOf(
  name: string,
  before: ServiceResult | undefined,
  after: ServiceResult | undefined,
  compared: boolean,
): Row {
  const both = { name, ...(before && { before }), ...(after && { after }) };
  if (!compared) return { ...both, change: 'not compared' };
  if (!after) return { ...both, change: 'removed' };
  if (!before) return { ...both, change: 'new' };
  const [was, is] = [RANK[before.state], RANK[after.state]];
  if (was === undefined || is === undefined) return { ...both, change: 'not compared' };
  return { ...both, change: is > was ? 'better' : is < was ? 'worse' : 'same' };
}

/** The services that came less far than before the repair. */
export const worseIn = (verification: Verification): readonly Row[] =>
  rowsOf(verification).filter(({ change }) => change === 'worse');

/** True when a side started, and everything in it that can be judged is up. */
export function isHealthy(side: SideResult): boolean {
  const judged = side.services.filter(({ state }) => state !== 'unavailable');
  return side.stopped === undefined && judged.length > 0 && judged.every(isUp);
}

/** True when `after` is healthy and no service is worse than before. */
export const passed = (verification: Verification): boolean =>
  isHealthy(verification.after) && worseIn(verification).length === 0;
