import { html, joined, type Markup } from '../../markup.ts';
import { lineName } from '../../place.ts';
import type { ReportPlace, ReportProblem } from '../../report.ts';
import { isNote } from '../problems.ts';

/** `1 file`, `3 files`. */
export const counted = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;

/** `api/Dockerfile:12`, as code that may break after each folder. */
export const placeCode = ({ path, line }: ReportPlace): Markup =>
  html`<code class="place">${lineName({ path, line })}</code>`;

/** Links to problems by their numbers: `Problems 1, 3`; nothing without numbers. */
export function problemLinks(numbers: readonly number[]): Markup | undefined {
  if (numbers.length === 0) return undefined;
  const links = numbers.map((number) => html`<a href="#problem-${number}">${number}</a>`);
  return html`${numbers.length === 1 ? 'Problem ' : 'Problems '}${joined(links, ', ')}`;
}

/** What becomes of a problem: the label that it carries everywhere. */
export type Fate = 'safe' | 'review' | 'manual' | 'left' | 'note';

/** What becomes of a problem. */
export function fateOf(problem: ReportProblem): Fate {
  const { repair, left } = problem;
  if (left?.reason === 'manual' || repair?.safety === 'manual') return 'manual';
  if (!repair || isNote(problem)) return 'note';
  if (left) return 'left';
  return repair.safety;
}

const FATES: Readonly<Record<Fate, { readonly word: string; readonly icon: Markup }>> = {
  safe: { word: 'safe', icon: html`<path d="M3 8.5l3.2 3.2L13 4.8"/>` },
  review: {
    word: 'review',
    icon: html`<path d="M1.5 8S4 3.8 8 3.8 14.5 8 14.5 8 12 12.2 8 12.2 1.5 8 1.5 8z"/><path d="M8 6.5v3"/>`,
  },
  manual: { word: 'by hand', icon: html`<path d="M3 13l.6-2.8L10.9 3l2.1 2.1-7.3 7.3z"/>` },
  left: { word: 'left out', icon: html`<path d="M4 8h8"/>` },
  note: { word: 'note', icon: html`<path d="M8 7.2v4.3M8 4.2v.3"/>` },
};

/** The label of a problem: an icon, a word and a colour that say the same. */
export const fateChip = (fate: Fate): Markup =>
  html`<span class="chip ${fate}"><svg class="icon" viewBox="0 0 16 16" aria-hidden="true">${FATES[fate].icon}</svg>${FATES[fate].word}</span>`;

/** `8080 → 80`: the host's port and the container's; the container's alone when it is not published. */
export const portText = ({ host, container }: { readonly host?: string; readonly container: string }): string =>
  host === undefined ? container : `${host} \u2192 ${container}`;
