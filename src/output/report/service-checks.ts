import { commandLine } from '../../model/compose/command.ts';
import { isProxy } from '../../model/compose/contact.ts';
import { checkOfService } from '../../model/health/check.ts';
import { plainTarget } from '../../model/health/nearest-route.ts';
import { portMappings } from '../../model/network/published-port.ts';
import { routesOf, serving } from '../../model/routes.ts';
import type { ServiceView, Stack } from '../../model/stack.ts';
import { checkOf } from '../../model/store/check.ts';
import type { StoreKind } from '../../model/store.ts';
import type { ReportCheck } from '../report.ts';

/** Writes `docker compose … <argv>` for the project of a service. */
export type ComposeWriter = (...argv: string[]) => string;

const ANSWERS: Readonly<Record<StoreKind, string>> = {
  postgres: 'accepting connections',
  redis: 'PONG',
  mysql: 'mysqld is alive',
  mariadb: 'exit status 0',
  rabbitmq: 'Ping succeeded',
  mongo: '1',
  memcached: 'an answer',
  elasticsearch: 'an answer',
  minio: 'an answer',
  kafka: 'an answer',
};

/** How a database, cache or broker says itself that it answers. */
export function storeCheck({ service, store }: ServiceView, compose: ComposeWriter): ReportCheck | undefined {
  const words = store && checkOf(store);
  // A variable of Compose is not one of the shell in which this is typed.
  if (!store || !words || words.some((word) => /(?<!\$)\$(?!\$)/.test(word))) return undefined;
  const [kind, ...rest] = words;
  const argv = rest.map((word) => word.replaceAll('$$', '$'));
  const inside = kind === 'CMD-SHELL' ? ['sh', '-c', argv.join(' ')] : argv;
  return { command: compose('exec', '-T', service.name, ...inside), expects: ANSWERS[store.kind] };
}

/** A request to each published port of a service that speaks HTTP, with a route that is known to answer. */
export function requestChecks(stack: Stack, view: ServiceView): readonly ReportCheck[] {
  const ports = portMappings(view.service).filter(({ unknown, host }) => !unknown && host !== undefined);
  if (ports.length === 0 || !speaksHttp(stack, view)) return [];
  return ports.flatMap(({ host, container }) => {
    const address = addressOf(host ?? '');
    return address === undefined || !/^\d+$/.test(container)
      ? []
      : [requestCheck(stack, view, address, Number(container))];
  });
}

function speaksHttp(stack: Stack, view: ServiceView): boolean {
  if (view.store) return false;
  const role = view.startup.main?.program.role;
  if (role === 'web' || role === 'monitor' || isProxy(view)) return true;
  const check = checkOfService(stack, view);
  return check.is === 'read' && check.check.address !== undefined;
}

/** `8080`, `127.0.0.1:8080`, `0.0.0.0:8080` as seen from the same machine. */
function addressOf(host: string): string | undefined {
  const [, ip = '', port] = /^(?:(.*):)?(\d+)$/.exec(host) ?? [];
  if (port === undefined) return undefined;
  return `${/^(?:|0\.0\.0\.0|127\.0\.0\.1|\[::1?\])$/.test(ip) ? 'localhost' : ip}:${port}`;
}

/** Asks for what a server is known to answer; else for its root, whose status alone tells. */
export function requestCheck(stack: Stack, view: ServiceView, address: string, port: number): ReportCheck {
  const secure = port === 443 || port === 8443;
  const [scheme, extra] = secure ? ['https', ['-k']] : ['http', []];
  const url = (path: string): string => `${scheme}://${address}${path}`;
  const path = knownPath(stack, view, port);
  if (path !== undefined)
    return { command: commandLine(['curl', '-fsS', ...extra, url(path)]), expects: 'an answer, and exit status 0' };
  const proxy = isProxy(view) ? ', not 502 or 504' : '';
  const login = view.startup.main?.program.role === 'monitor' ? ', or 401 where it asks for a login' : '';
  return {
    command: commandLine(['curl', '-sS', ...extra, '-o', '/dev/null', '-w', '%{http_code}\\n', url('/')]),
    expects: `a status of the server${proxy || login || ', 404 where it has no page at its root'}`,
  };
}

/** The path that its check asks for where the application serves it, else the route that a check would ask for. */
function knownPath(stack: Stack, view: ServiceView, port: number): string | undefined {
  const table = routesOf(stack, view);
  const check = checkOfService(stack, view);
  const address = check.is === 'read' ? check.check.address : undefined;
  const path = address?.path.value;
  if (path !== undefined && address?.port.value === String(port)) {
    const asked = path === '' ? '/' : path;
    if (!table || serving(table, asked).is !== 'no') return asked;
  }
  return table && plainTarget(table)?.path;
}

/** A Celery worker answers a ping; others tell in their logs that they listen. */
export function workerCheck(view: ServiceView, compose: ComposeWriter): ReportCheck | undefined {
  const { main } = view.startup;
  const { name } = view.service;
  if (!main) return undefined;
  const { role } = main.program;
  const isCelery = main.program.name.startsWith('celery');
  if (role === 'beat' && isCelery)
    return {
      command: compose('logs', '--tail', '20', name),
      expects: 'beat: Starting..., then each task when it is due',
    };
  if (role !== 'worker') return undefined;
  const app = isCelery ? appOption(main.argv) : undefined;
  if (app === undefined)
    return { command: compose('logs', '--tail', '20', name), expects: 'it waits for jobs, and no traceback' };
  const runner = /^(?:poetry|pipenv|uv|pdm)$/.test(main.wrappers[0] ?? '') ? main.wrappers.slice(0, 1) : [];
  const prefix = runner.flatMap((each) => [each, 'run']);
  return {
    command: compose('exec', '-T', name, ...prefix, ...startOf(main.argv), '-A', app, 'inspect', 'ping'),
    expects: 'pong of each worker',
  };
}

/** `celery`, or `python -m celery`. */
const startOf = (argv: readonly string[]): readonly string[] => {
  const at = argv.findIndex((word) => /(?:^|\/)celery$/.test(word));
  return at < 0 ? ['celery'] : argv.slice(0, at + 1);
};

/** https://docs.celeryq.dev/en/stable/reference/cli.html#cmdoption-celery-A */
function appOption(argv: readonly string[]): string | undefined {
  const at = argv.findIndex((word) => /^(?:-A|--app)$/.test(word));
  if (at >= 0) return argv[at + 1];
  return argv.map((word) => /^(?:--app=|-A)(.+)$/.exec(word)?.[1]).find((word) => word !== undefined);
}
