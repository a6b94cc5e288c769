/** A place in pixels, from the top left corner. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A size in pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** An arrow between two boxes, by their indexes. */
export interface Arrow {
  readonly from: number;
  readonly to: number;
  /** The room that its label takes. */
  readonly label?: Size;
}

/** Where the boxes and arrows of a graph lie. */
export interface Layout extends Size {
  /** The centres of the boxes. */
  readonly boxes: readonly Point[];
  /** A start and then three points for each cubic curve; the tip lies where the arrow's head ends. */
  readonly arrows: readonly { readonly curve: readonly Point[]; readonly tip: Point; readonly label?: Point }[];
}

type Viz = Awaited<ReturnType<typeof import('@viz-js/viz')['instance']>>;

/** What Graphviz says of a layout, in points, from the bottom left corner. https://graphviz.org/docs/outputs/json/ */
interface Drawn {
  readonly bb: string;
  readonly objects?: readonly { readonly pos: string }[];
  readonly edges?: readonly { readonly pos: string; readonly lp?: string }[];
}

let loaded: Viz | undefined;

/** A graph with more boxes and arrows gets straight arrows without labels: else the search for the best places takes minutes. */
const LARGE = 200;
const IN_HASTE = { nslimit: 1, nslimit1: 1, mclimit: 0.1, splines: 'line' };

/**
 * Lays a graph out with Graphviz, from the left to the right or from the top down. Graphviz sees sizes and indexes only, no
 * text of the repository. In a large graph the labels have no place. Throws with its words when it cannot.
 */
export async function layoutOf(boxes: readonly Size[], arrows: readonly Arrow[], way: 'LR' | 'TB'): Promise<Layout> {
  if (boxes.length === 0) return { width: 0, height: 0, boxes: [], arrows: [] };
  loaded ??= await (await import('@viz-js/viz')).instance();
  const isLarge = boxes.length + arrows.length > LARGE;
  const input = {
    graphAttributes: { rankdir: way, nodesep: 0.4, ranksep: 0.55, ...(isLarge && IN_HASTE) },
    nodeAttributes: { shape: 'box', fixedsize: true, label: '' },
    nodes: boxes.map(({ width, height }, index) => ({
      name: `n${index}`,
      attributes: { width: width / 72, height: height / 72 },
    })),
    edges: arrows.map(({ from, to, label }) => ({
      tail: `n${from}`,
      head: `n${to}`,
      ...(label && !isLarge && { attributes: { label: { html: emptyBox(label) } } }),
    })),
  };
  const drawn = JSON.parse(loaded.renderString(input, { format: 'json0' })) as Drawn;
  const [, , width = 0, height = 0] = numbers(drawn.bb);
  const turned = ({ x, y }: Point): Point => ({ x, y: height - y });
  const pointAt = (pos: string): Point => turned(pointsIn(pos)[0] ?? { x: 0, y: 0 });
  return {
    width,
    height,
    boxes: (drawn.objects ?? []).map(({ pos }) => pointAt(pos)),
    arrows: (drawn.edges ?? []).map(({ pos, lp }) => {
      // `e,x,y x,y x,y …`: the tip, then the curve.
      const [tip = { x: 0, y: 0 }, ...curve] = pointsIn(pos.replace(/^e,/, '')).map(turned);
      return { curve, tip, ...(lp !== undefined && { label: pointAt(lp) }) };
    }),
  };
}

/** A label that is nothing but room: its text is drawn in the page's own font. https://graphviz.org/doc/info/shapes.html#html */
const emptyBox = ({ width, height }: Size): string =>
  `<table border="0" cellborder="0" cellspacing="0" cellpadding="0" fixedsize="true" width="${Math.ceil(width)}" height="${Math.ceil(height)}"><tr><td></td></tr></table>`;

const numbers = (text: string): readonly number[] => text.split(',').map(Number);

const pointsIn = (text: string): readonly Point[] =>
  text.split(' ').map((pair) => {
    const [x = 0, y = 0] = numbers(pair);
    return { x, y };
  });
