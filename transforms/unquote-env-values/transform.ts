import { defineTransform } from '../../src/transform.ts';
import { listFindings } from './list-items.ts';
import { rawFindings } from './raw-files.ts';

/** Takes away quotes that no reader takes away: the process would see them as part of the value. */
export default defineTransform({
  id: 'unquote-env-values',
  group: 'repair',
  summary: 'Take away quotes that reach the program as part of a value',
  *find(stack) {
    yield* listFindings(stack);
    yield* rawFindings(stack);
  },
});
