import type { Edit } from '../../src/finding.ts';
import { eolOf, lineContentEnd, lineStart } from '../../src/lines.ts';
import { type ComposeFile, entryOf, indentStep, replaceValue, textOf, valueAt } from '../../src/parse/compose.ts';
import type { Wanted } from './plan.ts';
import { entryLines } from './rewrite-part.ts';

/** Turns a list of names into a mapping, item by item, so that comments stay with their item. */
export function listToMap(
  file: ComposeFile,
  path: readonly string[],
  wanted: ReadonlyMap<string, Wanted>,
): readonly Edit[] | undefined {
  const entry = entryOf(valueAt(file.root, ...path.slice(0, -1)), path.at(-1) ?? '');
  const list = entry?.value;
  if (!entry || list?.kind !== 'seq') return undefined;
  const linesOf = (name: string): readonly string[] =>
    entryLines(wanted.get(name) ?? { name, edge: undefined, condition: undefined, optional: false });
  if (list.flow)
    return replaceValue(
      file,
      path,
      list.items.flatMap(({ value }) => linesOf(textOf(value) ?? '')),
    );
  const step = ' '.repeat(indentStep(file));
  const eol = eolOf(file.text);
  const keyColumn = entry.key.at.start - lineStart(file.text, entry.key.at.start);
  return list.items.map(({ at, value }): Edit => {
    const start = lineStart(file.text, at.start);
    const before = file.text.slice(start, at.start);
    // `-` may stand at the column of its key; a key below it may not.
    const indent = before.length > keyColumn ? before : before + step;
    const end = lineContentEnd(file.text, at.end);
    const [head = '', ...rest] = linesOf(textOf(value) ?? '');
    const lines = [head + file.text.slice(at.end, end), ...rest.map((line) => line.replace(/^ {2}/, step))];
    return { path: file.path, start, end, text: lines.map((line) => indent + line).join(eol) };
  });
}
