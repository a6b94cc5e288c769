import { visible } from '../output/visible.ts';
import type { ProgressOutput } from './progress.ts';

/** How far a campaign is. */
export interface CampaignProgress {
  readonly done: number;
  readonly of: number;
  readonly failed: number;
  readonly opened: number;
}

/** Shows how far a campaign is: a bar at the end of a terminal, and above it a line for each repository. */
export interface CampaignDisplay {
  /** A line that stays. */
  readonly say: (line: string) => void;
  readonly show: (progress: CampaignProgress) => void;
  /** Takes the bar away. */
  readonly end: () => void;
}

const CLEAR = '\r\u001b[2K';
const CELLS = 24;

/** Elsewhere than on a terminal there is no bar. */
export function campaignDisplay({ isTTY, columns, write }: ProgressOutput): CampaignDisplay {
  let bar = '';
  const draw = (text: string): void => {
    if (isTTY) write(text);
  };
  return {
    say: (line) => {
      if (bar !== '') draw(CLEAR);
      write(`${visible(line)}\n`);
      draw(bar);
    },
    show: (progress) => {
      bar = barOf(progress).slice(0, Math.max(20, columns - 1));
      draw(`${CLEAR}${bar}`);
    },
    end: () => {
      if (bar !== '') draw(CLEAR);
      bar = '';
    },
  };
}

/** `[############------------] 120/240  87 opened  3 failed`. */
export function barOf({ done, of, failed, opened }: CampaignProgress): string {
  const filled = of === 0 ? CELLS : Math.floor((done / of) * CELLS);
  const counts = [`${opened} opened`, ...(failed > 0 ? [`${failed} failed`] : [])];
  return `[${'#'.repeat(filled)}${'-'.repeat(CELLS - filled)}] ${done}/${of}  ${counts.join('  ')}`;
}
