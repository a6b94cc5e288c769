import type { Finding } from './finding.ts';
import type { Stack } from './model/stack.ts';

/** What the caller wants of a transform beyond the stack itself. */
export interface FindRequest {
  /** The user named this transform: what it usually only reports as working, it may change. */
  readonly named: boolean;
}

/** How much a finding matters to a check: a `note` is for information and does not fail it. */
export type Level = 'error' | 'warning' | 'note';

/** One repair: finds what is broken in a stack and carries the fix on each finding. */
export interface Transform {
  /** Imperative verb-object, the name of its folder and of its fixtures. */
  readonly id: string;
  /** `repair` runs by default; `hygiene` only when asked for. */
  readonly group: 'repair' | 'hygiene';
  /** One imperative line for `dockfix list` and the README's table. */
  readonly summary: string;
  /** Pure: the same stack and request give the same findings in the same order. Without a request nobody named it. */
  readonly find: (stack: Stack, request?: FindRequest) => Iterable<Finding>;
}

/** Declares a transform; the identity function with a type. */
export const defineTransform = (transform: Transform): Transform => transform;
