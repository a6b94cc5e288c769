import type { Word } from './commands.ts';
import type { CopiedFile } from './copies.ts';

/** What an installer can see where it runs. */
export interface InstallSite {
  /** Container folder. */
  readonly cwd: string;
  /** A file that the build context supplied, by container path. */
  readonly file: (target: string) => CopiedFile | undefined;
  readonly below: (folder: string) => readonly CopiedFile[];
  readonly read: (file: CopiedFile) => string | undefined;
  /** Resolves `$NAME` with the stage's variables. */
  readonly expand: (text: string) => string;
}

/** What one command installs, and what it reads for that. */
export type Reading =
  | {
      readonly kind: 'install';
      readonly reads: readonly CopiedFile[];
      /** The command that installs the dependencies alone; the original follows once the code is there. */
      readonly first?: (words: readonly Word[], text: string) => string;
      /** Folder beside the manifests that the install fills; a copy of it on the host must not overwrite it. */
      readonly fills?: string;
      /** The dependencies are installed in another way than before. */
      readonly review?: true;
    }
  /** The project itself is installed and nothing tells its dependencies apart. */
  | { readonly kind: 'project'; readonly at: CopiedFile; readonly advice: string }
  /** The install needs more of the code than its manifests. */
  | { readonly kind: 'reads code'; readonly why: string }
  /** What it reads does not come from the build context. */
  | { readonly kind: 'absent' };

/** One kind of installer: answers for the commands that it knows. */
export interface Installer {
  readonly ecosystem: 'python' | 'node' | 'ruby' | 'php' | 'go' | 'rust';
  readonly read: (words: readonly Word[], site: InstallSite) => Reading | undefined;
}

/** The files that exist of several names in a folder. */
export const present = (site: InstallSite, folder: string, names: readonly string[]): readonly CopiedFile[] =>
  names.flatMap((name) => site.file(folder === '/' ? `/${name}` : `${folder}/${name}`) ?? []);

export const ABSENT: Reading = { kind: 'absent' };

export const readsCode = (why: string): Reading => ({ kind: 'reads code', why });

/** The lines of one TOML table (`[tool.uv]`), without its sub-tables; `''` when there is none. */
export function tomlTable(text: string, name: string): string {
  const lines = text.split(/\r?\n/);
  const start = lines.findIndex((line) => line.replace(/\s*(?:#.*)?$/, '').replace(/\s/g, '') === `[${name}]`);
  if (start < 0) return '';
  const end = lines.findIndex((line, index) => index > start && /^\s*\[/.test(line));
  return lines.slice(start + 1, end < 0 ? lines.length : end).join('\n');
}
