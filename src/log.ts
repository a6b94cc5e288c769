import { type Level, pino } from 'pino';
import type { Log } from './jobs/jobs.ts';
import { type Mask, maskOf } from './model/secret/mask.ts';

/** How much a log tells, from the least. */
export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const satisfies readonly Level[];

/** Takes out these credentials, in every form in which they may be written, and what looks like one. */
export const credentialMask = (credentials: readonly string[]): Mask =>
  maskOf({ anywhere: new Set(credentials.filter((each) => each.length >= 4)), inPlace: new Set() });

/** A log of JSON lines. The mask goes over each line as it is written, so nothing gets around it. */
export function structuredLog(write: (line: string) => void, mask: Mask, level: (typeof LOG_LEVELS)[number]): Log {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (line: string) => write(`${mask(line.trimEnd())}\n`) },
  );
}
