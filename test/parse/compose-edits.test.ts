import { describe, expect, test } from 'vitest';
import type { Edit } from '../../src/finding.ts';
import {
  type ComposeFile,
  deleteEntry,
  deleteItems,
  indentStep,
  insertEntries,
  insertItems,
  quoteScalar,
  readCompose,
  replaceValue,
  textOf,
  valueAt,
} from '../../src/parse/compose.ts';

type Act = (file: ComposeFile) => readonly Edit[] | undefined;

const result = (text: string, act: Act): string | undefined =>
  act(readCompose('compose.yaml', text))
    ?.toReversed()
    .reduce((done, edit) => done.slice(0, edit.start) + edit.text + done.slice(edit.end), text);

const path = (keys: string): readonly string[] => (keys === '' ? [] : keys.split('.'));
const del =
  (keys: string): Act =>
  (file) =>
    deleteEntry(file, path(keys));
const items =
  (keys: string, ...indexes: number[]): Act =>
  (file) =>
    deleteItems(file, path(keys), indexes);
const insert =
  (keys: string, ...lines: string[]): Act =>
  (file) =>
    insertEntries(file, path(keys), lines);
const after =
  (keys: string, key: string, ...lines: string[]): Act =>
  (file) =>
    insertEntries(file, path(keys), lines, key);
const append =
  (keys: string, ...sources: string[]): Act =>
  (file) =>
    insertItems(file, path(keys), sources);
const set =
  (keys: string, source: string | readonly string[]): Act =>
  (file) =>
    replaceValue(file, path(keys), source);

type Case = readonly [string, string, Act, string | undefined];

const run = (cases: readonly Case[]): void => {
  test.each(cases)('%s', (_, text, act, expected) => expect(result(text, act)).toBe(expected));
};

describe('delete an entry', () => {
  run([
    ['with its own lines', 'a: 1\nb:\n  c: 2 # x\nd: 3\n', del('b'), 'a: 1\nd: 3\n'],
    ['its comment goes, the next one’s stays', '# file\n\n# a\na: 1\n# b\nb: 2\n', del('a'), '# file\n\n# b\nb: 2\n'],
    ['a comment apart stays', 'x: 1\n# a\n\nb: 1\nc: 1\n', del('b'), 'x: 1\n# a\n\nc: 1\n'],
    [
      'a comment in another column stays',
      'x:\n  y: 1\n  # in x\nb: 1\nc: 1\n',
      del('b'),
      'x:\n  y: 1\n  # in x\nc: 1\n',
    ],
    ['comments inside go', 's:\n  a:\n    i: 1\n    # p: 2\n  b:\n    i: 1\n', del('s.a'), 's:\n  b:\n    i: 1\n'],
    ['the file’s header stays', '# file\nversion: "3"\n\nservices:\n', del('version'), '# file\n\nservices:\n'],
    ['no blank line is left at the top', 'version: "3"\n\nservices:\n', del('version'), 'services:\n'],
    ['a banner over a group stays', 'x: 1\n# --- db ---\na: 1\nb: 2\n', del('a'), 'x: 1\n# --- db ---\nb: 2\n'],
    ['a banner over one goes', 'x: 1\n\n# --- db ---\na: 1\n\nb: 2\n', del('a'), 'x: 1\n\nb: 2\n'],
    ['no double blank line', 'a: 1\n\nb: 2\n\nc: 3\n', del('b'), 'a: 1\n\nc: 3\n'],
    ['no trailing blank line', 'a: 1\n\nb: 2\n', del('b'), 'a: 1\n'],
    ['without final newline', 'a: 1\r\n\r\nb: 2', del('b'), 'a: 1'],
    ['CRLF and a byte order mark', '\uFEFFa: 1\r\nb: 2\r\n', del('a'), '\uFEFFb: 2\r\n'],
    [
      'emptied parents go',
      'services:\n  w: {image: x}\nvolumes:\n  d: {}\n',
      del('volumes.d'),
      'services:\n  w: {image: x}\n',
    ],
    ['but never the last service', 'services:\n  w:\n    image: x\nv: 1\n', del('services.w.image'), undefined],
    ['nor the last section', 'services: {}\n', del('services'), undefined],
    ['flow, first', 'a: {b: 1, c: 2}\n', del('a.b'), 'a: {c: 2}\n'],
    ['flow, last', 'a: { b: 1, c: 2 }\n', del('a.c'), 'a: { b: 1 }\n'],
    ['flow over lines', 'a: {\n  b: 1, # b\n  c: 2 # c\n}\n', del('a.c'), 'a: {\n  b: 1 # b\n}\n'],
    ['on a dash line', 'a:\n  - t: 1\n    s: 2\n', del('a.0.t'), 'a:\n  - s: 2\n'],
    [
      'on a dash line, a comment below',
      'a:\n  - t: 1\n    # s\n    s: 2\n',
      del('a.0.t'),
      'a:\n  -\n    # s\n    s: 2\n',
    ],
    ['before a kept block scalar’s blank lines', 'a: |+\n  x\n\nb: 1\n', del('b'), 'a: |+\n  x\n\n'],
    ['an alias', 'a: &n 1\nb: *n\n', del('b'), 'a: &n 1\n'],
    ['not an anchor in use', 'a: &n 1\nb: *n\n', del('a'), undefined],
    ['not inside an anchor in use', 'a: &n {x: 1, y: 2}\nb: *n\n', del('a.x'), undefined],
    ['not through an alias', 'a: &n {x: 1, y: 2}\nb: *n\n', del('b.x'), undefined],
    ['not a merged entry', 'a: &n {x: 1}\nb:\n  <<: *n\n  y: 2\n', del('b.x'), undefined],
    ['not one that hides a merged entry', 'a: &n {x: 1}\nb:\n  <<: *n\n  x: 2\n', del('b.x'), undefined],
    ['not a duplicate', 'a: 1\na: 2\nb: 3\n', del('a'), undefined],
    ['not what is missing', 'a: 1\n', del('b'), undefined],
    ['not in a broken file', 'a: 1\nb: [\n', del('a'), undefined],
  ]);
});

