import type { Service } from '../model/service.ts';
import type { Stack } from '../model/stack.ts';
import { textOf } from '../parse/compose.ts';

/**
 * The service that a prefix of a log means: its own name, its `container_name`, or the name that Compose makes of project, service and number
 * (`shop-web-1`, of v1 `shop_web_1`): https://docs.docker.com/compose/how-tos/project-name/
 */
export function serviceOf(stack: Stack, source: string | undefined): Service | undefined {
  if (source === undefined) return undefined;
  const bare = source.replace(/[-_]\d+$/, '');
  const named = (wanted: (service: Service) => boolean): Service | undefined => stack.services.find(wanted);
  return (
    named((service) => containerName(service) === source) ??
    named(({ name }) => name === source) ??
    named(({ name }) => name === bare) ??
    [...stack.services]
      .sort((a, b) => b.name.length - a.name.length)
      .find(({ name }) => bare.endsWith(`-${name}`) || bare.endsWith(`_${name}`))
  );
}

function containerName(service: Service): string | undefined {
  const node = service.parts.get('container_name')?.at(-1)?.node;
  return node && textOf(node);
}
