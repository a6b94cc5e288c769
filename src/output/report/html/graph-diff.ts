import type { ReportGraph, ReportLink, ReportService } from '../../report.ts';
import { portText } from './words.ts';

/** How a service or link of one side stands to the other side. */
export type Mark = 'removed' | 'new' | 'changed' | 'same';

/** A box of the drawing: a service of one side, or a name that a link leads to and that no service has. */
export interface Box {
  readonly name: string;
  readonly role: ReportService['role'] | 'missing';
  readonly mark: Mark;
  /** What it runs, and its ports. */
  readonly facts: readonly string[];
  /** What it starts, where that is known. */
  readonly program?: string;
}

/** All that leads from one service to another on one side: it is drawn as one arrow. */
export interface Bundle {
  /** Indexes of boxes. */
  readonly from: number;
  readonly to: number;
  readonly links: readonly { readonly link: ReportLink; readonly mark: Mark }[];
}

/** One side of a graph, compared with the other. */
export interface MarkedGraph {
  readonly side: 'before' | 'after';
  /** Services, then what is missing. */
  readonly boxes: readonly Box[];
  readonly bundles: readonly Bundle[];
}

/** One side with what is only there, or differs there. */
export function marked(side: 'before' | 'after', own: ReportGraph, other: ReportGraph): MarkedGraph {
  const only: Mark = side === 'before' ? 'removed' : 'new';
  const others = new Map(other.services.map((service) => [service.id, service]));
  const boxes = own.services.map((service): Box => {
    const twin = others.get(service.id);
    const { name, role, runs, ports, program } = service;
    const mark = !twin ? only : looksOf(service) === looksOf(twin) ? 'same' : 'changed';
    const facts = [runs, ...(ports.length > 0 ? [ports.map(portText).join(', ')] : [])];
    return { name, role, mark, facts, ...(program !== undefined && { program }) };
  });
  const ids = own.services.map(({ id }) => id);
  const named = new Set(own.links.flatMap(({ from, to }) => [from, to]));
  const missing = [...named].filter((id) => !ids.includes(id)).sort();
  const indexes = new Map([...ids, ...missing].map((id, index) => [id, index]));
  const known = new Set(other.links.map(linkKey));
  const bundles = new Map<string, Bundle>();
  for (const link of own.links) {
    const [from = 0, to = 0] = [indexes.get(link.from), indexes.get(link.to)];
    const links = bundles.get(`${from} ${to}`)?.links ?? [];
    const mark = known.has(linkKey(link)) ? 'same' : only;
    bundles.set(`${from} ${to}`, { from, to, links: [...links, { link, mark }] });
  }
  const absent = missing.map((name): Box => ({ name, role: 'missing', mark: 'same', facts: ['no such service'] }));
  return { side, boxes: [...boxes, ...absent], bundles: [...bundles.values()] };
}

const linkKey = ({ from, to, kind, label }: ReportLink): string => JSON.stringify([from, to, kind, label]);

const looksOf = ({ runs, program, ports, healthcheck, role }: ReportService): string =>
  JSON.stringify([runs, program, ports.map(({ host, container }) => [host, container]), healthcheck, role]);

/** True when the two sides look the same. */
export const isSame = (graph: MarkedGraph, other: MarkedGraph): boolean =>
  [graph, other].every(
    ({ boxes, bundles }) =>
      boxes.every(({ mark }) => mark === 'same') &&
      bundles.every(({ links }) => links.every(({ mark }) => mark === 'same')),
  );
