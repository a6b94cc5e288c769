import { connectionsOf } from '../../model/compose/connections.ts';
import { isProxy } from '../../model/compose/contact.ts';
import { checkOfService } from '../../model/health/check.ts';
import { loneViews } from '../../model/lone-build.ts';
import { portMappings } from '../../model/network/published-port.ts';
import type { Mask } from '../../model/secret/mask.ts';
import type { Service } from '../../model/service.ts';
import type { ServiceView, Stack } from '../../model/stack.ts';
import type { StoreKind } from '../../model/store.ts';
import type { ReportGraph, ReportLink, ReportService } from '../report.ts';

/** A longer command line is shown by its beginning. */
const MAX_PROGRAM = 120;

const PROTOCOLS: Readonly<Record<StoreKind, string>> = {
  postgres: 'postgresql',
  mysql: 'mysql',
  mariadb: 'mysql',
  redis: 'redis',
  rabbitmq: 'amqp',
  mongo: 'mongodb',
  memcached: 'memcached',
  elasticsearch: 'http',
  minio: 's3',
  kafka: 'kafka',
};

const CONDITIONS: Readonly<Record<string, string>> = {
  service_started: 'started',
  service_healthy: 'healthy',
  service_completed_successfully: 'completed',
};

/** The services of a stack and what joins them. Where there is no Compose file, the containers of its Dockerfiles. */
export function graphOf(stack: Stack, mask: Mask): ReportGraph {
  const names = stack.services.map(({ name }) => name);
  const idOf = (service: Service): string =>
    names.filter((name) => name === service.name).length > 1 ? `${service.at.path}#${service.name}` : service.name;
  if (stack.services.length === 0)
    return { services: loneViews(stack).map((view) => loneService(stack, view, mask)), links: [] };
  return {
    services: stack.services.map((service) => reportService(stack, service, idOf(service), mask)),
    links: stack.services.flatMap((service) => linksFrom(stack, service, idOf)),
  };
}

function loneService(stack: Stack, view: ServiceView, mask: Mask): ReportService {
  const file = view.image?.dockerfile.path ?? view.service.at.path;
  const exposed = exposedPorts(view).map((container) => ({ container }));
  return {
    id: file,
    file,
    name: file,
    runs: `built from ${file}`,
    ...facts(stack, view, mask),
    ports: exposed,
    role: roleOf(stack, view),
  };
}

/** What EXPOSE of an image names, as written. */
export const exposedPorts = (view: ServiceView): readonly string[] => [
  ...new Set(
    (view.image?.layers ?? [])
      .filter(({ instruction }) => instruction.keyword === 'EXPOSE')
      .flatMap(({ instruction, dockerfile }) =>
        dockerfile.text.slice(instruction.args.start, instruction.args.end).trim().split(/\s+/),
      )
      .filter((port) => /^\d/.test(port))
      .map((port) => port.replace(/\/tcp$/, '')),
  ),
];

function reportService(stack: Stack, service: Service, id: string, mask: Mask): ReportService {
  const view = stack.view(service);
  return {
    id,
    file: service.at.path,
    name: service.name,
    runs: mask(runsOf(stack, service)),
    ...facts(stack, view, mask),
    ports: portMappings(service).map(({ host, container }) => ({
      ...(host !== undefined && { host: mask(host) }),
      container: mask(container),
    })),
    role: roleOf(stack, view),
  };
}

function facts(stack: Stack, view: ServiceView, mask: Mask): Pick<ReportService, 'program' | 'healthcheck'> {
  const argv = view.store ? undefined : view.startup.main?.argv;
  const healthcheck = healthWords(stack, view);
  return {
    ...(argv && argv.length > 0 && { program: shortened(mask(argv.join(' ')), MAX_PROGRAM) }),
    ...(healthcheck !== undefined && { healthcheck: mask(healthcheck) }),
  };
}

const shortened = (text: string, length: number): string => {
  const line = text.replace(/\s*\n\s*/g, ' ');
  return line.length > length ? `${line.slice(0, length - 1)}…` : line;
};

function runsOf({ repo }: Stack, { build, image }: Service): string {
  if (!build) return image ? image.text : 'nothing: it has neither an image nor a build';
  const { dockerfile } = build;
  if (dockerfile === undefined) return build.context === undefined ? 'built from elsewhere' : 'built here';
  return `built from ${dockerfile}${repo.has(dockerfile) ? '' : ', which does not exist'}`;
}

function healthWords(stack: Stack, view: ServiceView): string | undefined {
  const check = checkOfService(stack, view);
  switch (check.is) {
    case 'disabled':
      return 'switched off';
    case 'none':
      return undefined;
    case 'unread':
      return view.service.healthcheck ? 'a check of its own' : undefined;
    case 'read': {
      const { address, program } = check.check;
      if (!address) return program;
      const port = address.port.value ?? address.port.raw;
      const path = address.path.value ?? address.path.raw;
      return `GET ${path === '' ? '/' : path}${port === '' ? '' : ` on port ${port}`}`;
    }
  }
}

/** What kind of thing a service is. */
export function roleOf(stack: Stack, view: ServiceView): ReportService['role'] {
  const { service, store, startup } = view;
  const isAwaited = stack
    .neighbours(service)
    .some(({ dependsOn }) =>
      dependsOn.some(({ name, condition }) => name === service.name && condition === 'service_completed_successfully'),
    );
  if (store) return 'store';
  if (isAwaited) return 'task';
  const role = startup.main?.program.role;
  if (role === 'web' || role === 'monitor') return 'web';
  if (role === 'worker' || role === 'beat') return 'worker';
  if (role === 'migration') return 'task';
  return isProxy(view) ? 'proxy' : 'other';
}

function linksFrom(stack: Stack, service: Service, idOf: (service: Service) => string): readonly ReportLink[] {
  const from = idOf(service);
  const view = stack.view(service);
  const neighbours = new Map(stack.neighbours(service).map((other) => [other.name, other]));
  const waits = service.dependsOn.map(({ name, condition }): ReportLink => {
    const other = neighbours.get(name);
    // A service that nobody defines keeps its name: that it is missing is what the picture has to show.
    return { from, to: other ? idOf(other) : name, kind: 'waits', label: CONDITIONS[condition] ?? condition };
  });
  const stores = view.stores.map(({ store }) => store);
  const uses = stores.map(
    ({ service: to, kind }): ReportLink => ({ from, to: idOf(to), kind: 'uses', label: PROTOCOLS[kind] }),
  );
  const told = new Set(stores.map((store) => store.service));
  const others = connectionsOf(stack, service).flatMap(({ to, port }): readonly ReportLink[] => {
    if (told.has(to)) return [];
    told.add(to);
    const { store } = stack.view(to);
    return [{ from, to: idOf(to), kind: 'uses', label: store ? PROTOCOLS[store.kind] : `port ${port}` }];
  });
  return [...waits, ...uses, ...others];
}
