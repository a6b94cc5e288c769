import type { Stack } from '../../src/model/stack.ts';
import { folderOf, nameOf, relativeTo, resolveIn } from '../../src/repo/path.ts';

/** Folders whose files stand in for others: documentation, tests, packages of others. */
const ELSEWHERE = /(?:^|\/)(?:node_modules|vendor|docs?|examples?|tests?|__tests__|fixtures|site-packages|\.[^/]+)\//i;
/** Folders and files that builds, tools and running containers make. */
const MADE = /(?:^|\/)(?:dist|build|target|out|node_modules|wheels|logs?|tmp)(?:\/|$)|\.(?:log|sock|pid|sqlite3?|db)$/i;

/** Files of the name that `missing` has and that `fits` takes: the same spelling first, else one that differs in case alone. */
export function candidatesFor(stack: Stack, missing: string, fits: (path: string) => boolean): readonly string[] {
  const name = nameOf(missing);
  const usable = stack.repo.paths.filter(
    (path) => path !== missing && !stack.repo.isIgnored(path) && !ELSEWHERE.test(path) && fits(path),
  );
  const same = usable.filter((path) => nameOf(path) === name);
  return same.length > 0 ? same : usable.filter((path) => nameOf(path).toLowerCase() === name.toLowerCase());
}

/** A path that is surely not there: no file, folder, symbolic link or submodule, and nothing that git leaves out or a build makes. */
export function isMissing(stack: Stack, path: string): boolean {
  const { repo } = stack;
  if (repo.has(path) || repo.hasFolder(path) || repo.linkAt(path)) return false;
  if (repo.unread.some((each) => path === each.path || path.startsWith(`${each.path}/`))) return false;
  return !MADE.test(path) && !isLeftOut(stack, path) && !isSubmodule(stack, path);
}

/** A rule of some `.gitignore` above the path names it, one of its folders, or all files of its kind. */
function isLeftOut(stack: Stack, path: string): boolean {
  const segments = path.split('/');
  const kind = `*.${nameOf(path).split('.').at(-1)}`;
  return segments.some((_, depth) => {
    const folder = segments.slice(0, depth).join('/');
    const rules = stack.repo.read([folder, '.gitignore'].filter(Boolean).join('/')) ?? '';
    const below = segments.slice(depth);
    const names = new Set([...below, ...below.map((__, index) => below.slice(0, index + 1).join('/')), kind]);
    return rules.split(/\r?\n/).some((rule) => names.has(rule.trim().replace(/^\/|\/\*{0,2}$/g, '')));
  });
}

function isSubmodule(stack: Stack, path: string): boolean {
  const modules = stack.repo.read('.gitmodules') ?? '';
  return [...modules.matchAll(/^\s*path\s*=\s*(.+?)\s*$/gm)].some(
    ([, folder]) => folder !== undefined && (path === folder || path.startsWith(`${folder}/`)),
  );
}

/**
 * The folder above the Compose file from which the path would be found: so it is with `--project-directory`, or when the
 * file is laid over one of that folder.
 */
export function folderThatHasIt(stack: Stack, file: string, written: string): string | undefined {
  for (let folder = folderOf(file); folder !== ''; ) {
    folder = folderOf(folder);
    const path = resolveIn(folder, written);
    if (path !== undefined && path !== '' && (stack.repo.has(path) || stack.repo.hasFolder(path))) return folder;
  }
  return undefined;
}

/** A path as Compose writes it, in the style of the one that it replaces: `./` stays. */
export function writtenLike(old: string, folder: string, path: string): string {
  const relative = relativeTo(folder, path);
  return old.startsWith('./') && !relative.startsWith('.') ? `./${relative}` : relative;
}
