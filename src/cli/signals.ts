import { constants } from 'node:os';

/** What a person or a system asks a program to end with. */
export const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The exit status of a program that a signal ended. https://www.gnu.org/software/bash/manual/html_node/Exit-Status.html */
export const statusAfter = (signal: NodeJS.Signals): number => 128 + constants.signals[signal];
