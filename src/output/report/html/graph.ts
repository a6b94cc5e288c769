import type { ReportGraph, ReportLink, ReportService } from '../../report.ts';
import { visible } from '../../visible.ts';
import { type Bundle, isSame, type Mark, type MarkedGraph, type MarkedService, marked } from './graph-diff.ts';
import { round, sizeOf, type TextLine, textLines, wrapped } from './graph-text.ts';
import { type Layout, layoutOf, type Point, type Size } from './layout.ts';
import { html, joined, type Markup } from './markup.ts';
import { portText } from './words.ts';

const MARGIN = 10;
const PADDING = 14;

/** The services before and after as drawings, each with its text alternative; one drawing when both look the same. */
export async function graphFigures(before: ReportGraph, after: ReportGraph): Promise<Markup> {
  const sides = [marked('before', before, after), marked('after', after, before)] as const;
  const shown = isSame(...sides) ? [sides[1]] : sides.filter(({ services }) => services.length > 0);
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
    graph.services.map(boxSize),
    graph.bundles.map((bundle) => ({ from: bundle.from, to: bundle.to, label: labelSize(bundle) })),
    way,
  );

function figure(graph: MarkedGraph, layout: Layout, alone: boolean): Markup {
  const id = `graph-${graph.side}`;
  const title = alone ? 'Services, the same before and after' : `Services ${graph.side}`;
  const [width, height] = [layout.width + 2 * MARGIN, layout.height + 2 * MARGIN].map(Math.ceil);
  return html`<figure class="graph ${alone ? 'alone' : graph.side}">
<figcaption><span class="side">${alone ? 'Before and after' : graph.side}</span></figcaption>
<div class="scroll" role="region" tabindex="0" aria-label="${title}, drawing">
<svg role="img" aria-labelledby="${id}-title" aria-describedby="${id}-words" width="${width ?? 0}" height="${height ?? 0}" viewBox="${-MARGIN} ${-MARGIN} ${width ?? 0} ${height ?? 0}">
<title id="${id}-title">${title}</title>
<desc>${graph.services.length} services. The list below the drawing says the same in words.</desc>
${graph.bundles.map((bundle, index) => arrow(bundle, layout.arrows[index]))}
${graph.services.map((service, index) => node(service, layout.boxes[index] ?? { x: 0, y: 0 }))}
</svg>
</div>
<details class="words"><summary>${title}, in words</summary>
<ul id="${id}-words">${graph.services.map((service, index) => inWords(graph, service, index))}</ul>
</details>
</figure>
`;
}

/** `changed`, or nothing for what is the same. */
const markWord = (mark: Mark): string => (mark === 'same' ? '' : mark);

function inWords({ bundles, services }: MarkedGraph, { service, mark }: MarkedService, index: number): Markup {
  const facts = [
    markWord(mark),
    service.role === 'other' ? '' : service.role,
    service.runs,
    service.program === undefined ? '' : `starts ${service.program}`,
    ...service.ports.map((port) => `port ${portText(port)}`),
  ].filter(Boolean);
  const leads = bundles
    .filter(({ from }) => from === index)
    .flatMap(({ to, links }) => links.map((each) => ({ ...each, to: services[to]?.service.name ?? '' })))
    .map(({ link, mark, to }) => html`<li>${sentence(link, to)}${mark === 'same' ? '' : ` (${mark})`}</li>`);
  return html`<li><strong>${service.name}</strong>: ${facts.join(', ')}${leads.length > 0 && html`<ul>${leads}</ul>`}</li>`;
}

const sentence = ({ kind, label }: ReportLink, to: string): string =>
  kind === 'waits'
    ? `waits for ${to}${label === undefined ? '' : ` (${label})`}`
    : `uses ${to}${label === undefined ? '' : ` (${label})`}`;

const line = (text: string, size: number, kind: string): TextLine => ({ text, size, kind });

/** The lines of a box: its kind and mark, its name, what it runs, its ports. */
function boxLines({ service }: MarkedService): {
  readonly name: readonly TextLine[];
  readonly rest: readonly TextLine[];
} {
  const ports = service.ports.map(portText).join(', ');
  return {
    name: wrapped(visible(service.name), 24, 2).map((text) => line(text, 14, 'name')),
    rest: [...wrapped(visible(service.runs), 28, 2), ...wrapped(visible(ports), 28, 2)].map((text) =>
      line(text, 12, 'fact'),
    ),
  };
}

/** The line above the name: what kind of thing it is at the left, how it differs at the right. */
const headOf = ({ service, mark }: MarkedService): { readonly role: string; readonly mark: string } => ({
  role: service.role === 'other' ? 'service' : service.role,
  mark: markWord(mark),
});

function boxSize(marked: MarkedService): Size {
  const { name, rest } = boxLines(marked);
  const { role, mark } = headOf(marked);
  const inner = sizeOf([line(`${role}   ${mark}`, 11, 'role'), ...name, ...rest]);
  const cap = marked.service.role === 'store' ? 2 * CAP : 0;
  return { width: Math.max(130, inner.width + 2 * PADDING), height: inner.height + 20 + cap };
}

