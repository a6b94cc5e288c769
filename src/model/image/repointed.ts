import type { Edit, Span } from '../../finding.ts';
import { joinContainer, nameOf, within } from '../../repo/path.ts';

/** Edits that make every mention of `root` (or of something in it) inside a span name `target`. Relative paths start at `workdir`. */
export function repointed(text: string, at: Span, workdir: string, root: string, target: string): readonly Edit[] {
  const name = nameOf(root);
  return [...text.slice(at.start, at.end).matchAll(/[^\s"'`=:,;&|()[\]{}<>$@]+/g)].flatMap((match) => {
    const word = match[0];
    const isPath = word.startsWith('/') || word === name || word.startsWith(`${name}/`) || word.startsWith('./');
    const rest = isPath ? within(root, joinContainer(workdir, word)) : undefined;
    if (rest === undefined) return [];
    const start = at.start + match.index;
    const slash = word.endsWith('/') ? '/' : '';
    return [
      { path: at.path, start, end: start + word.length, text: `${rest === '' ? target : `${target}/${rest}`}${slash}` },
    ];
  });
}
