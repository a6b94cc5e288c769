import type { Finding } from './finding.ts';
import type { Stack } from './model/stack.ts';

/** One repair: finds what is broken in a stack and carries the fix on each finding. */
export interface Transform {
  /** Imperative verb-object, the name of its folder and of its fixtures. */
  readonly id: string;
  /** `repair` runs by default; `hygiene` only when asked for. */
  readonly group: 'repair' | 'hygiene';
  /** One imperative line for `dockfix list` and the README's table. */
  readonly summary: string;
  /** Pure: the same stack gives the same findings in the same order. */
  readonly find: (stack: Stack) => Iterable<Finding>;
}

/** Declares a transform; the identity function with a type. */
export const defineTransform = (transform: Transform): Transform => transform;
