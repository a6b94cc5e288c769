import { visible, visibleLines } from './visible.ts';

/** Text that Markdown shows as it is: no markup, no HTML, no mention of a person, no link. */
export const markdownText = (text: string): string =>
  visible(text)
    .replace(/[\\`*_{}[\]<>#|~!]/g, '\\$&')
    .replaceAll('&', '&amp;')
    .replaceAll('@', '&#64;')
    .replaceAll('://', ':\u200b//')
    .replaceAll('\t', ' ');

/** Code within a line, in more backticks than it holds. */
export function code(text: string): string {
  const shown = visible(text).replaceAll('\t', ' ');
  const fence = '`'.repeat(longestRun(shown) + 1);
  return fence.length > 1 ? `${fence} ${shown} ${fence}` : `${fence}${shown}${fence}`;
}

/** A block of code, in a fence that is longer than any in it. `language` is what it is highlighted as. */
export function codeBlock(text: string, language: string): string {
  const shown = visibleLines(text).replace(/\n+$/, '');
  const fence = '`'.repeat(Math.max(3, longestRun(shown) + 1));
  return `${fence}${language}\n${shown}\n${fence}`;
}

/** A link to an address that is already encoded. */
export const link = (text: string, url: string): string =>
  `[${text}](${url.replace(/[()<>\s\\]/g, (character) => encodeURIComponent(character).replace('(', '%28').replace(')', '%29'))})`;

const longestRun = (text: string): number => Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
