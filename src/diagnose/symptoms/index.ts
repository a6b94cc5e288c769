import type { Symptom } from '../types.ts';
import { applicationSymptoms } from './application.ts';
import { buildSymptoms } from './build.ts';
import { composeSymptoms } from './compose.ts';
import { dataSymptoms } from './data.ts';
import { networkSymptoms } from './network.ts';
import { programSymptoms } from './program.ts';

/** Everything that is understood. The first that matches a line names it, so what is special stands before what is general. */
export const symptoms: readonly Symptom[] = [
  ...buildSymptoms,
  ...composeSymptoms,
  ...programSymptoms,
  ...applicationSymptoms,
  ...networkSymptoms,
  ...dataSymptoms,
];
