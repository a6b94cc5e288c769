import { defineTransform } from '../../src/transform.ts';
import { composeFindings } from './compose.ts';
import { dockerfileFindings } from './dockerfile.ts';
import { trackedFindings } from './tracked.ts';

/** A secret that is committed is known to everybody who ever reads the repository: `.env`, which git ignores, is its place. */
export default defineTransform({
  id: 'externalise-secrets',
  group: 'repair',
  summary: 'Take passwords and keys out of Compose files and Dockerfiles, into .env',
  *find(stack) {
    for (const project of stack.projects) yield* composeFindings(stack, project);
    for (const path of stack.dockerfiles) yield* dockerfileFindings(stack, path);
    yield* trackedFindings(stack);
  },
});
