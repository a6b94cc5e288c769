import { spawnSync } from 'node:child_process';
import { gitEnvironment } from '../forge/bare.ts';

/** An entry of a tree with any name whatsoever, in bytes. */
export interface RawEntry {
  readonly mode: '100644' | '100755' | '120000' | '160000' | '40000';
  readonly name: string | Buffer;
  readonly object: string;
}

/** Writes an object as it is, with none of git's checks, and answers its id. */
export function writeObject(repository: string, type: 'blob' | 'tree' | 'commit', content: string | Buffer): string {
  const argv = ['-C', repository, 'hash-object', '-t', type, '-w', '--stdin', '--literally'];
  const { status, stdout, stderr } = spawnSync('git', argv, { input: content, env: gitEnvironment });
  if (status !== 0) throw new Error(stderr.toString());
  return stdout.toString().trim();
}

export const writeRawTree = (repository: string, entries: readonly RawEntry[]): string =>
  writeObject(
    repository,
    'tree',
    Buffer.concat(
      entries.flatMap(({ mode, name, object }) => [
        Buffer.from(`${mode} `),
        Buffer.from(name),
        Buffer.from([0]),
        Buffer.from(object, 'hex'),
      ]),
    ),
  );

/** Points the main branch at a tree. */
export function commitTree(repository: string, tree: string): void {
  const who = 'someone <someone@example.org> 1700000000 +0000';
  const commit = writeObject(repository, 'commit', `tree ${tree}\nauthor ${who}\ncommitter ${who}\n\nBegin\n`);
  const { status, stderr } = spawnSync('git', ['-C', repository, 'update-ref', 'refs/heads/main', commit], {
    env: gitEnvironment,
  });
  if (status !== 0) throw new Error(stderr.toString());
}
