import { visible, visibleLines } from './visible.ts';

/** Text that Markdown shows as it is: no markup, no HTML, no formula, no link, no mention of a person. One line. */
export const markdownText = (text: string): string =>
  visible(text)
    .replaceAll('\t', ' ')
    .replace(/[\\`*_{}[\]<>#|~!$]/g, '\\$&')
    .replaceAll('&', '&amp;')
    .replaceAll('@', '&#64;')
    .replaceAll('://', ':\u200b//')
    .replace(/www\./gi, '$&\u200b')
    // At the beginning of a line these would make a list or a heading.
    .replace(/^(\s*)([-+=])/, '$1\\$2')
    .replace(/^(\s*\d+)([.)])/, '$1\\$2');

/** Code in a line, in more backticks than it holds. */
export function codeSpan(text: string): string {
  const shown = visible(text).replaceAll('\t', ' ');
  const fence = '`'.repeat(longestRun(shown) + 1);
  // One blank on either side is taken off again; a text of blanks alone keeps them.
  const padded = /^`|`$/.test(shown) || (/^ .* $/.test(shown) && shown.trim() !== '');
  return padded ? `${fence} ${shown} ${fence}` : `${fence}${shown === '' ? ' ' : shown}${fence}`;
}

/** Code in a cell of a table, where a bar ends the cell even between backticks. */
export const cellCode = (text: string): string =>
  text.includes('|') ? `<code>${markdownText(text).replaceAll('\\|', '&#124;')}</code>` : codeSpan(text);

/** A text of many lines as a block of code. */
export function codeBlock(text: string, language: string): string {
  const shown = visibleLines(text).replace(/\n+$/, '');
  const fence = '`'.repeat(Math.max(3, longestRun(shown) + 1));
  return `${fence}${language}\n${shown}\n${fence}`;
}

/** A sentence in which parts between backticks are code, as the messages of findings are written. */
export function markdownProse(text: string): string {
  const parts = text.split('`');
  if (parts.length % 2 === 0) return markdownText(text);
  return parts
    .map((part, index) => (index % 2 === 0 ? markdownText(part) : part === '' ? '\\`\\`' : codeSpan(part)))
    .join('');
}

/** A link to an address that is encoded already; `text` is Markdown. */
export const link = (text: string, url: string): string =>
  `[${text}](${url.replace(/[()<>\s\\]/g, (character) => `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`)})`;

const longestRun = (text: string): number => Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
