import type { Finding } from '../../src/finding.ts';
import type { Stack } from '../../src/model/stack.ts';
import { defineTransform } from '../../src/transform.ts';

/** Add healthchecks: see README.md beside this file. */
export default defineTransform({
  id: 'add-healthchecks',
  group: 'repair',
  summary: 'Add healthchecks',
  find,
});

function* find(stack: Stack): Iterable<Finding> {
  for (const service of stack.services) {
    void service;
  }
}
