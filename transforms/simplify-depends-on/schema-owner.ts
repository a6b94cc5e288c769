import type { Evidence } from '../../src/finding.ts';
import { migrationsOfApp } from '../../src/model/migration/app-migrations.ts';
import { runByHand } from '../../src/model/migration/by-hand.ts';
import { deployedMigration } from '../../src/model/migration/deployed-migrations.ts';
import { migrationsOf } from '../../src/model/migration.ts';
import { callEvidence, importTimeCalls } from '../../src/model/python/import-time.ts';
import type { Mount, Service } from '../../src/model/service.ts';
import type { ServiceView, Stack } from '../../src/model/stack.ts';
import { opensDatabase } from '../../src/model/store/database-use.ts';
import { sqliteFilesOf } from '../../src/model/store/sqlite-files.ts';
import { isApplication } from './verdict.ts';

/** The web service that alone makes the tables in an SQLite file of a worker. */
export interface SchemaOwner {
  readonly owner: Service;
  /** Container path of the file, for the worker. */
  readonly file: string;
  readonly evidence: readonly Evidence[];
}

/** No database server tells when the tables of an SQLite file are there: only the health of the service that makes them does. */
export function schemaOwnerOf(stack: Stack, view: ServiceView): SchemaOwner | undefined {
  const role = view.startup.main?.program.role;
  if ((role !== 'worker' && role !== 'beat') || !isApplication(view) || opensDatabase(view) !== 'yes') return undefined;
  const [shared] = sharedFiles(stack, view);
  if (!shared || !view.startup.complete || preparation(view)) return undefined;
  const others = stack.neighbours(view.service).filter((other) => other !== view.service);
  const preparing = others.flatMap((other) => {
    const by =
      preparation(stack.view(other)) ?? (other === shared.owner ? toCome(stack, stack.view(other)) : undefined);
    return by ? [{ other, by }] : [];
  });
  const [only, ...more] = preparing;
  if (only?.other !== shared.owner || more.length > 0) return undefined;
  return { ...shared, evidence: [...shared.evidence, ...only.by] };
}

/** Files that a worker and a web service of the same code name alike, on a mount that both have. */
function sharedFiles(stack: Stack, view: ServiceView): readonly SchemaOwner[] {
  const webs = stack.neighbours(view.service).filter((other) => {
    const theirs = stack.view(other);
    const isWeb = theirs.startup.main?.program.role === 'web' && theirs.startup.complete && isApplication(theirs);
    return isWeb && theirs.image?.build.context === view.image?.build.context;
  });
  return sqliteFilesOf(stack, view).flatMap(({ files: [file, ...unsure], evidence }) =>
    file === undefined || unsure.length > 0
      ? []
      : webs.flatMap((owner): readonly SchemaOwner[] => {
          const theirs = stack.view(owner);
          const same = sqliteFilesOf(stack, theirs).some(({ files }) => files.length === 1 && files[0] === file);
          const [mine, other] = [view.container.mountOver(file), theirs.container.mountOver(file)];
          if (!same || !mine || !other || !isSame(mine, other)) return [];
          return [{ owner, file, evidence: [...evidence, { at: mine.at, says: `${owner.name} mounts it, too` }] }];
        }),
  );
}

const isSame = (a: Mount, b: Mount): boolean =>
  a.source !== undefined && a.source === b.source && a.target === b.target && a.kind === b.kind;

const PREPARES =
  /\b(?:upgrade|migrate)\b|\bcreate[-_](?:all|tables|db)\b|\binit[-_]?(?:db|database)\b|\bsetup[-_]?db\b|\bprestart\b/i;

/** What makes the tables whenever a service starts. */
function preparation(view: ServiceView): readonly Evidence[] | undefined {
  const { startup, entry, python } = view;
  const command =
    migrationsOf(view)[0] ??
    startup.commands.find((each) => each !== startup.main && PREPARES.test(each.argv.join(' ')));
  if (command) return [{ at: command.at, says: `${view.service.name} makes the tables before its process starts` }];
  const call = entry
    ? importTimeCalls(python, entry, startup.main?.program.app).find((each) =>
        /(?:^|\.)create_all$/.test(each.call.callee),
      )
    : undefined;
  return call && callEvidence(call);
}

/** Migrations that nothing runs yet: the web service is their place. */
function toCome(stack: Stack, view: ServiceView): readonly Evidence[] | undefined {
  const migrations = migrationsOfApp(stack, view);
  if (!migrations || 'manual' in migrations.step) return undefined;
  const elsewhere = runByHand(stack, /upgrade|migrate/) ?? deployedMigration(stack, migrations.tool);
  return elsewhere ? undefined : migrations.evidence;
}
