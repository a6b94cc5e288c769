import { defineTransform } from '../../src/transform.ts';
import { missingSteps } from './missing-steps.ts';

/** Prepares the database once, in an entrypoint of the web service, and repairs start scripts that cannot do their job. */
export default defineTransform({
  id: 'add-entrypoint',
  group: 'repair',
  summary: 'Prepare the database in an entrypoint of the web service before its server starts',
  *find(stack) {
    yield* missingSteps(stack);
  },
});
