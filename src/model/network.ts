import { keysOf, textOf } from '../parse/compose.ts';
import type { Service } from './service.ts';

/** The networks of a service; the project's default one when it names none. */
const networksOf = (service: Service): ReadonlySet<string> => {
  const named = (service.parts.get('networks') ?? []).flatMap(({ node }) =>
    node.kind === 'seq' ? node.items.flatMap(({ value }) => textOf(value) ?? []) : keysOf(node),
  );
  return new Set(named.length > 0 ? named : ['default']);
};

/** Whether one service reaches another by its name: both on one network of the project. */
export const sharesNetwork = (service: Service, other: Service): boolean =>
  service.networkMode === undefined &&
  other.networkMode === undefined &&
  [...networksOf(service)].some((network) => networksOf(other).has(network));
