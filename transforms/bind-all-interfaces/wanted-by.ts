import type { Evidence } from '../../src/finding.ts';
import { sharesNetwork } from '../../src/model/network.ts';
import type { Service } from '../../src/model/service.ts';
import type { Stack } from '../../src/model/stack.ts';
import { namesOf } from '../../src/model/store.ts';
import { escapeRegExp } from '../../src/pattern.ts';
import { within } from '../../src/repo/path.ts';

/** Who reaches for a port of a container. */
export interface Wanted {
  readonly says: string;
  /** What people see. */
  readonly error: string;
  readonly evidence: readonly Evidence[];
}

/** The published port that leads to a port of a service, or another service that names both; `undefined` when nobody does. */
export function wantedBy(stack: Stack, service: Service, port: number): Wanted | undefined {
  const published = service.ports.find(
    ({ text, unknown }) => !unknown && /(?:^|:)(\d+)(?:\/tcp)?$/.exec(text)?.[1] === String(port),
  );
  if (published)
    return {
      says: 'its published port leads to another address of it',
      error: 'Connection reset by peer',
      evidence: [{ at: published.at, says: `port ${port} of the container is published` }],
    };
  // https://doc.traefik.io/traefik/routing/providers/docker/#port
  const told = new RegExp(`loadbalancer\\.server\\.port["']?\\s*[:=]\\s*["']?${port}(?!\\d)`, 'i');
  const labels = service.parts
    .get('labels')
    ?.find(({ file, node }) => told.test(file.text.slice(node.at.start, node.at.end)));
  if (labels)
    return {
      says: `its labels tell Traefik to connect to port ${port}`,
      error: 'Bad Gateway',
      evidence: [{ at: labels.node.at, says: `Traefik is told port ${port}` }],
    };
  for (const other of stack.neighbours(service)) {
    if (other === service || !sharesNetwork(service, other)) continue;
    const at = namedBy(stack, other, service, port);
    if (at)
      return {
        says: `${other.name} connects to ${service.name}:${port}`,
        error: 'Connection refused, 502 Bad Gateway',
        evidence: [at],
      };
  }
  return undefined;
}

/** Where a service's environment, command, mounted files or proxy configuration say `name:port`. */
function namedBy(stack: Stack, other: Service, service: Service, port: number): Evidence | undefined {
  const names = [...namesOf(service)].map(escapeRegExp).join('|');
  const pattern = new RegExp(`(?<![\\w.-])(?:${names}):${port}(?!\\d)`);
  for (const { name, value, at } of other.environment.values())
    if (value && pattern.test(value.text))
      return { at, says: `${name} of ${other.name} names ${service.name}:${port}` };
  const view = stack.view(other);
  for (const { argv, at } of view.startup.commands)
    if (argv.some((word) => pattern.test(word))) return { at, says: `${other.name} is told ${service.name}:${port}` };
  const context = view.image?.build.context;
  const files = [
    ...other.mounts.flatMap(({ kind, source }) => (kind === 'bind' && source !== undefined ? [source] : [])),
    ...stack.repo.paths.filter(
      (path) =>
        context !== undefined &&
        within(context, path) !== undefined &&
        /(?:\.conf|\.conf\.template|Caddyfile|haproxy\.cfg)$/.test(path) &&
        (view.image?.placesOf(path).length ?? 0) > 0,
    ),
  ];
  for (const path of files) {
    const match = pattern.exec(stack.repo.read(path) ?? '');
    if (match)
      return {
        at: { path, start: match.index, end: match.index + match[0].length },
        says: `${other.name} reads here that it connects to ${service.name}:${port}`,
      };
  }
  return undefined;
}
