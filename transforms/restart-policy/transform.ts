import { isForSwarm } from '../../src/model/compose/deployed-with.ts';
import { defineTransform } from '../../src/transform.ts';
import { isForDevelopment, staysUp } from './long-running.ts';
import { findingOf, policyOf } from './policy.ts';

/** Lets long-running services come back after a crash or a restart of the machine. */
export default defineTransform({
  id: 'restart-policy',
  group: 'hygiene',
  summary: 'Restart long-running services after a crash, and after the machine starts anew',
  *find(stack) {
    for (const project of stack.projects) {
      const views = stack.services
        .filter((service) => service.project === project)
        .map((service) => stack.view(service));
      if (isForDevelopment(project, views) || isForSwarm(stack, project)) continue;
      const policy = policyOf(views);
      if (!policy) continue;
      for (const view of views) {
        const stays = staysUp(view, views);
        const finding = stays && findingOf(view, policy, stays);
        if (finding) yield finding;
      }
    }
  },
});
