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

const CLEAR = '\r\u001b[2K';

/** Milestones are lines that stay; details are shown on a terminal only, each over the last one. */
export function progressDisplay({ isTTY, columns, write }: ProgressOutput): ProgressDisplay {
  let open = false;
  const end = (): void => {
    if (open) write(CLEAR);
    open = false;
  };
  return {
    show: (side, { kind, text }) => {
      const line = `${`${side}:`.padEnd(8)}${visible(text)}`;
      if (kind === 'detail' && !isTTY) return;
      end();
      write(kind === 'milestone' ? `${line}\n` : line.slice(0, Math.max(20, columns - 1)));
      open = kind === 'detail';
    },
    end,
  };
}
