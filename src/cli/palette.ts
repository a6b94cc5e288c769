import picocolors from 'picocolors';
import type { Environment, Output } from '../cli.ts';
import type { Palette } from '../output/palette.ts';

/** The colours for a stream: as NO_COLOR and FORCE_COLOR ask, else on a terminal. */
export function paletteFor(output: Output, env: Environment['env']): Palette {
  const asked = env['FORCE_COLOR'] !== undefined ? env['FORCE_COLOR'] !== '0' : output.isTTY && env['TERM'] !== 'dumb';
  return picocolors.createColors(asked && !env['NO_COLOR']);
}
