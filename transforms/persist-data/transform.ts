import type { Finding } from '../../src/finding.ts';
import type { Stack } from '../../src/model/stack.ts';
import { defineTransform } from '../../src/transform.ts';

/** Persist data: see README.md beside this file. */
export default defineTransform({
  id: 'persist-data',
  group: 'repair',
  summary: 'Persist data',
  find,
});

function* find(stack: Stack): Iterable<Finding> {
  for (const service of stack.services) {
    void service;
  }
}
