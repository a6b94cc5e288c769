import type { Environment } from '../cli.ts';
import { visible } from '../output/visible.ts';
import type { Side } from '../verify/verdict.ts';

/** Where progress goes: a terminal has one line that is overwritten; elsewhere only whole lines are written. */
export interface ProgressOutput {
  readonly isTTY: boolean;
  readonly columns: number;
  readonly write: (text: string) => void;
}

/** Shows what a verification is doing. */
export interface ProgressDisplay {
  readonly show: (side: Side, event: { readonly kind: 'milestone' | 'detail'; readonly text: string }) => void;
  /** Takes the line that is still to be overwritten away. */
  readonly end: () => void;
}

/** Shows that work which takes long goes on. */
export interface Spinner {
  /** Says what is being done now. Work that holds the thread has to call it now and then, for no timer runs meanwhile. */
  readonly step: (text: string) => void;
  /** Takes the line away; has to come before any other output. */
  readonly end: () => void;
}

const CLEAR = '\r\u001b[2K';
const FRAMES = ['|', '/', '-', '\\'];

/** Work that is done sooner shows nothing: a line that comes and goes at once is only flicker. */
const PATIENCE_MS = 300;

/** Standard error as progress may use it: a line is overwritten only where a person watches a terminal that can. */
export const progressOutput = ({ stderr, env }: Pick<Environment, 'stderr' | 'env'>): ProgressOutput => ({
  isTTY: stderr.isTTY && env['TERM'] !== 'dumb' && !env['NO_COLOR'] && !isSet(env['CI']),
  // A terminal without a size says 0.
  columns: process.stderr.columns || 80,
  write: stderr.write,
});

/** Milestones are lines that stay; details are shown on a terminal only, each over the last one. */
export function progressDisplay(output: ProgressOutput): ProgressDisplay {
  const line = overwrittenLine(output);
  return {
    show: (side, { kind, text }) => {
      const shown = `${`${side}:`.padEnd(8)}${visible(text)}`;
      if (kind === 'detail') return line.show(shown);
      line.end();
      output.write(`${shown}\n`);
    },
    end: line.end,
  };
}

/** A spinner that begins with its first step after a while. `now` is in milliseconds. */
export function spinner(output: ProgressOutput, now: () => number): Spinner {
  const line = overwrittenLine(output);
  const start = now();
  let frame = 0;
  return {
    step: (text) => {
      if (now() - start < PATIENCE_MS) return;
      line.show(`${FRAMES[frame % FRAMES.length]} ${visible(text)}`);
      frame += 1;
    },
    end: line.end,
  };
}

/** A line that each call writes anew; nothing where nobody watches. */
export function overwrittenLine({ isTTY, columns, write }: ProgressOutput): {
  readonly show: (text: string) => void;
  readonly end: () => void;
} {
  let open = false;
  return {
    show: (text) => {
      if (!isTTY) return;
      write(`${open ? CLEAR : ''}${text.slice(0, Math.max(20, columns - 1))}`);
      open = true;
    },
    end: () => {
      if (open) write(CLEAR);
      open = false;
    },
  };
}

const isSet = (value: string | undefined): boolean => value !== undefined && !/^(?:|0|false)$/i.test(value);
