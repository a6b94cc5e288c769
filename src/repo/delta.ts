import type { Repo, RepoFile } from './repo.ts';

/** What becomes of one file between two snapshots. */
export interface Delta {
  readonly path: string;
  /** Absent when the file is new. */
  readonly before?: RepoFile;
  /** Absent when the file is removed. */
  readonly after?: RepoFile;
  /** Where the file was before; its bytes are the same, and `before` is the file there. */
  readonly from?: string;
}

/** The files that differ in bytes or mode, in path order. A removed file whose bytes turn up in a new one is renamed. */
export function deltas(before: Repo, after: Repo): readonly Delta[] {
  const changed = before.pathsUnlike(after).flatMap((path) => deltaAt(path, before, after) ?? []);
  const removed = new Map(changed.filter((delta) => !delta.after).map((delta) => [delta.path, delta.before]));
  const paired = changed.map((delta): Delta => {
    const { path, after: file } = delta;
    if (delta.before || !file || file.text === '') return delta;
    for (const [from, old] of removed) {
      if (old?.text !== file.text || old.encoding !== file.encoding) continue;
      removed.delete(from);
      return { path, from, before: old, after: file };
    }
    return delta;
  });
  return paired.filter((delta) => delta.after || removed.has(delta.path));
}

function deltaAt(path: string, before: Repo, after: Repo): Delta | undefined {
  const old = fileIn(before, path);
  const next = fileIn(after, path);
  if (!old) return next && { path, after: next };
  if (!next) return { path, before: old };
  const same = old.text === next.text && old.encoding === next.encoding && old.mode === next.mode;
  return same ? undefined : { path, before: old, after: next };
}

/** A file that is not read as text is the same in every snapshot, or absent: nothing can edit it. */
function fileIn(repo: Repo, path: string): RepoFile | undefined {
  if (!repo.has(path)) return undefined;
  const file = repo.file(path);
  return 'text' in file ? file : undefined;
}
