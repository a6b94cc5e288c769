import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { FileMode } from '../../src/finding.ts';
import type { Encoding, RepoFile } from '../../src/repo/repo.ts';

/** A file to lay down: text, bytes, or bytes with their permission bits. */
export type Content = string | Uint8Array | { readonly bytes: string | Uint8Array; readonly mode: number };

/** An empty folder that goes when the test is over. */
export function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'dockfix-repo-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Lays files down; `-> target` as the text makes a symbolic link. */
export function lay(folder: string, files: Readonly<Record<string, Content>>): string {
  for (const [path, content] of Object.entries(files)) {
    const target = join(folder, path);
    mkdirSync(dirname(target), { recursive: true });
    const link = typeof content === 'string' ? /^-> (.+)$/.exec(content)?.[1] : undefined;
    if (link !== undefined) {
      symlinkSync(link, target);
      continue;
    }
    const { bytes, mode } =
      typeof content === 'object' && 'mode' in content
        ? content
        : { bytes: content as string | Uint8Array, mode: 0o644 };
    writeFileSync(target, bytes);
    chmodSync(target, mode);
  }
  return folder;
}

/** A folder that git takes for a repository, without running git. */
export const gitFolder = (): Readonly<Record<string, Content>> => ({
  '.git/HEAD': 'ref: refs/heads/main\n',
  '.git/objects/.keep': '',
  '.git/refs/.keep': '',
});

/** Every file, link and folder below a folder with mode and bytes; `.git` left out. */
export function picture(folder: string): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  const enter = (below: string): void => {
    for (const name of readdirSync(join(folder, below)).sort()) {
      const path = below === '' ? name : `${below}/${name}`;
      if (path === '.git') continue;
      const stats = lstatSync(join(folder, path));
      const mode = (stats.mode & 0o7777).toString(8);
      if (stats.isSymbolicLink()) found[path] = `-> ${readlinkSync(join(folder, path))}`;
      else if (stats.isDirectory()) {
        found[path] = `folder ${mode}`;
        enter(path);
      } else found[path] = `${mode} ${readFileSync(join(folder, path), 'latin1')}`;
    }
  };
  enter('');
  return found;
}

export const file = (text: string, mode: FileMode, encoding: Encoding): RepoFile => ({ text, mode, encoding });

/** A plain file. */
export const plain = (text: string): RepoFile => file(text, 0o644, 'utf8');
