import { html, type Markup } from '../../markup.ts';
import type { ReportGraph, ReportService } from '../../report.ts';
import { portText } from './words.ts';

/** Every service of either side with what it runs, its ports and its healthcheck; what differs is shown with both states. */
export function servicesTable(before: ReportGraph, after: ReportGraph): Markup {
  const was = new Map(before.services.map((service) => [service.id, service]));
  const is = new Map(after.services.map((service) => [service.id, service]));
  const keys = [...new Set([...was.keys(), ...is.keys()])];
  const several = new Set([...before.services, ...after.services].map(({ file }) => file)).size > 1;
  return html`<table class="stacked" role="table"><caption class="off">Services with their ports, before and after</caption>
<thead role="rowgroup"><tr role="row">${['Service', 'Runs', 'Ports, host \u2192 container', 'Healthcheck'].map((head) => html`<th role="columnheader" scope="col">${head}</th>`)}</tr></thead>
<tbody role="rowgroup">${keys.map((key) => row(was.get(key), is.get(key), several))}</tbody></table>
`;
}

function row(was: ReportService | undefined, is: ReportService | undefined, several: boolean): Markup {
  const service = is ?? was;
  if (!service) return html``;
  const mark =
    was && is
      ? undefined
      : is
        ? html` <span class="key new">new</span>`
        : html` <span class="key removed">removed</span>`;
  const compared = (of: (service: ReportService) => readonly string[]): Markup =>
    comparison(was && of(was), is && of(is));
  return html`<tr role="row"><th role="rowheader" scope="row"><span class="service">${service.name}</span>${mark}${several && html`<span class="of">${service.file}</span>`}</th><td role="cell" data-label="Runs"><div>${compared(({ runs }) => [runs])}${hasProgram(was, is) && compared(({ program }) => [program ?? 'unknown program'])}</div></td><td role="cell" data-label="Ports"><div>${compared(({ ports }) => ports.map(portText))}</div></td><td role="cell" data-label="Healthcheck"><div>${compared(({ healthcheck }) => optional(healthcheck))}</div></td></tr>
`;
}

const optional = (text: string | undefined): readonly string[] => (text === undefined ? [] : [text]);

const hasProgram = (was: ReportService | undefined, is: ReportService | undefined): boolean =>
  was?.program !== undefined || is?.program !== undefined;

/** The lines that both have, once; else what was there and what is there. A side without the service says nothing. */
function comparison(was: readonly string[] | undefined, is: readonly string[] | undefined): Markup {
  const lines = (texts: readonly string[]): Markup =>
    texts.length === 0
      ? html`<span class="none">none</span>`
      : html`${texts.map((text) => html`<span class="fact">${text}</span>`)}`;
  const [one, other] = [was ?? is ?? [], is ?? was ?? []];
  if (one.join('\n') === other.join('\n')) return lines(one);
  return html`<del><span class="side">before</span>${lines(one)}</del><ins><span class="side">after</span>${lines(other)}</ins>`;
}
