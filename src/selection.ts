import { closest, distance } from 'fastest-levenshtein';
import { UserError } from './errors.ts';
import type { Transform } from './transform.ts';

/** What the command line says about which transforms run. */
export interface Selection {
  readonly only: readonly string[];
  readonly skip: readonly string[];
  /** Groups that run besides `repair`. */
  readonly groups: readonly Transform['group'][];
}

/** The transforms that run, in pipeline order: those named by `only`, else those of the groups; never those in `skip`. */
export function selectTransforms(all: readonly Transform[], selection: Selection): readonly Transform[] {
  const { only, skip, groups } = selection;
  for (const id of [...only, ...skip]) transformNamed(all, id);
  const both = only.find((id) => skip.includes(id));
  if (both !== undefined) throw new UserError(`--only and --skip both name ${both}`, 'Name it in one of them.');
  const wanted = (transform: Transform): boolean =>
    only.length > 0 ? only.includes(transform.id) : transform.group === 'repair' || groups.includes(transform.group);
  const chosen = all.filter((transform) => wanted(transform) && !skip.includes(transform.id));
  if (chosen.length === 0 && skip.length > 0)
    throw new UserError('No transform is left to run', 'See them with: dockfix list');
  return chosen;
}

/** The transform of that id, or an error that names the nearest one. */
export function transformNamed(all: readonly Transform[], id: string): Transform {
  const found = all.find((transform) => transform.id === id);
  if (found) return found;
  const near = nearest(
    id,
    all.map((transform) => transform.id),
  );
  throw new UserError(
    `There is no transform "${id}"`,
    near === undefined ? 'See them with: dockfix list' : `Did you mean ${near}?`,
  );
}

/** The word that somebody may have meant. */
export function nearest(word: string, words: readonly string[]): string | undefined {
  const found = words.length > 0 ? closest(word, words) : undefined;
  return found !== undefined && distance(word, found) <= Math.max(2, found.length / 2) ? found : undefined;
}
