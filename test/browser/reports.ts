import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pythonWasm } from '../../src/assets.ts';
import { reportOf } from '../../src/output/report/report-of.ts';
import type { Report } from '../../src/output/report.ts';
import { loadPython } from '../../src/parse/python.ts';
import { run } from '../../src/pipeline/run.ts';
import { scan } from '../../src/repo/disk.ts';
import { selectTransforms } from '../../src/selection.ts';
import type { Transform } from '../../src/transform.ts';
import type { Verification } from '../../src/verify/verdict.ts';
import { transforms } from '../../transforms/index.ts';

/** The report of a folder, with all repairs of the groups named besides the usual ones. */
export async function reportOfFolder(
  folder: string,
  groups: readonly Transform['group'][],
  verification: Verification | undefined,
): Promise<Report> {
  await loadPython(pythonWasm());
  const chosen = selectTransforms(transforms, { only: [], skip: [], groups });
  const result = run(scan(resolve(folder)), chosen, { allow: new Set(['safe', 'review']), named: new Set() });
  return reportOf(result, {
    title: folder.split('/').at(-2) ?? folder,
    selection: [],
    page: (id) => readFileSync(join('transforms', id, 'README.md'), 'utf8'),
    ...(verification && { verification }),
  });
}
