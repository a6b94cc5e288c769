import type { Cause, Diagnosis, Reading } from '../diagnose/types.ts';
import type { Mask } from '../model/secret/mask.ts';
import { isSecretName } from '../model/secret.ts';
import type { Run } from '../pipeline/run.ts';
import { maskBetween } from './masked.ts';
import { type OriginalPlace, originalPlace } from './original-place.ts';
import type { Palette } from './palette.ts';
import { lineName } from './place.ts';
import { safetyLabel } from './pretty.ts';
import { adviceRows } from './row.ts';
import { WHY_SKIPPED } from './skipped.ts';
import { visible } from './visible.ts';

/** A log, what it shows, and what the repository says about it. */
export interface DiagnosisStory {
  readonly reading: Reading;
  readonly diagnoses: readonly Diagnosis[];
  readonly run: Run;
  /** Transforms that `dockfix apply` leaves out unless their group is asked for. */
  readonly hygiene: ReadonlySet<string>;
}

/** True when at least one message has a cause in the repository. */
export const isExplained = ({ diagnoses }: DiagnosisStory): boolean =>
  diagnoses.some(({ causes }) => causes.length > 0);

const ASSIGNED = /(?<![\w./-])([A-Za-z_][\w.-]*)(["']?\]?\s*(?:=|:)\s*["']?)([^\s"',;&]{3,})/g;

/** The secrets of the repository, and what a log shows as the value of a password, a key, a token. */
function maskFor(run: Run): Mask {
  const known = maskBetween(run.before, run.after);
  return (text) =>
    known(text).replace(ASSIGNED, (whole, name: string, between: string) =>
      isSecretName(name) && !/^\s*:\s*$/.test(between) ? `${name}${between}***` : whole,
    );
}

/** The answer for a person: for each message what it means, its cause with place and repair, or where to look. */
export function diagnosisText(story: DiagnosisStory, palette: Palette): string {
  const { reading, diagnoses, run } = story;
  const mask = maskFor(run);
  const ordered = [...diagnoses].sort((a, b) => Number(b.causes.length > 0) - Number(a.causes.length > 0));
  const blocks = [
    ...ordered.map((diagnosis) => block(diagnosis, story, palette)),
    ...(reading.cut ? [palette.dim('The log has more different error messages; these are the first ones.')] : []),
    summary(story, palette),
  ];
  return mask(`${blocks.join('\n\n')}\n`);
}

function block({ sighting, service, causes, leads }: Diagnosis, story: DiagnosisStory, palette: Palette): string {
  const { symptom, names, line, count, quote } = sighting;
  const who = service ?? sighting.source;
  const times = count > 1 ? `, ${count} times` : '';
  const said = [...(who === undefined ? [] : [palette.cyan(visible(who))]), visible(quote)].join('  ');
  const rows = [
    `${palette.bold(said)}  ${palette.dim(`(line ${line}${times})`)}`,
    row(palette, 'means', visible(symptom.means(names))),
  ];
  if (causes.length > 0)
    return [...rows, ...causes.flatMap((cause, index) => causeRows(cause, index, story, palette))].join('\n');
  const own = story.diagnoses.find((other) => other.causes.length > 0 && other.service === names.host);
  return [
    ...rows,
    row(palette, 'cause', palette.yellow('Nothing in this repository shows one.')),
    ...(own && names.host !== undefined
      ? [
          row(
            palette,
            'see',
            `${visible(names.host)} has an error of its own in line ${own.sighting.line}: nobody reaches it before that is repaired.`,
          ),
        ]
      : []),
    ...symptom.look(names).map((each, index) => row(palette, index === 0 ? 'look at' : '', visible(each))),
    ...leads.map((lead, index) =>
      row(palette, index === 0 ? 'here' : '', `${palette.dim(`${placeOf(lead)}:`)} ${visible(lead.text)}`),
    ),
  ].join('\n');
}

