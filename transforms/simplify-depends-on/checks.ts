import type { Change } from '../../src/finding.ts';
import type { Service } from '../../src/model/service.ts';
import type { Stack } from '../../src/model/stack.ts';
import { healthcheckLines, testLine } from '../../src/model/store/health.ts';
import type { Store } from '../../src/model/store.ts';
import { insertEntries, keysOf, valueAt } from '../../src/parse/compose.ts';
import type { Wanted } from './plan.ts';
import { healthOf, storeBehind } from './store-behind.ts';

/** The healthchecks that stores need for the conditions; the same for every service, so that equal edits fall together. */
export function checksFor(stack: Stack, service: Service, wanted: readonly Wanted[]): readonly Change[] | undefined {
  const changes: Change[] = [];
  for (const { name, condition, edge } of wanted) {
    const target = stack.neighbours(service).find((other) => other.name === name);
    const view = target && stack.view(target);
    const store = view && storeBehind(view);
    if ((condition ?? edge?.condition) !== 'service_healthy' || !store || healthOf(view) !== 'no') continue;
    const edits = checkFor(target, store);
    if (!edits) return undefined;
    changes.push(...edits);
  }
  return changes;
}

/** Keys that people write last. */
const TRAILING = ['restart', 'networks', 'deploy', 'profiles', 'logging', 'labels'];

function checkFor(service: Service, store: Store): readonly Change[] | undefined {
  const known = service.healthcheck;
  if (known) {
    const test = testLine(store);
    return test === undefined || known.shared ? undefined : insertEntries(known.file, known.path, [test]);
  }
  const lines = healthcheckLines(store);
  const definition = service.definitions[0];
  if (!lines || !definition) return undefined;
  const node = valueAt(definition.file.root, ...definition.path);
  const own = node?.kind === 'map' ? node.own.map(({ key }) => String(key.value)) : keysOf(node);
  const last = own.findLast((key) => !TRAILING.includes(key));
  const after = last === own.at(-1) ? undefined : last;
  return insertEntries(definition.file, definition.path, lines, after);
}
