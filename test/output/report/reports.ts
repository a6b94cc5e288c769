import { readmeOf } from '../../../src/assets.ts';
import { jsonReport } from '../../../src/output/report/json.ts';
import { markdownReport } from '../../../src/output/report/markdown.ts';
import { reportOf } from '../../../src/output/report/report-of.ts';
import type { Report } from '../../../src/output/report.ts';
import { run } from '../../../src/pipeline/run.ts';
import type { Repo } from '../../../src/repo/repo.ts';
import { selectTransforms } from '../../../src/selection.ts';
import type { Transform } from '../../../src/transform.ts';
import { transforms } from '../../../transforms/index.ts';

export const ALLOW = { allow: new Set(['safe', 'review'] as const), named: new Set<string>() };

/** The report of what `dockfix apply` does to a repository. */
export const reportOn = (repo: Repo, groups: readonly Transform['group'][]): Report =>
  reportOf(run(repo, selectTransforms(transforms, { only: [], skip: [], groups }), ALLOW), {
    title: 'shop',
    page: readmeOf,
  });

/** Every format of a report by its name. */
export const formatsOf = (report: Report): ReadonlyMap<string, string> =>
  new Map([
    ['markdown', markdownReport(report)],
    ['json', jsonReport(report)],
  ]);
