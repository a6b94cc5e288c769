import { parse } from 'sh-syntax';
import { describe, expect, it } from 'vitest';
import { readDockerfile } from '../../src/parse/dockerfile.ts';
import { quoteWord, readShell, type ShellCommand } from '../../src/parse/shell.ts';

const read = (text: string) => readShell('x.sh', text);
/** `words [how it is joined] in contexts`. */
const show = ({ words, assignments, joinedBy, background, exec, within }: ShellCommand): string =>
  [
    joinedBy === ';' ? '' : joinedBy,
    ...assignments.map(({ name, value }) => `${name}:=${value}`),
    exec ? 'EXEC' : '',
    ...words.map((word) => word.text),
    background ? 'BG' : '',
    ...within.map(({ kind, text, joinedBy: join }) => `<${kind} ${join === ';' ? '' : join}${text}>`),
  ]
    .filter((part) => part !== '')
    .join(' ');

const CASES: readonly [string, string, readonly string[]][] = [
  ['a list', 'a; b && c || d | e & f', ['a', 'b BG', '&& c BG', '|| d BG', '| e BG', 'f']],
  ['pipes', 'a |& b |\n # why\n c', ['a', '| b', '| c']],
  [
    'if',
    'if [ -f x ]; then a; elif b; then c; else d; fi',
    [
      '[ -f x ] <if-condition if [ -f x ]>',
      'a <if-body if [ -f x ]>',
      'b <else-body if [ -f x ]> <if-condition elif b>',
      'c <else-body if [ -f x ]> <if-body elif b>',
      'd <else-body if [ -f x ]> <else-body elif b>',
    ],
  ],
  [
    'until',
    'until pg_isready -h db; do sleep 1; done; x',
    ['pg_isready -h db <loop-condition until pg_isready -h db>', 'sleep 1 <loop-body until pg_isready -h db>', 'x'],
  ],
  [
    'for',
    'for i in 1 $(seq 3)\ndo a $i; done',
    ['seq 3 <substitution $(seq 3)>', 'a $i <loop-body for i in 1 $(seq 3)>'],
  ],
  [
    'for over the arguments, select, for (( ))',
    'for f do a; done; select s in x; do b; done; for ((i=0;i<3;i++)); do c; done',
    ['a <loop-body for f>', 'b <loop-body select s in x>', 'c <loop-body for ((i=0;i<3;i++))>'],
  ],
  [
    'case',
    'case "$1" in\n  web|api) a ;;\n  (*) b;;\nesac',
    ['a <case case "$1" in web|api)>', 'b <case case "$1" in (*)>'],
  ],
  [
    'functions',
    'f() { a; }\nfunction g { b; }\nfunction h() ( c )\nf',
    ['a <function f> <group {>', 'b <function g> <group {>', 'c <function h> <subshell (>', 'f'],
  ],
  ['a guarded group', '[ -x y ] || { echo no; exit 1; }', ['[ -x y ]', 'echo no <group ||{>', 'exit 1 <group ||{>']],
  ['exec', 'exec "$@"', ['EXEC $@']],
  ['exec with options', 'A=1 exec -a name gunicorn app:app', ['A:=1 EXEC gunicorn app:app']],
  ['exec that only redirects', 'exec > /log 2>&1', ['exec']],
  [
    'assignments',
    'A=1 B="x y" C=$(date) cmd D=2; E+=z; F[1]=q',
    ['A:=1 B:=x y C:=$(date) cmd D=2', 'date <substitution $(date)>', 'E:=z', 'F:=q'],
  ],
  [
    'arrays',
    'args=(a "b c" # why\n  $(d)\n)\nrun "${args[@]}"',
    ['args:=(a "b c" # why\n  $(d)\n)', 'd <substitution $(d)>', 'run ${args[@]}'],
  ],
  ['redirections', 'a >/dev/null 2>&1 <in 3<&- &>all b >| c', ['a b']],
  ['[[ ]] and (( ))', '[[ -n $a && $b =~ ^(x|y)$ ]] && ((i++)) && c', ['[[ -n $a && $b =~ ^ ( x | y ) $ ]]', '&& c']],
  [
    'heredocs',
    'cat <<EOF >x && b\n$(date) # no\nEOF\ncat <<-"E"\n\t$(not)\n\tE\nc',
    ['cat', '&& b', 'date <substitution $(date)>', 'cat', 'c'],
  ],
  ['a here-string', 'a <<< "$x"; b', ['a', 'b']],
  [
    'nested substitutions',
    'echo "$(a "$(b `c`)")" ${X:-$(d "}")} $((1 + $(e)))',
    [
      'echo $(a "$(b `c`)") ${X:-$(d "}")} $((1 + $(e)))',
      'a $(b `c`) <substitution $(a "$(b `c`)")>',
      'b `c` <substitution $(a "$(b `c`)")> <substitution $(b `c`)>',
      'c <substitution $(a "$(b `c`)")> <substitution $(b `c`)> <substitution `c`>',
      'd } <substitution $(d "}")>',
      'e <substitution $(e)>',
    ],
  ],
  ['process substitution', 'diff <(a) <(b)', ['diff <(a) <(b)', 'a <substitution <(a)>', 'b <substitution <(b)>']],
  [
    'a case inside a substitution',
    'x=$(case a in a) b;; esac)',
    ['x:=$(case a in a) b;; esac)', 'b <substitution $(case a in a) b;; esac)> <case case a in a)>'],
  ],
  ['quotes', `a 'b  "c' "d \\"e\\" \\$f" g\\ h $'i\\n' "" it\\'s`, [`a b  "c d "e" $f g h i\n it's`]],
  ['comments', 'a # b\n# c\nd#e', ['a', 'd#e']],
  ['continuations', 'a \\\n  b\\\nc', ['a bc']],
  ['negation and time', '! a; time -p b', ['a', 'b']],
  ['nothing', '\n # x\n', []],
  ['words that look reserved', 'echo if then done; a fi', ['echo if then done', 'a fi']],
  ['extended globs and braces', 'rm !(a|b).txt {c,d}', ['rm !(a|b).txt {c,d}']],
  ['French and emoji', 'echo "été 😀" && b', ['echo été 😀', '&& b']],
];

