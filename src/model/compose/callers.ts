import type { Evidence, Span } from '../../finding.ts';
import { escapeRegExp } from '../../pattern.ts';
import { nameOf } from '../../repo/path.ts';
import type { Service } from '../service.ts';
import type { Stack } from '../stack.ts';

/** Files in which people or machines start a service by its name. */
const SCRIPTS =
  /(?:^|\/)(?:GNUmakefile|[Mm]akefile|[Jj]ustfile|Taskfile\.ya?ml|package\.json|fabfile\.py|tasks\.py|Jenkinsfile|Vagrantfile|Procfile|[^/]*\.(?:sh|bash|zsh|mk|ps1|bat|cmd|service))$|^\.github\/workflows\/|(?:^|\/)\.gitlab-ci\.yml$|^\.circleci\/|^(?:bitbucket|azure)-pipelines\.yml$|^bin\/[^/.]+$|^scripts?\/[^/.]+$/;

/** Scripts and pipelines that name a service on a Compose command line. */
export function callsByName(stack: Stack, service: Service): readonly Evidence[] {
  const name = escapeRegExp(service.name);
  const line = new RegExp(
    `(?:docker[ -]compose|\\$\\(?\\{?(?:DC|COMPOSE|DOCKER_COMPOSE)\\}?\\)?|\\bdc)\\b[^\\n]*[\\s"'](?:run|up|start|restart|exec|logs|build|pull|rm|stop|wait|create|kill|push)\\b[^\\n]*[\\s"']${name}(?=$|[\\s"';&|)])`,
    'm',
  );
  return stack.repo.paths
    .filter((path) => SCRIPTS.test(path))
    .flatMap((path) => {
      const found = line.exec(stack.repo.read(path) ?? '');
      if (!found) return [];
      const at: Span = { path, start: found.index, end: found.index + found[0].length };
      return [{ at, says: `${nameOf(path)} calls ${service.name} by its name` }];
    });
}
