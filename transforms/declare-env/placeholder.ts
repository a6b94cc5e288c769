import type { ComposeProject } from '../../src/model/compose/project.ts';
import type { Stack } from '../../src/model/stack.ts';
import { type Store, storeOf } from '../../src/model/store.ts';

const URLS: Readonly<Partial<Record<Store['kind'], (host: string) => string>>> = {
  postgres: (host) => `postgresql://user:password@${host}:5432/database`,
  mysql: (host) => `mysql://user:password@${host}:3306/database`,
  mariadb: (host) => `mysql://user:password@${host}:3306/database`,
  redis: (host) => `redis://${host}:6379/0`,
  rabbitmq: (host) => `amqp://user:password@${host}:5672//`,
  mongo: (host) => `mongodb://user:password@${host}:27017/database`,
};
const KINDS: readonly (readonly [RegExp, readonly Store['kind'][]])[] = [
  [/(?:DATABASE|POSTGRES|SQLALCHEMY|DB|SQL)\w*_UR[LI]$/, ['postgres', 'mysql', 'mariadb']],
  [/(?:REDIS|CACHE)\w*_UR[LI]$/, ['redis']],
  [/(?:BROKER|RESULT_BACKEND|AMQP|RABBIT)/, ['rabbitmq', 'redis']],
  [/MONGO\w*_UR[LI]$/, ['mongo']],
];

/** What stands in `.env.example` for a variable: the shape of an address where the project says it, never a real value. */
export function placeholderFor(stack: Stack, project: ComposeProject, name: string): string {
  const kinds = KINDS.find(([pattern]) => pattern.test(name))?.[1] ?? [];
  const stores = stack.services
    .filter((service) => service.project === project)
    .flatMap((service) => storeOf(service) ?? []);
  for (const kind of kinds) {
    const [store, other] = stores.filter((each) => each.kind === kind);
    const url = URLS[kind];
    if (store && !other && url) return url(store.service.name);
  }
  return 'change-me';
}
