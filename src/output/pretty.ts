import type { Finding, Safety } from '../finding.ts';
import type { Notice, Outcome, Run, Step } from '../pipeline/run.ts';
import type { Repo } from '../repo/repo.ts';
import { counted } from '../words.ts';
import { appliedOutcomes, type ChangedFile, changedFiles } from './changed-files.ts';
import { maskBetween } from './masked.ts';
import { originalName } from './original-place.ts';
import type { Palette } from './palette.ts';
import { lineName, placeName } from './place.ts';
import { adviceRows, row } from './row.ts';
import { WHY_SKIPPED } from './skipped.ts';
import { visible, visibleLines } from './visible.ts';

export interface PrettyOptions {
  readonly palette: Palette;
  /** Whether the changes are on disk already. */
  readonly written: boolean;
  /** Show the stack of a transform that failed. */
  readonly stacks: boolean;
  /** What is wrong with the ignore comments of the repository as it was. */
  readonly ignores: readonly Finding[];
}

/** The report for a person: what is broken, the proof, what the fix does, what was left alone and why. Secrets are masked. */
export function pretty(run: Run, options: PrettyOptions): string {
  const blocks = [
    ...run.steps.flatMap((step) => stepBlocks(run, step, options)),
    ...ignoresBlock(run.before, options),
    ...noticesBlock(run.notices, options.palette),
    summary(run, options),
  ];
  return maskBetween(run.before, run.after)(`${blocks.join('\n\n')}\n`);
}

function stepBlocks({ before }: Run, step: Step, options: PrettyOptions): readonly string[] {
  const { palette } = options;
  if (step.outcomes.length === 0 && step.error === undefined) return [];
  const heading = `${palette.bold(palette.cyan(step.transform.id))}  ${step.transform.summary}`;
  const failure = step.error === undefined ? [] : [failureText(step.error, options)];
  return [heading, ...step.outcomes.map((outcome) => findingText(before, outcome, options)), ...failure];
}

function findingText(
  before: Repo,
  { finding, seen, skipped, detail }: Outcome,
  { palette, written }: PrettyOptions,
): string {
  const head = `  ${palette.bold(visible(originalName(before, seen, finding.at)))}  ${visible(finding.message)}`;
  const because = finding.evidence.map(({ at, says }, index) =>
    row(
      palette,
      index === 0 ? 'because' : '',
      `${palette.dim(`${visible(originalName(before, seen, at))}:`)} ${visible(says)}`,
    ),
  );
  const fix = finding.fix && `${visible(finding.fix.title)} ${safetyLabel(palette, finding.fix.safety)}`;
  const verb = skipped ? 'repair' : written ? 'repaired' : 'repair';
  return [
    head,
    ...because,
    ...(fix ? [row(palette, verb, fix)] : []),
    ...(skipped
      ? [
          row(
            palette,
            '',
            `${palette.yellow('left alone')}: ${WHY_SKIPPED[skipped]}${detail ? ` (${visible(detail)})` : ''}`,
          ),
        ]
      : []),
    ...adviceRows(finding.advice, (label, text) => row(palette, label, text)),
  ].join('\n');
}

/** A safety in its colour, in brackets. */
export function safetyLabel(palette: Palette, safety: Safety): string {
  if (safety === 'safe') return palette.green('[safe]');
  return safety === 'review' ? palette.yellow('[review]') : palette.red('[manual]');
}

function failureText(error: unknown, { palette, stacks }: PrettyOptions): string {
  const message = error instanceof Error ? error.message : String(error);
  const stack = stacks && error instanceof Error && error.stack ? `\n${visibleLines(error.stack)}` : '';
  const advice = stacks ? '' : '\n    This is a bug in dockfix; --debug shows where.';
  return `  ${palette.red('failed')}: ${visible(message)}; its changes were dropped, the rest went on.${advice}${stack}`;
}

function ignoresBlock(before: Repo, { ignores, palette }: PrettyOptions): readonly string[] {
  if (ignores.length === 0) return [];
  const lines = ignores.map(
    ({ at, message }) => `  ${palette.bold(visible(placeName(before, at)))}  ${visible(message)}`,
  );
  return [[palette.bold(palette.yellow('Ignore comments')), ...lines].join('\n')];
}

function noticesBlock(notices: readonly Notice[], palette: Palette): readonly string[] {
  if (notices.length === 0) return [];
  const lines = notices.map(({ path, line, message, hint }) => {
    const place = visible(lineName({ path, line }));
    return `  ${palette.bold(place)}  ${visible(message)}\n    ${palette.dim('hint'.padEnd(9))}${visible(hint)}`;
  });
  return [[palette.bold(palette.red('Could not be read')), ...lines].join('\n')];
}

function summary(run: Run, { palette, written }: PrettyOptions): string {
  const applied = appliedOutcomes(run);
  const left = run.steps.flatMap((step) => step.outcomes).length - applied.length;
  const rest = left > 0 ? ` ${counted(left, 'finding')} left alone.` : '';
  if (applied.length === 0) return `${palette.bold('Nothing to change.')}${rest}`;
  const files = changedFiles(run);
  const safe = applied.filter((outcome) => outcome.finding.fix?.safety === 'safe').length;
  const split = [safe > 0 ? `${safe} safe` : '', applied.length > safe ? `${applied.length - safe} to review` : ''];
  const done = `${counted(applied.length, 'repair')} (${split.filter(Boolean).join(', ')}) in ${counted(files.length, 'file')}`;
  const next = written
    ? 'Written. Take it back with: dockfix undo'
    : 'Nothing is written yet. Write it with: dockfix apply --write';
  return [`${palette.bold(done)}: ${files.map(fileName).join(', ')}.${rest}`, palette.dim(next)].join('\n');
}

function fileName({ path, kind, from, mode }: ChangedFile): string {
  const note =
    kind === 'created'
      ? 'new'
      : kind === 'removed'
        ? 'removed'
        : from !== undefined
          ? `was ${visible(from)}`
          : mode === 0o755
            ? 'executable'
            : '';
  return note ? `${visible(path)} (${note})` : visible(path);
}
