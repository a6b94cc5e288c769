import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { recover, scan, undo, write } from '../../src/repo/disk.ts';
import { type FileSystem, nodeFileSystem } from '../../src/repo/file-system.ts';
import { recoverWith, undoWith } from '../../src/repo/undo.ts';
import { writeWith } from '../../src/repo/write.ts';
import { failing, hasty } from './failing.ts';
import { laid, messageOf } from './laid.ts';
import { emptyFolder, lay, picture, plain } from './tree.ts';

describe('write', () => {
  test('edits, creates, removes, renames and makes executable, and keeps all other permission bits', () => {
    const { root, repo, next } = laid();
    expect(write(root, repo, next)).toEqual({
      created: ['new/entrypoint.sh', 'new/place/moved'],
      edited: ['Dockerfile', 'latin1', 'run.sh', 'secret'],
      removed: ['old/deep/gone', 'old/move.me'],
    });
    expect(picture(root)).toEqual({
      Dockerfile: '644 FROM b\r\n',
      latin1: '644 \xe9\xe8\n',
      'new': 'folder 755',
      'new/entrypoint.sh': '755 exec "$@"\n',
      'new/place': 'folder 755',
      'new/place/moved': '644 moved',
      other: '600 o',
      'run.sh': '775 #!/bin/sh\n',
      secret: '640 t',
    });
  });

  test('writes nothing at all when nothing differs', () => {
    const { root, repo } = laid();
    expect(write(root, repo, repo)).toEqual({ created: [], edited: [], removed: [] });
    expect(existsSync(join(root, '.git/dockfix'))).toBe(false);
  });

  test('keeps the owner, and breaks hard links', () => {
    const { root, repo, next } = laid();
    linkSync(join(root, 'Dockerfile'), join(root, 'twin'));
    const owner = lstatSync(join(root, 'Dockerfile')).uid;
    write(root, repo, next);
    expect(lstatSync(join(root, 'Dockerfile')).uid).toBe(owner);
    expect(readFileSync(join(root, 'twin'), 'utf8')).toBe('FROM a\r\n');
  });

  test.each<[string, (root: string) => void]>([
    ['bytes', (root) => writeFileSync(join(root, 'Dockerfile'), 'FROM c\r\n')],
    ['mode', (root) => chmodSync(join(root, 'Dockerfile'), 0o755)],
    ['existence', (root) => rmSync(join(root, 'Dockerfile'))],
    [
      'kind',
      (root) => {
        rmSync(join(root, 'Dockerfile'));
        symlinkSync('other', join(root, 'Dockerfile'));
      },
    ],
    ['a file to be removed', (root) => writeFileSync(join(root, 'old/deep/gone'), 'G')],
    ['a file to be created', (root) => lay(root, { 'new/entrypoint.sh': 'mine' })],
    ['a link where a file is to be created', (root) => lay(root, { 'new/entrypoint.sh': '-> /tmp/x' })],
  ])('refuses when it has changed since it was read: %s', (_, change) => {
    const { root, repo, next } = laid();
    change(root);
    const now = picture(root);
    expect(messageOf(() => write(root, repo, next))).toMatch(
      /^Changed since it was read: (Dockerfile|old\/deep\/gone|new\/entrypoint\.sh)$/,
    );
    expect(picture(root)).toEqual(now);
  });

  test('refuses when a file changes while the write is prepared', () => {
    const { root, repo, next } = laid();
    const sneaky: FileSystem = {
      ...nodeFileSystem,
      link: (from, to) => {
        nodeFileSystem.link(from, to);
        if (from.endsWith('secret')) writeFileSync(join(root, 'Dockerfile'), 'FROM sneaky\n');
      },
    };
    expect(messageOf(() => writeWith(sneaky, root, repo, next))).toBe('Changed since it was read: Dockerfile');
    expect(picture(root)).toEqual({ ...picture(laid().root), Dockerfile: '644 FROM sneaky\n' });
  });

  test('never goes through a symbolic link or over a file', () => {
    const outside = emptyFolder();
    const { root, repo, next } = laid();
    symlinkSync(outside, join(root, 'new'));
    expect(messageOf(() => write(root, repo, next))).toBe('new/entrypoint.sh lies behind the symbolic link new');
    rmSync(join(root, 'new'));
    writeFileSync(join(root, 'new'), '');
    expect(messageOf(() => write(root, repo, next))).toBe('new is not a folder, so new/entrypoint.sh cannot be made');
    expect(readdirSync(outside)).toEqual([]);
  });

  test.each(['../out', '/tmp/out', '.git/hooks/post-checkout', 'a/../../b', 'sub/.GIT/config'])(
    'refuses the path %s',
    (path) => {
      const { root, repo } = laid();
      expect(messageOf(() => write(root, repo, repo.with(new Map([[path, plain('x')]]))))).toBe(
        `${path} is not inside the repository`,
      );
    },
  );

  test('works in a subfolder of a git repository, and without git', () => {
    const { root } = laid();
    const sub = join(root, 'old');
    const repo = scan(sub);
    expect(write(sub, repo, repo.with(new Map([['deep/gone', null]]))).removed).toEqual(['deep/gone']);
    expect(existsSync(join(root, '.git/dockfix/last'))).toBe(true);
    expect(readdirSync(sub)).toEqual(['move.me']);
    const bare = lay(emptyFolder(), { f: 'a' });
    process.env['XDG_STATE_HOME'] = emptyFolder();
    const without = scan(bare);
    write(bare, without, without.with(new Map([['f', plain('b')]])));
    expect(readdirSync(bare)).toEqual(['f']);
    expect(undo(bare)).toEqual(['f']);
    expect(readFileSync(join(bare, 'f'), 'utf8')).toBe('a');
    delete process.env['XDG_STATE_HOME'];
  });

  test('works where there are no hard links', () => {
    const { root, repo, next } = laid();
    const start = picture(root);
    const noLinks: FileSystem = {
      ...nodeFileSystem,
      link: () => {
        throw Object.assign(new Error('EPERM: link'), { code: 'EPERM', syscall: 'link' });
      },
    };
    writeWith(noLinks, root, repo, next);
    undoWith(noLinks, root);
    expect(picture(root)).toEqual(start);
  });

  test('refuses while another process writes, and after a crash until it is recovered', () => {
    const { root, repo, next } = laid();
    const full = (name: string): never => {
      throw Object.assign(new Error(`ENOSPC: ${name}`), { code: 'ENOSPC', syscall: name });
    };
    const stuck: FileSystem = { ...nodeFileSystem, link: () => full('link'), removeFolder: () => full('rmdir') };
    expect(messageOf(() => writeWith(stuck, root, repo, next))).toMatch(
      /^Writing failed half-way .* and so did taking it back/,
    );
    expect(messageOf(() => write(root, repo, next))).toBe('An earlier write is not finished');
    expect(messageOf(() => undo(root))).toBe('An earlier write is not finished');
    const name = join(root, '.git/dockfix/pending/staging.json');
    const journal = JSON.parse(readFileSync(name, 'utf8')) as Record<string, unknown>;
    const parent = readFileSync(`/proc/${process.ppid}/stat`, 'latin1');
    const started = parent.slice(parent.lastIndexOf(')') + 2).split(' ')[19];
    writeFileSync(name, JSON.stringify({ ...journal, process: { pid: process.ppid, started } }));
    expect(messageOf(() => recover(root))).toBe('Another dockfix is writing here');
    writeFileSync(name, JSON.stringify({ ...journal, process: { pid: process.ppid, started: 'long ago' } }));
    expect(recover(root).outcome).toBe('rolled back');
    expect(picture(root)).toEqual(picture(laid().root));
  });
});

