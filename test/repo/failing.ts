import { type FileSystem, fileSystem } from '../../src/repo/file-system.ts';

/** The real file system, but what a loss of power leaves behind is anybody's guess: tests need not wait for the disk. */
export const hasty: FileSystem = fileSystem(() => {});

/** The real file system, but chosen calls fail as on a full disk. `calls` tells how many there were. */
export function failing(fails: (call: number) => boolean): FileSystem & { readonly calls: () => number } {
  let count = 0;
  const guarded =
    <A extends readonly unknown[], R>(name: string, operation: (...args: A) => R) =>
    (...args: A): R => {
      const call = count;
      count += 1;
      if (fails(call))
        throw Object.assign(new Error(`ENOSPC: no space left on device, ${name} '${args[0]}'`), {
          code: 'ENOSPC',
          syscall: name,
        });
      return operation(...args);
    };
  const fs = hasty;
  return {
    look: guarded('lstat', fs.look),
    read: guarded('read', fs.read),
    list: guarded('scandir', fs.list),
    create: guarded('open', fs.create),
    link: guarded('link', fs.link),
    rename: guarded('rename', fs.rename),
    remove: guarded('unlink', fs.remove),
    makeFolder: guarded('mkdir', fs.makeFolder),
    removeFolder: guarded('rmdir', fs.removeFolder),
    sync: guarded('fsync', fs.sync),
    calls: () => count,
  };
}
