import type { Evidence, Span } from '../finding.ts';
import { imageFamily } from './image/base-image.ts';
import type { Service } from './service.ts';

export type StoreKind =
  | 'postgres'
  | 'mysql'
  | 'mariadb'
  | 'redis'
  | 'rabbitmq'
  | 'mongo'
  | 'memcached'
  | 'elasticsearch'
  | 'minio'
  | 'kafka';

/** A service that keeps data for others: a database, a cache, a broker. */
export interface Store {
  readonly service: Service;
  readonly kind: StoreKind;
  /** The port that it listens on inside the network. */
  readonly port: number;
}

const FAMILIES: readonly { readonly family: RegExp; readonly kind: StoreKind; readonly port: number }[] = [
  { family: /^(?:postgres|postgis|pgvector|timescaledb(?:-ha)?|postgresql)$/, kind: 'postgres', port: 5432 },
  { family: /^(?:mysql|mysql-server)$/, kind: 'mysql', port: 3306 },
  { family: /^mariadb$/, kind: 'mariadb', port: 3306 },
  { family: /^(?:redis|redis-stack|redis-stack-server|valkey|keydb)$/, kind: 'redis', port: 6379 },
  { family: /^rabbitmq$/, kind: 'rabbitmq', port: 5672 },
  { family: /^(?:mongo|mongodb|mongodb-community-server)$/, kind: 'mongo', port: 27017 },
  { family: /^memcached$/, kind: 'memcached', port: 11211 },
  { family: /^(?:elasticsearch|opensearch)$/, kind: 'elasticsearch', port: 9200 },
  { family: /^minio$/, kind: 'minio', port: 9000 },
  { family: /^(?:kafka|cp-kafka)$/, kind: 'kafka', port: 9092 },
];

/** What a service stores, by the image that it runs (not one that is built here over it). */
export function storeOf(service: Service): Store | undefined {
  if (!service.image || service.build) return undefined;
  const family = imageFamily(service.image.text);
  const found = FAMILIES.find((each) => each.family.test(family));
  return found && { service, kind: found.kind, port: found.port };
}

/** A store that a process contacts, and where that is written. */
export interface StoreUse {
  readonly store: Store;
  readonly evidence: readonly Evidence[];
}

/** The host of a URL, `host:port` or bare host value. */
export const hostsIn = (value: string): readonly string[] =>
  [...value.matchAll(/:\/\/(?:[^@/\s"']*@)?([\w.-]+)/g)]
    .map((match) => match[1] ?? '')
    .concat(/^[\w.-]+(?::\d+)?$/.test(value) ? [value.replace(/:\d+$/, '')] : []);

/** The stores that a service's environment points at by name. `names` of a service: its own, `container_name`, `hostname`, network aliases. */
export function storesInEnvironment(service: Service, stores: readonly Store[]): readonly StoreUse[] {
  return stores.flatMap((store) => {
    if (store.service === service) return [];
    const names = namesOf(store.service);
    const evidence = [...service.environment.values()].flatMap((variable) =>
      variable.value && hostsIn(variable.value.text).some((host) => names.has(host))
        ? [{ at: variable.at, says: `${variable.name} points at ${store.service.name}` }]
        : [],
    );
    return evidence.length > 0 ? [{ store, evidence }] : [];
  });
}

/** The stores that texts of a process's source name as hosts (defaults such as `redis://redis:6379/0`). */
export function storesInText(
  texts: readonly { readonly text: string; readonly at: Span }[],
  stores: readonly Store[],
): readonly StoreUse[] {
  return stores.flatMap((store) => {
    const names = namesOf(store.service);
    const evidence = texts.flatMap(({ text, at }) =>
      /:\/\//.test(text) && hostsIn(text).some((host) => names.has(host))
        ? [{ at, says: `the source names ${store.service.name} as a host` }]
        : [],
    );
    return evidence.length > 0 ? [{ store, evidence }] : [];
  });
}

/** The names under which other containers reach a service. */
export function namesOf(service: Service): ReadonlySet<string> {
  const names = new Set([service.name]);
  for (const key of ['container_name', 'hostname']) {
    const node = service.parts.get(key)?.at(-1)?.node;
    if (node?.kind === 'scalar' && typeof node.value === 'string') names.add(node.value);
  }
  for (const part of service.parts.get('networks') ?? [])
    if (part.node.kind === 'map')
      for (const entry of part.node.entries) {
        const aliases =
          entry.value.kind === 'map'
            ? entry.value.entries.find((each) => each.key.value === 'aliases')?.value
            : undefined;
        if (aliases?.kind === 'seq')
          for (const { value } of aliases.items) if (value.kind === 'scalar') names.add(String(value.value));
      }
  return names;
}
