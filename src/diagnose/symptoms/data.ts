import type { Symptom } from '../types.ts';

/** Databases and the files of a container. */
export const dataSymptoms: readonly Symptom[] = [
  {
    id: 'created-twice',
    patterns: [
      /duplicate key value violates unique constraint "(?<relation>pg_(?:type|class|namespace|database|extension)\w+)"/,
      /(?:relation|type|table|index|extension|schema|database) [`"']?(?<relation>[\w.]{1,100})[`"']? already exists(?!,? skipping)/i,
      /Table '(?<relation>[\w.]{1,100})' already exists/,
      /DuplicateTable|DuplicateObject/,
    ],
    means: ({ relation = 'the schema' }) =>
      `${relation} is made twice: several processes prepare the database at once, or each start does it anew.`,
    suspects: [
      { transform: 'defer-module-init', by: [] },
      { transform: 'add-entrypoint', by: [] },
      { transform: 'remove-migrator', by: [] },
    ],
    look: () => [
      'Who runs the migrations or create_all(): it must be one process, before the server starts its workers.',
    ],
    search: [],
  },
  {
    id: 'seeded-twice',
    patterns: [
      /duplicate key value violates unique constraint "(?<relation>[\w.]{1,100})"/,
      /UNIQUE constraint failed: (?<relation>[\w.]{1,100})/,
      /Duplicate entry '[^']{0,100}' for key '(?<relation>[\w.]{1,100})'/,
    ],
    weak: true,
    means: ({ relation = 'a constraint' }) =>
      `A row is written twice (${relation}): several processes fill the same table when they start.`,
    suspects: [{ transform: 'defer-module-init', by: [] }],
    look: () => [],
    search: [],
  },
  {
    id: 'relation-missing',
    patterns: [
      /relation "(?<relation>[^"]{1,100})" does not exist/,
      /no such table: (?<relation>[\w.]{1,100})/,
      /[Tt]he table [`"](?<relation>[^`"]{1,100})[`"] does not exist/,
      /Table '(?<relation>[\w.]{1,100})' doesn't exist/,
    ],
    means: ({ relation = 'a table' }) =>
      `The database answers and has no table ${relation}: its migrations (or create_all) have not run there.`,
    suspects: [
      { transform: 'add-entrypoint', by: [] },
      { transform: 'remove-migrator', by: [] },
      { transform: 'persist-data', by: [], telling: /SQLite/i },
    ],
    look: ({ relation = 'the table' }) => [
      `Who makes ${relation}, and whether it runs before the server starts: docker compose logs shows it.`,
      'Whether the process is connected to the database that was migrated (an SQLite file in each container is another one).',
    ],
    search: [],
  },
  {
    id: 'password-refused',
    patterns: [
      /password authentication failed for user "(?<user>[^"]{1,100})"/,
      /Access denied for user '(?<user>[^']{1,100})'@/,
      /(?:NOAUTH Authentication required|WRONGPASS|ERR AUTH|invalid username-password pair)/,
      /role "(?<user>[^"]{1,100})" does not exist/,
      /database "(?<relation>[^"]{1,100})" does not exist/,
      /Authentication failed against (?:the )?database server/,
    ],
    means: ({ user }) =>
      `The database does not know ${user ? `${user} with that password` : 'that user, password or database'}. POSTGRES_* (MYSQL_*) count only when the volume is made: an old volume keeps the old ones.`,
    suspects: [
      { transform: 'unquote-env-values', by: [], telling: /:\/\/|PASS|USER/ },
      { transform: 'declare-env', by: [], telling: /PASS|DATABASE_UR/ },
    ],
    look: ({ user = '<user>' }) => [
      `When the password was changed after the first start: ALTER USER ${user} PASSWORD '…' in the running database keeps the data; docker compose down -v deletes them.`,
      'Whether the URL of the application and the settings of the database name the same user, password and database.',
    ],
    search: ['user'],
  },
  {
    id: 'database-uninitialised',
    patterns: [
      /Database is uninitialized and superuser password is not specified/,
      /Database is uninitialized and password option is not specified/,
    ],
    means: () => 'The database was given no password for its first start.',
    suspects: [
      { transform: 'declare-env', by: [], telling: /PASSWORD/ },
      { transform: 'fix-build-paths', by: [], telling: /env/ },
    ],
    look: () => ['POSTGRES_PASSWORD (MYSQL_ROOT_PASSWORD) of the database service, and the .env that it comes from.'],
    search: [],
  },
  {
    id: 'data-of-another-version',
    patterns: [
      /The data directory was initialized by PostgreSQL version (?<relation>[\d.]{1,20})/,
      /database files are incompatible with server/,
      /in 18\+, these Docker images are configured to store database data in a/,
      /Can't handle RDB format version (?<relation>\d{1,4})/,
      /Cannot upgrade server earlier than (?<relation>[\d.]{1,20})/,
      /Invalid MySQL server upgrade/,
    ],
    means: ({ relation }) =>
      `The volume holds data of ${relation ? `version ${relation}` : 'another major version'} of the database, and the image that runs now does not read them.`,
    suspects: [],
    look: () => [
      'The tag of the image: the old major version starts again, and its dump (pg_dumpall, mysqldump) moves the data to the new one.',
      'docker compose down -v starts with an empty database: only where nobody needs the data.',
    ],
    search: [],
  },
  {
    id: 'database-starting',
    patterns: [/the database system is starting up/, /LOADING Redis is loading the dataset/],
    weak: true,
    means: () => 'Somebody connects before the database is ready.',
    suspects: [
      { transform: 'simplify-depends-on', by: [] },
      { transform: 'add-entrypoint', by: [] },
    ],
    look: () => [],
    search: [],
  },
  {
    id: 'file-not-writable',
    patterns: [
      /PermissionError: \[Errno 13\] Permission denied: '(?<path>[^']{1,300})'/,
      /EACCES: permission denied, \w+ '(?<path>[^']{1,300})'/,
      /(?:mkdir|touch|cp|mv|chown|tee|cannot create directory|cannot touch|cannot open)[^:]{0,20}:? ?['‘"]?(?<path>\/[^'’":]{1,300})['’"]?: (?:Permission denied|Operation not permitted)/i,
      /could not (?:change permissions of|create|open) (?:directory|file) "(?<path>[^"]{1,300})": (?:Permission denied|Operation not permitted)/,
      /unable to open database file/,
      /attempt to write a readonly database/,
    ],
    means: ({ path = 'The file' }) => `${path} belongs to another user than the one that the process runs as.`,
    suspects: [{ transform: 'persist-data', by: ['path'] }],
    look: ({ path = 'the folder' }) => [
      `docker compose exec <service> sh -c 'id; ls -ld ${path.slice(0, Math.max(1, path.lastIndexOf('/')))}'`,
      'USER and chown in the Dockerfile: a named volume takes its owner from the folder of the image, and only when it is made; a bind mount keeps the owner of the host.',
    ],
    search: ['path'],
  },
];
