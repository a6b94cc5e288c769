import { visible, visibleLines } from './visible.ts';

/** A piece of HTML or inline SVG that is safe to put into a page: every text in it is escaped. */
export interface Markup {
  readonly markup: string;
}

type Value = Markup | string | number | undefined | false | readonly Markup[];

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');

/** A template whose values are one-line texts, escaped and with their control characters made visible, or markup. Nothing is put in for `undefined` and `false`. */
export const html = (parts: TemplateStringsArray, ...values: readonly Value[]): Markup => ({
  markup: parts.map((part, index) => part + textOf(values[index])).join(''),
});

function textOf(value: Value): string {
  if (value === undefined || value === false) return '';
  if (typeof value === 'string') return escaped(visible(value));
  if (typeof value === 'number') return String(value);
  return 'markup' in value ? value.markup : value.map(({ markup }) => markup).join('');
}

/** A text of many lines, whose newlines stay. */
export const linesOfText = (text: string): Markup => ({ markup: escaped(visibleLines(text)) });

/** What another program made of escaped text, taken as it is. Only for the output of a renderer that escapes. */
export const trusted = (markup: string): Markup => ({ markup });

/** Pieces with a text between them. */
export const joined = (pieces: readonly Markup[], between: string): Markup => ({
  markup: pieces.map(({ markup }) => markup).join(escaped(between)),
});

/** A sentence whose parts between backticks are code. */
export const prose = (text: string): Markup => ({
  markup: text
    .split(/`([^`\n]+)`/)
    .map((part, index) => (index % 2 === 0 ? linesOfText(part) : html`<code>${part}</code>`).markup)
    .join(''),
});
