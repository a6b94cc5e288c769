import { ForgeError } from '../forge/forge-error.ts';

/** How often and how late a job is tried again. */
export interface RetryPolicy {
  /** A job that failed so often in passing fails for good. */
  readonly attempts: number;
  /** Milliseconds after the first failure; each one doubles them. */
  readonly firstDelay: number;
  /** Milliseconds that it never waits longer than. */
  readonly longestDelay: number;
  /** A job whose forge had too many requests so often fails for good. */
  readonly rateLimits: number;
}

/** Over about twenty minutes, and over most of a day where a forge tells when to come back. */
export const RETRIES: RetryPolicy = { attempts: 8, firstDelay: 10_000, longestDelay: 600_000, rateLimits: 24 };

/** How often a job was tried without success. */
export interface Tries {
  readonly failed: number;
  readonly rateLimited: number;
}

export const NO_TRIES: Tries = { failed: 0, rateLimited: 0 };

/** What follows from a failure. Times are in milliseconds. */
export type AfterFailure =
  | {
      readonly again: true;
      readonly after: number;
      readonly tries: Tries;
      /** For so long no job of the same forge shall start. */
      readonly hold: number;
    }
  | { readonly again: false; readonly hold: number };

/** Without a word from the forge: GitHub asks to wait for at least a minute at its secondary limits. */
const UNTOLD_WAIT = 60_000;
/** A date far away is a clock that is wrong. */
const LONGEST_HOLD = 3_600_000;

/** Decides whether and when a job that failed is tried again; `chance` is between 0 and 1, and keeps jobs from coming back all at once. */
export function afterFailure(error: unknown, tries: Tries, policy: RetryPolicy, chance: number): AfterFailure {
  const limited = error instanceof ForgeError && error.kind === 'rate limited';
  const hold = holdOf(error);
  if (!isPassing(error)) return { again: false, hold };
  // The forge is well and the job did nothing wrong: that is no failure of it.
  const next = limited ? { ...tries, rateLimited: tries.rateLimited + 1 } : { ...tries, failed: tries.failed + 1 };
  if (next.failed >= policy.attempts || next.rateLimited >= policy.rateLimits) return { again: false, hold };
  const delay = limited ? 0 : Math.min(policy.firstDelay * 2 ** tries.failed, policy.longestDelay);
  return { again: true, after: Math.max(hold, delay * (0.5 + chance / 2)), tries: next, hold };
}

function holdOf(error: unknown): number {
  if (!(error instanceof ForgeError)) return 0;
  const told = error.retryAfter === undefined ? undefined : error.retryAfter * 1000;
  if (error.kind === 'rate limited') return Math.min(told ?? UNTOLD_WAIT, LONGEST_HOLD);
  return error.kind === 'unavailable' ? Math.min(told ?? 0, LONGEST_HOLD) : 0;
}

const NETWORK =
  /^(ECONN(REFUSED|RESET|ABORTED)|ETIMEDOUT|EPIPE|EAI_AGAIN|ENOTFOUND|EHOSTUNREACH|ENETUNREACH|ENETDOWN|UND_ERR_\w+)$/;

/** True for what may go by itself: the forge says so, the network was away, or the error itself says `isPassing`. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ('isPassing' in error && typeof error.isPassing === 'boolean') return error.isPassing;
  if ('code' in error && typeof error.code === 'string' && NETWORK.test(error.code)) return true;
  return isPassing(error.cause);
}
