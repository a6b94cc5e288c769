import type { Change } from '../../src/finding.ts';
import { type ComposeFile, type ComposeNode, readCompose } from '../../src/parse/compose.ts';
import type { WrongShape } from './shapes.ts';

/** What stops the YAML reader of Compose and means something plain: anchors for aliases, tabs for indentation. */
export const unreadable = (file: ComposeFile): readonly WrongShape[] => [...mergedAnchors(file), ...tabs(file)];

/** `<<: &common` defines an anchor again instead of using it. */
function mergedAnchors({ path, text }: ComposeFile): readonly WrongShape[] {
  const found = [...text.matchAll(/^([ \t]*(?:- )?<<:[ \t]*)&([\w.-]+)(?=[ \t]*(?:#.*)?\r?$)/gm)];
  return found.flatMap((match): WrongShape[] => {
    const [, before = '', name = ''] = match;
    const start = match.index + before.length;
    const defined = new RegExp(`[:-][ \\t]+&${name.replace(/[.-]/g, '\\$&')}[ \\t]*(?:#.*)?\\r?\\n`).test(
      text.slice(0, match.index),
    );
    return [
      {
        at: { path, start, end: start + name.length + 1 },
        words: 'map merge requires map or sequence of maps as the value',
        means: `&${name} names a new value; *${name} would be the one from above`,
        changes: defined ? [{ path, start, end: start + 1, text: '*' }] : undefined,
        title: `Merge *${name}`,
      },
    ];
  });
}

/** Tabs in the indentation, when every width that YAML can read gives the same file. */
function tabs(file: ComposeFile): readonly WrongShape[] {
  const { path, text } = file;
  const lines = [...text.matchAll(/^ *\t[ \t]*(?=[^\s#])/gm)];
  const [first] = lines;
  if (!first || file.problems.length === 0) return [];
  const readings = [2, 4, 8].flatMap((width) => {
    const changes = lines.map(
      (match): Change => ({
        path,
        start: match.index,
        end: match.index + match[0].length,
        text: match[0].replaceAll('\t', ' '.repeat(width)),
      }),
    );
    const repaired = text.replace(/^ *\t[ \t]*(?=[^\s#])/gm, (indent) => indent.replaceAll('\t', ' '.repeat(width)));
    const read = readCompose(path, repaired);
    return read.problems.length === 0 && read.root ? [{ changes, values: JSON.stringify(plainValue(read.root)) }] : [];
  });
  const [reading] = readings;
  const sure = reading && readings.every(({ values }) => values === reading.values);
  return [
    {
      at: { path, start: first.index, end: first.index + first[0].length },
      words: 'found character that cannot start any token',
      means: 'a tab indents this line; YAML takes spaces alone',
      changes: sure ? reading.changes : undefined,
      title: 'Indent with spaces',
    },
  ];
}

function plainValue(node: ComposeNode): unknown {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'seq') return node.items.map(({ value }) => plainValue(value));
  return node.own.map(({ key, value }) => [key.value, plainValue(value)]);
}
