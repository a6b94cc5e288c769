import { UserError } from '../errors.ts';
import { codeOf } from './file-system.ts';
import { type IgnoreRules, isIgnored } from './ignore-rules.ts';
import type { RepoSource, Unread } from './repo.ts';

const MAX_PATHS = 200_000;
const MAX_DEPTH = 64;
const NEVER_ENTERED: ReadonlySet<string> = new Set(['node_modules', '__pycache__']);

/** What stands in a folder under a name. */
export interface TreeEntry {
  readonly name: string;
  readonly kind: 'file' | 'folder' | 'link' | 'other';
}

/** A tree of files, on disk or in git. Paths are relative to its root, `''`. */
export interface Tree {
  /** How people name it. */
  readonly name: string;
  /** What paths begin with where ignore rules name them: the root as an absolute path, `''` for `/`. */
  readonly root: string;
  readonly entries: (folder: string) => readonly TreeEntry[];
  /** The target of a symbolic link, as written. */
  readonly target: (path: string) => string;
  /** True for a folder that is no part of the repository around it: one with a git of its own, a Python environment. */
  readonly isApart: (folder: string) => boolean;
  /** The ignore rules that hold below a folder. */
  readonly rulesBelow: (above: IgnoreRules | undefined, folder: string) => IgnoreRules | undefined;
}

/** What a walk finds. */
export type Listing = Required<Omit<RepoSource, 'load'>>;

interface Walk {
  readonly tree: Tree;
  readonly paths: string[];
  readonly ignored: Set<string>;
  readonly links: Map<string, string>;
  readonly unread: Unread[];
}

/** The files of a tree that dockfix looks at. `rules` are those that hold in its root. A `UserError` when there are too many. */
export function walk(tree: Tree, rules: IgnoreRules | undefined): Listing {
  const found: Walk = { tree, paths: [], ignored: new Set(), links: new Map(), unread: [] };
  enter(found, '', rules);
  const { paths, ignored, links, unread } = found;
  return { paths, ignored, links, unread };
}

function enter(found: Walk, folder: string, rules: IgnoreRules | undefined): void {
  for (const entry of found.tree.entries(folder)) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    try {
      addEntry(found, path, entry, rules);
    } catch (error) {
      if (codeOf(error) === undefined) throw error;
      found.unread.push({ path, reason: `it cannot be read (${codeOf(error)})` });
    }
  }
}

function addEntry(found: Walk, path: string, { name, kind }: TreeEntry, rules: IgnoreRules | undefined): void {
  if (name === '.git') return;
  // Node answers names that are not UTF-8 with U+FFFD in them: such a name cannot be opened again.
  if (name.includes('\ufffd')) found.unread.push({ path, reason: 'its name is not UTF-8' });
  else if (kind === 'link') found.links.set(path, found.tree.target(path));
  else if (kind === 'folder') enterBelow(found, path, name, rules);
  else if (kind === 'file') addFile(found, path, name, rules);
}

function enterBelow(found: Walk, path: string, name: string, rules: IgnoreRules | undefined): void {
  const { tree } = found;
  if (NEVER_ENTERED.has(name) || isIgnored(rules, `${tree.root}/${path}`, true) || tree.isApart(path)) return;
  if (path.split('/').length > MAX_DEPTH)
    found.unread.push({ path, reason: `it lies more than ${MAX_DEPTH} folders deep` });
  else enter(found, path, tree.rulesBelow(rules, path));
}

function addFile(found: Walk, path: string, name: string, rules: IgnoreRules | undefined): void {
  if (isIgnored(rules, `${found.tree.root}/${path}`, false)) {
    if (!/^\.env(?:\..+)?$|\.env$/.test(name)) return;
    found.ignored.add(path);
  }
  found.paths.push(path);
  if (found.paths.length > MAX_PATHS)
    throw new UserError(`${found.tree.name} holds more than ${MAX_PATHS} files`, 'Name the folder of one project.');
}
