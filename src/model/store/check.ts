import { textOf } from '../../parse/compose.ts';
import { imageTag } from '../image/base-image.ts';
import type { Service } from '../service.ts';
import type { Store } from '../store.ts';

/**
 * The command by which a store's own image tells that it answers; `undefined` when none is known.
 * Databases are asked over TCP: while PostgreSQL, MySQL and MariaDB set themselves up at their first start, they answer on the
 * local socket only. https://github.com/docker-library/postgres/blob/master/docker-entrypoint.sh (docker_temp_server_start)
 */
export function checkOf({ kind, service }: Store): readonly string[] | undefined {
  switch (kind) {
    case 'postgres':
      return ['CMD-SHELL', postgresCheck(service)];
    case 'redis':
      return redisCheck(service);
    case 'mysql':
      return mysqladmin(service);
    case 'mariadb':
      return mariadbCheck(service);
    case 'rabbitmq':
      return ['CMD', 'rabbitmq-diagnostics', '-q', 'ping'];
    case 'mongo':
      return mongoCheck(service);
    default:
      return undefined;
  }
}

/** The container's own variables name user and database, so nothing is written twice. https://hub.docker.com/_/postgres */
function postgresCheck(service: Service): string {
  const port = portOption(commandText(service), /(?:^|\s)(?:-p\s*|--port[= ]|-c\s*port=)(\d+)/, '-p');
  const user = variableOr(service, 'POSTGRES_USER', 'postgres');
  const database = variableOr(service, 'POSTGRES_DB', user);
  return `pg_isready -h 127.0.0.1${port} -U ${user} -d ${database}`;
}

/** How a shell in the container reads a variable that its image knows a default for. */
function variableOr(service: Service, name: string, fallback: string): string {
  const variable = service.environment.get(name);
  if (!variable) return service.hiddenEnvironment ? `$\${${name}:-${fallback}}` : fallback;
  return variable.value?.text && !variable.value.unknown ? `$\${${name}}` : `$\${${name}:-${fallback}}`;
}

/** mysqladmin exits with 0 as soon as the server answers, also where it denies access. */
const mysqladmin = (service: Service): readonly string[] => {
  const port = portOption(commandText(service), /--port[= ](\d+)/, '-P');
  return ['CMD', 'mysqladmin', 'ping', '-h', '127.0.0.1', ...port.split(' ').filter(Boolean), '--silent'];
};

/** healthcheck.sh came late in 2022: images of fixed older versions have mysqladmin, those from 11 on only healthcheck.sh. */
function mariadbCheck(service: Service): readonly string[] | undefined {
  const image = service.image?.text ?? '';
  const [, major = '', minor = '', patch] = /^(\d+)(?:\.(\d+))?(?:\.(\d+))?/.exec(imageTag(image)) ?? [];
  const old = major !== '' && (Number(major) < 10 || (major === '10' && (patch !== undefined || Number(minor) < 6)));
  if (old) return mysqladmin(service);
  if (/bitnami/.test(image)) return undefined;
  return ['CMD', 'healthcheck.sh', '--connect', '--innodb_initialized'];
}

/**
 * The password as `command` gives it where that is a plain variable; one that is written out (or is a default) is never repeated:
 * a server that refuses an unknown caller answers, too.
 */
function redisCheck(service: Service): readonly string[] | undefined {
  const program = /valkey/.test(service.image?.text ?? '') ? 'valkey-cli' : 'redis-cli';
  const command = commandText(service);
  // Behind TLS alone only a client with the right certificates gets an answer.
  if (/--port[= ]0\b/.test(command)) return undefined;
  const port = portOption(command, /--port[= ](\d+)/, '-p');
  const password = /--requirepass[= ]+("[^"]*"|'[^']*'|\$\{[^}]*\}|\S+)/
    .exec(command)?.[1]
    ?.replace(/^["']|["']$/g, '');
  const bitnami = /bitnami/.test(service.image?.text ?? '') && service.environment.has('REDIS_PASSWORD');
  const own = bitnami ? '$$REDIS_PASSWORD' : /^\$\$(?:\w+|\{\w+\})$/.exec(password ?? '')?.[0];
  if (own !== undefined) return ['CMD-SHELL', `${program}${port} -a "${own}" --no-auth-warning ping | grep -q PONG`];
  if (password === undefined) return ['CMD', program, ...port.split(' ').filter(Boolean), 'ping'];
  const variable = /^\$(?:(\w+)|\{(\w+)(?::?\?[^}]*)?\})$/.exec(password);
  const name = variable?.[1] ?? variable?.[2];
  if (name === undefined) return ['CMD-SHELL', `${program}${port} ping | grep -qE 'PONG|NOAUTH'`];
  return ['CMD', program, ...port.split(' ').filter(Boolean), '-a', `\${${name}}`, '--no-auth-warning', 'ping'];
}

function mongoCheck(service: Service): readonly string[] | undefined {
  const command = commandText(service);
  if (/--(?:tls|ssl)Mode[= ]require/.test(command)) return undefined;
  const port = portOption(command, /--port[= ](\d+)/, '--port')
    .split(' ')
    .filter(Boolean);
  return ['CMD', mongoShell(service), ...port, '--quiet', '--eval', "db.adminCommand('ping').ok"];
}

/** mongosh came with MongoDB 5; older images have `mongo`. */
function mongoShell(service: Service): string {
  const major = /^(\d+)/.exec(imageTag(service.image?.text ?? ''))?.[1];
  return major !== undefined && Number(major) < 5 ? 'mongo' : 'mongosh';
}

const portOption = (command: string, pattern: RegExp, flag: '-p' | '-P' | '--port'): string => {
  const port = pattern.exec(command)?.[1];
  return port === undefined ? '' : ` ${flag} ${port}`;
};

/** `command` as one text, variables as they are written. */
function commandText(service: Service): string {
  const node = service.parts.get('command')?.at(-1)?.node;
  return node?.kind === 'seq' ? node.items.map(({ value }) => textOf(value) ?? '').join(' ') : (textOf(node) ?? '');
}
