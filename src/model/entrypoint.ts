import type { Change, Evidence } from '../finding.ts';
import type { ServiceView, Stack } from './stack.ts';
import type { Store } from './store.ts';

/** One more thing to do before the server starts. */
export interface StartStep {
  readonly kind: 'migrate' | 'init';
  /** The command as an argv; it is quoted for the script that it goes into. */
  readonly argv: readonly string[];
}

/** What has to change so that a service's container does `steps`, in order, once its stores answer, and then starts its server. */
export type EntrypointPlan =
  | { readonly changes: readonly Change[]; readonly title: string; readonly evidence: readonly Evidence[] }
  | { readonly manual: string };

export interface EntrypointRequest {
  readonly view: ServiceView;
  /** Stores to wait for, bounded in time; those that the existing script waits for already are left out. */
  readonly waitFor: readonly Store[];
  readonly steps: readonly StartStep[];
}

/**
 * Extends the service's own start script (the steps go in before its server starts), or writes one and wires it for this service alone:
 * in the Dockerfile when no other service runs the image, else in Compose. Never replaces a script.
 * Steps that the script runs already are left out. `manual` says why it cannot be done by a splice.
 */
export declare function planEntrypoint(stack: Stack, request: EntrypointRequest): EntrypointPlan;
