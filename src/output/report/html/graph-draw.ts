import { html, type Markup } from '../../markup.ts';
import { visible } from '../../visible.ts';
import type { Box, Bundle } from './graph-diff.ts';
import { round, sizeOf, type TextLine, textLines, wrapped } from './graph-text.ts';
import type { Layout, Point, Size } from './layout.ts';

/** Between the sides of a box and its text, in pixels. */
const PADDING = 14;
/** Half the height of a cylinder's lid. */
const CAP = 7;

const line = (text: string, size: number, kind: string): TextLine => ({ text, size, kind });

/** The name of a box and what stands below it. */
const boxLines = ({ name, facts }: Box): readonly TextLine[] => [
  ...wrapped(visible(name), 24, 2).map((text) => line(text, 14, 'name')),
  ...facts.flatMap((fact) => wrapped(visible(fact), 28, 2)).map((text) => line(text, 12, 'fact')),
];

/** The line above the name: what kind of thing it is at the left, how it differs at the right. */
const headOf = ({ role, mark }: Box): { readonly role: string; readonly mark: string } => ({
  role: role === 'other' ? 'service' : role,
  mark: mark === 'same' ? '' : mark,
});

/** The room that a box takes. */
export function boxSize(box: Box): Size {
  const { role, mark } = headOf(box);
  const inner = sizeOf([line(`${role}   ${mark}${box.role === 'task' ? ' ' : ''}`, 11, 'role'), ...boxLines(box)]);
  const caps = box.role === 'store' ? 2 * CAP : 0;
  return { width: Math.max(130, inner.width + 2 * PADDING), height: inner.height + 22 + caps };
}

/** A box around its centre. */
export function boxDrawing(box: Box, { x, y }: Point): Markup {
  const { width, height } = boxSize(box);
  const { role, mark } = headOf(box);
  const [left, top] = [x - width / 2, y - height / 2];
  const head = top + 10 + (box.role === 'store' ? CAP * 1.5 : 0);
  const at = (x: number, y: number, anchor: 'start' | 'end') => ({ x, y, anchor });
  return html`<g class="node ${box.role} ${box.mark}"><title>${box.name}</title>
${shape(box.role, left, top, width, height)}
${textLines([line(role, 11, 'role')], at(left + PADDING, head, 'start'))}
${mark !== '' && textLines([line(mark, 11, 'mark')], at(left + width - PADDING - (box.role === 'task' ? 6 : 0), head, 'end'))}
${textLines(boxLines(box), at(left + PADDING, head + 16, 'start'))}
</g>
`;
}

/** A store is a cylinder, a worker has double sides, a task a folded corner, a proxy round ends. */
function shape(role: Box['role'], x: number, y: number, width: number, height: number): Markup {
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

/** One entry for each link; what is only on this side has a sign. */
const labelLines = ({ links }: Bundle): readonly TextLine[] =>
  links.flatMap(({ link, mark }) => {
    const text =
      link.kind === 'waits' ? `waits${link.label === undefined ? '' : `: ${link.label}`}` : (link.label ?? 'uses');
    const sign = mark === 'new' ? '+ ' : mark === 'removed' ? '- ' : '';
    return wrapped(sign + visible(text), 24, 2).map((part) => line(part, 11, `label ${mark}`));
  });

/** The room that the label of an arrow takes. */
export function labelSize(bundle: Bundle): Size {
  const { width, height } = sizeOf(labelLines(bundle));
  return { width: width + 8, height: height + 2 };
}

/** An arrow with its label; nothing where the layout has none. */
export function arrowDrawing(bundle: Bundle, drawn: Layout['arrows'][number] | undefined): Markup {
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
