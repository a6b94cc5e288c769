import { defineTransform } from '../../src/transform.ts';
import { defaultFindings } from './defaults.ts';
import { gatewayFindings } from './gateway.ts';
import { variableFindings } from './variables.ts';

/** In a container localhost is the container itself: what points at a store there gets the store's name. */
export default defineTransform({
  id: 'use-service-hosts',
  group: 'repair',
  summary: 'Connect to databases, caches and brokers by the name of their service instead of localhost',
  *find(stack) {
    yield* variableFindings(stack);
    yield* defaultFindings(stack);
    yield* gatewayFindings(stack);
  },
});
