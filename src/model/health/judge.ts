import type { Evidence } from '../../finding.ts';
import { textOf, valueAt } from '../../parse/compose.ts';
import { readPython } from '../../parse/python.ts';
import { lookUpProgram } from '../image/program-lookup.ts';
import { type Listener, listenersOf, listensOn } from '../network/listening.ts';
import { publishedPorts } from '../network/published-port.ts';
import { type RouteTable, routesOf, serving } from '../routes.ts';
import type { ServiceView, Stack } from '../stack.ts';
import { namesOf } from '../store.ts';
import type { HealthCheck } from './check.ts';

/** One reason why a check fails however well the service is. */
export interface CheckFault {
  readonly kind: 'program' | 'code' | 'words' | 'host' | 'port' | 'path' | 'allowed-host';
  /** What is wrong, then what follows. */
  readonly says: string;
  readonly evidence: readonly Evidence[];
}

/** What a check is judged by. */
export interface Judgement {
  readonly faults: readonly CheckFault[];
  readonly listeners: readonly Listener[] | undefined;
  readonly routes: RouteTable | undefined;
  /** The port that the check asks, where it is one on which the main process listens. */
  readonly port: number | undefined;
}

/** Why the check of a service cannot succeed; nothing where any link of the chain is unknown. */
export function judgeCheck(stack: Stack, view: ServiceView, check: HealthCheck): Judgement {
  const { address } = check;
  const alone = isAlone(stack, view);
  const listeners = alone ? listenersOf(stack, view) : undefined;
  const faults: CheckFault[] = [
    ...programFault(stack, view, check),
    ...codeFault(stack, view, check),
    ...wordsFault(view, check),
  ];
  if (!address || !alone) return { faults, listeners, routes: undefined, port: undefined };
  const host = hostFault(stack, view, check);
  faults.push(...host);
  const isOwn = host.length > 0 || isSelf(view, address.host.value);
  const asked = askedPort(check);
  const port = isOwn && asked !== undefined ? portFault(view, check, asked, listeners) : [];
  faults.push(...port);
  const only = onlyPort(listeners);
  const known =
    asked !== undefined && listensOn(listeners, asked) === 'yes' ? asked : port.length > 0 ? only : undefined;
  const routes = isOwn && known !== undefined ? routesOf(stack, view) : undefined;
  if (routes && address.path.value !== undefined && check.failsOnStatus && check.plain && address.scheme === 'http')
    faults.push(
      ...pathFault(view, check, routes, address.path.value),
      ...allowedHostFault(check, routes, address.host.value),
    );
  return { faults, listeners, routes, port: known };
}

/** The port that a check asks: 80 and 443 where none is written. */
export function askedPort({ address }: HealthCheck): number | undefined {
  if (!address) return undefined;
  if (address.port.raw === '') return address.scheme === 'https' ? 443 : 80;
  return address.port.value !== undefined && /^\d+$/.test(address.port.value) ? Number(address.port.value) : undefined;
}

/** The one port on which a process listens for everybody in its container. */
export const onlyPort = (listeners: readonly Listener[] | undefined): number | undefined =>
  listeners?.length === 1 && listeners[0]?.reach !== 'address' ? listeners[0]?.port : undefined;

/** Nothing but the main process listens in the container's network, and no other file gives it another command. */
export function isAlone(stack: Stack, { service, startup, container }: ServiceView): boolean {
  if (!startup.complete || !startup.main || service.networkMode !== undefined) return false;
  const others = startup.commands.filter((each) => each !== startup.main);
  if (
    others.some(
      ({ background, program }) => background || /nginx|apache|httpd|supervis|service|redis-server/.test(program.name),
    )
  )
    return false;
  const joined = stack.neighbours(service).some((other) => other.networkMode === `service:${service.name}`);
  const overlaid = service.definitions.some(
    ({ overlay, entry }) =>
      overlay && ['command', 'entrypoint', 'build', 'image', 'healthcheck'].some((key) => valueAt(entry.value, key)),
  );
  return !joined && !overlaid && container.argv !== undefined;
}

const LOOPBACK = /^(?:localhost|127\.\d+\.\d+\.\d+|0\.0\.0\.0|\[::1\])$/;

const isSelf = ({ service }: ServiceView, host: string | undefined): boolean =>
  host !== undefined && (LOOPBACK.test(host) || namesOf(service).has(host));

function programFault(stack: Stack, view: ServiceView, { program, argv, place }: HealthCheck): readonly CheckFault[] {
  if (!/^(?:curl|wget|python[\d.]*|node)$/.test(program) || (argv[0] ?? '').includes('/')) return [];
  const found = view.container.hasProgram(program);
  // A virtual environment brings an interpreter of its own.
  const isInterpreter = !/^(?:curl|wget)$/.test(program);
  if (isInterpreter && lookUpProgram(stack.repo, view.container, program).is !== 'no') return [];
  if (found.is !== 'no' || mayBeInstalled(view, program)) return [];
  const says = `the image of ${view.service.name} has no ${program}`;
  const from = view.image?.stage.from.at;
  return [
    {
      kind: 'program',
      says: `${says}, so the check fails with \`${program}: not found\``,
      evidence: [
        {
          at: from ?? place.at,
          says: `${view.image?.base ?? 'the base image'} has no ${program}, and nothing installs it`,
        },
      ],
    },
  ];
}

/** Lists of packages in files, and tools that install system packages by rules of their own. */
const mayBeInstalled = ({ image }: ServiceView, program: string): boolean =>
  image?.layers.some(
    ({ instruction }) =>
      instruction.keyword === 'RUN' &&
      (new RegExp(`\\b${program.replace(/[\d.]+$/, '')}`).test(instruction.script) ||
        /\bxargs\b|--with-deps|install-deps|\bsudo\b/.test(instruction.script)),
  ) === true;

