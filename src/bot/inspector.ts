import { remoteProgram } from '../assets.ts';
import type { Limits } from '../pull-request/limits.ts';
import { answerQuestion, askOwnProcess } from '../pull-request/own-process.ts';
import { type Inspected, type Inspection, inspect } from './inspection.ts';

/** Does inspections. Rejects with a `UserError` when a limit is reached. */
export type Inspector = (inspection: Inspection, limits: Limits, signal: AbortSignal) => Promise<Inspected>;

/** In a process of its own, with limits; run from source, there is none. */
export function inspector(): Inspector {
  const program = remoteProgram();
  if (program === undefined) return (inspection) => inspect(inspection);
  return (inspection, limits, signal) => askOwnProcess(program, 'answerInspection', inspection, limits, signal);
}

/** The process of its own. */
export const answerInspection = (): Promise<void> => answerQuestion<Inspection>(inspect);
