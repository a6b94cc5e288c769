import { defineTransform } from '../../src/transform.ts';
import { deploymentOf } from './deployment.ts';
import { existingWay } from './existing.ts';
import { deployScript } from './script.ts';

/** Writes a script that deploys the one stack of a repository and tells whether it came up. */
export default defineTransform({
  id: 'add-deploy-script',
  group: 'hygiene',
  summary: 'Write a script that builds, restarts and checks the stack',
  *find(stack) {
    const deployment = deploymentOf(stack);
    if (!deployment || existingWay(stack)) return;
    const { project, application } = deployment;
    const path = [project.folder, 'deploy.sh'].filter(Boolean).join('/');
    if (stack.repo.has(path) || stack.repo.linkAt(path)) return;
    yield {
      message: `Nothing in the repository deploys the stack, so each deployment is typed by hand, and whether ${application.name} came up is left to look at.`,
      at: application.at,
      evidence: [
        { at: application.at, says: `${application.name} is built here and serves` },
        { at: { path: application.at.path, start: 0, end: 0 }, says: 'no script, recipe or pipeline starts this file' },
      ],
      fix: {
        title: `Write ${path}: build, stop, start, wait for health, show the logs`,
        safety: 'safe',
        changes: [{ path, create: deployScript(deployment), mode: 0o755 }],
      },
    };
  },
});