function causeRows(cause: Cause, index: number, { run, hygiene }: DiagnosisStory, palette: Palette): readonly string[] {
  const label = index === 0 ? 'cause' : 'and';
  if (cause.kind === 'notice') {
    const { path, line, message, hint } = cause.notice;
    const at = placeOf({ path, ...(line !== undefined && { line }) });
    return [row(palette, label, `${palette.bold(at)}  ${visible(message)}`), row(palette, 'hint', visible(hint))];
  }
  const { finding, seen, skipped } = cause.outcome;
  const group = hygiene.has(cause.transform) ? ' (with --group hygiene)' : '';
  const fix = finding.fix && `${visible(finding.fix.title)} ${safetyLabel(palette, finding.fix.safety)}`;
  const repair =
    fix === undefined ? `${palette.cyan(cause.transform)}` : `${palette.cyan(cause.transform)}: ${fix}${group}`;
  return [
    row(
      palette,
      label,
      `${palette.bold(placeOf(originalPlace(run.before, seen, finding.at)))}  ${visible(finding.message)}`,
    ),
    // One chain is enough to believe it; "dockfix explain --finding" shows the others.
    ...(index > 0
      ? []
      : finding.evidence.map(({ at, says }, position) =>
          row(
            palette,
            position === 0 ? 'because' : '',
            `${palette.dim(`${placeOf(originalPlace(run.before, seen, at))}:`)} ${visible(says)}`,
          ),
        )),
    row(palette, 'repair', repair),
    ...(skipped ? [row(palette, '', `${palette.yellow('left alone')}: ${WHY_SKIPPED[skipped]}`)] : []),
    ...adviceRows(finding.advice, (label, text) => row(palette, label, text)),
  ];
}

function summary(story: DiagnosisStory, palette: Palette): string {
  const { reading, diagnoses } = story;
  const explained = diagnoses.filter(({ causes }) => causes.length > 0);
  if (diagnoses.length === 0)
    return `${palette.bold('No known cause.')} ${lines(reading.lines)}, and none is an error message that dockfix knows.`;
  if (explained.length === 0)
    return `${palette.bold('No known cause in this repository.')} ${messages(diagnoses.length)} understood, see where to look.`;
  const first = explained[0]?.causes.find((cause) => cause.kind === 'finding');
  const rest = diagnoses.length - explained.length;
  return [
    palette.bold(`${messages(diagnoses.length)}, ${rest === 0 ? 'explained' : `${explained.length} explained`}.`),
    ...(first
      ? [
          palette.dim(
            `Every line that proves it: dockfix explain --finding ${first.number}. All repairs as a diff: dockfix apply`,
          ),
        ]
      : []),
  ].join('\n');
}

const messages = (amount: number): string => `${amount} error message${amount === 1 ? '' : 's'}`;
const lines = (amount: number): string => `${amount} line${amount === 1 ? '' : 's'}`;

const row = (palette: Palette, label: string, text: string): string => `  ${palette.dim(label.padEnd(9))}${text}`;

const placeOf = (place: OriginalPlace): string => visible(lineName(place));

/**
 * One JSON document for programs. Its shape is stable within a `schemaVersion`:
 * - `explained`: whether a cause was named; `log`: `{ lines, cut }`;
 * - `diagnoses`: in the order of the log, each with `symptom`, `line`, `count`, `quote`, `service?`, `names`, `means`, `causes`, `look`, `leads`;
 * - a cause is `{ transform, finding, at, message, evidence, repair?, skipped?, advice? }` with the number that `dockfix explain --finding`
 *   takes, or `{ at, message, hint }` for a file that cannot be read. `at` is `{ path, line? }` in the repository as it is.
 */
export function diagnosisJson(story: DiagnosisStory): string {
  const { reading, diagnoses, run } = story;
  const mask = maskFor(run);
  const document = {
    schemaVersion: 1,
    explained: isExplained(story),
    log: { lines: reading.lines, cut: reading.cut },
    diagnoses: diagnoses.map(({ sighting, service, causes, leads }) => ({
      symptom: sighting.symptom.id,
      line: sighting.line,
      count: sighting.count,
      quote: mask(sighting.quote),
      ...((service ?? sighting.source) !== undefined && { service: service ?? sighting.source }),
      names: Object.fromEntries(Object.entries(sighting.names).map(([name, value]) => [name, mask(value)])),
      means: mask(sighting.symptom.means(sighting.names)),
      causes: causes.map((cause) => causeOf(cause, run, mask)),
      look: causes.length > 0 ? [] : sighting.symptom.look(sighting.names).map(mask),
      leads: leads.map((lead) => ({ ...lead, text: mask(lead.text) })),
    })),
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

function causeOf(cause: Cause, run: Run, mask: Mask) {
  if (cause.kind === 'notice') {
    const { path, line, message, hint } = cause.notice;
    return { at: { path, ...(line !== undefined && { line }) }, message: mask(message), hint: mask(hint) };
  }
  const { finding, seen, skipped } = cause.outcome;
  return {
    transform: cause.transform,
    finding: cause.number,
    at: originalPlace(run.before, seen, finding.at),
    message: mask(finding.message),
    evidence: finding.evidence.map(({ at, says }) => ({ at: originalPlace(run.before, seen, at), says: mask(says) })),
    ...(finding.fix && { repair: { title: mask(finding.fix.title), safety: finding.fix.safety } }),
    ...(skipped && { skipped }),
    ...(finding.advice !== undefined && { advice: mask(finding.advice) }),
  };
}
