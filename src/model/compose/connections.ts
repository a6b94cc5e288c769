import type { Evidence, Span } from '../../finding.ts';
import { escapeRegExp } from '../../pattern.ts';
import { within } from '../../repo/path.ts';
import { sharesNetwork } from '../network.ts';
import type { Service } from '../service.ts';
import type { Stack } from '../stack.ts';
import { namesOf } from '../store.ts';

/** Where a service is told to connect to another one. */
export interface Connection {
  readonly to: Service;
  readonly port: number;
  readonly evidence: Evidence;
}

/** Where a service's environment, command, mounted files or proxy configuration say `name:port` of its neighbours. */
export function connectionsOf(stack: Stack, from: Service): readonly Connection[] {
  const others = stack.neighbours(from).filter((other) => other !== from && sharesNetwork(from, other));
  if (others.length === 0) return [];
  const files = configFiles(stack, from);
  return others.flatMap((to) => {
    const names = [...namesOf(to)].map(escapeRegExp).join('|');
    const pattern = new RegExp(`(?<![\\w.-])(?:${names}):(\\d+)(?!\\d)`, 'g');
    const found = new Map<number, Evidence>();
    const look = (text: string, tell: (port: number, match: RegExpExecArray) => Evidence): void => {
      for (const match of text.matchAll(pattern)) {
        const port = Number(match[1]);
        if (!found.has(port)) found.set(port, tell(port, match));
      }
    };
    for (const { name, value, at } of from.environment.values())
      if (value) look(value.text, (port) => ({ at, says: `${name} of ${from.name} names ${to.name}:${port}` }));
    for (const { argv, at } of stack.view(from).startup.commands)
      for (const word of argv) look(word, (port) => ({ at, says: `${from.name} is told ${to.name}:${port}` }));
    for (const path of files)
      look(stack.repo.read(path) ?? '', (port, match) => ({
        at: spanOf(path, match),
        says: `${from.name} reads here that it connects to ${to.name}:${port}`,
      }));
    return [...found].map(([port, evidence]) => ({ to, port, evidence }));
  });
}

const spanOf = (path: string, match: RegExpExecArray): Span => ({
  path,
  start: match.index,
  end: match.index + match[0].length,
});

/** Files that a container has mounted, and settings of proxies that its image holds. */
function configFiles(stack: Stack, service: Service): readonly string[] {
  const { image } = stack.view(service);
  const context = image?.build.context;
  return [
    ...service.mounts.flatMap(({ kind, source }) => (kind === 'bind' && source !== undefined ? [source] : [])),
    ...stack.repo.paths.filter(
      (path) =>
        context !== undefined &&
        within(context, path) !== undefined &&
        /(?:\.conf|\.conf\.template|Caddyfile|haproxy\.cfg)$/.test(path) &&
        (image?.placesOf(path).length ?? 0) > 0,
    ),
  ];
}
