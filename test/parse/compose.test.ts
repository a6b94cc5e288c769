import { describe, expect, test } from 'vitest';
import { type ComposeFile, entryOf, keysOf, readCompose, textOf, valueAt } from '../../src/parse/compose.ts';

const read = (text: string): ComposeFile => readCompose('compose.yaml', text);
const slice = (text: string, at: { start: number; end: number } | undefined): string | undefined =>
  at && text.slice(at.start, at.end);

describe('values', () => {
  const cases: readonly (readonly [string, string, string | undefined])[] = [
    ['a plain scalar', 'a: x # c\n', 'x'],
    ['a quoted key', '"a": x\n', 'x'],
    ['CRLF', 'b: 1\r\na: x\r\n', 'x'],
    ['a byte order mark', '\uFEFFa: x\n', 'x'],
    ['unicode', 'a: ünï ☃ 🐳\n', 'ünï ☃ 🐳'],
    ['a boolean', 'a: True\n', 'true'],
    ['`yes` is text', 'a: yes\n', 'yes'],
    ['a number beyond the safe ones', 'a: 12345678901234567890\n', '12345678901234567890'],
    ['null', 'a:\n', undefined],
    ['an anchor without a value', 'a: &x\nb: *x\n', undefined],
    ['a block scalar', 'a: |\n  x\n\n  y\n\nb: 1\n', 'x\n\ny\n'],
    ['`!reset` keeps the meaning of its value', 'a: !reset null\n', undefined],
    ['`!!str`', 'a: !!str 5\n', '5'],
    ['an alias', 'b: &x y\na: *x\n', 'y'],
    ['the last duplicate', 'a: 1\na: 2\n', '2'],
    ['a document start and an empty second document', '---\na: x\n---\n', 'x'],
    ['Go templates in quotes', 'a: "{{.Node.Hostname}}"\n', '{{.Node.Hostname}}'],
    ['an explicit key', '? a\n: x\n', 'x'],
    ['a redefined anchor', 'b: &x 1\nc: &x 2\na: *x\n', '2'],
  ];
  test.each(cases)('%s', (_, text, expected) => {
    const file = read(text);
    expect(file.problems).toEqual([]);
    expect(textOf(valueAt(file.root, 'a'))).toBe(expected);
  });

  test('paths lead through mappings and, by index, through sequences', () => {
    const { root } = read('services:\n  web:\n    volumes:\n      - type: bind\n        source: .\n');
    expect(textOf(valueAt(root, 'services', 'web', 'volumes', '0', 'source'))).toBe('.');
    expect(valueAt(root, 'services', 'db', 'volumes')).toBeUndefined();
    expect(keysOf(valueAt(root, 'services', 'web', 'volumes', '0'))).toEqual(['type', 'source']);
  });

  test('keys that are not text go by their source', () => {
    expect(keysOf(read('true: 1\n080: 2\n~: 3\n').root)).toEqual(['true', '080', '~']);
  });
});

describe('merges', () => {
  test('own keys first, then the merged ones that no own key hides', () => {
    const { root, aliases } = read('x: &a {k: 1, l: 2}\ny: &b {l: 3, m: 4}\nz:\n  <<: [*a, *b]\n  k: 5\n');
    const z = valueAt(root, 'z');
    expect(keysOf(z)).toEqual(['k', 'l', 'm']);
    expect(['k', 'l', 'm'].map((key) => textOf(valueAt(z, key)))).toEqual(['5', '2', '4']);
    expect(['k', 'l', 'm'].map((key) => entryOf(z, key)?.merged)).toEqual([false, true, true]);
    expect(z?.kind === 'map' && z.own.length).toBe(2);
    expect(aliases).toHaveLength(2);
  });
});

