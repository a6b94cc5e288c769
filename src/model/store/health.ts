import { textOf, valueAt } from '../../parse/compose.ts';
import type { Service } from '../service.ts';
import type { ServiceView } from '../stack.ts';
import type { Store } from '../store.ts';
import { checkOf } from './check.ts';

/**
 * The `healthcheck:` of a store, as unindented YAML lines; `undefined` when no program of its image is known to tell.
 * `start_period` lets a first start set itself up: failures do not count in it, a success ends it.
 */
export function healthcheckLines(store: Store): readonly string[] | undefined {
  const test = testLine(store);
  if (test === undefined) return undefined;
  const slow = store.kind !== 'postgres' && store.kind !== 'redis';
  return [
    'healthcheck:',
    `  ${test}`,
    `  interval: ${slow ? '10s' : '5s'}`,
    `  timeout: ${slow ? '10s' : '5s'}`,
    '  retries: 12',
    `  start_period: ${slow ? '60s' : '30s'}`,
  ];
}

/** The `test:` line alone, for a `healthcheck:` that has everything else. */
export function testLine(store: Store): string | undefined {
  const words = checkOf(store);
  return words && `test: [${words.map((word) => JSON.stringify(word)).join(', ')}]`;
}

/** How a service tells that it is healthy: by its own check, by one in its image, not at all, or nobody can say. */
export function hasHealthcheck(
  service: Service,
  imageInstructions: readonly string[] | undefined,
  store: Store | undefined,
): 'yes' | 'no' | 'unknown' {
  if (isDisabled(service)) return 'no';
  if (valueAt(service.healthcheck?.node, 'test')) return 'yes';
  const own = imageInstructions?.findLast((text) => /^HEALTHCHECK\b/i.test(text));
  if (own !== undefined) return /^HEALTHCHECK\s+NONE/i.test(own) ? 'no' : 'yes';
  if (imageInstructions) return 'no';
  return store && bringsNoCheck(service.image?.text ?? '') ? 'no' : 'unknown';
}

/** How a service tells that it is healthy, by everything that is known of it. */
export const healthOf = (view: ServiceView): 'yes' | 'no' | 'unknown' =>
  hasHealthcheck(
    view.service,
    view.image?.layers.map(({ instruction, dockerfile }) =>
      dockerfile.text.slice(instruction.at.start, instruction.at.end),
    ),
    view.store,
  );

/** Whether a person has switched the check off: `disable: true`, or a test that is NONE. */
export function isDisabled(service: Service): boolean {
  const node = service.healthcheck?.node;
  return (
    textOf(valueAt(node, 'disable')) === 'true' ||
    (textOf(valueAt(node, 'test')) ?? textOf(valueAt(node, 'test', '0'))) === 'NONE'
  );
}

/** Images of stores that are known to have no HEALTHCHECK; of others nobody can say (mysql/mysql-server has one). */
const bringsNoCheck = (image: string): boolean =>
  /^(?:(?:docker\.io|registry-1\.docker\.io|mirror\.gcr\.io|public\.ecr\.aws\/docker)\/)?(?:library\/|bitnami\/|bitnamilegacy\/|postgis\/|pgvector\/|timescale\/|valkey\/|redis\/)?[\w.-]+(?:[:@]|$)/.test(
    image,
  );
