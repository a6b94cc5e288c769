import { secretsWith } from '../model/secret/known.ts';
import { type Mask, maskOf } from '../model/secret/mask.ts';
import { deltas } from '../repo/delta.ts';
import type { Repo } from '../repo/repo.ts';

const masks = new WeakMap<Repo, WeakMap<Repo, Mask>>();

/** Masks the secrets of two snapshots: those of the files that Docker reads, and those of every file that differs. */
export function maskBetween(before: Repo, after: Repo): Mask {
  const ofBefore = masks.get(before) ?? new WeakMap<Repo, Mask>();
  masks.set(before, ofBefore);
  const known = ofBefore.get(after);
  if (known) return known;
  const changed = deltas(before, after);
  const old = secretsWith(
    before,
    changed.flatMap(({ path, from, before: file }) => (file ? [from ?? path] : [])),
  );
  const next = secretsWith(
    after,
    changed.flatMap(({ path, after: file }) => (file ? [path] : [])),
  );
  const mask = maskOf({
    anywhere: new Set([...old.anywhere, ...next.anywhere]),
    inPlace: new Set([...old.inPlace, ...next.inPlace]),
  });
  ofBefore.set(after, mask);
  return mask;
}
