import { UserError } from '../errors.ts';
import type { FileMode } from '../finding.ts';
import { type Git, GitError } from './git.ts';

/** The next content of a file, or `null` when it goes. */
export type TreeChange = { readonly bytes: Uint8Array; readonly mode: FileMode } | null;

/** An entry of a tree as `git ls-tree -z` writes it; names are bytes, one character each. */
type Entries = Map<string, { readonly mode: string; readonly type: string; readonly object: string }>;

/** What changes in a folder: by name, an entry or what changes below it. */
interface FolderChange {
  readonly files: Map<string, { readonly mode: string; readonly object: string } | null>;
  readonly folders: Map<string, FolderChange>;
}

/**
 * Writes the tree that a tree becomes with some files changed, and answers its id. Only folders with a change are written anew: all other
 * entries stay as they are, whatever they are. Rejects when a path leads through something that is no folder.
 */
export async function writeTree(git: Git, tree: string, changes: ReadonlyMap<string, TreeChange>): Promise<string> {
  const root: FolderChange = { files: new Map(), folders: new Map() };
  for (const [path, change] of changes) {
    const names = path.split('/').map((name) => Buffer.from(name).toString('latin1'));
    const name = names.pop() ?? '';
    let folder = root;
    for (const each of names) {
      const next = folder.folders.get(each) ?? { files: new Map(), folders: new Map() };
      folder.folders.set(each, next);
      folder = next;
    }
    folder.files.set(
      name,
      change && { mode: `100${change.mode.toString(8)}`, object: await writeBlob(git, change.bytes) },
    );
  }
  return (await writeFolder(git, tree, root)) ?? (await git.run(['mktree', '-z'], '')).toString().trim();
}

const writeBlob = async (git: Git, bytes: Uint8Array): Promise<string> =>
  (await git.run(['hash-object', '-w', '-t', 'blob', '--stdin'], bytes)).toString().trim();

/** The id of the folder's new tree; undefined when nothing is left in it. */
async function writeFolder(git: Git, tree: string | undefined, change: FolderChange): Promise<string | undefined> {
  const entries: Entries = tree === undefined ? new Map() : await entriesOf(git, tree);
  for (const [name, file] of change.files) {
    if (file) entries.set(name, { ...file, type: 'blob' });
    else entries.delete(name);
  }
  for (const [name, below] of change.folders) {
    const there = entries.get(name);
    if (there && there.type !== 'tree') throw new Error(`${name} is no folder`);
    const object = await writeFolder(git, there?.object, below);
    if (object === undefined) entries.delete(name);
    else entries.set(name, { mode: '040000', type: 'tree', object });
  }
  if (entries.size === 0) return undefined;
  const lines = [...entries].map(([name, { mode, type, object }]) => `${mode} ${type} ${object}\t${name}\0`);
  try {
    // Large files and submodules are no objects here.
    const written = await git.run(['mktree', '-z', '--missing'], Buffer.from(lines.join(''), 'latin1'));
    return written.toString().trim();
  } catch (error) {
    if (!(error instanceof GitError)) throw error;
    throw new UserError(
      `The repository has a folder that git refuses to write again (${error.message})`,
      'Clone it with git, and see what is wrong.',
    );
  }
}

async function entriesOf(git: Git, tree: string): Promise<Entries> {
  const listed = (await git.run(['ls-tree', '-z', '--full-tree', tree], '')).toString('latin1');
  return new Map(
    listed.split('\0').flatMap((line) => {
      const [, mode, type, object, name] = /^(\d+) (\w+) ([0-9a-f]+)\t(.*)$/s.exec(line) ?? [];
      return mode && type && object && name !== undefined ? [[name, { mode, type, object }] as const] : [];
    }),
  );
}