describe('delete items', () => {
  run([
    ['two apart', 'a:\n- 1\n- 2\n- 3\n', items('a', 0, 2), 'a:\n- 2\n'],
    ['with comments', 'a:\n  - 1\n  # two\n  - 2 # x\n  - 3\n', items('a', 1), 'a:\n  - 1\n  - 3\n'],
    ['all', 'z: 1\na:\n  - 1\n  - 2\n', items('a', 0, 1), 'z: 1\n'],
    ['mappings', 'a:\n  - b: 1\n    c: 2\n  - b: 3\n', items('a', 0), 'a:\n  - b: 3\n'],
    ['nested dashes', 'a:\n  - - 1\n    - 2\n', items('a.0', 0), 'a:\n  - - 2\n'],
    ['flow, several', 'a: [1, 2, 3, 4]\n', items('a', 0, 2, 3), 'a: [2]\n'],
    ['flow with a trailing comma', 'a: [1, 2,]\n', items('a', 1), 'a: [1,]\n'],
    ['flow with commas in quotes', 'a: ["1,", "2,"]\n', items('a', 1), 'a: ["1,"]\n'],
    ['flow over lines', 'a: [\n  1,\n  2, # two\n  3,\n]\n', items('a', 1), 'a: [\n  1,\n  3,\n]\n'],
    ['not one that is missing', 'a: [1]\n', items('a', 3), undefined],
  ]);
});

