import type { Evidence, Span } from '../../finding.ts';
import { escapeRegExp } from '../../pattern.ts';
import { within } from '../../repo/path.ts';
import { stringsOf } from '../python-app.ts';
import type { Service } from '../service.ts';
import type { ServiceView, Stack } from '../stack.ts';
import { isNodeProgram } from '../store/wait.ts';
import { hostsIn, namesOf } from '../store.ts';
import { isComposePath } from './project.ts';

/** Where a service names or contacts another one; `no` is only said where everything that could tell has been read. */
export type Contact =
  | { readonly is: 'yes'; readonly evidence: Evidence }
  | { readonly is: 'no' }
  | { readonly is: 'unknown' };

/** Images whose job is to pass requests on. */
const PROXY = /(?:^|\/)(?:nginx|traefik|caddy|haproxy|envoy|httpd|apache|openresty|nginx-proxy|kong)(?:[:@-]|$)/;

/** Whether a service passes requests on to others. */
export const isProxy = ({ service, image }: ServiceView): boolean =>
  PROXY.test(service.image?.text ?? image?.base ?? '');

/** Variables whose value may be the address of another process; those of stores are not. */
const ADDRESS = /URL|URI|HOST|ADDR|ENDPOINT|SERVER|ORIGIN|UPSTREAM|BACKEND|SERVICE|TARGET|PEER/i;
const OF_A_STORE = /DATABASE|DB|SQL|PG|MONGO|REDIS|CACHE|BROKER|CELERY|RABBIT|AMQP|SENTRY|SMTP|MAIL/i;
/** Files that may hold an address of a program's own: sources and settings, not documentation. */
const PROGRAM_FILE =
  /\.(?:py|[cm]?[jt]sx?|vue|rb|go|rs|php|java|kt|cs|json|ya?ml|toml|ini|conf|cfg|env|sh|properties)$/;
const NODE_FILE = /\.(?:[cm]?[jt]sx?|vue)$/;
/** What lies beside a program: tests, CI, and the settings of proxies, which name everybody. */
const OTHERS_FILE = /(?:^|\/)(?:tests?|docs?|\.\w+|node_modules)\/|nginx|caddy|traefik|haproxy|apache/i;

/**
 * Looks for a host in a service's environment, command line and source, in files that are mounted into it (nginx.conf) or
 * copied into its image, in `links`. A proxy may contact anything.
 */
export function contactOf(stack: Stack, view: ServiceView, other: Service): Contact {
  const { service } = view;
  const found = inCompose(view, other) ?? inMounts(stack, view, other) ?? inSource(stack, view, other);
  if (found) return { is: 'yes', evidence: found };
  const unread =
    service.hiddenEnvironment ||
    service.networkMode !== undefined ||
    (view.image === undefined && view.store === undefined) ||
    [...service.environment.values()].some(
      ({ name, value }) => (!value || value.unknown) && ADDRESS.test(name) && !OF_A_STORE.test(name),
    );
  return { is: unread ? 'unknown' : 'no' };
}

function inCompose(view: ServiceView, other: Service): Evidence | undefined {
  const { service } = view;
  const names = namesOf(other);
  const naming = namingOf(other);
  if (isProxy(view)) return { at: service.at, says: `${service.name} is a proxy` };
  for (const { name, value, at } of service.environment.values())
    if (value && hostsOf(value.text).some((host) => names.has(host)))
      return { at, says: `${name} points at ${other.name}` };
  for (const key of ['links', 'network_mode', 'volumes_from', 'labels'])
    for (const { file, node } of service.parts.get(key) ?? [])
      if (naming.test(file.text.slice(node.at.start, node.at.end)))
        return { at: node.at, says: `${key} names ${other.name}` };
  for (const { argv, at } of view.startup.commands)
    if (
      argv
        .slice(1)
        .some((word) => hostsOf(word).some((host) => names.has(host)) || (/[:/@]/.test(word) && naming.test(word)))
    )
      return { at, says: `the command line names ${other.name}` };
  return undefined;
}

/** The hosts of a value, also of a list such as `kafka-1:9092,kafka-2:9092`. */
const hostsOf = (value: string): readonly string[] => [
  ...hostsIn(value),
  ...value.split(/[\s,;=]+/).flatMap((word) => hostsIn(word)),
];

function inMounts(stack: Stack, view: ServiceView, other: Service): Evidence | undefined {
  const naming = namingOf(other);
  for (const { kind, source } of view.service.mounts) {
    const text = kind === 'bind' && source !== undefined ? stack.repo.read(source) : undefined;
    const match = text === undefined ? null : naming.exec(text);
    if (match && source !== undefined)
      return { at: spanOf(source, match), says: `a file that is mounted names ${other.name}` };
  }
  return undefined;
}

/** In the modules that the process imports any string that is the name counts; elsewhere in the build context only hosts of URLs do. */
function inSource(stack: Stack, view: ServiceView, other: Service): Evidence | undefined {
  const names = namesOf(other);
  const says = `the source names ${other.name}`;
  const modules = view.entry ? view.python.reachable(view.entry.path, true) : [];
  for (const { text, at } of modules.flatMap(stringsOf))
    if (names.has(text) || (text.includes('://') && hostsIn(text).some((host) => names.has(host)))) return { at, says };
  const context = view.image?.build.context;
  if (context === undefined) return undefined;
  const url = new RegExp(`(?://|@|["'\`](?=[\\w.-]+:\\d))(?:${alternatives(other)})(?=[:/"'\`\\s]|$)`, 'm');
  const isNode = isNodeProgram(view.startup.main?.program.name ?? '');
  for (const path of stack.repo.paths) {
    const inside = within(context, path);
    if (inside === undefined || OTHERS_FILE.test(inside) || !PROGRAM_FILE.test(path)) continue;
    // Beside a Python program a frontend's sources are not its own.
    if ((!isNode && NODE_FILE.test(path)) || isComposePath(stack.repo, path)) continue;
    const text = stack.repo.read(path) ?? '';
    const match = [...names].some((name) => text.includes(name)) ? url.exec(text) : null;
    if (match) return { at: spanOf(path, match), says };
  }
  return undefined;
}

const spanOf = (path: string, match: RegExpExecArray): Span => ({
  path,
  start: match.index,
  end: match.index + match[0].length,
});

const alternatives = (other: Service): string => [...namesOf(other)].map(escapeRegExp).join('|');
const namingOf = (other: Service): RegExp => new RegExp(`(?:^|[^\\w.-])(?:${alternatives(other)})(?=$|[^\\w-])`);
