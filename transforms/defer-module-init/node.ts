import type { Finding } from '../../src/finding.ts';
import type { Stack } from '../../src/model/stack.ts';

/** placeholder */
export function* nodeFindings(_stack: Stack): Iterable<Finding> {}
