import { SIGNALS, statusAfter } from './signals.ts';

/** A process that is asked to end: once to finish what it does, twice to end at once. */
export interface Stopping {
  /** Aborted when it is asked the first time. */
  readonly finish: AbortSignal;
  /** Aborted when it is asked the second time, right before the process ends. */
  readonly atOnce: AbortSignal;
  /** The exit status of a process that was asked to end. */
  readonly status: () => number;
  /** From now on the signals do what they do by default. */
  readonly end: () => void;
}

/** Listens to Ctrl-C and its like. */
export function stopping(onFinish: () => void): Stopping {
  const finish = new AbortController();
  const atOnce = new AbortController();
  let status = 0;
  const ask = (signal: NodeJS.Signals): void => {
    status = statusAfter(signal);
    if (finish.signal.aborted) {
      atOnce.abort(new Error(`ended by ${signal}`));
      process.exit(status);
    }
    onFinish();
    finish.abort();
  };
  for (const signal of SIGNALS) process.on(signal, ask);
  return {
    finish: finish.signal,
    atOnce: atOnce.signal,
    status: () => status,
    end: () => {
      for (const signal of SIGNALS) process.off(signal, ask);
    },
  };
}
