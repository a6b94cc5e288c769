import type { Loopback } from '../../src/model/network/loopback.ts';
import type { Service } from '../../src/model/service.ts';
import type { Stack } from '../../src/model/stack.ts';
import type { StoreTarget } from '../../src/model/store/target.ts';

interface Settings {
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** The user when nothing sets one. */
  readonly superuser: string;
}

const SETTINGS: Readonly<Record<string, Settings>> = {
  postgres: { user: 'POSTGRES_USER', password: 'POSTGRES_PASSWORD', database: 'POSTGRES_DB', superuser: 'postgres' },
  mysql: { user: 'MYSQL_USER', password: 'MYSQL_PASSWORD', database: 'MYSQL_DATABASE', superuser: '' },
  mariadb: { user: 'MARIADB_USER', password: 'MARIADB_PASSWORD', database: 'MARIADB_DATABASE', superuser: '' },
};

/**
 * A URL with the credentials that the store itself is started with, as far as they are `${…}` in Compose: a password that
 * stands there in plain text is never written a second time.
 */
export function urlFor(
  stack: Stack,
  text: string,
  loopback: Loopback,
  { store, port }: StoreTarget,
): string | undefined {
  const keys = SETTINGS[store.kind];
  if (!keys || loopback.scheme === undefined) return undefined;
  const { service } = store;
  const password = sourceOf(stack, service, keys.password);
  if (password === undefined || !/^\$\{[^{}"'#]*\}$/.test(password)) return undefined;
  const user = sourceOf(stack, service, keys.user) ?? keys.superuser;
  const database = sourceOf(stack, service, keys.database) ?? user;
  const query = /\?[\w=&.-]*$/.exec(text)?.[0] ?? '';
  const url = `${loopback.scheme}://${user}:${password}@${service.name}:${port}/${database}${query}`;
  return user !== '' && [user, database].every((part) => /^(?:[\w.-]+|\$\{[^{}"'#]*\})$/.test(part)) ? url : undefined;
}

/** A variable's value as Compose's own file writes it; `undefined` when it comes from elsewhere. */
function sourceOf(stack: Stack, service: Service, name: string): string | undefined {
  const variable = service.environment.get(name);
  if (!variable?.value || variable.from !== 'environment') return undefined;
  const { path, start, end } = variable.value.at;
  const source = stack.repo.read(path)?.slice(start, end) ?? '';
  return source.replace(/^(["'])(.*)\1$/, '$2').replace(new RegExp(`^${name}=`), '');
}
