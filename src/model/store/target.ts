import type { Evidence } from '../../finding.ts';
import type { Loopback } from '../network/loopback.ts';
import { publishedPorts } from '../network/published-port.ts';
import { sharesNetwork } from '../network.ts';
import type { Service } from '../service.ts';
import type { Store, StoreKind } from '../store.ts';

/** Where a loopback address has to point instead. */
export interface StoreTarget {
  readonly store: Store;
  /** The port inside the network. */
  readonly port: number;
  readonly evidence: readonly Evidence[];
}

const SCHEMES: readonly (readonly [RegExp, readonly StoreKind[]])[] = [
  [/^(?:postgres(?:ql)?|psql|pgsql|postgis)(?:\+\w+)?$/, ['postgres']],
  [/^(?:mysql2?|mariadb)(?:\+\w+)?$/, ['mysql', 'mariadb']],
  [/^(?:rediss?|valkey|rediscache|redis\+\w+)$/, ['redis']],
  [/^(?:amqps?|pyamqp|librabbitmq)$/, ['rabbitmq']],
  [/^mongodb$/, ['mongo']],
  [/^(?:memcached?|pymemcache|pylibmc)$/, ['memcached']],
];
const NAMES: readonly (readonly [RegExp, readonly StoreKind[]])[] = [
  [/POSTGRES|PSQL|(?:^|_)PG/, ['postgres']],
  [/MYSQL|MARIADB/, ['mysql', 'mariadb']],
  [/REDIS|VALKEY/, ['redis']],
  [/RABBIT|AMQP/, ['rabbitmq']],
  [/MONGO/, ['mongo']],
  [/MEMCACHE/, ['memcached']],
  [/ELASTIC|OPENSEARCH|(?:^|_)ES(?:_|$)/, ['elasticsearch']],
  [/KAFKA/, ['kafka']],
  [/CELERY|BROKER|(?:^|_)CACHE/, ['redis', 'rabbitmq']],
  [/(?:^|_)(?:DB|DATABASE|SQL)(?:_|$)/, ['postgres', 'mysql', 'mariadb', 'mongo']],
];
const ADDRESS = /(?:HOST(?:NAME)?|SERVERS?|ADDR(?:ESS)?|ENDPOINT|BROKERS?|NODES?|UR[LI]S?)$/;
/** Addresses that a browser or another machine uses. */
const OUTSIDE =
  /^(?:REACT_APP|VITE|NEXT_PUBLIC|NUXT_PUBLIC|EXPO_PUBLIC|VUE_APP|GATSBY|STORYBOOK)_|PUBLIC|EXTERNAL|BROWSER|CORS|ORIGIN|ALLOWED|TRUSTED|FRONTEND|CALLBACK|REDIRECT|CSRF|HEALTH/;

/** The kinds of store that an address may mean; empty when it means none. */
export function kindsMeant(variable: string, { scheme }: Loopback): readonly StoreKind[] {
  const name = variable.toUpperCase();
  if (OUTSIDE.test(name)) return [];
  const byName = NAMES.find(([pattern]) => pattern.test(name))?.[1] ?? [];
  if (scheme === undefined) return ADDRESS.test(name) ? byName : [];
  if (/^https?$/.test(scheme)) return byName.filter((kind) => kind === 'elasticsearch');
  return SCHEMES.find(([pattern]) => pattern.test(scheme))?.[1] ?? [];
}

/** The stores of the project that an address can mean: of its kind, reachable by name, with its port inside or on the host. */
export function targetsFor(
  service: Service,
  stores: readonly Store[],
  kinds: readonly StoreKind[],
  port: number | undefined,
  database: string | undefined,
): readonly StoreTarget[] {
  const found = stores.flatMap((store): (StoreTarget & { readonly outside: boolean })[] => {
    if (store.service === service || !kinds.includes(store.kind) || !sharesNetwork(service, store.service)) return [];
    const published = publishedPorts(store.service);
    const outside = published.find(
      ({ host, container }) => host === port && (container === store.port || host !== store.port),
    );
    if (port !== undefined && port !== store.port && !outside) return [];
    const inner = outside?.container ?? store.port;
    const listens = {
      at: store.service.at,
      says: `${store.service.name} listens on port ${inner} of its own container`,
    };
    const isOther = outside !== undefined && outside.host !== inner;
    const mapped = isOther ? [{ at: outside.at, says: `port ${outside.host} leads to it on the host only` }] : [];
    return [
      { store, port: inner, evidence: [listens, ...mapped], outside: outside !== undefined && port !== undefined },
    ];
  });
  const narrowed = [
    found,
    found.filter(({ outside }) => outside),
    found.filter(({ store }) => database !== undefined && databaseOf(store) === database),
  ].find(({ length }) => length === 1);
  return narrowed ?? found;
}

/** The database that a store creates when it starts first. */
const databaseOf = ({ service }: Store): string | undefined =>
  ['POSTGRES_DB', 'MYSQL_DATABASE', 'MARIADB_DATABASE']
    .map((name) => service.environment.get(name)?.value?.text)
    .find(Boolean);
