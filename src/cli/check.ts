import { createHash } from 'node:crypto';
import { readmeOf, version } from '../assets.ts';
import type { Environment } from '../cli.ts';
import { checkstyleCheck } from '../output/check/checkstyle.ts';
import { githubCheck } from '../output/check/github.ts';
import { gitlabCheck } from '../output/check/gitlab.ts';
import { jsonCheck } from '../output/check/json.ts';
import { junitCheck } from '../output/check/junit.ts';
import { markdownCheck } from '../output/check/markdown.ts';
import { prettyCheck } from '../output/check/pretty.ts';
import { sarifCheck } from '../output/check/sarif.ts';
import { belowTop, type Check, checkOf, fails } from '../output/check.ts';
import { gitPrefix } from '../repo/disk.ts';
import { type RepairFlags, repairOf } from './apply.ts';
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
}

/** Runs `dockfix check`: the findings of `dockfix apply` without an edit; 1 when one of them fails the check, 2 when not all could be read. */
export async function checkCommand(environment: Environment, path: string, flags: CheckFlags): Promise<number> {
  const { folder, result } = await repairOf(environment, path, flags);
  const check = checkOf(result, {
    digest,
    levels: new Map(),
    edits: flags.format === 'sarif' || flags.format === 'json',
  });
  environment.stdout.write(textOf(environment, check, flags.format, gitPrefix(folder)));
  if (check.notices.length > 0 || check.errors.length > 0) return 2;
  return check.problems.some(fails) ? 1 : 0;
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32);

/** `prefix` is where the repository lies below the top of its git repository, from where the services name files. */
function textOf({ stdout, env }: Environment, check: Check, format: CheckFlags['format'], prefix: string): string {
  const below = belowTop(check, prefix);
  switch (format) {
    case 'pretty':
      return prettyCheck(check, paletteFor(stdout, env));
    case 'json':
      return jsonCheck(check);
    case 'sarif':
      return sarifCheck(below, { version: version(), page: readmeOf });
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
