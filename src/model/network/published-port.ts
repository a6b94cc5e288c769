import type { Span } from '../../finding.ts';
import { type ComposeNode, textOf, valueAt } from '../../parse/compose.ts';
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

/** A port as a service publishes it, both sides as text: numbers, ranges, or a variable that has no value here. */
export interface PortMapping {
  /** `5000`, `127.0.0.1:5000`; absent when Docker chooses one, or when the port is not published. */
  readonly host?: string;
  /** `80`, `53/udp`. */
  readonly container: string;
  /** A variable without a value decides. */
  readonly unknown: boolean;
}

/** Every entry of `ports`. https://docs.docker.com/reference/compose-file/services/#ports */
export function portMappings(service: Service): readonly PortMapping[] {
  return (service.parts.get('ports') ?? []).flatMap(({ node }) =>
    node.kind === 'seq' ? node.items.flatMap(({ value }) => mappingOf(service, value)) : [],
  );
}

function mappingOf(service: Service, value: ComposeNode): readonly PortMapping[] {
  const variables = service.project.variables;
  let unknown = false;
  const resolve = (node: ComposeNode | undefined): string => {
    const written = textOf(node);
    if (written === undefined) return '';
    const { text, missing } = interpolate(written, (name) => variables.get(name));
    if (missing.length === 0) return text;
    unknown = true;
    return written;
  };
  if (value.kind === 'map') {
    const read = (key: string): string => resolve(valueAt(value, key));
    const [target, published, address, protocol] = ['target', 'published', 'host_ip', 'protocol'].map(read);
    const container = protocol === undefined || /^(?:tcp)?$/.test(protocol) ? target : `${target}/${protocol}`;
    const host = [address, published].filter(Boolean).join(':');
    return container ? [{ ...(published && { host }), container, unknown }] : [];
  }
  const text = resolve(value).replace(/\/tcp$/, '');
  if (text === '') return [];
  const colon = unknown ? -1 : text.lastIndexOf(':');
  if (colon < 0) return [{ container: text, unknown }];
  // `127.0.0.1::80` lets Docker choose the port.
  const host = text.slice(0, colon).replace(/^(?:\d+(?:\.\d+){3}|\[[^\]]*\]):$/, '');
  return [{ ...(host !== '' && { host }), container: text.slice(colon + 1), unknown }];
}
