import { remoteProgram } from '../assets.ts';
import { isolated, unlimited } from './isolated.ts';
import { LIMITS } from './limits.ts';
import type { Workshop } from './types.ts';

/** A workshop whose temporary folders are made in `folder` (absolute), with the usual limits. Run from source, there is no process apart. */
export function workshopIn(folder: string, signal: AbortSignal): Workshop {
  const program = remoteProgram();
  return { folder, limits: LIMITS, signal, propose: program === undefined ? unlimited : isolated(program) };
}
