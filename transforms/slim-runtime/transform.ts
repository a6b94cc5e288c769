import type { Finding } from '../../src/finding.ts';
import type { Stack } from '../../src/model/stack.ts';
import { defineTransform } from '../../src/transform.ts';

/** Slim runtime: see README.md beside this file. */
export default defineTransform({
  id: 'slim-runtime',
  group: 'hygiene',
  summary: 'Slim runtime',
  find,
});

function* find(stack: Stack): Iterable<Finding> {
  for (const service of stack.services) {
    void service;
  }
}
