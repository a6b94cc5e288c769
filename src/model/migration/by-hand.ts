import type { Span } from '../../finding.ts';
import type { Stack } from '../stack.ts';

/** A script without its comments. */
export const withoutComments = (text: string): string => text.replace(/^[ \t]*#(?!!).*$/gm, '');

/** Scripts and pipelines of the repository in which people run the migrations themselves, before or after the start. */
export function runByHand(stack: Stack, tool: RegExp): Span | undefined {
  const command = new RegExp(`docker(?:-compose| compose)\\b[^\\n]*\\b(?:run|exec)\\b[^\\n]*(?:${tool.source})`);
  for (const path of stack.repo.paths) {
    if (
      !/(?:^|\/)(?:Makefile|makefile|justfile|Taskfile\.ya?ml|package\.json|fabfile\.py|[^/]*\.(?:sh|bash|mk|ps1))$|^\.github\/workflows\/|\.gitlab-ci\.yml$/.test(
        path,
      )
    )
      continue;
    const found = command.exec(withoutComments(stack.repo.read(path) ?? ''));
    if (found) {
      const start = (stack.repo.read(path) ?? '').indexOf(found[0]);
      return { path, start: Math.max(0, start), end: Math.max(0, start) + (start < 0 ? 0 : found[0].length) };
    }
  }
  return undefined;
}
