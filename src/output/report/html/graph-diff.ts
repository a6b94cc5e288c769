import type { ReportGraph, ReportLink, ReportService } from '../../report.ts';

/** How a service or link of one side stands to the other side. */
export type Mark = 'removed' | 'new' | 'changed' | 'same';

/** A service of one side. */
export interface MarkedService {
  readonly service: ReportService;
  readonly mark: Mark;
}

/** All that leads from one service to another on one side: it is drawn as one arrow. */
export interface Bundle {
  /** Indexes of services. */
  readonly from: number;
  readonly to: number;
  readonly links: readonly { readonly link: ReportLink; readonly mark: Mark }[];
}

/** One side of a graph, compared with the other. */
export interface MarkedGraph {
  readonly side: 'before' | 'after';
  readonly services: readonly MarkedService[];
  readonly bundles: readonly Bundle[];
}

/** One side with what is only there, or differs there. */
export function marked(side: 'before' | 'after', own: ReportGraph, other: ReportGraph): MarkedGraph {
  const only: Mark = side === 'before' ? 'removed' : 'new';
  const others = new Map(other.services.map((service) => [serviceKey(service), service]));
  const services = own.services.map((service): MarkedService => {
    const twin = others.get(serviceKey(service));
    if (!twin) return { service, mark: only };
    return { service, mark: looksOf(service) === looksOf(twin) ? 'same' : 'changed' };
  });
  const known = new Set(other.links.map(linkKey));
  const bundles = new Map<string, Bundle>();
  for (const link of own.links) {
    const from = own.services.findIndex(({ name }) => name === link.from);
    const to = own.services.findIndex(({ name }) => name === link.to);
    if (from < 0 || to < 0) continue;
    const links = bundles.get(`${from} ${to}`)?.links ?? [];
    bundles.set(`${from} ${to}`, {
      from,
      to,
      links: [...links, { link, mark: known.has(linkKey(link)) ? 'same' : only }],
    });
  }
  return { side, services, bundles: [...bundles.values()] };
}

/** What makes a service the same one on both sides. */
export const serviceKey = ({ file, name }: ReportService): string => JSON.stringify([file, name]);

const linkKey = ({ from, to, kind, label }: ReportLink): string => JSON.stringify([from, to, kind, label]);

const looksOf = ({ runs, program, ports, healthcheck, role }: ReportService): string =>
  JSON.stringify([runs, program, ports.map(({ host, container }) => [host, container]), healthcheck, role]);

/** True when the two sides look the same. */
export const isSame = (graph: MarkedGraph, other: MarkedGraph): boolean =>
  [graph, other].every(
    ({ services, bundles }) =>
      services.every(({ mark }) => mark === 'same') &&
      bundles.every(({ links }) => links.every(({ mark }) => mark === 'same')),
  );
