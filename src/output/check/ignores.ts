import type { Finding } from '../../finding.ts';
import { type IgnoreComment, ignoreAt, ignoreComments } from '../../model/ignore-comment.ts';
import type { Run } from '../../pipeline/run.ts';
import { defineTransform, type Transform } from '../../transform.ts';

/** Stands for the transform of the findings about ignore comments themselves. */
export const ABOUT_IGNORES: Transform = defineTransform({
  id: 'dockfix-ignore',
  group: 'hygiene',
  summary: 'Ignore findings that there are, and say why',
  find: () => [],
});

/** What is wrong with the ignore comments of a repository: no reason, an unknown transform, nothing that they leave alone. */
export function findingsOnIgnores({ before, steps }: Run, known: ReadonlySet<string>): readonly Finding[] {
  const ran = new Set(steps.map(({ transform }) => transform.id));
  const used = new Map<string, Set<string>>();
  for (const { transform, outcomes } of steps)
    for (const { finding, seen, skipped } of outcomes) {
      if (skipped !== 'ignored by comment') continue;
      const comment = ignoreAt(seen, transform.id, finding.at);
      // Repairs move comments, but neither make nor remove one.
      const index = ignoreComments(seen, finding.at.path).findIndex((each) => each.at.start === comment?.at.start);
      const key = `${finding.at.path}\0${index}`;
      used.set(key, (used.get(key) ?? new Set()).add(transform.id));
    }
  return before.paths.flatMap((path) =>
    ignoreComments(before, path).flatMap((comment, index) => {
      const message = faultOf(comment, known, ran, used.get(`${path}\0${index}`));
      return message === undefined
        ? []
        : [
            {
              message,
              at: comment.at,
              evidence: [],
              fix: { title: 'Mend the comment or take it away', safety: 'manual', changes: [] },
            } as const,
          ];
    }),
  );
}

function faultOf(
  { ids, reason }: IgnoreComment,
  known: ReadonlySet<string>,
  ran: ReadonlySet<string>,
  used: ReadonlySet<string> | undefined,
): string | undefined {
  if (ids.length === 0)
    return 'This comment names no transform, so it ignores nothing: # dockfix-ignore <transform>: <reason>';
  const unknown = ids.filter((id) => !known.has(id));
  if (unknown.length > 0)
    return `There is no transform ${unknown.join(', ')}, so nothing of it is ignored; dockfix list has the names.`;
  if (reason === '')
    return `This comment gives no reason, so it ignores nothing: # dockfix-ignore ${ids.join(', ')}: <reason>`;
  const idle = ids.filter((id) => ran.has(id) && !used?.has(id));
  return idle.length === 0 ? undefined : `${idle.join(', ')} finds nothing there, so the comment ignores nothing.`;
}