/** Half the height of a cylinder's lid. */
const CAP = 7;

function node(marked: MarkedService, { x, y }: Point): Markup {
  const { width, height } = boxSize(marked);
  const { name, rest } = boxLines(marked);
  const { role, mark } = headOf(marked);
  const [left, top] = [x - width / 2, y - height / 2];
  const head = top + 10 + (marked.service.role === 'store' ? CAP * 1.5 : 0);
  return html`<g class="node ${marked.service.role} ${marked.mark}"><title>${marked.service.name}</title>
${shape(marked.service.role, left, top, width, height)}
${textLines([line(role, 11, 'role')], { x: left + PADDING, y: head, anchor: 'start' })}
${mark === '' ? [] : textLines([line(mark, 11, 'mark')], { x: left + width - PADDING, y: head, anchor: 'end' })}
${textLines([...name, ...rest], { x: left + PADDING, y: head + 16, anchor: 'start' })}
</g>
`;
}

/** A store is a cylinder, a worker has double sides, a task a folded corner, a proxy round ends. */
function shape(role: ReportService['role'], x: number, y: number, width: number, height: number): Markup {
  const [l, t, r, b] = [x, y, x + width, y + height].map(round) as [number, number, number, number];
  const rect = (radius: number): Markup =>
    html`<rect class="shape" x="${l}" y="${t}" width="${round(width)}" height="${round(height)}" rx="${radius}"/>`;
  switch (role) {
    case 'store': {
      const [top, bottom, half] = [round(t + CAP), round(b - CAP), round(width / 2)];
      return html`<path class="shape" d="M${l} ${top}A${half} ${CAP} 0 0 1 ${r} ${top}V${bottom}A${half} ${CAP} 0 0 1 ${l} ${bottom}z"/><path class="trim" d="M${l} ${top}A${half} ${CAP} 0 0 0 ${r} ${top}"/>`;
    }
    case 'worker':
      return html`${rect(4)}<path class="trim" d="M${round(l + 5)} ${t}V${b}M${round(r - 5)} ${t}V${b}"/>`;
    case 'task':
      return html`<path class="shape" d="M${l} ${t}H${round(r - 14)}L${r} ${round(t + 14)}V${b}H${l}z"/><path class="trim" d="M${round(r - 14)} ${t}V${round(t + 14)}H${r}"/>`;
    case 'proxy':
      return rect(22);
    default:
      return rect(8);
  }
}

const labelLines = ({ links }: Bundle): readonly TextLine[] =>
  links.flatMap(({ link, mark }) => {
    const text =
      link.kind === 'waits' ? `waits${link.label === undefined ? '' : `: ${link.label}`}` : (link.label ?? 'uses');
    const sign = mark === 'new' ? '+ ' : mark === 'removed' ? '- ' : '';
    return wrapped(sign + visible(text), 24, 2).map((part) => line(part, 11, `label ${mark}`));
  });

function labelSize(bundle: Bundle): Size {
  const { width, height } = sizeOf(labelLines(bundle));
  return { width: width + 8, height: height + 2 };
}

function arrow(bundle: Bundle, drawn: Layout['arrows'][number] | undefined): Markup {
  if (!drawn) return html``;
  const { curve, tip, label } = drawn;
  const [start, ...rest] = curve;
  const end = curve.at(-1);
  if (!start || !end) return html``;
  const marks = new Set(bundle.links.map(({ mark }) => mark));
  const mark = marks.size === 1 ? [...marks][0] : 'same';
  const kind = bundle.links.some(({ link }) => link.kind === 'uses') ? 'uses' : 'waits';
  const lines = labelLines(bundle);
  const path = `M${pair(start)}C${rest.map(pair).join(' ')}`;
  const at = label && { x: label.x, y: label.y - sizeOf(lines).height / 2, anchor: 'middle' as const };
  return html`<g class="link ${kind} ${mark}"><path class="line" d="${path}"/><path class="head" d="${headPath(end, tip)}"/>${at && textLines(lines, at)}</g>
`;
}

const pair = ({ x, y }: Point): string => `${round(x)} ${round(y)}`;

/** A triangle from where the line ends to the tip. */
function headPath(end: Point, tip: Point): string {
  const length = Math.hypot(tip.x - end.x, tip.y - end.y) || 1;
  const across = { x: ((tip.y - end.y) / length) * 4.5, y: ((end.x - tip.x) / length) * 4.5 };
  const corners = [tip, { x: end.x + across.x, y: end.y + across.y }, { x: end.x - across.x, y: end.y - across.y }];
  return `M${corners.map(pair).join('L')}z`;
}

function legend(graphs: readonly MarkedGraph[]): Markup {
  const marks = new Set(
    graphs.flatMap(({ services, bundles }) => [
      ...services.map(({ mark }) => mark),
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
