import { buildContexts } from '../../src/model/context/build-context.ts';
import { defineTransform } from '../../src/transform.ts';
import { hiddenSources } from './hidden.ts';
import { missingIgnoreFile } from './missing.ts';
import { overwrittenInstallations } from './overwritten.ts';

/** Keeps what belongs to the host out of the build context, and lets in what the Dockerfile copies. */
export default defineTransform({
  id: 'ignore-build-context',
  group: 'repair',
  summary:
    'Keep .git, .env, virtual environments and node_modules of the host out of the image, and let in what it copies',
  *find(stack) {
    for (const context of buildContexts(stack)) {
      yield* hiddenSources(stack, context);
      yield* overwrittenInstallations(stack, context);
      const missing = missingIgnoreFile(stack, context);
      if (missing) yield missing;
    }
  },
});
