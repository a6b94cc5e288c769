import { UserError } from './errors.ts';
import type { Span } from './finding.ts';
import { originalName } from './output/original-place.ts';
import { placeName } from './output/place.ts';
import type { Outcome, Run } from './pipeline/run.ts';
import { transformNamed } from './selection.ts';
import type { Transform } from './transform.ts';

/** One finding of a run. */
export interface ChosenFinding {
  /** Counted from one, over the whole run. */
  readonly number: number;
  readonly transform: Transform;
  readonly outcome: Outcome;
  /** Names of a place: as `dockfix apply` shows it, then as the earlier repairs leave it. */
  readonly namesOf: (span: Span) => readonly [string, string];
}

/** Which finding a person means: its number, or `transform[:path[:line]]`. */
interface Selector {
  readonly number: number | undefined;
  readonly id: string | undefined;
  readonly path: string | undefined;
  readonly line: number | undefined;
}

/** The transform that a selector names; `undefined` for a number. An unknown one is refused. */
export function transformIn(all: readonly Transform[], selector: string): Transform | undefined {
  const { id } = parse(selector);
  return id === undefined ? undefined : transformNamed(all, id);
}

/** The one finding of a run that a selector means; else an error that lists the findings. */
export function selectFinding(run: Run, selector: string): ChosenFinding {
  const all = numbered(run);
  const wanted = parse(selector);
  const failed = run.steps.find(({ transform, error }) => transform.id === wanted.id && error !== undefined);
  if (failed) throw new UserError(`${failed.transform.id} failed here`, 'See: dockfix apply --debug');
  if (all.length === 0) throw new UserError('There are no findings in this repository', 'See: dockfix apply');
  const found = matching(all, wanted);
  const [only] = found;
  if (!only) {
    const own = all.filter(({ transform }) => transform.id === wanted.id);
    const what =
      wanted.path === undefined && wanted.id !== undefined
        ? `${wanted.id} finds nothing here`
        : `No finding is "${selector}"`;
    throw new UserError(what, 'Name one by its number, or as transform:path:line:', listed(own.length > 0 ? own : all));
  }
  if (found.length > 1)
    throw new UserError(`${found.length} findings are "${selector}"`, 'Name one of them by its number:', listed(found));
  return only;
}

const numbered = (run: Run): readonly ChosenFinding[] =>
  run.steps
    .flatMap(({ transform, outcomes }) => outcomes.map((outcome) => ({ transform, outcome })))
    .map(({ transform, outcome }, index) => ({
      number: index + 1,
      transform,
      outcome,
      namesOf: (span) => [originalName(run.before, outcome.seen, span), placeName(outcome.seen, span)],
    }));

function parse(selector: string): Selector {
  const text = selector.trim();
  const number = /^#?(\d+)$/.exec(text)?.[1];
  if (number !== undefined) return { number: Number(number), id: undefined, path: undefined, line: undefined };
  const [, id = text, path, line] = /^([^:]*):(.*?)(?::(\d+))?$/s.exec(text) ?? [];
  return {
    number: undefined,
    id,
    path: path?.replace(/^\.\//, ''),
    line: line === undefined ? undefined : Number(line),
  };
}

function matching(all: readonly ChosenFinding[], { number, id, path, line }: Selector): readonly ChosenFinding[] {
  if (number !== undefined) return all.filter((each) => each.number === number);
  const own = all.filter(({ transform }) => transform.id === id);
  if (path === undefined) return own;
  const isAt = (names: readonly string[]): boolean =>
    names.some((name) => (line === undefined ? name.replace(/:\d+$/, '') === path : name === `${path}:${line}`));
  const here = own.filter(({ outcome, namesOf }) => isAt(namesOf(outcome.finding.at)));
  // A place of the proof will do where no finding stands.
  return here.length > 0
    ? here
    : own.filter(({ outcome, namesOf }) => outcome.finding.evidence.some(({ at }) => isAt(namesOf(at))));
}

const listed = (findings: readonly ChosenFinding[]): readonly string[] => {
  const names = findings.map(({ transform, outcome, namesOf }) => `${transform.id}:${namesOf(outcome.finding.at)[0]}`);
  const width = Math.max(...names.map((name) => name.length));
  return findings.map(({ number, outcome }, index) => {
    const { message } = outcome.finding;
    const short = message.length > 90 ? `${message.slice(0, 89)}…` : message;
    return `${String(number).padStart(3)}  ${(names[index] ?? '').padEnd(width)}  ${short}`;
  });
};
