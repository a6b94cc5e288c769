import { defineTransform } from '../../src/transform.ts';
import { djangoFindings } from './django.ts';
import { sqliteFindings } from './sqlite.ts';
import { storeFindings } from './stores.ts';
import { undeclaredFindings } from './undeclared.ts';

/** What a container writes outside of every volume goes away with it. */
export default defineTransform({
  id: 'persist-data',
  group: 'repair',
  summary: 'Keep the data of databases, brokers and SQLite files in named volumes',
  *find(stack) {
    for (const project of stack.projects) {
      yield* undeclaredFindings(stack, project);
      yield* storeFindings(stack, project);
      yield* sqliteFindings(stack, project);
      for (const service of stack.services.filter((each) => each.project === project))
        yield* djangoFindings(stack, service);
    }
  },
});