function codeFault(stack: Stack, view: ServiceView, { code, place }: HealthCheck): readonly CheckFault[] {
  // The parser is loaded for repositories with Python files.
  if (code === undefined || code.includes('$') || !stack.repo.paths.some((path) => path.endsWith('.py'))) return [];
  const { errors } = readPython('check.py', `${code}\n`);
  if (errors.length === 0) return [];
  const says = `the check of ${view.service.name} is no valid Python, so it fails with \`SyntaxError: invalid syntax\``;
  return [{ kind: 'code', says, evidence: [{ at: place.at, says: 'Python refuses the text after -c' }] }];
}

/** https://docs.docker.com/reference/dockerfile/#shell-and-exec-form: exec form has no shell that would know `||`. */
function wordsFault(view: ServiceView, { strayAt, program, place }: HealthCheck): readonly CheckFault[] {
  if (strayAt === undefined || !/^(?:curl|wget)$/.test(program)) return [];
  const says = `the check of ${view.service.name} is in exec form, so ${program} takes \`||\` and what follows for more addresses, and fails with \`Could not resolve host\``;
  return [{ kind: 'words', says, evidence: [{ at: place.at, says: 'no shell reads these words' }] }];
}

/** A bare name that no container of the project has. */
function hostFault(stack: Stack, view: ServiceView, { address }: HealthCheck): readonly CheckFault[] {
  const host = address?.host.value;
  const { service } = view;
  if (!address || host === undefined || isSelf(view, host) || host.includes('.')) return [];
  const known = stack.neighbours(service).some((other) => namesOf(other).has(host));
  const mayBe = ['extra_hosts', 'links', 'external_links', 'networks'].some((key) => service.parts.has(key));
  if (known || mayBe || service.project.overlays.length > 0) return [];
  const says = `the check of ${service.name} asks the host ${host}, which no service has, so it fails with \`Name or service not known\``;
  return [{ kind: 'host', says, evidence: [{ at: address.host.at, says: `the check asks ${host}` }] }];
}

function portFault(
  view: ServiceView,
  { address }: HealthCheck,
  asked: number,
  listeners: readonly Listener[] | undefined,
): readonly CheckFault[] {
  if (!address || listensOn(listeners, asked) !== 'no' || !listeners) return [];
  const { service } = view;
  const published = publishedPorts(service).find(({ host, container }) => host === asked && container !== asked);
  const shown = listeners.map(({ port }) => port).join(' and ') || 'no TCP port';
  const why = published ? `port ${asked}, which only the host has` : `port ${asked}`;
  const says = `the check of ${service.name} asks ${why}, and inside its container it listens on ${shown}, so the check fails with \`Connection refused\``;
  return [
    {
      kind: 'port',
      says,
      evidence: [
        { at: address.port.raw === '' ? address.host.at : address.port.at, says: `the check asks port ${asked}` },
        ...listeners.flatMap(({ evidence }) => evidence),
        ...(published
          ? [
              {
                at: published.at,
                says: `port ${published.host} of the host leads to port ${published.container} of the container`,
              },
            ]
          : []),
      ],
    },
  ];
}

function pathFault(
  view: ServiceView,
  { address }: HealthCheck,
  routes: RouteTable,
  path: string,
): readonly CheckFault[] {
  const asked = path === '' ? '/' : path;
  if (!address || serving(routes, asked).is !== 'no') return [];
  const says = `the check of ${view.service.name} asks for ${asked}, which no route of its ${routes.framework} application serves, so it gets 404 and fails`;
  return [
    {
      kind: 'path',
      says,
      evidence: [
        { at: address.path.raw === '' ? address.host.at : address.path.at, says: `the check asks for ${asked}` },
        { at: routes.at, says: `none of the routes of this ${routes.framework} application is ${asked}` },
      ],
    },
  ];
}

function allowedHostFault(
  { address }: HealthCheck,
  routes: RouteTable,
  host: string | undefined,
): readonly CheckFault[] {
  if (!address || host === undefined || routes.hosts?.(host) !== 'no') return [];
  const says = `the check asks for ${host}, which is not among ALLOWED_HOSTS, so it gets 400 and fails`;
  return [{ kind: 'allowed-host', says, evidence: [{ at: address.host.at, says: `the check asks for ${host}` }] }];
}

/** Seconds in which a check may fail before the container counts as unhealthy; `undefined` when not all of it can be read. */
export function patience(check: HealthCheck): number | undefined {
  const read = (name: string, usual: string): string | undefined => {
    if (check.place.kind === 'compose') return textOf(valueAt(check.place.part.node, name)) ?? usual;
    return check.place.instruction.flags.find((flag) => flag.name === name.replace('_', '-'))?.value ?? usual;
  };
  // https://docs.docker.com/reference/dockerfile/#healthcheck
  const interval = secondsIn(read('interval', '30s'));
  const retries = Number(read('retries', '3'));
  return interval === undefined || Number.isNaN(retries) ? undefined : interval * retries;
}

/** Whether the check waits for a slow start. */
export const hasStartPeriod = ({ place }: HealthCheck): boolean =>
  place.kind === 'compose'
    ? valueAt(place.part.node, 'start_period') !== undefined
    : place.instruction.flags.some(({ name }) => name === 'start-period');

function secondsIn(text: string | undefined): number | undefined {
  const match = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?$/.exec(text ?? '');
  if (!match || match[0] === '') return undefined;
  return Number(match[1] ?? 0) * 3600 + Number(match[2] ?? 0) * 60 + Number(match[3] ?? 0);
}
