import { isOfTests, isTestService } from '../../src/model/of-tests.ts';
import type { Service } from '../../src/model/service.ts';
import type { Stack } from '../../src/model/stack.ts';
import { opensDatabase } from '../../src/model/store/database-use.ts';
import { type SqliteFile, sqliteFilesOf } from '../../src/model/store/sqlite-files.ts';
import { storeOf } from '../../src/model/store.ts';
import { isTakenAsItIs } from './taken-path.ts';

/** An SQLite file that a service is told to use, in no volume. */
export interface Database extends SqliteFile {
  readonly service: Service;
  /** Whether its process opens the file, and not just gets its name with all other variables. */
  readonly opens: ReturnType<typeof opensDatabase>;
}

/** The SQLite files of a service that lie in its container, and in nothing that outlives it. */
export function databasesOf(stack: Stack, service: Service): readonly Database[] {
  if (storeOf(service) || isTestService(service) || service.parts.has('tmpfs')) return [];
  const view = stack.view(service);
  const opens = opensDatabase(view);
  return sqliteFilesOf(stack, view).flatMap((found): readonly Database[] => {
    const { variable, text, isUrl, files, evidence } = found;
    if (!isUrl && !text.startsWith('/') && !isTakenAsItIs(stack, view, variable)) return [];
    const kept = files.some(
      (file) =>
        view.container.mountOver(file) || view.container.fileAt(file).kind !== 'absent' || /^\/tmp\//.test(file),
    );
    if (kept || isOfTests(variable)) return [];
    const lies = { at: service.at, says: `${service.name} mounts nothing over ${files[0]}` };
    return [{ ...found, service, opens, evidence: [...evidence, lies] }];
  });
}
