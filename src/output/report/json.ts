import type { Transform } from '../../transform.ts';
import type { Report, ReportProblem } from '../report.ts';
import { verificationDocument } from '../verification.ts';
import { isNote } from './problems.ts';

/**
 * The report as one JSON document. Its shape is `reportSchema`, shipped as `dockfix/report.schema.json`, and stable within a
 * `schemaVersion`. It holds no secret: `***` stands in its place.
 */
export function jsonReport(report: Report): string {
  const { problems, verification, ...rest } = report;
  const document = {
    schemaVersion: 1,
    summary: {
      problems: problems.filter((problem) => !isNote(problem)).length,
      repaired: problems.filter(({ left }) => !left).length,
      notes: problems.filter(isNote).length,
    },
    ...rest,
    problems: problems.map(problemOf),
    ...(verification && { verification: verificationDocument(verification) }),
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

const problemOf = ({ transform, ...problem }: ReportProblem) => ({ ...problem, transform: named(transform) });

const named = ({ id, group, summary }: Transform) => ({ id, group, summary });
