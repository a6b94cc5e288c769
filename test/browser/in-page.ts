/** A rule of axe that the page breaks, or that axe could not decide on. */
export interface Violation {
  readonly id: string;
  readonly nodes: readonly string[];
}

/** What of a drawing cannot be read. */
export interface Drawings {
  /** Texts that stick out of their box or of the drawing. */
  readonly outside: readonly string[];
  /** The smallest text, in pixels of the screen; far above all others where there is no drawing. */
  readonly smallest: number;
  /** The lowest contrast of a text to what is behind it, which axe does not measure in drawings. */
  readonly contrast: number;
}

/** What is wider than the page and does not scroll by itself. Run in the page. */
export const overflowIn = `(() => {
  const { scrollWidth, clientWidth } = document.documentElement;
  const wide = [...document.querySelectorAll('body *')].filter((element) => {
    if (element.closest('.scroll, .off, .skip') || !element.checkVisibility()) return false;
    return element.getBoundingClientRect().right > clientWidth + 0.5;
  });
  return [
    ...(scrollWidth > clientWidth ? ['the page: ' + scrollWidth + ' > ' + clientWidth] : []),
    ...wide.map((element) => element.tagName + '.' + element.className + ': ' + element.textContent.slice(0, 60)),
  ];
})()`;

/** How the texts of the drawings lie in their boxes. Run in the page. */
export const drawingsIn = `(() => {
  const outside = [];
  const sizes = [1000];
  const contrasts = [21];
  const light = (color) => {
    const [r, g, b] = color.match(/[\\d.]+/g).map((part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (one, other) => {
    const [dark, bright] = [light(one), light(other)].sort((a, b) => a - b);
    return (bright + 0.05) / (dark + 0.05);
  };
  for (const svg of document.querySelectorAll('.graph svg[role=img]')) {
    const { x, y, width, height } = svg.viewBox.baseVal;
    const frame = { x, y, width, height };
    const holds = (box, text) =>
      text.x >= box.x - 0.5 && text.x + text.width <= box.x + box.width + 0.5 &&
      text.y >= box.y - 1 && text.y + text.height <= box.y + box.height + 1;
    for (const text of svg.querySelectorAll('text')) {
      const shape = text.parentElement.querySelector('.shape');
      if (!holds(shape ? shape.getBBox() : frame, text.getBBox())) outside.push(text.textContent);
      const fill = shape ? getComputedStyle(shape).fill : 'none';
      const behind = fill === 'none' ? getComputedStyle(svg.closest('.graph')).backgroundColor : fill;
      contrasts.push(contrast(getComputedStyle(text).fill, behind));
      sizes.push(parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a);
    }
    for (const shape of svg.querySelectorAll('.shape, .line'))
      if (!holds(frame, shape.getBBox())) outside.push('a shape of ' + shape.parentElement.textContent);
  }
  return { outside, smallest: Math.min(...sizes), contrast: Math.min(...contrasts) };
})()`;

/** Runs axe with all its rules; its source is in the page. Contrasts that it cannot decide on are those of drawings, which are measured above. */
export const brokenRules = `axe.run(document, { resultTypes: ['violations', 'incomplete'] }).then(({ violations, incomplete }) =>
  [...violations, ...incomplete.filter(({ id }) => id !== 'color-contrast')].map(({ id, nodes }) => ({
    id,
    nodes: nodes.map(({ html, failureSummary }) => html.slice(0, 200) + ' ' + failureSummary),
  })))`;
