import type { FileMode } from '../finding.ts';

/** How a file's bytes become text. `latin1` keeps every byte of a file that is not valid UTF-8. */
export type Encoding = 'utf8' | 'latin1';

/** A regular file: its text (BOM and line endings kept) and what is needed to write it back byte for byte. */
export interface RepoFile {
  readonly text: string;
  readonly encoding: Encoding;
  readonly mode: FileMode;
}

/** A path of the working tree that is never read as text, and why. */
export interface Unread {
  readonly path: string;
  readonly reason: string;
}

/** The next state of some files; `null` removes one. */
export type FileChanges = ReadonlyMap<string, RepoFile | null>;

/** What a snapshot is made from: paths listed once, files loaded on first use. */
export interface RepoSource {
  /** Regular files, relative to the root, `/`-separated. */
  readonly paths: readonly string[];
  /** Paths that git ignores but containers read (`.env`); also in `paths`. */
  readonly ignored: ReadonlySet<string>;
  /** Symbolic links by path, with their target as written; never followed. */
  readonly links: ReadonlyMap<string, string>;
  /** What could not even be listed: folders without permission, names that are not UTF-8. */
  readonly unread?: readonly Unread[];
  readonly load: (path: string) => RepoFile | Unread;
}

/** An immutable snapshot of a repository. */
export class Repo {
  readonly #source: RepoSource;
  readonly #files: Map<string, RepoFile | Unread>;
  readonly #known: ReadonlySet<string>;
  readonly #folders: ReadonlySet<string>;
  #changed: ReadonlySet<string> = new Set();
  /** Regular files in code-unit order. */
  readonly paths: readonly string[];

  constructor(source: RepoSource, files: Map<string, RepoFile | Unread>) {
    this.#source = source;
    this.#files = files;
    this.#known = new Set(source.paths);
    this.paths = [...this.#known].sort();
    this.#folders = foldersOf(this.paths);
  }

  /** A snapshot of files given in memory. */
  static of(files: Readonly<Record<string, string>>): Repo {
    const load = (path: string): RepoFile => ({ text: files[path] ?? '', encoding: 'utf8', mode: 0o644 });
    return new Repo({ paths: Object.keys(files), ignored: new Set(), links: new Map(), load }, new Map());
  }

  has(path: string): boolean {
    return this.#known.has(path);
  }

  /** True for a folder that holds a file; the root is `''`. */
  hasFolder(path: string): boolean {
    return path === '' || this.#folders.has(path);
  }

  isIgnored(path: string): boolean {
    return this.#source.ignored.has(path);
  }

  /** What could not even be listed, and why. */
  get unread(): readonly Unread[] {
    return this.#source.unread ?? [];
  }

  /** Every symbolic link, with its target as written. */
  get links(): readonly { readonly path: string; readonly target: string }[] {
    return [...this.#source.links].map(([path, target]) => ({ path, target }));
  }

  /** The link's target when `path` or a folder above it is a symbolic link. */
  linkAt(path: string): { readonly path: string; readonly target: string } | undefined {
    for (const [link, target] of this.#source.links)
      if (path === link || path.startsWith(`${link}/`)) return { path: link, target };
    return undefined;
  }

  /** The file, or why it cannot be read as text. */
  file(path: string): RepoFile | Unread {
    let file = this.#files.get(path);
    if (!file) {
      file = this.has(path) ? this.#source.load(path) : { path, reason: 'no such file' };
      this.#files.set(path, file);
    }
    return file;
  }

  /** The text of a file; `undefined` when it is absent or not text. */
  read(path: string): string | undefined {
    const file = this.file(path);
    return 'text' in file ? file.text : undefined;
  }

  /** The next snapshot; unchanged files are shared and never read again. */
  with(changes: FileChanges): Repo {
    const files = new Map(this.#files);
    const paths = new Set(this.paths);
    for (const [path, next] of changes) {
      if (next) {
        files.set(path, next);
        paths.add(path);
      } else {
        files.delete(path);
        paths.delete(path);
      }
    }
    const next = new Repo({ ...this.#source, paths: [...paths] }, files);
    next.#changed = new Set([...this.#changed, ...changes.keys()]);
    return next;
  }

  /** Paths that may differ between two snapshots, sorted. Of one scan these are the paths that `with` named, so no other file is read. */
  pathsUnlike(other: Repo): readonly string[] {
    const sameScan = this.#source.load === other.#source.load;
    const paths = sameScan ? [...this.#changed, ...other.#changed] : [...this.paths, ...other.paths];
    return [...new Set(paths)].sort();
  }
}

function foldersOf(paths: readonly string[]): ReadonlySet<string> {
  const folders = new Set<string>();
  for (const path of paths)
    for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
      const folder = path.slice(0, slash);
      if (folders.has(folder)) break;
      folders.add(folder);
    }
  return folders;
}
