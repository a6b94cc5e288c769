import { transforms } from '../../transforms/index.ts';
import { readmeOf } from '../assets.ts';
import type { Environment } from '../cli.ts';
import { UserError } from '../errors.ts';
import { selectFinding, transformIn } from '../finding-selection.ts';
import { diff } from '../output/diff.ts';
import { findingText } from '../output/finding.ts';
import { maskBetween } from '../output/masked.ts';
import { withFix } from '../pipeline/edits.ts';
import { gitPrefix } from '../repo/disk.ts';
import { transformNamed } from '../selection.ts';
import { repairOf } from './apply.ts';
import { paletteFor } from './palette.ts';

/** Runs `dockfix explain <id>`: the page of a transform. */
export async function explainTransform({ stdout, env }: Environment, id: string | undefined): Promise<void> {
  if (id === undefined)
    throw new UserError('Nothing was named to explain', 'Name a transform (dockfix list), or a finding: --finding 1');
  const { markdown } = await import('../output/markdown.ts');
  stdout.write(markdown(readmeOf(transformNamed(transforms, id).id), paletteFor(stdout, env)));
}

/**
 * Runs `dockfix explain --finding`: one finding with every line that proves it. The run is the one of `dockfix apply`, so that its
 * findings have the same numbers; the group of a transform that is off by default joins it when the transform is named.
 */
export async function explainFinding(environment: Environment, path: string, selector: string): Promise<void> {
  const { stdout, env } = environment;
  const named = transformIn(transforms, selector);
  const { folder, result } = await repairOf(environment, path, {
    only: [],
    skip: [],
    group: named ? [named.group] : [],
  });
  const { transform, outcome, number } = selectFinding(result, selector);
  const { seen, finding } = outcome;
  const repair = finding.fix ? diff(seen, withFix(seen, finding.fix), gitPrefix(folder)) : '';
  const mask = maskBetween(result.before, result.after);
  stdout.write(
    mask(findingText({ transform, outcome, number, start: result.before, diff: repair }, paletteFor(stdout, env))),
  );
}
