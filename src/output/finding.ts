import type { Span } from '../finding.ts';
import { lineContentEnd, lineNumber, lineStart } from '../lines.ts';
import type { Outcome } from '../pipeline/run.ts';
import type { Repo } from '../repo/repo.ts';
import type { Transform } from '../transform.ts';
import { colouredDiff } from './coloured-diff.ts';
import type { Palette } from './palette.ts';
import { placeName } from './place.ts';
import { safetyLabel } from './pretty.ts';
import { WHY_SKIPPED } from './skipped.ts';
import { visible, visibleLines } from './visible.ts';

/** Lines of the file that are shown on either side of a place. */
const CONTEXT = 1;
/** A span that covers more lines than this is shown by its first ones. */
const MAX_LINES = 4;

export interface FindingStory {
  readonly transform: Transform;
  readonly outcome: Outcome;
  /** Counted from one over the run, as `dockfix explain --finding` takes it. */
  readonly number: number;
  /** The repository before any repair: places in files that changed since are said to have moved. */
  readonly start: Repo;
  /** What the repair alone changes, as a diff; empty when it changes nothing. */
  readonly diff: string;
}

/** One finding with its whole chain: each place with the line that stands there, what follows, and the repair. */
export function findingText({ transform, outcome, number, start, diff }: FindingStory, palette: Palette): string {
  const { finding, seen } = outcome;
  const places = finding.evidence.length > 0 ? finding.evidence : [{ at: finding.at, says: 'it stands here' }];
  const moved = [...new Set(places.map(({ at }) => at.path))].filter((path) => start.read(path) !== seen.read(path));
  const blocks = [
    `${palette.bold(palette.cyan(transform.id))}  ${transform.summary}\nfinding ${number}, ${visible(placeName(seen, finding.at))}`,
    palette.bold('Why'),
    ...places.map(({ at, says }, index) => placeText(seen, at, `${index + 1}. `, visible(says), palette)),
    ...(moved.length === 0
      ? []
      : [palette.dim(`  The lines of ${moved.map(visible).join(', ')} are those that earlier repairs leave behind.`)]),
    palette.bold('So'),
    indented(visible(finding.message)),
    ...repairBlocks(outcome, diff, palette),
    ...(finding.advice === undefined ? [] : [palette.bold('Advice'), indented(visibleLines(finding.advice))]),
  ];
  return `${blocks.join('\n\n')}\n`;
}

function placeText(seen: Repo, at: Span, mark: string, says: string, palette: Palette): string {
  const head = `  ${mark}${palette.bold(visible(placeName(seen, at)))}  ${says}`;
  const source = seen.read(at.path);
  return source === undefined ? head : [head, ...quotedLines(source, at, palette)].join('\n');
}

/** The lines of a span, and one before and after, with their numbers. */
function quotedLines(text: string, at: Span, palette: Palette): readonly string[] {
  const first = lineNumber(text, at.start);
  // A span that ends with its newline does not cover the next line.
  const end = at.end > at.start && text[at.end - 1] === '\n' ? at.end - 1 : at.end;
  const last = Math.min(lineNumber(text, end), first + MAX_LINES - 1);
  const lines = linesFrom(text, first - CONTEXT, last + CONTEXT);
  const width = String(last + CONTEXT).length;
  return lines.map(({ number, content }) => {
    const row = `${number >= first && number <= last ? '>' : ' '} ${String(number).padStart(width)} | ${visible(content)}`;
    return `     ${number >= first && number <= last ? row : palette.dim(row)}`.trimEnd();
  });
}

function linesFrom(text: string, from: number, to: number): readonly { number: number; content: string }[] {
  const lines: { number: number; content: string }[] = [];
  let number = 1;
  for (let at = 0; at < text.length && number <= to; number += 1) {
    if (number >= from) lines.push({ number, content: text.slice(lineStart(text, at), lineContentEnd(text, at)) });
    const newline = text.indexOf('\n', at);
    at = newline < 0 ? text.length : newline + 1;
  }
  return lines;
}

function repairBlocks({ finding, skipped, detail }: Outcome, diff: string, palette: Palette): readonly string[] {
  const left = skipped
    ? [indented(`${palette.yellow('left alone')}: ${WHY_SKIPPED[skipped]}${detail ? ` (${visible(detail)})` : ''}`)]
    : [];
  if (!finding.fix) return [palette.bold('Repair'), ...left];
  const { title, safety } = finding.fix;
  return [
    palette.bold('Repair'),
    [indented(`${visible(title)} ${safetyLabel(palette, safety)}`), ...left].join('\n'),
    ...(diff === '' ? [] : [colouredDiff(diff, palette).trimEnd()]),
  ];
}

const indented = (text: string): string =>
  text
    .split('\n')
    .map((line) => (line === '' ? '' : `  ${line}`))
    .join('\n');
