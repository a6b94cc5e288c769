import { defineTransform } from '../../src/transform.ts';
import { nodeFindings } from './node.ts';
import { pythonFindings } from './python.ts';

/** Takes one-time initialisation out of what every process of a server imports. */
export default defineTransform({
  id: 'defer-module-init',
  group: 'repair',
  summary: 'Run one-time initialisation once before the server, not on import in every worker',
  *find(stack) {
    yield* pythonFindings(stack);
    yield* nodeFindings(stack);
  },
});
