import { UserError } from '../../src/errors.ts';
import { scan } from '../../src/repo/disk.ts';
import type { FileChanges, Repo } from '../../src/repo/repo.ts';
import { type Content, emptyFolder, file, gitFolder, lay, plain } from './tree.ts';

export const before: Readonly<Record<string, Content>> = {
  Dockerfile: 'FROM a\r\n',
  'run.sh': { bytes: '#!/bin/sh\n', mode: 0o664 },
  'old/deep/gone': 'g',
  'old/move.me': 'moved',
  latin1: new Uint8Array([0xe9, 10]),
  other: { bytes: 'o', mode: 0o600 },
  secret: { bytes: 's', mode: 0o640 },
};
export const changes: FileChanges = new Map([
  ['Dockerfile', plain('FROM b\r\n')],
  ['run.sh', file('#!/bin/sh\n', 0o755, 'utf8')],
  ['old/deep/gone', null],
  ['old/move.me', null],
  ['new/place/moved', plain('moved')],
  ['new/entrypoint.sh', file('exec "$@"\n', 0o755, 'utf8')],
  ['latin1', file('\xe9\xe8\n', 0o644, 'latin1')],
  ['secret', plain('t')],
]);

export function laid(): { readonly root: string; readonly repo: Repo; readonly next: Repo } {
  const root = lay(emptyFolder(), { ...gitFolder(), ...before });
  const repo = scan(root);
  for (const path of repo.paths) repo.read(path);
  return { root, repo, next: repo.with(changes) };
}

export const messageOf = (step: () => unknown): string => {
  try {
    step();
    return 'no error';
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return error.message;
  }
};
