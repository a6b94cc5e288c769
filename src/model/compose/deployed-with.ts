import { entryOf, valueAt } from '../../parse/compose.ts';
import { nameOf } from '../../repo/path.ts';
import type { Stack } from '../stack.ts';
import type { ComposeProject } from './project.ts';

/** Places where people write down how they start a stack. */
const TELLS =
  /(?:^|\/)(?:[^/]*\.(?:md|rst|txt|adoc|sh|bash|ps1|ya?ml|toml|json|mk|service)|(?:Make|Just|Task|Jenkins|Rake|Vagrant|Docker|Pip)file[\w.-]*|justfile|[^./]+)$/;

/** What the repository's documents, scripts and pipelines say, file by file; lock files left out. */
function* tellings(stack: Stack): Iterable<string> {
  for (const path of stack.repo.paths) {
    if (!TELLS.test(path) || /lock\b/.test(nameOf(path))) continue;
    const text = stack.repo.read(path);
    if (text !== undefined) yield text;
  }
}

/** https://docs.docker.com/reference/compose-file/deploy/: what only a swarm does. */
const ONLY_SWARM = ['placement', 'update_config', 'rollback_config', 'endpoint_mode'];

/** Whether `docker stack deploy` starts a project, or may: it reads other keys than Compose, and some of its versions need `version`. */
export function isForSwarm(stack: Stack, { files, overlays }: ComposeProject): boolean {
  const all = [...files, ...overlays];
  if (all.some(({ path }) => /(?:^|[-_.])(?:stack|swarm)(?:[-_.]|$)/i.test(nameOf(path)))) return true;
  const services = all.flatMap(({ root }) => {
    const node = valueAt(root, 'services');
    return node?.kind === 'map' ? node.entries.map(({ value }) => value) : [];
  });
  if (services.some((service) => ONLY_SWARM.some((key) => entryOf(valueAt(service, 'deploy'), key)))) return true;
  const networks = all.map(({ root }) => valueAt(root, 'networks'));
  if (
    networks.some(
      (node) => node?.kind === 'map' && node.entries.some(({ value }) => isOverlay(valueAt(value, 'driver'))),
    )
  )
    return true;
  for (const text of tellings(stack))
    for (const [command] of text.matchAll(/\bdocker\s+stack\s+(?:deploy|up)\b(?:\\\r?\n|[^\n])*/g)) {
      const named = [...command.matchAll(/(?:-c|--compose-file)[= ]*["']?([\w./-]+\.ya?ml)/g)].map((match) =>
        nameOf(match[1] ?? ''),
      );
      if (named.length === 0 || all.some(({ path }) => named.includes(nameOf(path)))) return true;
    }
  return false;
}

const isOverlay = (driver: ReturnType<typeof valueAt>): boolean =>
  driver?.kind === 'scalar' && driver.value === 'overlay';

/** Compose before 2, which takes a file without `version` for its oldest format, and services that read Compose files by rules of their own. */
const OLD =
  /docker-compose\s*==\s*["']?1\.|docker\/compose:1\.|compose\/releases\/download\/1\.|pip3?\s+install[^\n]*\bdocker-compose\b|apt(?:-get)?\s+install[^\n]*\bdocker-compose\b(?!-)|docker-compose(?:\s+version)?\s+v?1\.\d+|COMPOSE_VERSION["']?\s*[:=]\s*["']?v?1\.|\becs-cli\b|\bbalena\s+(?:push|deploy|build)\b/i;

/** Whether the repository is evidently run by Compose 1 or by another reader of Compose files. */
export function usesOldCompose(stack: Stack): boolean {
  if (stack.repo.paths.some((path) => /(?:^|\/)(?:balena\.yml|Dockerrun\.aws\.json|ecs-params\.yml)$/.test(path)))
    return true;
  for (const text of tellings(stack)) if (OLD.test(text)) return true;
  return false;
}
