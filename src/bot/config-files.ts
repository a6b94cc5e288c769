import { CONFIG_FILES, ConfigError } from '../config.ts';
import type { Git } from '../pull-request/git.ts';

/** Bytes; a configuration of a person has a few hundred. */
const MAX_SIZE = 1_000_000;

/** The texts of the files of a tree that can hold a configuration, by path. A `ConfigError` when one is too large to be one. */
export async function configFilesIn(git: Git, tree: string): Promise<Readonly<Record<string, string>>> {
  const listed = await git.run(['ls-tree', '-z', '--full-tree', tree, '--', ...CONFIG_FILES], '');
  const files: Record<string, string> = {};
  for (const entry of listed.toString().split('\0')) {
    // Regular files alone: a link could lead anywhere.
    const [, object, path] = /^100\d{3} blob ([0-9a-f]+)\t(.*)$/s.exec(entry) ?? [];
    if (object === undefined || path === undefined) continue;
    const size = Number((await git.run(['cat-file', '-s', object], '')).toString());
    if (size <= MAX_SIZE) files[path] = (await git.run(['cat-file', 'blob', object], '')).toString();
    else if (path !== 'package.json')
      throw new ConfigError(path, 1, 'It is too large for a configuration', 'It has at most 1 MB.');
  }
  return files;
}
