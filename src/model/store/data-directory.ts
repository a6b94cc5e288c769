import { joinContainer, within } from '../../repo/path.ts';
import { imageTag } from '../image/base-image.ts';
import type { Mount, Service } from '../service.ts';
import { type Store, storeOf } from '../store.ts';

/** Where a store keeps its data, and where a volume has to be mounted for it. */
export interface DataDirectory {
  /** The container path to mount a volume at. */
  readonly mount: string;
  /** What the data lie in; at or below `mount`. */
  readonly data: string;
  /** The image declares a volume there: a mount on a folder above it is covered again by an anonymous one. */
  readonly declared: boolean;
  /** Folders that are often taken for it. */
  readonly mistaken: readonly string[];
  /** The node's name is part of the data: without a fixed host name each new container begins anew. */
  readonly needsHostname: boolean;
}

type Answer = DataDirectory | 'unknown' | 'nothing';

const MISTAKEN: Readonly<Record<string, readonly string[]>> = {
  postgres: [
    '/var/lib/postgres',
    '/var/lib/postgres/data',
    '/var/lib/pgsql',
    '/var/lib/pgsql/data',
    '/data',
    '/var/lib/postgresql/pgdata',
  ],
  mysql: ['/var/lib/mysql/data', '/var/lib/mysql-data', '/var/mysql', '/data', '/var/lib/mariadb'],
  mongo: ['/data', '/var/lib/mongodb', '/var/lib/mongo', '/data/mongo', '/data/mongodb'],
  redis: ['/var/lib/redis', '/redis', '/redis/data', '/data/redis', '/var/redis'],
};

/**
 * Where a store's data are: by its image and what its service says. `nothing` for what keeps none on purpose (a cache),
 * `unknown` for an image, a version or an option that is not known.
 */
export function dataDirectoryOf(store: Store): Answer {
  const { service, kind } = store;
  const image = (service.image?.text ?? '')
    .replace(/^(?:docker\.io|public\.ecr\.aws\/docker)\//, '')
    .replace(/^library\//, '');
  const name = image.replace(/@.*$/, '').replace(/:[^/]*$/, '');
  const command = textOf(service);
  const at = (mount: string, more: Partial<DataDirectory>): DataDirectory => ({
    mount,
    data: mount,
    declared: true,
    mistaken: [],
    needsHostname: false,
    ...more,
  });
  if (service.image?.unknown || service.parts.has('volumes_from')) return 'unknown';
  switch (kind) {
    case 'postgres':
      return /^(?:postgres|postgis\/postgis|pgvector\/pgvector|timescale\/timescaledb)$/.test(name)
        ? postgres(service, at)
        : 'unknown';
    case 'mysql':
    case 'mariadb':
      // https://hub.docker.com/_/mysql#where-to-store-data
      if (!/^(?:mysql|mariadb|mysql\/mysql-server)$/.test(name) || /--datadir/.test(command)) return 'unknown';
      return at('/var/lib/mysql', { mistaken: MISTAKEN['mysql'] ?? [] });
    case 'mongo':
      if (name !== 'mongo' || /--dbpath/.test(command)) return 'unknown';
      return at('/data/db', { mistaken: MISTAKEN['mongo'] ?? [] });
    case 'redis':
      if (!/^(?:redis|valkey\/valkey)$/.test(name) || /--dir\b|\.conf\b/.test(command)) return 'unknown';
      // https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/
      return isPersistent(command) ? at('/data', { mistaken: MISTAKEN['redis'] ?? [] }) : 'nothing';
    case 'rabbitmq':
      // https://hub.docker.com/_/rabbitmq: the data lie in a folder that is called after the host.
      return name === 'rabbitmq' ? at('/var/lib/rabbitmq', { needsHostname: true }) : 'unknown';
    case 'elasticsearch':
      if (/path\.data/.test(command) || service.environment.has('path.data')) return 'unknown';
      if (/(?:^|\/)elasticsearch$/.test(name) && !name.startsWith('bitnami'))
        return at('/usr/share/elasticsearch/data', { declared: false });
      return name === 'opensearchproject/opensearch'
        ? at('/usr/share/opensearch/data', { declared: false })
        : 'unknown';
    case 'minio': {
      const folder =
        /\bserver\b(?:\s+--?[\w-]+(?:[= ]"?:\d+"?)?)*\s+"?(\/[\w/.-]+)"?(?:\s+--?[\w-]+(?:[= ]\S+)?)*\s*$/.exec(
          command,
        )?.[1];
      return folder === undefined || !/^(?:quay\.io\/)?minio\/minio$/.test(name)
        ? 'unknown'
        : at(joinContainer('/', folder), { declared: false });
    }
    default:
      return kind === 'memcached' ? 'nothing' : 'unknown';
  }
}

/**
 * PGDATA moves the data; from 18 on the image keeps them in a folder of the version, and refuses a volume on `…/data`.
 * https://hub.docker.com/_/postgres#pgdata
 */
function postgres(service: Service, at: (mount: string, more: Partial<DataDirectory>) => DataDirectory): Answer {
  const set = service.environment.get('PGDATA');
  if (set && (!set.value || set.value.unknown)) return 'unknown';
  const major = postgresVersion(service);
  if (major === undefined) return 'unknown';
  const root = major >= 18 ? '/var/lib/postgresql' : '/var/lib/postgresql/data';
  const data = set?.value ? joinContainer('/', set.value.text) : root;
  const mistaken = (MISTAKEN['postgres'] ?? []).concat(
    major >= 18 ? ['/var/lib/postgresql/data'] : ['/var/lib/postgresql'],
  );
  const inside = within(root, data) !== undefined;
  return at(inside ? root : data, { data, declared: inside, mistaken: set ? [] : mistaken });
}

/** The major version of a postgres image by its tag (`16-alpine`, `16-3.4`, `pg16`, `2.17-pg16`); `undefined` for `latest` and the like. */
export function postgresVersion(service: Service): number | undefined {
  const tag = imageTag(service.image?.text ?? '');
  const found = /(?:^|-)pg(\d{1,2})(?:[.-]|$)/.exec(tag)?.[1] ?? /^(\d{1,2})(?:[.-]|$)/.exec(tag)?.[1];
  const major = Number(found);
  return found !== undefined && major >= 9 ? major : undefined;
}

/** Redis writes to its disk on request; without one it is a cache, or nobody minds. */
const isPersistent = (command: string): boolean => /--?appendonly["',\s]+yes|--save["',\s]+["']?[1-9]/.test(command);

const textOf = (service: Service): string =>
  ['entrypoint', 'command']
    .flatMap((key) => service.parts.get(key)?.at(-1) ?? [])
    .map(({ node }) =>
      node.kind === 'seq'
        ? node.items.map(({ value }) => (value.kind === 'scalar' ? String(value.value) : '')).join(' ')
        : node.kind === 'scalar'
          ? String(node.value ?? '')
          : '',
    )
    .join(' ');

/** The mount that keeps a store's data; an anonymous volume keeps them for one container only. */
export function keptBy(service: Service, directory: DataDirectory): Mount | undefined {
  return service.mounts.find(
    ({ kind, target }) =>
      kind !== 'anonymous' &&
      within(target, directory.data) !== undefined &&
      (!directory.declared || within(directory.mount, target) !== undefined),
  );
}

/** A service that is a store, with the directory of its data when that is known. */
export function storedBy(service: Service): { readonly store: Store; readonly directory: DataDirectory } | undefined {
  const store = storeOf(service);
  const directory = store && dataDirectoryOf(store);
  return store && typeof directory === 'object' ? { store, directory } : undefined;
}