describe('spans', () => {
  const text = 'a: 1 # one\nb:\n  - x: 1\n    y: 2\n  # c\n  -\nc: |\n  t\n\n# d\nd: &n {k: v}\ne: *n\n';
  const file = read(text);
  const cases: readonly (readonly [string, string, string])[] = [
    ['a', 'a: 1', 'a: 1 # one\n'],
    ['b', 'b:\n  - x: 1\n    y: 2\n  # c\n  -', 'b:\n  - x: 1\n    y: 2\n  # c\n  -\n'],
    ['c', 'c: |\n  t', 'c: |\n  t\n'],
    ['d', 'd: &n {k: v}', 'd: &n {k: v}\n'],
    ['e', 'e: *n', 'e: *n\n'],
  ];
  test.each(cases)('entry %s', (key, at, lines) => {
    const entry = entryOf(file.root, key);
    expect(slice(text, entry?.at)).toBe(at);
    expect(slice(text, entry?.lines)).toBe(lines);
  });

  test('no lines on a dash line and in flow style', () => {
    const item = valueAt(file.root, 'b', '0');
    expect(entryOf(item, 'x')?.lines).toBeUndefined();
    expect(slice(text, entryOf(item, 'y')?.lines)).toBe('    y: 2\n');
    expect(entryOf(valueAt(file.root, 'd'), 'k')?.lines).toBeUndefined();
  });

  test('an alias shows its target and where it stands itself', () => {
    const value = valueAt(file.root, 'e');
    expect(slice(text, value?.at)).toBe('{k: v}');
    expect(slice(text, value?.aliasAt)).toBe('*n');
  });
});

describe('what cannot be read is a problem, never an exception', () => {
  const bomb = [
    'a0: &a0 [x, x, x]',
    ...Array.from({ length: 30 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}, *a${i}]`),
  ].join('\n');
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ['a sequence at the top', '- a\n', /not a mapping/],
    ['an open bracket', 'a: [\n', /Flow sequence/],
    ['a tab as indentation', 'a:\n\t- b\n', /Tabs/],
    ['Jinja statements', '{% if x %}\na: 1\n{% endif %}\n', /template/],
    ['Jinja values', 'a: {{ x }}\n', /template/],
    ['two documents', 'a: 1\n---\nb: 2\n', /several YAML documents/],
    ['an alias bomb', bomb, /100000 values/],
    ['a cyclic alias', 'a: &a [*a]\n', /inside its own anchor/],
    ['an unknown alias', 'a: *b\n', /no anchor/],
    ['a merge of a scalar', 'a:\n  <<: 1\n', /merges something/],
    ['a key that is a collection', '? [a]\n: b\n', /key is a collection/],
    ['deep flow', '['.repeat(100_000), /nests deeper/],
    ['deep dashes', '- '.repeat(100_000), /nests deeper/],
    [
      'deep aliases',
      ['a0: &a0 [x]', ...Array.from({ length: 300 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}]`)].join('\n'),
      /nest deeper/,
    ],
    ['a line of 10 MB', `a: ${'x'.repeat(3_000_000)}\n`, /longer than 1 MB/],
    ['a file of 5 MB', 'a: xxxxx\n'.repeat(600_000), /larger than 4 MB/],
    ['very many parts', '- a\n'.repeat(300_000), /too many parts/],
  ];
  test.each(cases)('%s', (_, text, message) => {
    const file = read(text);
    expect(file.root).toBeUndefined();
    expect(file.problems[0]?.message).toMatch(message);
    expect(file.problems[0]?.hint).not.toBe('');
  });

  test.each(['', '\n\n', '# only a comment\n', '---\n', '\uFEFF'])('%j is empty, not broken', (text) => {
    expect(read(text)).toMatchObject({ problems: [], duplicates: [] });
    expect(read(text).root).toBeUndefined();
  });

  test('duplicate keys are named', () => {
    const text = 'a: 1\nb: {c: 1, c: 2}\na: 3\n';
    expect(read(text).duplicates.map((key) => key.at.start)).toEqual([text.indexOf('c: 2'), text.indexOf('a: 3')]);
  });
});