describe('every call of the file system may fail', () => {
  /** The tree before and after a write in which nothing fails, and a number for each call that it made. */
  function measured(): {
    readonly root: string;
    readonly old: object;
    readonly fresh: object;
    readonly calls: readonly number[];
  } {
    const { root, repo, next } = laid();
    const old = picture(root);
    const counting = failing(() => false);
    writeWith(counting, root, repo, next);
    return { root, old, fresh: picture(root), calls: Array.from({ length: counting.calls() }, (_, call) => call) };
  }

  test('once: all is old with an error, or all is new', () => {
    const { old, fresh, calls } = measured();
    for (const call of calls) {
      const { root, repo, next } = laid();
      const message = messageOf(() =>
        writeWith(
          failing((n) => n === call),
          root,
          repo,
          next,
        ),
      );
      if (message !== 'no error') expect(message).toMatch(/^Nothing was written: ENOSPC/);
      else recoverWith(hasty, root);
      expect({ call, ...picture(root) }).toEqual({ call, ...(message === 'no error' ? fresh : old) });
      expect(
        readdirSync(join(root, '.git')).includes('dockfix') ? readdirSync(join(root, '.git/dockfix')) : [],
      ).toEqual(message === 'no error' ? ['last'] : []);
    }
  });

  test('and all after it, as in a crash: recovery leaves all old or all new, and says which', () => {
    const { old, fresh, calls } = measured();
    const outcomes = calls.map((call) => {
      const { root, repo, next } = laid();
      const message = messageOf(() =>
        writeWith(
          failing((n) => n >= call),
          root,
          repo,
          next,
        ),
      );
      const { outcome } = recoverWith(hasty, root);
      const expected = outcome === 'completed' || message === 'no error' ? fresh : old;
      expect({ call, ...picture(root) }).toEqual({ call, ...expected });
      expect(recover(root).outcome).toBe('nothing to recover');
      if (expected === fresh) undoWith(hasty, root);
      expect(picture(root)).toEqual(old);
      return outcome;
    });
    expect(new Set(outcomes)).toEqual(new Set(['nothing to recover', 'rolled back', 'completed']));
  });

  test('even in the recovery from it', () => {
    const { old, fresh, calls } = measured();
    for (const call of calls.filter((n) => n % 5 === 0)) {
      const { root, repo, next } = laid();
      messageOf(() =>
        writeWith(
          failing((n) => n >= call),
          root,
          repo,
          next,
        ),
      );
      for (
        let n = 3;
        messageOf(() =>
          recoverWith(
            failing((at) => at >= n),
            root,
          ),
        ) !== 'no error';
        n += 7
      );
      expect([JSON.stringify(old), JSON.stringify(fresh)]).toContain(JSON.stringify(picture(root)));
    }
  });

  test('during undo', () => {
    const { root: first, old, fresh } = measured();
    const size = failing(() => false);
    undoWith(size, first);
    expect(picture(first)).toEqual(old);
    for (let call = 0; call < size.calls(); call += 4) {
      const { root, repo, next } = laid();
      writeWith(hasty, root, repo, next);
      const message = messageOf(() =>
        undoWith(
          failing((n) => n >= call),
          root,
        ),
      );
      const { outcome } = recoverWith(hasty, root);
      const undone = outcome === 'completed' || message === 'no error';
      expect({ call, ...picture(root) }).toEqual({ call, ...(undone ? old : fresh) });
      if (undone) expect(messageOf(() => undoWith(hasty, root))).toBe('There is nothing to undo');
      else expect(undoWith(hasty, root)).toContain('Dockerfile');
    }
  });
});
