import type { Skip } from '../pipeline/run.ts';

/** Why a finding changed nothing, for a person. */
export const WHY_SKIPPED: Readonly<Record<Skip, string>> = {
  'no fix': 'there is no automatic repair for it',
  manual: 'to be done by hand',
  'left out by --safe-only': 'it changes how the stack runs, and --safe-only was given',
  'overlaps another fix': 'another repair changes the same lines; run dockfix again after it',
  'ignored by comment': 'a comment there asks for it',
  'excluded by configuration': 'the configuration excludes this file',
  'would break the file': 'the repaired file would not be valid',
};