describe('insert', () => {
  run([
    ['as the last entry', 's:\n  a: 1\n\n# next\nt: 1\n', insert('s', 'b: 2'), 's:\n  a: 1\n  b: 2\n\n# next\nt: 1\n'],
    ['after an entry', 's:\n  a: 1\n  c: 3\n', after('s', 'a', 'b: 2'), 's:\n  a: 1\n  b: 2\n  c: 3\n'],
    [
      'below comments about the inside',
      's:\n  a:\n    - 1\n    # - 2\n',
      insert('s', 'b: 2'),
      's:\n  a:\n    - 1\n    # - 2\n  b: 2\n',
    ],
    [
      'in four columns',
      's:\n    a:\n        b: 1\n',
      insert('s', 'c:', '  d:', '    e: 1'),
      's:\n    a:\n        b: 1\n    c:\n        d:\n            e: 1\n',
    ],
    [
      'lists like the file’s',
      's:\n  a:\n  - 1\n',
      insert('s', 'b:', '  - t: 1', '    u: 2'),
      's:\n  a:\n  - 1\n  b:\n  - t: 1\n    u: 2\n',
    ],
    [
      'block scalars keep their text',
      's:\n    a: 1\n    b:\n        c: 1\n',
      insert('s', 'd: |', '  x', '    y'),
      's:\n    a: 1\n    b:\n        c: 1\n    d: |\n        x\n          y\n',
    ],
    ['where nothing stands', 'a:\n  b: 1\nv:\n', insert('v', 'd:'), 'a:\n  b: 1\nv:\n  d:\n'],
    ['where null stands', 'v: null # c\n', insert('v', 'd:'), 'v: # c\n  d:\n'],
    ['where {} stands', 'v: {}', insert('v', 'd:'), 'v:\n  d:'],
    ['in flow', 'a: { b: 1 }\n', insert('a', 'c: 2'), 'a: { b: 1, c: 2 }\n'],
    ['in flow over lines', 'a: {\n  b: 1 # b\n}\n', insert('a', 'c: 2'), 'a: {\n  b: 1, # b\n  c: 2\n}\n'],
    [
      'several lines in flow',
      'a: { b: 1 }\n',
      insert('a', 'c:', '  d: 1', '  e: [x]'),
      'a: { b: 1, c: { d: 1, e: [x] } }\n',
    ],
    ['several lines in tight flow', 'a: {b: 1}\n', insert('a', 'c:', '  d: "1, 2"'), 'a: {b: 1, c: {d: "1, 2"}}\n'],
    ['not what only block style can write', 'a: { b: 1 }\n', insert('a', 'c: |', '  d'), undefined],
    ['not a comment in flow', 'a: { b: 1 }\n', insert('a', 'c: # d', '  d: 1'), undefined],
    ['on a dash line', 'a:\n  - t: 1\n', insert('a.0', 'u: 2'), 'a:\n  - t: 1\n    u: 2\n'],
    [
      'a section, apart like the others',
      'a: 1\n\nb:\n  c: 1\n',
      insert('', 'v:', '  d:'),
      'a: 1\n\nb:\n  c: 1\n\nv:\n  d:\n',
    ],
    [
      'a section, close like the others',
      'a: 1\nb:\n  c: 1\n',
      insert('', 'v:', '  d:'),
      'a: 1\nb:\n  c: 1\nv:\n  d:\n',
    ],
    ['without final newline, CRLF', 'a:\r\n  b: 1', insert('a', 'c: 2'), 'a:\r\n  b: 1\r\n  c: 2'],
    ['a first section', '# c\n', insert('', 'a: 1'), '# c\na: 1\n'],
    ['not a key that exists', 'a:\n  b: 1\n', insert('a', 'b: 2'), undefined],
    ['not over a merged key', 'x: &n {b: 1}\na:\n  <<: *n\n', insert('a', 'b: 2'), undefined],
    ['not into an anchor in use', 'x: &n {b: 1}\na: *n\n', insert('x', 'c: 2'), undefined],
    ['not tabs', 'a:\n  b: 1\n', insert('a', 'c:', '\td: 1'), undefined],
    ['items', 'a:\n- 1\n# end\nb: 1\n', append('a', '2', '3'), 'a:\n- 1\n- 2\n- 3\n# end\nb: 1\n'],
    ['items in flow', 'a: [1]\n', append('a', '"2, 3"'), 'a: [1, "2, 3"]\n'],
    ['items where [] stands', 'a: []\n', append('a', '1'), 'a:\n  - 1\n'],
  ]);
});

