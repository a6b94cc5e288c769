import type { ComposeEntry, ComposeMap, ComposeNode, ComposeScalar } from '../compose.ts';
import { keyName } from './query.ts';
import { Unreadable } from './yaml-budget.ts';

/** The entries that count: own ones, the last of each key, then what merge keys bring in. Adds to `duplicates` every key that repeats. */
export const effectiveEntries = (
  own: readonly ComposeEntry[],
  duplicates: ComposeScalar[],
): readonly ComposeEntry[] => {
  const byKey = new Map<string, ComposeEntry>();
  const merges: ComposeEntry[] = [];
  for (const entry of own) {
    const name = keyName(entry.key);
    if (isMergeKey(entry.key)) merges.push(entry);
    if (byKey.has(name)) duplicates.push(entry.key);
    byKey.delete(name);
    byKey.set(name, entry);
  }
  if (merges.length > 0) byKey.delete('<<');
  for (const merge of merges) {
    for (const source of mergeSources(merge.value)) {
      for (const entry of source.entries) {
        const name = keyName(entry.key);
        if (!byKey.has(name)) byKey.set(name, { ...entry, merged: true });
      }
    }
  }
  return [...byKey.values()];
};

const isMergeKey = (key: ComposeScalar): boolean => key.style === 'plain' && key.value === '<<';

const mergeSources = (node: ComposeNode): readonly ComposeMap[] => {
  if (node.kind === 'map') return [node];
  const maps = node.kind === 'seq' ? node.items.map((item) => item.value) : [];
  const sources = maps.filter((item): item is ComposeMap => item.kind === 'map');
  if (node.kind === 'scalar' || sources.length < maps.length) {
    const at = node.aliasAt ?? node.at;
    throw new Unreadable(
      '`<<` merges something that is not a mapping.',
      'Merge an alias of a mapping, or a list of them.',
      at.start,
      at.end,
    );
  }
  return sources;
};
