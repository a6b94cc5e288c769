import type { Evidence, Finding } from '../../src/finding.ts';
import type { Stack } from '../../src/model/stack.ts';
import { defineTransform } from '../../src/transform.ts';
import { repairOf } from './repair.ts';
import { type Surroundings, surroundingsOf } from './surroundings.ts';
import { type TestDatabase, testDatabasesOf } from './test-database.ts';

/** Removes a database service that only tests could use, where they have another database without it. */
export default defineTransform({
  id: 'single-database',
  group: 'hygiene',
  summary: 'Drop the separate test database service and what only it used',
  *find(stack) {
    for (const database of testDatabasesOf(stack)) yield findingOf(stack, database);
  },
});

const NAMES: Readonly<Record<string, string>> = {
  postgres: 'PostgreSQL',
  mysql: 'MySQL',
  mariadb: 'MariaDB',
  mongo: 'MongoDB',
};

function findingOf(stack: Stack, database: TestDatabase): Finding {
  const { store, main, variables } = database;
  const { service } = store;
  const around = surroundingsOf(stack, database);
  const repair = repairOf(stack, database, around);
  const kind = NAMES[store.kind] ?? store.kind;
  const evidence: Evidence[] = [
    {
      at: service.at,
      says: `${service.name} is for tests by its name${service.profiles.length > 0 ? ' or its profile' : ''}`,
    },
    { at: main.at, says: `${main.name} is the ${kind} that the application uses` },
    ...variables.map(({ service: user, variable }) => ({
      at: variable.at,
      says: `${user.name} knows ${service.name} by ${variable.name} alone`,
    })),
    ...around.fallbacks,
  ];
  const common = {
    message: `${service.name} is a second ${kind} that nothing but tests could use, so the stack runs and keeps two databases.`,
    at: service.at,
  };
  if ('manual' in repair)
    return {
      ...common,
      evidence: [...evidence, ...repair.evidence],
      fix: { title: `Remove ${service.name}`, safety: 'manual', changes: [] },
      advice: `It is left to you because ${repair.manual}. Give the tests a database of their own in ${main.name} (${creation(database)}) or SQLite, point them at it, then remove ${service.name}. Never point them at the database that the application uses: tests empty what they run on.`,
    };
  const advice = notesOf(around, database).join(' ');
  return {
    ...common,
    evidence,
    fix: { title: `Remove ${service.name} and what only it used`, safety: 'review', changes: repair.changes },
    ...(advice === '' ? {} : { advice }),
  };
}

/** How a second database is made on the main server. */
function creation({ store, main }: TestDatabase): string {
  const inside = `docker compose exec ${main.name}`;
  if (store.kind === 'postgres') return `\`${inside} sh -c 'createdb -U "$POSTGRES_USER" app_test'\``;
  if (store.kind === 'mongo') return 'MongoDB makes it when it is first written to';
  return `\`${inside} ${store.kind} -u root -p -e 'CREATE DATABASE app_test'\``;
}

function notesOf({ settings, documents }: Surroundings, { store }: TestDatabase): readonly string[] {
  const names = [...new Set([...settings.values()].flat())];
  const volumes = store.service.mounts.flatMap(({ kind, source }) =>
    kind === 'volume' && source !== undefined ? [source] : [],
  );
  return [
    ...(names.length > 0
      ? [`Take ${names.join(', ')} out of your own .env, too, or the tests look for ${store.service.name} in vain.`]
      : []),
    ...(volumes.length > 0
      ? [`Docker keeps the data of ${volumes.join(', ')} until somebody removes the volume.`]
      : []),
    ...(documents.length > 0
      ? [`${documents.join(', ')} still ${documents.length > 1 ? 'tell' : 'tells'} of ${store.service.name}.`]
      : []),
  ];
}
