import { validate } from '../generated/compose-schema.js';
import type { Fault } from '../model/faults.ts';
import type { Stack } from '../model/stack.ts';
import type { ComposeNode } from '../parse/compose.ts';

/** Where a Compose file does not satisfy the Compose Specification's schema (which says nothing about names that nothing declares). */
export function schemaFaults(stack: Stack, path: string): readonly Fault[] {
  const root = stack.sources.compose(path)?.root;
  if (!root || validate(plainValue(root))) return [];
  return (validate.errors ?? []).map(({ instancePath, message }) => ({
    path,
    message: `${instancePath.slice(1).replaceAll('/', '.') || 'the file'} ${message ?? 'is not valid'}`,
  }));
}

function plainValue(node: ComposeNode): unknown {
  if (node.kind === 'seq') return node.items.map((item) => plainValue(item.value));
  if (node.kind === 'map')
    return Object.fromEntries(node.entries.map(({ key, value }) => [String(key.value), plainValue(value)]));
  return node.value;
}
