import type { Finding } from '../../src/finding.ts';
import type { Stack } from '../../src/model/stack.ts';
import { defineTransform } from '../../src/transform.ts';

/** Drop root: see README.md beside this file. */
export default defineTransform({
  id: 'drop-root',
  group: 'hygiene',
  summary: 'Drop root',
  find,
});

function* find(stack: Stack): Iterable<Finding> {
  for (const service of stack.services) {
    void service;
  }
}
