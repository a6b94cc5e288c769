import type { Transform } from '../../src/transform.ts';
import type { State } from '../../src/verify/verdict.ts';
import type { Running } from './running.ts';

/** A change of one file by hand: every occurrence of a text is replaced. */
export interface Mend {
  readonly path: string;
  readonly from: string | RegExp;
  readonly to: string;
}

/** An error that people see, and where verify tells it. */
export interface Fault {
  /** What must be mended by hand for this error to appear; each fault includes the mends of those above it. */
  readonly mends: readonly Mend[];
  /** Just these services and what they need; all when empty. */
  readonly services: readonly string[];
  /** The text, in Compose's words or in the reason of a service. */
  readonly shows: string;
  /** The services that show it, with their state; none when Compose itself stops. */
  readonly states: Readonly<Record<string, State>>;
  /** Whether a source edit keeps the install layer, by service. */
  readonly cached: Readonly<Record<string, boolean>>;
  readonly whileUp?: (stack: Running) => Promise<void>;
}

/** What proves the repair of a repository of `fixtures/repos/`. */
export interface Proof {
  /** Groups of transforms besides `repair`. */
  readonly groups: readonly Transform['group'][];
  /** How long a service without a healthcheck has to run; the command line waits longer than most proofs need. */
  readonly settleSeconds: number;
  /** One behind the other; the first is what the repository shows as it is. */
  readonly faults: readonly [Fault, ...Fault[]];
  /** Services whose images cannot be pulled everywhere: not judged where they cannot. */
  readonly outOfReach: readonly string[];
  /** Whether a source edit keeps the install layer after the repair, by service. */
  readonly cached: Readonly<Record<string, boolean>>;
  /** The document's own checks, on the repaired stack. */
  readonly works: (stack: Running) => Promise<void>;
}
