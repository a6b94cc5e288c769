import { readFileSync, writeFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { transforms } from '../../transforms/index.ts';
import { readmeOf, version } from '../assets.ts';
import type { Environment } from '../cli.ts';
import { digest } from '../digest.ts';
import { UserError } from '../errors.ts';
import { baselineText, readBaseline, withoutKnown } from '../output/check/baseline.ts';
import { checkstyleCheck } from '../output/check/checkstyle.ts';
import { githubCheck } from '../output/check/github.ts';
import { gitlabCheck } from '../output/check/gitlab.ts';
import { ABOUT_IGNORES } from '../output/check/ignores.ts';
import { jsonCheck } from '../output/check/json.ts';
import { junitCheck } from '../output/check/junit.ts';
import { markdownCheck } from '../output/check/markdown.ts';
import { prettyCheck } from '../output/check/pretty.ts';
import { sarifCheck } from '../output/check/sarif.ts';
import { touchedBy } from '../output/check/touched.ts';
import { belowTop, type Check, checkOf, fails } from '../output/check.ts';
import { visible } from '../output/visible.ts';
import type { RepairFlags } from '../repair.ts';
import { gitPrefix, revisionOf } from '../repo/disk.ts';
import { codeOf } from '../repo/file-system.ts';
import { pathMatcher } from '../repo/ignore-rules.ts';
import { repairOf } from './apply.ts';
import { paletteFor } from './palette.ts';

/** The formats of `dockfix check`. */
export const CHECK_FORMATS = [
  'pretty',
  'json',
  'sarif',
  'github',
  'gitlab',
  'junit',
  'checkstyle',
  'markdown',
] as const;

/** The options of `dockfix check`. */
export interface CheckFlags extends Pick<RepairFlags, 'only' | 'skip' | 'group'> {
  readonly format: (typeof CHECK_FORMATS)[number];
  readonly baseline?: string;
  readonly writeBaseline?: true;
  readonly diff?: string;
  readonly suppressed?: true;
}

/** Runs `dockfix check`: the findings of `dockfix apply` without an edit; 1 when one of them fails the check, 2 when not all could be read. */
export async function checkCommand(environment: Environment, path: string, flags: CheckFlags): Promise<number> {
  const { baseline, writeBaseline, diff } = flags;
  if (writeBaseline && baseline === undefined)
    throw new UserError('--write-baseline needs --baseline', 'Name the file with it: --baseline dockfix-baseline.json');
  if (writeBaseline && diff !== undefined)
    throw new UserError('--write-baseline and --diff exclude each other', 'A baseline holds every finding.');
  if (flags.suppressed && flags.format !== 'sarif')
    throw new UserError('--suppressed needs --format sarif', 'No other format has results that are suppressed.');
  const file = baseline === undefined ? undefined : resolve(environment.cwd, baseline);
  const known = file === undefined || writeBaseline ? undefined : knownIn(file);
  const { folder, result, config } = await repairOf(environment, path, flags, file);
  const all = checkOf(result, {
    digest,
    levels: config.severity,
    isExcluded: pathMatcher(config.exclude),
    known: new Set(transforms.map(({ id }) => id)),
    edits: flags.format === 'sarif' || flags.format === 'json',
  });
  const unread = all.notices.length > 0 || all.errors.length > 0;
  if (file !== undefined && writeBaseline) {
    saveBaseline(environment, file, all);
    return unread ? 2 : 0;
  }
  const { check: unknown, gone } = known ? withoutKnown(all, known) : { check: all, gone: 0 };
  if (gone > 0)
    environment.stderr.write(
      `note: ${gone} of the problems of the baseline ${gone === 1 ? 'is' : 'are'} gone; write it again with --write-baseline\n`,
    );
  const check = diff === undefined ? unknown : touchedBy(unknown, result.before, revisionOf(folder, diff));
  environment.stdout.write(textOf(environment, check, flags, gitPrefix(folder)));
  if (unread) return 2;
  return check.problems.some(fails) ? 1 : 0;
}

function knownIn(file: string): ReadonlyMap<string, string> {
  const known = readBaseline(readBaselineFile(file));
  if ('why' in known)
    throw new UserError(
      `${file} is no baseline: ${known.why}`,
      'Write it with: dockfix check --baseline <file> --write-baseline',
    );
  return known;
}

function readBaselineFile(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined) throw error;
    throw new UserError(`The baseline ${file} cannot be read (${code})`, 'Make it with --write-baseline.');
  }
}

function saveBaseline({ cwd, stderr }: Environment, file: string, check: Check): void {
  try {
    writeFileSync(file, baselineText(check));
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined) throw error;
    throw new UserError(`The baseline ${file} cannot be written (${code})`, 'Check the folder.');
  }
  const count = check.problems.filter(fails).length;
  stderr.write(
    `${count} ${count === 1 ? 'problem' : 'problems'} written to ${visible(relative(cwd, file))}; a check with --baseline leaves them out\n`,
  );
}

/** Ignore comments have no README of their own. */
const pageOf = (id: string): string =>
  id === ABOUT_IGNORES.id
    ? `# ${id}\n\n${ABOUT_IGNORES.summary}.\n\nWrite \`# dockfix-ignore <transform>: <reason>\` above a line, or \`# dockfix-ignore-file <transform>: <reason>\` for the file. Take it away when nothing is found there any more.\n`
    : readmeOf(id);

/** `prefix` is where the repository lies below the top of its git repository, from where the services name files. */
function textOf(
  { stdout, env }: Environment,
  check: Check,
  { format, suppressed }: CheckFlags,
  prefix: string,
): string {
  const below = belowTop(check, prefix);
  switch (format) {
    case 'pretty':
      return prettyCheck(check, paletteFor(stdout, env));
    case 'json':
      return jsonCheck(check);
    case 'sarif':
      return sarifCheck(below, { version: version(), page: pageOf, suppressed: suppressed === true });
    case 'github':
      return githubCheck(below);
    case 'gitlab':
      return gitlabCheck(below, digest);
    case 'junit':
      return junitCheck(below);
    case 'checkstyle':
      return checkstyleCheck(below);
    case 'markdown':
      return markdownCheck(below);
  }
}
