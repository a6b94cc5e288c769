import { SIGNALS, statusAfter } from './signals.ts';

/** The user ended the program. */
class Interrupted extends Error {
  override readonly name = 'Interrupted';
  readonly status: number;

  constructor(signal: NodeJS.Signals) {
    super(`interrupted by ${signal}`);
    this.status = statusAfter(signal);
  }
}

/** Gives work a signal that Ctrl-C and its like abort, and lets it tidy up; answers what it did, or the status to end with. */
export async function interruptible<T>(
  work: (signal: AbortSignal) => Promise<T>,
  onInterrupt: () => void,
): Promise<T | { readonly status: number }> {
  const controller = new AbortController();
  const stop = (signal: NodeJS.Signals): void => {
    if (controller.signal.aborted) return;
    onInterrupt();
    controller.abort(new Interrupted(signal));
  };
  for (const signal of SIGNALS) process.on(signal, stop);
  try {
    return await work(controller.signal);
  } catch (error) {
    const { reason } = controller.signal;
    if (reason instanceof Interrupted) return { status: reason.status };
    throw error;
  } finally {
    for (const signal of SIGNALS) process.off(signal, stop);
  }
}