describe('commands', () => {
  it.each(CASES)('%s', (_, text, expected) => {
    const { commands, problems } = read(text);
    expect(problems).toEqual([]);
    expect(commands.map(show).map((line) => line.replace(/ +/g, ' '))).toEqual(
      expected.map((line) => line.replace(/ +/g, ' ')),
    );
  });

  it.each(CASES)('%s: CRLF reads the same', (_, text, expected) => {
    const { commands, problems, crlf } = read(text.replaceAll('\n', '\r\n'));
    expect(problems).toEqual([]);
    expect(crlf).toBe(text.includes('\n'));
    expect(commands).toHaveLength(expected.length);
    for (const { words } of commands) for (const { source } of words) expect(source).not.toMatch(/\r$/);
  });

  it.each(CASES)('%s: sh-syntax accepts it too', async (_, text) => {
    await expect(parse(text)).resolves.toBeDefined();
  });
});

describe('words', () => {
  it.each<[string, boolean]>([
    ['a', true],
    ["'$a'", true],
    ['"a b"', true],
    ['\\$a', true],
    ['[', true],
    ['a$', true],
    ['$a', false],
    ['"x${a}"', false],
    ['`a`', false],
    ['*.py', false],
    ['[ab]', false],
    ['~/x', false],
    ['{a,b}', false],
  ])('%s is literal: %s', (source, literal) => {
    expect(read(`x ${source}`).commands[0]?.words[1]).toMatchObject({ source, literal });
  });

  it('knows places, also behind a base', () => {
    const text = '😀\nRUN a && b "c d"';
    const [, second] = readShell('x', 'a && b "c d"', 7).commands;
    expect(text.slice(second?.at.start, second?.at.end)).toBe('b "c d"');
    expect(text.slice(second?.words[1]?.at.start, second?.words[1]?.at.end)).toBe('"c d"');
  });

  it('knows places in a Dockerfile, over comments and continuations', () => {
    const text = 'FROM a\nRUN a && \\\n # why\n  pip install \\\n # x\n   b\n';
    const run = readDockerfile('Dockerfile', text).instructions[1];
    const script = readShell('Dockerfile', run?.script ?? '', run?.scriptOffset);
    expect(script.commands.map(({ at }) => text.slice(at.start, at.end))).toEqual(['a', 'pip install \\\n # x\n   b']);
    expect(script.commands[1]?.words.map(({ at }) => text.slice(at.start, at.end))).toEqual(['pip', 'install', 'b']);
  });
});

describe('whole lines', () => {
  it.each<[string, readonly (string | undefined)[]]>([
    ['a\n  b;\nc &\n', ['a\n', '  b;\n', 'c &\n']],
    ['a && b\nc \\\n  d\n', [undefined, undefined, 'c \\\n  d\n']],
    ['cat <<E\nx\nE\nb', ['cat <<E\nx\nE\n', 'b']],
    ['a \\\n  | b\n', [undefined, undefined]],
    ['a # c\n', [undefined]],
  ])('%j', (text, expected) => {
    const lines = read(text).commands.map(
      (command) => command.lines && text.slice(command.lines.start, command.lines.end),
    );
    expect(lines).toEqual(expected);
  });
});

describe('the script', () => {
  it.each<[string, string | undefined]>([
    ['#!/bin/sh\na', '/bin/sh'],
    ['#! /usr/bin/env bash\r\na', '/usr/bin/env bash'],
    ['a\n#!/bin/sh', undefined],
  ])('%j has the interpreter %s', (text, interpreter) => expect(read(text).shebang?.interpreter).toBe(interpreter));

  it.each([
    'echo "a',
    "echo 'a",
    'echo `a',
    'echo $(a',
    'echo ${a',
    'if a; then b',
    'while a; b; done',
    'case a in b) c',
    'fi',
    'a )',
    '{ a',
    'a &&',
    'cat <<E\nx',
    '[[ a',
    'a (',
    'f()',
    'x=(a',
    'a >',
    ';; a',
  ])('%j is a problem', (text) => expect(read(text).problems).toHaveLength(1));

  it.each(['$(', '((', '{ ', 'if a; then ', '"$(', '[[ ( ', '${', '<<E\n'])('%j repeated ends', (text) => {
    expect(read(text.repeat(20_000)).problems).toHaveLength(1);
  });
});

it.each([
  ['a', 'a'],
  ['./x-1_2:3', './x-1_2:3'],
  ['a=b', "'a=b'"],
  ['a b', "'a b'"],
  ["it's", "'it'\\''s'"],
  ['', "''"],
  ['$x', "'$x'"],
  ['été', "'été'"],
])('quotes %j as %s', (text, quoted) => {
  expect(quoteWord(text)).toBe(quoted);
  expect(read(`x ${quoteWord(text)}`).commands[0]?.words[1]).toMatchObject({ text, literal: true });
});
