import { realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { readmeOf } from '../assets.ts';
import type { Environment } from '../cli.ts';
import { jsonReport } from '../output/report/json.ts';
import { markdownReport } from '../output/report/markdown.ts';
import { reportOf } from '../output/report/report-of.ts';
import type { Report } from '../output/report.ts';
import { visible } from '../output/visible.ts';
import { type RepairFlags, selectionOf } from '../repair.ts';
import { codeOf } from '../repo/file-system.ts';
import { repairOf } from './apply.ts';
import { writeOutput } from './output-file.ts';
import { verificationIn } from './verification-file.ts';

/** The formats of `dockfix report`, and what writes them. */
const WRITERS = {
  markdown: markdownReport,
  json: jsonReport,
  html: async (report: Report) => (await import('../output/report/html.ts')).htmlReport(report),
} satisfies Readonly<Record<string, (report: Report) => string | Promise<string>>>;

/** The names of the formats of `dockfix report`. */
export const REPORT_FORMATS = Object.keys(WRITERS) as readonly (keyof typeof WRITERS)[];

/** The options of `dockfix report`. */
export interface ReportFlags extends Pick<RepairFlags, 'only' | 'skip' | 'group'> {
  readonly format: keyof typeof WRITERS;
  readonly output?: string;
  readonly verification?: string;
}

/** Runs `dockfix report`: the correction document of a repository; 2 when not all could be read or run. */
export async function reportCommand(environment: Environment, path: string, flags: ReportFlags): Promise<number> {
  const { cwd, stdout, stderr } = environment;
  const verification = flags.verification === undefined ? undefined : verificationIn(cwd, flags.verification);
  const output = flags.output === undefined ? undefined : resolve(cwd, flags.output);
  // An earlier report in the repository speaks of services and files: it must not count as what the repository says.
  const { folder, result } = await repairOf(environment, path, flags, output === undefined ? undefined : real(output));
  const report = reportOf(result, {
    title: basename(realpathSync(folder)),
    page: readmeOf,
    selection: selectionOf(flags),
    ...(verification && { verification }),
  });
  const text = await WRITERS[flags.format](report);
  if (output === undefined) stdout.write(text);
  else {
    writeOutput(output, text);
    stderr.write(`the report is in ${visible(flags.output ?? '')}\n`);
  }
  return report.notices.length > 0 || report.errors.length > 0 ? 2 : 0;
}

/** The path of a file without symbolic links in its folder, whether or not it is there already. */
function real(path: string): string {
  try {
    return join(realpathSync(dirname(path)), basename(path));
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
    return path;
  }
}
