import { defineTransform } from '../../src/transform.ts';
import { brokenScripts } from './broken-script.ts';
import { droppedCommands } from './dropped-command.ts';
import { hiddenScripts } from './hidden-script.ts';
import { missingSteps } from './missing-steps.ts';
import { missingWaitCommands } from './wait-command.ts';

/** Prepares the database once, in an entrypoint of the web service, and repairs start scripts that cannot do their job. */
export default defineTransform({
  id: 'add-entrypoint',
  group: 'repair',
  summary: 'Prepare the database in an entrypoint of the web service before its server starts',
  *find(stack) {
    yield* hiddenScripts(stack);
    yield* droppedCommands(stack);
    yield* brokenScripts(stack);
    yield* missingWaitCommands(stack);
    yield* missingSteps(stack);
  },
});
