import { defineTransform } from '../../src/transform.ts';
import { hiddenEnvironments } from './environment.ts';
import { hiddenModules } from './node-modules.ts';

/** Takes what an image installed out from under the bind mount that covers it. */
export default defineTransform({
  id: 'unmask-dependencies',
  group: 'repair',
  summary: 'Move a virtual environment (or keep node_modules) out from under the bind mount that hides it',
  *find(stack) {
    yield* hiddenEnvironments(stack);
    yield* hiddenModules(stack);
  },
});
