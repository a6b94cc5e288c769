import type { Mask } from '../../model/secret/mask.ts';
import { withFix } from '../../pipeline/edits.ts';
import type { Outcome, Run } from '../../pipeline/run.ts';
import type { Transform } from '../../transform.ts';
import { diff } from '../diff.ts';
import type { ReportProblem } from '../report.ts';
import { WHY_SKIPPED } from '../skipped.ts';
import { placesOf } from './place.ts';
import { shownFor } from './shown.ts';

/** One outcome of a run with the number that `dockfix explain --finding` takes. */
export interface NumberedOutcome {
  readonly number: number;
  readonly transform: Transform;
  readonly outcome: Outcome;
}

/** The outcomes that a report tells of: all but what somebody decided to leave alone. */
export const numberedOutcomes = (run: Run): readonly NumberedOutcome[] =>
  run.steps
    .flatMap(({ transform, outcomes }) => outcomes.map((outcome) => ({ transform, outcome })))
    .map((each, index) => ({ ...each, number: index + 1 }))
    .filter(({ outcome: { skipped } }) => skipped !== 'ignored by comment' && skipped !== 'excluded by configuration');

/** True for what is only worth knowing. */
export const isNote = ({ left }: ReportProblem): boolean => left?.reason === 'no fix';

/** The problems of a report; `page` gives the page of a transform. */
export function problemsOf(
  run: Run,
  outcomes: readonly NumberedOutcome[],
  mask: Mask,
  page: (id: string) => string,
): readonly ReportProblem[] {
  const placeOf = placesOf(run.before, mask);
  const problems = outcomes.map(({ number, transform, outcome }): ReportProblem => {
    const { finding, seen, skipped, detail } = outcome;
    const { fix, advice } = finding;
    const message = mask(finding.message);
    const evidence = finding.evidence.map(({ at, says }) => ({ at: placeOf(seen, at), says: mask(says) }));
    const shows = shownFor(
      message,
      evidence.map(({ says }) => says),
      page(transform.id),
    );
    const why = skipped && `${WHY_SKIPPED[skipped]}${detail === undefined ? '' : ` (${mask(detail)})`}`;
    return {
      number,
      transform,
      message,
      ...(shows && { shows: shows.text, ...(shows.isExample && { showsExample: true }) }),
      at: placeOf(seen, finding.at),
      evidence,
      ...(fix && {
        repair: {
          title: mask(fix.title),
          safety: fix.safety,
          diff: skipped ? '' : mask(diff(seen, withFix(seen, fix))),
        },
      }),
      ...(skipped && { left: { reason: skipped, says: why ?? '' } }),
      ...(advice !== undefined && { advice: mask(advice) }),
    };
  });
  return [...problems.filter((each) => !isNote(each)), ...problems.filter(isNote)];
}
