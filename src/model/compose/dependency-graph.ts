import { textOf } from '../../parse/compose.ts';
import type { Dependency, Service } from '../service.ts';
import type { Stack } from '../stack.ts';

/** The services that Compose starts before one: its `depends_on`, and what `links`, `volumes_from` and `network_mode` imply. */
export function predecessorsOf(service: Service): readonly string[] {
  const implied = ['links', 'volumes_from', 'network_mode', 'ipc', 'pid'].flatMap((key) =>
    (service.parts.get(key) ?? []).flatMap(({ node }) =>
      (node.kind === 'seq' ? node.items.map(({ value }) => value) : [node]).flatMap((value) => {
        const text = textOf(value) ?? '';
        if (key === 'links' || key === 'volumes_from')
          return text.startsWith('container:') ? [] : [text.split(':')[0] ?? ''];
        return text.startsWith('service:') ? [text.slice('service:'.length)] : [];
      }),
    ),
  );
  return [...service.dependsOn.map(({ name }) => name), ...implied];
}

/** Whether `to` already starts after `from`, so that an edge from `from` to `to` closes a cycle: Compose refuses the project. */
export function closesCycle(stack: Stack, from: Service, to: Service): boolean {
  const services = new Map(stack.neighbours(from).map((service) => [service.name, service]));
  const seen = new Set<string>();
  const queue = [to.name];
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (name === from.name) return true;
    const service = seen.has(name) ? undefined : services.get(name);
    seen.add(name);
    if (service) queue.push(...predecessorsOf(service));
  }
  return false;
}

/** Whether one of these edges leads, directly or through other services, to a wait until `target` is healthy. */
export function waitsThrough(stack: Stack, service: Service, edges: readonly Dependency[], target: Service): boolean {
  const services = new Map(stack.neighbours(service).map((other) => [other.name, other]));
  const seen = new Set<string>();
  const queue = [...edges];
  for (let edge = queue.pop(); edge !== undefined; edge = queue.pop()) {
    if (edge.name === target.name && edge.condition === 'service_healthy') return true;
    if (!edge.required || seen.has(edge.name)) continue;
    seen.add(edge.name);
    queue.push(...(services.get(edge.name)?.dependsOn ?? []));
  }
  return false;
}
