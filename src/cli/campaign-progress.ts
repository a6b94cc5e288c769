import { visible } from '../output/visible.ts';
import { overwrittenLine, type ProgressOutput } from './progress.ts';

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

const CELLS = 24;

/** Elsewhere than on a terminal there is no bar. */
export function campaignDisplay(output: ProgressOutput): CampaignDisplay {
  const line = overwrittenLine(output);
  let bar: string | undefined;
  return {
    say: (text) => {
      line.end();
      output.write(`${visible(text)}\n`);
      if (bar !== undefined) line.show(bar);
    },
    show: (progress) => {
      bar = barOf(progress);
      line.show(bar);
    },
    end: () => {
      line.end();
      bar = undefined;
    },
  };
}

/** `[############------------] 120/240  87 opened  3 failed`. */
function barOf({ done, of, failed, opened }: CampaignProgress): string {
  const filled = of === 0 ? CELLS : Math.floor((done / of) * CELLS);
  const counts = [`${opened} opened`, ...(failed > 0 ? [`${failed} failed`] : [])];
  return `[${'#'.repeat(filled)}${'-'.repeat(CELLS - filled)}] ${done}/${of}  ${counts.join('  ')}`;
}
