import type { Finding } from '../../src/finding.ts';
import type { ServiceView } from '../../src/model/stack.ts';
import { defineTransform } from '../../src/transform.ts';
import { caseFor } from './case.ts';
import { repair } from './repair.ts';

/** Gives an application's container a user of its own instead of root. */
export default defineTransform({
  id: 'drop-root',
  group: 'hygiene',
  summary: 'Run an application as a user of its own, who owns what the application writes',
  *find(stack) {
    for (const path of stack.dockerfiles) {
      const dockerfile = stack.sources.dockerfile(path);
      if (!dockerfile || dockerfile.problems.length > 0 || dockerfile.escape === '`') continue;
      const views = stack.services
        .filter((service) => service.build?.dockerfile === path)
        .map((service) => stack.view(service));
      for (const stage of dockerfile.stages) {
        const users = views.filter(
          ({ image }) => image?.stage.index === stage.index && image.dockerfile === dockerfile,
        );
        const found = finding(users);
        if (found) yield found;
      }
    }

    /** Services of one stage get one user, when it suits all of them. */
    function finding(views: readonly ServiceView[]): Finding | undefined {
      const image = views[0]?.image;
      const subject = image && caseFor(stack, image, views);
      return subject && repair(subject);
    }
  },
});
