import type { Evidence } from '../../finding.ts';
import { escapeRegExp } from '../../pattern.ts';
import type { ServiceView, Stack } from '../stack.ts';

/** Files with commands that people run. */
const COMMANDS =
  /(?:^|\/)(?:Makefile|GNUmakefile|justfile|Taskfile\.ya?ml|package\.json|README(?:\.\w+)?|[^/]+\.(?:sh|bash|mk|md))$|^\.github\/workflows\/|^\.gitlab-ci\.yml$/i;

/**
 * Where people run a service's image with another command: `docker run --rm shop:latest python -m shop.export`. Such a run
 * would go through the image's ENTRYPOINT as well. https://docs.docker.com/reference/cli/docker/container/run/
 */
export function imageRuns(stack: Stack, { service }: ServiceView): readonly Evidence[] {
  const image = service.image;
  if (!image || image.unknown || image.text === '') return [];
  const [name = ''] = image.text.split(/:(?=[^/]*$)/);
  // A word after the image is a command; `&&`, `|`, `>` and a closing backtick end it.
  const run = new RegExp(
    `\\b(?:docker|podman|nerdctl)[ \\t]+(?:container[ \\t]+)?run\\b(?:\\\\\\r?\\n|[^\\n])*?[ \\t]${escapeRegExp(name)}(?::[\\w.-]+)?[ \\t]+(?![-&|;>\`#])\\S`,
    'g',
  );
  return stack.repo.paths.flatMap((path) => {
    const text = COMMANDS.test(path) ? stack.repo.read(path) : undefined;
    return [...(text?.includes(' run') ? text.matchAll(run) : [])].flatMap((match) =>
      /--entrypoint\b/.test(match[0])
        ? []
        : [
            {
              at: { path, start: match.index, end: match.index + match[0].length },
              says: `runs ${image.text} with another command, so Compose sets the entrypoint for ${service.name} alone`,
            },
          ],
    );
  });
}
