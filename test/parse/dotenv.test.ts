import { describe, expect, it } from 'vitest';
import { interpolate, readDotenv } from '../../src/parse/dotenv.ts';

const values = (text: string) => readDotenv('.env', text).entries.map(({ name, value }) => [name, value]);

describe('readDotenv', () => {
  it.each<[string, string, readonly (readonly [string, string | undefined])[]]>([
    [
      'plain values',
      'A=1\nB = 2 \nexport C=3\nD: 4\nE:5',
      [
        ['A', '1'],
        ['B', '2'],
        ['C', '3'],
        ['D', '4'],
        ['E', '5'],
      ],
    ],
    [
      'empty and bare',
      'A=\nB\nC=""\nD=',
      [
        ['A', ''],
        ['B', undefined],
        ['C', ''],
        ['D', ''],
      ],
    ],
    [
      'comments',
      '# a\n  # b\nA=1 # c\nB=a#b\nC=#d\nD="x # y" # z\n',
      [
        ['A', '1'],
        ['B', 'a#b'],
        ['C', '#d'],
        ['D', 'x # y'],
      ],
    ],
    ['a comment needs a space, a tab is not enough', 'A=x\t#y', [['A', 'x\t#y']]],
    ['double quotes', 'A="a\\nb\\t\\"c\\" \\\\ \\x \\0101"', [['A', 'a\nb\t"c" \\ \\x A']]],
    ['a dollar escaped for the interpolation', 'A="\\$X $Y"', [['A', '$$X $Y']]],
    ['single quotes', "A='a\\nb $X it\\'s'", [['A', "a\\nb $X it's"]]],
    [
      'several lines',
      'A="a\nb=1\n# c"\nD=2',
      [
        ['A', 'a\nb=1\n# c'],
        ['D', '2'],
      ],
    ],
    [
      'CRLF',
      'A=1\r\nB="x"\r\nC\r\n',
      [
        ['A', '1'],
        ['B', 'x'],
        ['C', undefined],
      ],
    ],
    ['a byte order mark', '\ufeffA=1\n', [['A', '1']]],
    [
      'odd names',
      'a.b-c[0]=1\nété=2\n',
      [
        ['a.b-c[0]', '1'],
        ['été', '2'],
      ],
    ],
    ['an equals sign in the value', 'A==b=c', [['A', '=b=c']]],
    [
      'two on a line',
      'A="1"B=2',
      [
        ['A', '1'],
        ['B', '2'],
      ],
    ],
    [
      'a name that begins with export',
      'exportA=1\nexport=2',
      [
        ['exportA', '1'],
        ['export', '2'],
      ],
    ],
  ])('%s', (_, text, expected) => {
    expect(readDotenv('.env', text).problems).toEqual([]);
    expect(values(text)).toEqual(expected);
  });

  it('knows places', () => {
    const text = '# 😀\nexport A = "x\r\ny" # c\r\nB=1\r\n';
    const [first, second] = readDotenv('.env', text).entries;
    const cut = (span: { readonly start: number; readonly end: number } | undefined) =>
      text.slice(span?.start, span?.end);
    expect([cut(first?.at), cut(first?.valueAt), cut(first?.lines)]).toEqual([
      'export A = "x\r\ny"',
      '"x\r\ny"',
      'export A = "x\r\ny" # c\r\n',
    ]);
    expect([cut(second?.at), cut(second?.valueAt), cut(second?.lines)]).toEqual(['B=1', '1', 'B=1\r\n']);
  });

  it.each([
    ['A B=1\nC=2', 'holds a space'],
    ['A$=1\nC=2', '"$" cannot stand'],
    ['😀=1\nC=2', '"😀" cannot stand'],
    ['A="x\nC=2', 'never closed'],
    ['C=2\nLAST', 'very end'],
  ])('%j is a problem, and the rest is read', (text, message) => {
    const { problems, entries } = readDotenv('.env', text);
    expect(problems.map((problem) => problem.message).join()).toContain(message);
    expect(entries.map(({ name }) => name)).toContain('C');
  });
});

describe('interpolate', () => {
  const variables: Readonly<Record<string, string>> = { X: '1', E: '' };
  const lookup = (name: string): string | undefined => variables[name];

  it.each<[string, string]>([
    ['$X ${X} $$X $$$X', '1 1 $X $1'],
    ['${Y:-d} ${Y-d} ${E:-d} ${E-d} ${X:-d}', 'd d d  1'],
    ['${X:+r} ${X+r} ${E:+r} ${E+r} ${Y:+r} ${Y+r}', 'r r  r  '],
    ['${X:?m} ${X?m} ${E?m}', '1 1 '],
    ['${Y:-${Z:-${X}}}-${Y:-a}b}', '1-ab}'],
    ['${Y:-a-b:-c?d+e}', 'a-b:-c?d+e'],
    ['${Y:-http://a:80/?x=1}:/y:ro', 'http://a:80/?x=1:/y:ro'],
    ['${Y:-été 😀}$X', 'été 😀1'],
    ['${Y:-$$x}', '$x'],
    ['$ $1 $-', '$ $1 $-'],
    ['', ''],
  ])('%j becomes %j', (text, expected) => {
    expect(interpolate(text, lookup)).toMatchObject({ text: expected, missing: [] });
  });

  it.each<[string, string, readonly string[]]>([
    ['a $Y ${Z}', 'a  ', ['Y', 'Z']],
    ['${Y:?must be set}', '', ['Y']],
    ['${E:?}', '', ['E']],
    ['${Y:-$Z}', '', ['Z']],
    ['${', '${', ['${']],
    ['a ${X', 'a ${X', ['${X']],
    ['${} b', '${} b', ['${']],
    ['${1}', '${1}', ['${']],
    ['${X!}', '${X!}', ['${']],
  ])('%j becomes %j and misses %j', (text, expected, missing) => {
    expect(interpolate(text, lookup)).toMatchObject({ text: expected, missing });
  });

  it('names every variable, and misses only what was needed', () => {
    expect(interpolate('${X:-${Y}} $Y2 $X', lookup)).toEqual({
      text: '1  1',
      missing: ['Y2'],
      names: ['X', 'Y', 'Y2'],
    });
  });

  it.each(['${A:-', '${', '${A:-{', '$'])('%j repeated ends', (text) => {
    expect(interpolate(text.repeat(10_000) + '}'.repeat(10_000), lookup).text.length).toBeGreaterThan(0);
  });
});
