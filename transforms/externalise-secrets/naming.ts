import type { ComposeProject } from '../../src/model/compose/project.ts';
import { isCommon, isSecretName } from '../../src/model/secret.ts';
import type { Service } from '../../src/model/service.ts';
import { namesOf, type StoreKind, storeOf } from '../../src/model/store.ts';
import type { Written } from './written.ts';

/** A secret with the variable of `.env` that it moves to. */
export interface Named {
  readonly written: Written;
  readonly variable: string;
}

/** A store's own variable for the password that others use as well. */
const OF_STORE: Readonly<Partial<Record<StoreKind, string>>> = {
  postgres: 'POSTGRES_PASSWORD',
  mysql: 'MYSQL_PASSWORD',
  mariadb: 'MARIADB_PASSWORD',
  redis: 'REDIS_PASSWORD',
  rabbitmq: 'RABBITMQ_PASSWORD',
  mongo: 'MONGO_PASSWORD',
  elasticsearch: 'ELASTIC_PASSWORD',
  minio: 'MINIO_PASSWORD',
};
const OF_SCHEME: readonly (readonly [RegExp, string])[] = [
  [/^postgres/, 'POSTGRES_PASSWORD'],
  [/^mysql|^mariadb/, 'MYSQL_PASSWORD'],
  [/^rediss?/, 'REDIS_PASSWORD'],
  [/^amqps?/, 'RABBITMQ_PASSWORD'],
  [/^mongodb/, 'MONGO_PASSWORD'],
  [/^smtps?/, 'SMTP_PASSWORD'],
];
/** Names that mean the password of one kind of store, whoever uses them. */
const FAMILIES: readonly RegExp[] = [
  /^(?:POSTGRES\w*|PG|DB|DATABASE|SQL|MYSQL|MARIADB|DJANGO_DB|APP_DB)_?(?:USER_|ROOT_)?(?:PASSWORD|PASS|PWD)$/,
  /^(?:RABBITMQ|AMQP|BROKER)\w*PASS(?:WORD)?$/,
  /^(?:REDIS|CACHE|VALKEY)\w*PASS(?:WORD)?$/,
  /^(?:MONGO|ME_CONFIG)\w*PASS(?:WORD)?$/,
  /^(?:MINIO|AWS|S3)\w*(?:PASSWORD|SECRET\w*KEY)$/,
];

/** Chooses a variable for each secret: one for one value, and never one for two. */
export function namesFor(
  project: ComposeProject,
  services: readonly Service[],
  all: readonly Written[],
): readonly Named[] {
  const written = new Set(all.map(({ value }) => value));
  /** What a variable stands for; `.env` has decided on those whose value is one of these secrets. */
  const values = new Map<string, string>(
    [...project.variables].flatMap(([name, value]) =>
      value !== undefined && written.has(value) && isSecretName(name) ? [[name, value] as const] : [],
    ),
  );
  const taken = (name: string, value: string): boolean => values.has(name) && values.get(name) !== value;
  const named: Named[] = [];
  const put = (written: Written, variable: string): void => {
    values.set(variable, written.value);
    named.push({ written, variable });
  };
  /** The first name that means nothing else, those of the service before a number. */
  const free = (written: Written, wanted: string): string => {
    const own = written.owner === undefined ? [] : [`${written.owner.toUpperCase().replace(/\W+/g, '_')}_${wanted}`];
    const numbered = [2, 3, 4, 5, 6, 7, 8, 9].map((number) => `${wanted}_${number}`);
    return [wanted, ...own, ...numbered].find((name) => !taken(name, written.value)) ?? `${wanted}_10`;
  };
  const isStore = ({ owner }: Written): boolean =>
    services.some((service) => service.name === owner && storeOf(service) !== undefined);

  const defaults = all.filter(({ reference }) => reference !== undefined);
  // Two defaults for one variable: only one of them can be its value.
  for (const written of defaults)
    if (!defaults.some((other) => other.reference === written.reference && other.value !== written.value))
      put(written, written.reference ?? '');

  const whole = all.filter(({ reference, url, section }) => !reference && !url && section !== 'command');
  for (const written of [...whole.filter(isStore), ...whole.filter((each) => !isStore(each))]) {
    const same = [...values].filter(([, value]) => value === written.value).map(([name]) => name);
    const shared =
      same.find((name) => name === written.name) ??
      (isStore(written)
        ? undefined
        : [...same].sort((a, b) => Number(isRoot(a)) - Number(isRoot(b))).find((name) => isRelated(name, written)));
    put(written, shared ?? free(written, written.name));
  }
  for (const written of all.filter(({ reference, url, section }) => !reference && (url || section === 'command')))
    put(written, nameOfUse(written, named, services, free));
  return named;
}

const isRoot = (name: string): boolean => /ROOT|ADMIN/.test(name);

/** The same strong secret under two names is one secret; of weak ones only those that mean the same store. */
const isRelated = (name: string, written: Written): boolean =>
  !isCommon(written.value) || FAMILIES.some((family) => family.test(name) && family.test(written.name));

/** A password in a URL or a command: the variable of the store that it opens, else of the same value, else one of its own. */
function nameOfUse(
  written: Written,
  named: readonly Named[],
  services: readonly Service[],
  free: (written: Written, wanted: string) => string,
): string {
  const { url, value, owner } = written;
  const usual = OF_SCHEME.find(([scheme]) => url && scheme.test(url.scheme))?.[1];
  const host =
    services.find((service) => (url ? namesOf(service).has(url.host) : service.name === owner)) ??
    (url && /^(?:localhost|127\.0\.0\.1|host\.docker\.internal)$/.test(url.host)
      ? onlyStore(services, usual)
      : undefined);
  const store = host && storeOf(host);
  const same = named.filter((each) => each.written.value === value);
  const ofHost = same.filter((each) => host !== undefined && each.written.owner === host.name);
  // A store that has a password for its users and one for the administrator is used with the first.
  const [found] = [
    ...ofHost.filter(({ variable }) => !isRoot(variable)),
    ...ofHost,
    ...(isCommon(value) && !store ? [] : same),
  ];
  const base =
    found?.variable ??
    free(
      written,
      (store && OF_STORE[store.kind]) ??
        usual ??
        `${(url ? written.name.replace(/_?(?:UR[LI]|DSN|BACKEND)$/i, '') || 'URL' : (owner ?? 'APP')).toUpperCase().replace(/\W+/g, '_')}_PASSWORD`,
    );
  return url?.encoded ? `${base}_ENCODED` : base;
}

/** The store that an address of the machine means: the only one of its kind. */
function onlyStore(services: readonly Service[], variable: string | undefined): Service | undefined {
  const [only, ...more] = services.filter((service) => {
    const kind = storeOf(service)?.kind;
    const own = kind && OF_STORE[kind];
    return own !== undefined && own.replace('MARIADB', 'MYSQL') === variable;
  });
  return more.length === 0 ? only : undefined;
}
