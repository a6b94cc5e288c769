import { interpolate } from '../parse/dotenv.ts';
import { imageTag } from './base-image.ts';
import type { Service } from './service.ts';
import type { Store } from './store.ts';

/**
 * The `healthcheck:` of a store, as unindented YAML lines; `undefined` when no program of its official image can tell.
 * Each check goes over TCP: the first start of PostgreSQL and MySQL answers on the local socket while it still sets itself up.
 */
export function healthcheckLines(store: Store): readonly string[] | undefined {
  const test = testOf(store);
  if (!test) return undefined;
  return [
    'healthcheck:',
    `  test: [${test.map((word) => JSON.stringify(word)).join(', ')}]`,
    '  interval: 5s',
    '  timeout: 5s',
    '  retries: 12',
  ];
}

function testOf({ kind, service }: Store): readonly string[] | undefined {
  switch (kind) {
    case 'postgres':
      return ['CMD-SHELL', postgresTest(service)];
    case 'redis':
      return redisTest(service);
    // mysqladmin exits with 0 as soon as the server answers, also where it denies access.
    case 'mysql':
      return ['CMD', 'mysqladmin', 'ping', '-h', '127.0.0.1', '--silent'];
    case 'mariadb':
      return ['CMD', 'healthcheck.sh', '--connect', '--innodb_initialized'];
    case 'rabbitmq':
      return ['CMD', 'rabbitmq-diagnostics', '-q', 'ping'];
    case 'mongo':
      return ['CMD', mongoShell(service), '--quiet', '--eval', "db.adminCommand('ping').ok"];
    default:
      return undefined;
  }
}

/** The container's own variables name user and database, so nothing is written twice. https://hub.docker.com/_/postgres */
function postgresTest(service: Service): string {
  const user = service.environment.has('POSTGRES_USER') ? '$${POSTGRES_USER}' : 'postgres';
  const database = service.environment.has('POSTGRES_DB') ? '$${POSTGRES_DB}' : user;
  return `pg_isready -h 127.0.0.1 -U ${user} -d ${database}`;
}

/** The password as `command` gives it, if that is a variable; one that is written out is never repeated. */
function redisTest(service: Service): readonly string[] {
  const program = /valkey/.test(service.image?.text ?? '') ? 'valkey-cli' : 'redis-cli';
  const command = service.parts.get('command')?.at(-1)?.node;
  const words =
    command?.kind === 'seq'
      ? command.items.map(({ value }) => (value.kind === 'scalar' ? String(value.value) : ''))
      : [];
  const text = command?.kind === 'scalar' ? String(command.value) : words.join(' ');
  const password = /--requirepass[= ]+("[^"]*"|'[^']*'|\S+)/.exec(text)?.[1]?.replace(/^["']|["']$/g, '');
  if (password === undefined) return ['CMD', program, 'ping'];
  if (interpolate(password, () => '').names.length > 0)
    return ['CMD', program, '-a', password, '--no-auth-warning', 'ping'];
  return ['CMD-SHELL', `${program} ping | grep -qE 'PONG|NOAUTH'`];
}

/** mongosh came with MongoDB 5; older images have `mongo`. */
function mongoShell(service: Service): string {
  const major = Number(/^(\d+)/.exec(imageTag(service.image?.text ?? ''))?.[1] ?? Number.POSITIVE_INFINITY);
  return major < 5 ? 'mongo' : 'mongosh';
}

/** How a service tells that it is healthy: by its own check, by one in its image, not at all, or nobody can say. */
export function hasHealthcheck(
  service: Service,
  imageInstructions: readonly string[] | undefined,
  store: Store | undefined,
): 'yes' | 'no' | 'unknown' {
  const own = service.healthcheck?.node;
  if (own?.kind === 'map') {
    const read = (key: string) => own.entries.find((entry) => entry.key.value === key)?.value;
    const disabled = read('disable');
    const test = read('test');
    const none = test?.kind === 'seq' && test.items[0]?.value.kind === 'scalar' && test.items[0].value.value === 'NONE';
    if ((disabled?.kind === 'scalar' && disabled.value === true) || none) return 'no';
    if (test) return 'yes';
  }
  if (imageInstructions) {
    const last = imageInstructions.findLast((text) => /^HEALTHCHECK/i.test(text));
    return last !== undefined && !/^HEALTHCHECK\s+NONE/i.test(last) ? 'yes' : 'no';
  }
  // The official images of the stores that are known here bring no HEALTHCHECK.
  return store && testOf(store) ? 'no' : 'unknown';
}
