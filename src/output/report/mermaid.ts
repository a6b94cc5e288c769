import type { ReportGraph, ReportService } from '../report.ts';

/** https://mermaid.js.org/syntax/flowchart.html#node-shapes */
const SHAPES: Readonly<Record<ReportService['role'], readonly [string, string]>> = {
  store: ['[(', ')]'],
  web: ['[', ']'],
  worker: ['([', '])'],
  task: ['[/', '/]'],
  proxy: ['{{', '}}'],
  other: ['[', ']'],
};

/** What joins the services as a Mermaid block, which forges draw; `undefined` when nothing does. Lines wait, dotted ones connect. */
export function mermaid({ services, links }: ReportGraph): string | undefined {
  if (links.length === 0) return undefined;
  const ids = [...new Set([...services.map(({ id }) => id), ...links.flatMap(({ from, to }) => [from, to])])];
  const node = (id: string): string => `n${ids.indexOf(id)}`;
  const nodes = ids.map((id) => {
    const service = services.find((each) => each.id === id);
    const [open, close] = SHAPES[service?.role ?? 'other'];
    return `  ${node(id)}${open}"${label(service ? id : `${id}, missing`)}"${close}`;
  });
  const edges = links.map(({ from, to, kind, label: text }) => {
    const arrow = kind === 'waits' ? '-->' : '-.->';
    return `  ${node(from)} ${arrow}${text === undefined ? '' : `|"${label(text)}"|`} ${node(to)}`;
  });
  return ['```mermaid', 'flowchart LR', ...nodes, ...edges, '```'].join('\n');
}

/** All but plain characters by their number: https://mermaid.js.org/syntax/flowchart.html#entity-codes-to-escape-characters */
const label = (text: string): string =>
  [...text].map((each) => (/[\w .,:/-]/.test(each) ? each : `#${each.codePointAt(0) ?? 32};`)).join('');
