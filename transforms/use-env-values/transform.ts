import { defineTransform } from '../../src/transform.ts';
import { findingsOf } from './hard-coded.ts';

/** `environment` beats `.env`, which Compose reads for `${…}` only: who edits `.env` sees no effect. */
export default defineTransform({
  id: 'use-env-values',
  group: 'repair',
  summary: 'Let .env win over values that are hard-coded in environment',
  *find(stack) {
    for (const project of stack.projects) yield* findingsOf(stack, project);
  },
});
