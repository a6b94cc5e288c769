import { html, joined, type Markup } from '../../markup.ts';
import type { ReportGraph, ReportLink } from '../../report.ts';
import { type Box, isSame, type Mark, type MarkedGraph, marked } from './graph-diff.ts';
import { arrowDrawing, boxDrawing, boxSize, labelSize } from './graph-draw.ts';
import { type Layout, layoutOf } from './layout.ts';

/** Around a drawing, in pixels. */
const MARGIN = 10;

/** The services before and after as drawings, each with its text alternative; one drawing when both look the same. */
export async function graphFigures(before: ReportGraph, after: ReportGraph): Promise<Markup> {
  const sides = [marked('before', before, after), marked('after', after, before)] as const;
  const shown = isSame(...sides) ? [sides[1]] : sides.filter(({ boxes }) => boxes.length > 0);
  const down = await Promise.all(shown.map((graph) => laidOut(graph, 'TB')));
  const across = await Promise.all(shown.map((graph) => laidOut(graph, 'LR')));
  const widest = (layouts: readonly Layout[]): number => Math.max(0, ...layouts.map(({ width }) => width));
  const layouts = widest(down) <= widest(across) ? down : across;
  const figures = shown.map((graph, index) => {
    const layout = layouts[index];
    return layout ? figure(graph, layout, shown.length === 1 && isSame(...sides)) : html``;
  });
  return html`<div class="graphs">${figures}</div>${legend(shown)}`;
}

const laidOut = (graph: MarkedGraph, way: 'LR' | 'TB'): Promise<Layout> =>
  layoutOf(
    graph.boxes.map(boxSize),
    graph.bundles.map((bundle) => ({ from: bundle.from, to: bundle.to, label: labelSize(bundle) })),
    way,
  );

function figure(graph: MarkedGraph, layout: Layout, alone: boolean): Markup {
  const id = `graph-${graph.side}`;
  const title = alone ? 'Services, the same before and after' : `Services ${graph.side}`;
  const [width, height] = [layout.width + 2 * MARGIN, layout.height + 2 * MARGIN].map(Math.ceil);
  return html`<figure class="graph ${alone ? 'alone' : graph.side}" style="flex-basis:${(width ?? 0) + 20}px">
<figcaption><span class="side">${alone ? 'Before and after' : graph.side}</span></figcaption>
<div class="scroll" role="region" tabindex="0" aria-label="${title}, drawing">
<svg role="img" aria-labelledby="${id}-title" aria-describedby="${id}-words" width="${width ?? 0}" height="${height ?? 0}" style="--width:${width ?? 0}px" viewBox="${-MARGIN} ${-MARGIN} ${width ?? 0} ${height ?? 0}">
<title id="${id}-title">${title}</title>
<desc>${graph.boxes.length} services. The list below the drawing says the same in words.</desc>
${graph.bundles.map((bundle, index) => arrowDrawing(bundle, layout.arrows[index]))}
${graph.boxes.map((box, index) => boxDrawing(box, layout.boxes[index] ?? { x: 0, y: 0 }))}
</svg>
</div>
<details class="words"><summary>${title}, in words</summary>
<ul id="${id}-words">${graph.boxes.map((box, index) => inWords(graph, box, index))}</ul>
</details>
</figure>
`;
}

function inWords({ bundles, boxes }: MarkedGraph, box: Box, index: number): Markup {
  const facts = [
    box.mark === 'same' ? '' : box.mark,
    box.role === 'other' ? '' : box.role,
    ...box.facts,
    box.program === undefined ? '' : `starts ${box.program}`,
  ].filter(Boolean);
  const leads = bundles
    .filter(({ from }) => from === index)
    .flatMap(({ to, links }) => links.map((each) => ({ ...each, to: boxes[to]?.name ?? '' })))
    .map(({ link, mark, to }) => html`<li>${sentence(link, to)}${mark === 'same' ? '' : ` (${mark})`}</li>`);
  return html`<li><strong>${box.name}</strong>: ${facts.join(', ')}${leads.length > 0 && html`<ul>${leads}</ul>`}</li>`;
}

const sentence = ({ kind, label }: ReportLink, to: string): string =>
  kind === 'waits'
    ? `waits for ${to}${label === undefined ? '' : ` (${label})`}`
    : `uses ${to}${label === undefined ? '' : ` (${label})`}`;

function legend(graphs: readonly MarkedGraph[]): Markup {
  const marks = new Set<Mark>(
    graphs.flatMap(({ boxes, bundles }) => [
      ...boxes.map(({ mark }) => mark),
      ...bundles.flatMap(({ links }) => links.map(({ mark }) => mark)),
    ]),
  );
  const kinds = new Set(
    graphs.flatMap(({ bundles }) => bundles.flatMap(({ links }) => links.map(({ link }) => link.kind))),
  );
  const sample = (kind: string): Markup =>
    html`<svg class="sample" width="34" height="10" viewBox="0 0 34 10" aria-hidden="true"><g class="link ${kind} same"><path class="line" d="M1 5H25"/><path class="head" d="M33 5L25 1V9z"/></g></svg>`;
  const entries = [
    kinds.has('uses') && html`${sample('uses')} connects to`,
    kinds.has('waits') && html`${sample('waits')} only waits for`,
    marks.has('removed') && html`<span class="key removed">removed</span> only before`,
    marks.has('changed') && html`<span class="key changed">changed</span> differs`,
    marks.has('new') && html`<span class="key new">new</span> only after`,
  ].filter((entry) => entry !== false);
  return entries.length === 0
    ? html``
    : html`<ul class="legend">${joined(
        entries.map((entry) => html`<li>${entry}</li>`),
        '',
      )}</ul>`;
}
