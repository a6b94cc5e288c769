import type { Evidence } from '../finding.ts';
import { stringsOf } from './python-app.ts';
import type { Service } from './service.ts';
import type { ServiceView, Stack } from './stack.ts';
import { hostsIn, namesOf } from './store.ts';

/** Images whose job is to pass requests on. */
const PROXY = /(?:^|\/)(?:nginx|traefik|caddy|haproxy|envoy|httpd|apache|openresty|nginx-proxy|kong)(?:[:@-]|$)/;

/**
 * Where a service names or contacts another one: a host in its environment, command line or source, a file that is mounted
 * into it (nginx.conf), `links`. A proxy may contact anything. `undefined` when nothing of the kind is found.
 */
export function contactOf(stack: Stack, view: ServiceView, other: Service): Evidence | undefined {
  const { service } = view;
  const names = [...namesOf(other)];
  const naming = new RegExp(`(?:^|[^\\w.-])(?:${names.map(escapeRegExp).join('|')})(?=$|[^\\w-])`);
  if (PROXY.test(service.image?.text ?? view.image?.base ?? ''))
    return { at: service.at, says: `${service.name} is a proxy` };
  for (const variable of service.environment.values())
    if (variable.value && hostsIn(variable.value.text).some((host) => names.includes(host)))
      return { at: variable.at, says: `${variable.name} points at ${other.name}` };
  for (const key of ['links', 'network_mode', 'volumes_from'])
    for (const part of service.parts.get(key) ?? [])
      if (naming.test(part.file.text.slice(part.node.at.start, part.node.at.end)))
        return { at: part.node.at, says: `${key} names ${other.name}` };
  for (const { argv, at } of view.startup.commands)
    if (argv.slice(1).some((word) => naming.test(word))) return { at, says: `the command line names ${other.name}` };
  return inFiles(stack, view, naming, names, other);
}

function inFiles(
  stack: Stack,
  view: ServiceView,
  naming: RegExp,
  names: readonly string[],
  other: Service,
): Evidence | undefined {
  for (const mount of view.service.mounts) {
    const text =
      mount.kind === 'bind' && mount.source !== undefined && stack.repo.has(mount.source)
        ? stack.repo.read(mount.source)
        : undefined;
    const match = text === undefined ? null : naming.exec(text);
    if (match && mount.source !== undefined)
      return {
        at: { path: mount.source, start: match.index, end: match.index + match[0].length },
        says: `a file that is mounted names ${other.name}`,
      };
  }
  const modules = view.entry ? view.python.reachable(view.entry.path, true) : [];
  for (const { text, at } of modules.flatMap(stringsOf))
    if (names.includes(text) || (text.includes('://') && hostsIn(text).some((host) => names.includes(host))))
      return { at, says: `the source names ${other.name}` };
  return undefined;
}

const escapeRegExp = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