describe('replace a value', () => {
  run([
    ['scalar by scalar', 'a: "x" # c\n', set('a', 'y'), 'a: y # c\n'],
    ['nothing by scalar', 'a: # c\nb:\n', set('a', 'y'), 'a: y # c\nb:\n'],
    ['scalar by block', 'a: x # c\nb: 1\n', set('a', ['- y', '- z']), 'a: # c\n  - y\n  - z\nb: 1\n'],
    ['block by scalar', 'a: # c\n  - y\n  # z\nb: 1\n', set('a', '[]'), 'a: [] # c\nb: 1\n'],
    [
      'block by block',
      's:\n  a:\n    - x\n  b: 1\n',
      set('s.a', ['c: 1', 'd: 2']),
      's:\n  a:\n    c: 1\n    d: 2\n  b: 1\n',
    ],
    ['block by scalar at the end', 'b: 1\na:\n  - y', set('a', 'x'), 'b: 1\na: x'],
    ['a block scalar', 'a: |\n  x\n\n  y\nb: 1\n', set('a', 'z'), 'a: z\nb: 1\n'],
    ['a tag stays', 'a: !override\n  - x\n', set('a', '[y]'), 'a: !override [y]\n'],
    ['an alias', 'x: &n 1\na: *n\n', set('a', '2'), 'x: &n 1\na: 2\n'],
    ['in flow', 'a: {b: 1, c: 2}\n', set('a.b', '"1,2"'), 'a: {b: "1,2", c: 2}\n'],
    ['by lines in flow', 'a: {b: [c], d: 1}\n', set('a.b', ['c:', '  e: 1']), 'a: {b: {c: {e: 1}}, d: 1}\n'],
    ['not what flow would split', 'a: {b: 1, c: 2}\n', set('a.b', 'x, y: 2'), undefined],
    ['not by broken YAML', 'a: 1\n', set('a', '"x'), undefined],
    ['not by more than a value', 'a: 1\n', set('a', 'x\nb: 2'), undefined],
    ['not an anchor in use', 'a: &n 1\nb: *n\n', set('a', '2'), undefined],
  ]);
});

test.each([
  ['a:\n  b:\n    c: 1\n', 2],
  ['a:\n    b:\n        c: 1\n', 4],
  ['a: 1\n', 2],
  ['a:\n   - 1\n', 3],
  ['a:\n- 1\n', 2],
])('%j indents by %i', (text, step) => expect(indentStep(readCompose('c', text))).toBe(step));

describe('quoteScalar', () => {
  test.each(['web', 'python:3.11-slim', './src', '$TAG', 'a b', '/x/y.z', 'no way'])('%s is plain', (text) =>
    expect(quoteScalar(text)).toBe(text),
  );
  test.each([
    ['yes', '"yes"'],
    ['NULL', '"NULL"'],
    ['', '""'],
    ['0755', '"0755"'],
    ['1.5', '"1.5"'],
    ['80:80', '"80:80"'],
    ['2020-01-01', '"2020-01-01"'],
    ['a: b', '"a: b"'],
    ['a #b', '"a #b"'],
    ['- a', '"- a"'],
    ['*x', '"*x"'],
    ['a, b', '"a, b"'],
    ['{x}', '"{x}"'],
    [' a', '" a"'],
    ['a:', '"a:"'],
    ['${TAG:-x}', '"${TAG:-x}"'],
    ['x\ny', '"x\\ny"'],
    ['say "hi"', `'say "hi"'`],
    ['it\'s "x"', `'it''s "x"'`],
    ['\u0085', '"\\u0085"'],
  ])('%j becomes %s', (text, quoted) => expect(quoteScalar(text)).toBe(quoted));
  test('reads back as the same text, in block and in flow', () => {
    const texts = Array.from({ length: 0x250 }, (_, code) => String.fromCharCode(code)).flatMap((char) => [
      char,
      `a${char}`,
      `${char}a`,
      `a ${char} b`,
      `1${char}2`,
    ]);
    for (const text of [
      ...texts,
      '--- a',
      '...',
      '\u2028',
      '\ufeff',
      '0x1F',
      '1e3',
      '.5',
      '-',
      '?',
      '<<',
      '=',
      '0o7',
      '~',
      '.inf',
    ]) {
      const file = readCompose('c', `a: ${quoteScalar(text)}\nb: [${quoteScalar(text)}, {c: ${quoteScalar(text)}}]\n`);
      expect(
        [['a'], ['b', '0'], ['b', '1', 'c']].map((keys) => textOf(valueAt(file.root, ...keys))),
        JSON.stringify(text),
      ).toEqual([text, text, text]);
    }
  });
});
