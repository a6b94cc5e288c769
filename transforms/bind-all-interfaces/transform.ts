import type { Finding } from '../../src/finding.ts';
import type { Stack } from '../../src/model/stack.ts';
import { defineTransform } from '../../src/transform.ts';

/** Bind all interfaces: see README.md beside this file. */
export default defineTransform({
  id: 'bind-all-interfaces',
  group: 'repair',
  summary: 'Bind all interfaces',
  find,
});

function* find(stack: Stack): Iterable<Finding> {
  for (const service of stack.services) {
    void service;
  }
}
