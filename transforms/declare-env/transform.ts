import { defineTransform } from '../../src/transform.ts';
import { findingsOf } from './project.ts';

/** A container sees only what Compose, an env file or its image gives it: the `.env` of the machine is not among that. */
export default defineTransform({
  id: 'declare-env',
  group: 'repair',
  summary: 'Give services the variables that their own source requires, from .env',
  *find(stack) {
    for (const project of stack.projects) yield* findingsOf(stack, project);
  },
});
