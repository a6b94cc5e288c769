import { lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ignore, { type Ignore } from 'ignore';
import { codeOf } from './file-system.ts';
import { gitPlace } from './git-dir.ts';

/** A `.gitignore` of more bytes has no rules. */
export const MAX_RULES_SIZE = 1_000_000;

/** Matching takes longer by a factor of the path's depth for each `**` of a rule; no real rule has as many. */
const MAX_DOUBLE_STARS = 4;

/** Rules that hold for a folder and below: its own, then those of the folders above, nearest first. */
export interface IgnoreRules {
  readonly folder: string;
  readonly rules: Ignore;
  readonly above: IgnoreRules | undefined;
}

/** The rules above and in `root` (absolute): `.git/info/exclude` and each `.gitignore` from the top of the repository down. */
export function rulesAt(root: string): IgnoreRules | undefined {
  const place = gitPlace(root);
  if (!place) return withRulesIn(root, '.gitignore', root, undefined);
  let rules = withRulesIn(place.commonDir, 'info/exclude', place.top, undefined);
  let folder = place.top;
  for (const segment of place.prefix.split('/').filter(Boolean)) {
    rules = rulesBelow(rules, folder);
    folder = `${folder}/${segment}`;
    // Who names an ignored folder as the root wants it read all the same.
    if (isIgnored(rules, folder, true)) rules = undefined;
  }
  return rulesBelow(rules, root);
}

/** Matches paths of a repository against patterns as `.gitignore` has them; one with too many `**` matches nothing. */
export function pathMatcher(patterns: readonly string[]): (path: string) => boolean {
  const usable = patterns.filter((pattern) => pattern.split(/\*\*+/).length <= MAX_DOUBLE_STARS + 1);
  const rules = ignore({ ignorecase: false }).add(usable);
  return (path) => ignore.isPathValid(path) && rules.ignores(path);
}

/** The rules that hold in a folder (absolute) below. */
export const rulesBelow = (above: IgnoreRules | undefined, folder: string): IgnoreRules | undefined =>
  withRulesIn(folder, '.gitignore', folder, above);

/** Whether git leaves a path (absolute) out. The last rule of the nearest folder that says anything decides. */
export function isIgnored(rules: IgnoreRules | undefined, path: string, isFolder: boolean): boolean {
  for (let level = rules; level; level = level.above) {
    const relative = path.slice(level.folder === '/' ? 1 : level.folder.length + 1);
    const result = level.rules.test(isFolder ? `${relative}/` : relative);
    if (result.ignored) return true;
    if (result.unignored) return false;
  }
  return false;
}

/** The rules above with those of the text of a `.gitignore` in a folder (absolute), which come first. */
export function withRules(above: IgnoreRules | undefined, folder: string, text: string): IgnoreRules | undefined {
  const lines = text
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .filter((line) => line !== '' && !line.startsWith('#') && line.split(/\*\*+/).length <= MAX_DOUBLE_STARS + 1);
  return lines.length > 0 ? { folder, rules: ignore({ ignorecase: false }).add(lines), above } : above;
}

const withRulesIn = (
  place: string,
  name: string,
  folder: string,
  above: IgnoreRules | undefined,
): IgnoreRules | undefined => withRules(above, folder, readRules(join(place, name)));

/** Git neither follows a `.gitignore` that is a symbolic link nor stops at one that it may not read; nor do we. */
function readRules(path: string): string {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  return stats?.isFile() && stats.size <= MAX_RULES_SIZE ? textOf(path) : '';
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (codeOf(error) !== 'EACCES') throw error;
    return '';
  }
}
