import type { Evidence } from '../../src/finding.ts';
import { connectionsOf } from '../../src/model/compose/connections.ts';
import type { Service } from '../../src/model/service.ts';
import type { Stack } from '../../src/model/stack.ts';

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
    const connection = connectionsOf(stack, other).find((each) => each.to === service && each.port === port);
    if (connection)
      return {
        says: `${other.name} connects to ${service.name}:${port}`,
        error: 'Connection refused, 502 Bad Gateway',
        evidence: [connection.evidence],
      };
  }
  return undefined;
}
