import type { Mask } from '../../model/secret/mask.ts';
import { readStack } from '../../model/stack.ts';
import type { Run } from '../../pipeline/run.ts';
import type { SideResult, Verification } from '../../verify/verdict.ts';
import { maskBetween } from '../masked.ts';
import type { Report } from '../report.ts';
import { checksOf } from './checks.ts';
import { reportFiles } from './files.ts';
import { graphOf } from './graph.ts';
import { numberedOutcomes, problemsOf } from './problems.ts';
import { tasksOf } from './tasks.ts';

/** What a report needs besides the run. */
export interface ReportRequest {
  /** The folder's name, or the repository's. */
  readonly title: string;
  /** The page of a transform, as Markdown. */
  readonly page: (id: string) => string;
  /** What `dockfix verify` saw of the same run. */
  readonly verification?: Verification;
  /** The options that chose the transforms of the run (`--group hygiene`), for the commands that are to find the same; none when absent. */
  readonly selection?: readonly string[];
}

/** Everything that a run has to tell to a person, without secrets. */
export function reportOf(run: Run, { title, page, verification, selection }: ReportRequest): Report {
  const mask: Mask = maskBetween(run.before, run.after);
  const before = readStack(run.before, undefined);
  const after = run.after === run.before ? before : readStack(run.after, before);
  const outcomes = numberedOutcomes(run);
  const problems = problemsOf(run, outcomes, mask, page);
  const notices = run.notices.map((each) => ({ ...each, message: mask(each.message), hint: mask(each.hint) }));
  const masked = { ...run, notices };
  return {
    title: mask(title),
    problems,
    tasks: tasksOf({ run: masked, before, after, outcomes, problems }),
    checks: checksOf({ after, problems, selection: selection ?? [] }).map(({ command, expects }) => ({
      command: mask(command),
      expects: mask(expects),
    })),
    before: graphOf(before, mask),
    after: graphOf(after, mask),
    files: reportFiles(run, outcomes, mask),
    notices,
    errors: run.steps.flatMap(({ transform, error }) =>
      error === undefined
        ? []
        : [{ transform: transform.id, message: mask(error instanceof Error ? error.message : String(error)) }],
    ),
    ...(selection && selection.length > 0 && { selection }),
    ...(verification && { verification: maskedVerification(verification, mask) }),
  };
}

function maskedVerification({ before, after }: Verification, mask: Mask): Verification {
  const side = (result: SideResult): SideResult => ({
    ...result,
    services: result.services.map((service) => ({
      ...service,
      ...(service.reason !== undefined && { reason: mask(service.reason) }),
    })),
    ...(result.stopped !== undefined && { stopped: mask(result.stopped) }),
    notes: result.notes.map(mask),
  });
  return { ...(before && { before: side(before) }), after: side(after) };
}
