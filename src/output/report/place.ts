import type { Span } from '../../finding.ts';
import type { Mask } from '../../model/secret/mask.ts';
import type { Repo } from '../../repo/repo.ts';
import { originalPlace } from '../original-place.ts';
import type { ReportPlace } from '../report.ts';

/** A longer line is of a generated file, and shown by its beginning. */
const MAX_LENGTH = 240;

/** Tells places of a run as a person finds them on disk, with the text that stands there. */
export function placesOf(before: Repo, mask: Mask): (seen: Repo, span: Span) => ReportPlace {
  const masked = new Map<string, readonly string[]>();
  const linesOf = (path: string): readonly string[] => {
    const known = masked.get(path);
    if (known) return known;
    const lines = maskedLines(before.read(path) ?? '', mask);
    masked.set(path, lines);
    return lines;
  };
  return (seen, span) => {
    const { path, line } = originalPlace(before, seen, span);
    if (line === undefined) return { path };
    // The file as a whole is meant: its first line says nothing.
    if (span.start === 0 && span.end === 0) return { path, line };
    const text = linesOf(path)[line - 1]?.trim() ?? '';
    return { path, line, ...(text !== '' && { text: shortened(text) }) };
  };
}

/** The lines of a text without secrets. A secret may only be known as one by the lines around it, so all are masked together. */
function maskedLines(text: string, mask: Mask): readonly string[] {
  const plain = linesIn(text);
  const whole = linesIn(mask(text));
  // A secret of several lines has left one line in their place.
  return plain.map((line, index) => mask(whole.length === plain.length ? (whole[index] ?? '') : line));
}

const linesIn = (text: string): readonly string[] => text.replace(/^\ufeff/, '').split(/\r?\n/);

const shortened = (text: string): string => (text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH - 1)}…` : text);
