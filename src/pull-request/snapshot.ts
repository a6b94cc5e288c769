import { closeSync, openSync, readFileSync, readSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import { type IgnoreRules, isIgnored, MAX_RULES_SIZE, withRules } from '../repo/ignore-rules.ts';
import { nameOf } from '../repo/path.ts';
import { Repo, type RepoFile, type Unread } from '../repo/repo.ts';
import { fileOf, MAX_FILE_SIZE, tooLarge } from '../repo/scan.ts';
import { type Tree, type TreeEntry, walk } from '../repo/walk.ts';
import type { Git } from './git.ts';
import { bytesText, type Limits } from './limits.ts';
import { checkedOut, indexTree, type LineEndings, lineEndingsOf } from './line-endings.ts';

/** One file, link or submodule of a tree. `size` is absent for what was not fetched, `start` for what was not laid down. */
interface Entry {
  readonly path: string;
  readonly mode: string;
  readonly size?: number;
  /** Where its bytes begin in the file of contents. */
  readonly start?: number;
  readonly endings?: LineEndings;
}

/** A snapshot of a tree, and what git would make of a new file in it. */
export interface Snapshot {
  readonly repo: Repo;
  /** True when the ignore rules of the repository keep a new file out of it. */
  readonly keepsOut: (path: string) => boolean;
}

const LISTING = 'entries.json';
const CONTENTS = 'contents';
const MAX_PATH = 4096;
const MAX_TARGET = 4096;

/** Lays a tree's list of files and their contents down in a folder, in two plain files, so that any process can read them. */
export async function layDown(git: Git, tree: string, folder: string, limits: Limits): Promise<void> {
  const listed = await git.run(['ls-tree', '-r', '-z', '--full-tree', tree], '');
  const found = listed
    .toString()
    .split('\0')
    .flatMap((line) => {
      const [, mode, object, path] = /^(\d+) \w+ ([0-9a-f]+)\t(.*)$/s.exec(line) ?? [];
      return mode && object && path !== undefined ? [{ mode, object, path }] : [];
    });
  const sizes = await sizesOf(git, [
    ...new Set(found.filter(({ mode }) => mode !== '160000').map(({ object }) => object)),
  ]);
  const wanted = [...sizes].filter(([, size]) => size <= MAX_FILE_SIZE);
  const total = wanted.reduce((sum, [, size]) => sum + size, 0);
  if (total > limits.diskBytes)
    throw new UserError(
      `The files of the repository have more than ${bytesText(limits.diskBytes)}`,
      'Nothing was changed: it is larger than dockfix takes on.',
    );
  const starts = new Map<string, number>();
  let at = 0;
  for (const [object, size] of wanted) {
    const start = at + `${object} blob ${size}\n`.length;
    starts.set(object, start);
    at = start + size + 1;
  }
  const contents = openSync(join(folder, CONTENTS), 'wx', 0o600);
  try {
    await git.into(contents, ['cat-file', '--batch'], wanted.map(([object]) => `${object}\n`).join(''));
  } finally {
    closeSync(contents);
  }
  await indexTree(git, tree);
  const regular = found.filter(({ mode }) => mode.startsWith('100')).map(({ path }) => path);
  const hasAttributes = regular.some((path) => nameOf(path) === '.gitattributes');
  const endings = hasAttributes ? await lineEndingsOf(git, regular) : new Map<string, LineEndings>();
  const entries = found.map(({ path, mode, object }): Entry => {
    const size = sizes.get(object);
    const start = starts.get(object);
    const said = endings.get(path);
    return {
      path,
      mode,
      ...(size !== undefined && { size }),
      ...(start !== undefined && { start }),
      ...(said && { endings: said }),
    };
  });
  writeFileSync(join(folder, LISTING), JSON.stringify(entries), { mode: 0o600, flag: 'wx' });
}

/** The sizes of blobs by id, without those that are not here. */
async function sizesOf(git: Git, objects: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const answer = await git.run(
    ['cat-file', '--batch-check=%(objectname) %(objecttype) %(objectsize)'],
    objects.map((object) => `${object}\n`).join(''),
  );
  return new Map(
    answer
      .toString()
      .split('\n')
      .flatMap((line) => {
        const [, object, size] = /^([0-9a-f]+) blob (\d+)$/.exec(line) ?? [];
        return object !== undefined ? [[object, Number(size)] as const] : [];
      }),
  );
}

/** The snapshot that was laid down in a folder: the same one as `scan` gives for a fresh checkout. `name` is how people name the repository. */
export function snapshotIn(folder: string, name: string): Snapshot {
  const entries = JSON.parse(readFileSync(join(folder, LISTING), 'utf8')) as readonly Entry[];
  const contents = openSync(join(folder, CONTENTS), 'r');
  const bytesOf = ({ size, start }: Entry): Buffer | undefined => {
    if (size === undefined || start === undefined) return undefined;
    const bytes = Buffer.alloc(size);
    for (let read = 0; read < size; ) {
      const more = readSync(contents, bytes, read, size - read, start + read);
      if (more === 0) throw new Error(`the contents in ${folder} are cut short`);
      read += more;
    }
    return bytes;
  };
  const { files, folders, tricks } = sorted(entries);
  const rulesIn = (above: IgnoreRules | undefined, path: string): IgnoreRules | undefined => {
    const entry = files.get(path === '' ? '.gitignore' : `${path}/.gitignore`);
    if (!entry || !isRegular(entry) || (entry.size ?? Number.POSITIVE_INFINITY) > MAX_RULES_SIZE) return above;
    return withRules(above, `/${path}`, bytesOf(entry)?.toString() ?? '');
  };
  const tree: Tree = {
    name,
    root: '',
    entries: (path) => folders.get(path) ?? [],
    target: (path) => targetOf(files.get(path), bytesOf),
    isApart: (path) => files.has(`${path}/pyvenv.cfg`) || folders.has(`${path}/pyvenv.cfg`),
    rulesBelow: rulesIn,
  };
  const listing = walk(tree, rulesIn(undefined, ''));
  const load = (path: string): RepoFile | Unread => loadEntry(files.get(path), path, bytesOf);
  const keepsOut = (path: string): boolean => isKeptOut(path, rulesIn);
  return { repo: new Repo({ ...listing, unread: [...tricks, ...listing.unread], load }, new Map()), keepsOut };
}

const isRegular = ({ mode }: Entry): boolean => mode.startsWith('100');

interface Sorted {
  readonly files: ReadonlyMap<string, Entry>;
  readonly folders: ReadonlyMap<string, readonly TreeEntry[]>;
  /** Paths that no checkout could have. */
  readonly tricks: readonly Unread[];
}

function sorted(entries: readonly Entry[]): Sorted {
  const files = new Map<string, Entry>();
  const folders = new Map<string, Map<string, TreeEntry>>([['', new Map()]]);
  const tricks: Unread[] = [];
  for (const entry of entries) {
    const { path, mode } = entry;
    // A submodule is an empty folder in a fresh checkout.
    if (mode === '160000') continue;
    const trick = trickIn(path) ?? clashOf(path, files, folders);
    if (trick !== undefined) {
      tricks.push({ path: path.slice(0, MAX_PATH), reason: trick });
      continue;
    }
    files.set(path, entry);
    enlist(folders, path, mode === '120000' ? 'link' : 'file');
  }
  return { files, folders: new Map([...folders].map(([path, names]) => [path, [...names.values()]])), tricks };
}

/** Puts a path and the folders above it into the lists of their folders. */
function enlist(folders: Map<string, Map<string, TreeEntry>>, path: string, kind: TreeEntry['kind']): void {
  const slash = path.lastIndexOf('/');
  const [folder, name] = [path.slice(0, Math.max(0, slash)), path.slice(slash + 1)];
  if (!folders.has(folder)) {
    folders.set(folder, new Map());
    enlist(folders, folder, 'folder');
  }
  folders.get(folder)?.set(name, { name, kind });
}

/** Why a path is not looked at: git refuses to check out such a one, but servers may hold it. */
function trickIn(path: string): string | undefined {
  if (Buffer.byteLength(path) > MAX_PATH) return `its path is longer than ${MAX_PATH} bytes`;
  // https://git-scm.com/docs/git-config#Documentation/git-config.txt-coreprotectNTFS
  const wrong = path
    .split('/')
    .some((name) => name === '' || name === '.' || name === '..' || /^(?:\.git|git~1)[. ]*$/i.test(name));
  return wrong ? 'git does not check out such a path' : undefined;
}

function clashOf(
  path: string,
  files: ReadonlyMap<string, Entry>,
  folders: ReadonlyMap<string, unknown>,
): string | undefined {
  let clashes = files.has(path) || folders.has(path);
  for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1))
    clashes ||= files.has(path.slice(0, slash));
  return clashes ? 'something else has that path' : undefined;
}

function targetOf(entry: Entry | undefined, bytesOf: (entry: Entry) => Buffer | undefined): string {
  if (!entry || (entry.size ?? Number.POSITIVE_INFINITY) > MAX_TARGET) return '';
  return bytesOf(entry)?.toString() ?? '';
}

function loadEntry(
  entry: Entry | undefined,
  path: string,
  bytesOf: (entry: Entry) => Buffer | undefined,
): RepoFile | Unread {
  if (!entry || !isRegular(entry)) return { path, reason: 'it is not a regular file' };
  const bytes = bytesOf(entry);
  if (!bytes) return tooLarge(path);
  const laid = entry.endings ? checkedOut(bytes, entry.endings) : bytes;
  return fileOf(path, laid, entry.mode === '100755' ? 0o755 : 0o644);
}

function isKeptOut(
  path: string,
  rulesIn: (above: IgnoreRules | undefined, folder: string) => IgnoreRules | undefined,
): boolean {
  let rules = rulesIn(undefined, '');
  for (let slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1)) {
    const folder = path.slice(0, slash);
    if (isIgnored(rules, `/${folder}`, true)) return true;
    rules = rulesIn(rules, folder);
  }
  return isIgnored(rules, `/${path}`, false);
}
