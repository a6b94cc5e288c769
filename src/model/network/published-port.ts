import type { Span } from '../../finding.ts';
import { textOf, valueAt } from '../../parse/compose.ts';
import { interpolate } from '../../parse/dotenv.ts';
import type { Service } from '../service.ts';

/** A port of a container and the host's port that leads to it. */
export interface PublishedPort {
  readonly host: number;
  readonly container: number;
  readonly at: Span;
}

/** The published ports of a service, as far as both sides are numbers. https://docs.docker.com/reference/compose-file/services/#ports */
export function publishedPorts(service: Service): readonly PublishedPort[] {
  const resolve = (text: string | undefined): string =>
    text === undefined ? '' : interpolate(text, (name) => service.project.variables.get(name)).text;
  return (service.parts.get('ports') ?? []).flatMap(({ node }) =>
    node.kind !== 'seq'
      ? []
      : node.items.flatMap(({ value }): PublishedPort[] => {
          if (value.kind === 'map')
            return numbers(
              resolve(textOf(valueAt(value, 'published'))),
              resolve(textOf(valueAt(value, 'target'))),
              value.at,
            );
          const [, host = '', container = ''] = /(?:^|:)(\d+):(\d+)(?:\/tcp)?$/.exec(resolve(textOf(value))) ?? [];
          return numbers(host, container, value.at);
        }),
  );
}

const numbers = (host: string, container: string, at: Span): PublishedPort[] =>
  /^\d+$/.test(host) && /^\d+$/.test(container) ? [{ host: Number(host), container: Number(container), at }] : [];
