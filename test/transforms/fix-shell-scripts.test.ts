import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Finding } from '../../src/finding.ts';
import { lineNumber } from '../../src/lines.ts';
import { bashSyntaxOf } from '../../src/model/script/bash-syntax.ts';
import { readStack } from '../../src/model/stack.ts';
import { readShell } from '../../src/parse/shell.ts';
import { carryOut } from '../../src/pipeline/edits.ts';
import { scan } from '../../src/repo/disk.ts';
import { Repo } from '../../src/repo/repo.ts';
import fixShellScripts from '../../transforms/fix-shell-scripts/transform.ts';
import { loadPythonForTests } from '../python-wasm.ts';

beforeAll(loadPythonForTests);

const find = (repo: Repo): readonly Finding[] => [...fixShellScripts.find(readStack(repo, undefined))];
const fixture = (name: string): Repo => scan(join('fixtures', 'transforms', 'fix-shell-scripts', name, 'before'));
const chain = (repo: Repo, finding: Finding | undefined): readonly string[] =>
  (finding?.evidence ?? []).map(
    ({ at, says }) => `${at.path}:${lineNumber(repo.read(at.path) ?? '', at.start)} ${says}`,
  );

const started = (script: string): Repo =>
  Repo.of({
    Dockerfile: 'FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\nRUN chmod +x start.sh\nCMD ["./start.sh"]\n',
    'compose.yaml': 'services:\n  web:\n    build: .\n    ports: ["80:80"]\n',
    'start.sh': script,
  });

const repairedScript = (repo: Repo): string => {
  const files = carryOut(
    repo,
    find(repo).flatMap(({ fix }) => fix?.changes ?? []),
  );
  if ('why' in files) throw new Error(files.why);
  return files.get('start.sh')?.text ?? '';
};

describe('start scripts', () => {
  test('Windows line endings are repaired alone, what else is wrong afterwards', () => {
    expect(find(started('#!/bin/sh\r\nset -o pipefail\r\ngunicorn wsgi:app\r\n')).map(({ fix }) => fix?.title)).toEqual(
      ['Give start.sh Unix line endings, and keep git from changing them'],
    );
  });

  test('exec goes before the server in every branch that ends the script, never into a pipe', () => {
    expect(repairedScript(started('#!/bin/sh\nif [ "$A" ]; then\n  gunicorn wsgi:app\nfi\n'))).toContain(
      '  exec gunicorn',
    );
    expect(find(started('#!/bin/sh\ngunicorn wsgi:app | tee log\n'))).toEqual([]);
    expect(find(started('#!/bin/sh\ngunicorn wsgi:app\necho bye\n'))).toEqual([]);
  });

  test('accents, emoji and comments of a script stay', () => {
    const script = '#!/bin/sh\n# Démarre l’API 🚀\nset -e\ngunicorn wsgi:app\n';
    expect(repairedScript(started(script))).toBe(script.replace('gunicorn', 'exec gunicorn'));
  });

  test('bash is named where a script without a first line needs it', () => {
    expect(repairedScript(started('if [[ -n "$A" ]]; then echo a; fi\nexec gunicorn wsgi:app\n'))).toMatch(
      /^#!\/bin\/bash\n/,
    );
  });
});

describe('evidence', () => {
  test('names who starts the script and what is bash only', () => {
    const repo = fixture('basic');
    expect(chain(repo, find(repo)[0])).toEqual([
      'Dockerfile:7 web starts /app/start.sh, which is start.sh',
      'start.sh:1 it asks for sh here',
      'start.sh:3 pipefail: bash only',
      'start.sh:4 an array: bash only',
      'start.sh:6 [[ … ]]: bash only',
    ]);
  });

  test.each([
    [
      'healthcheck-script',
      'docker-compose.yml:8 the healthcheck of web starts /app/docker/healthcheck.sh, which is docker/healthcheck.sh',
    ],
    [
      'script-of-the-build',
      'Dockerfile:5 the build of Dockerfile starts /app/scripts/install-deps.sh, which is scripts/install-deps.sh',
    ],
    [
      'init-script-of-the-database',
      'docker-compose.yml:9 db reads /docker-entrypoint-initdb.d/01-extensions.sh, which is docker/initdb/01-extensions.sh',
    ],
  ])('%s', (name, first) => {
    const repo = fixture(name);
    expect(chain(repo, find(repo)[0])[0]).toBe(first);
  });
});

test.each(['untouched-alpine-needs-bash', 'untouched-alpine-sh-needs-bash'])('%s gets instructions', (name) => {
  const [finding, ...more] = find(fixture(name));
  expect(more).toEqual([]);
  expect(finding?.fix).toMatchObject({ safety: 'manual', changes: [] });
  expect(finding?.advice).toMatch(/apk add --no-cache bash/);
});

describe('bash syntax', () => {
  const kinds = (script: string): readonly string[] => bashSyntaxOf(readShell('x.sh', script)).map(({ what }) => what);

  test.each([
    ['a=(1 2)', 'an array'],
    ['echo "${a[0]}"', 'an array'],
    ['source ./env', 'source'],
    ['function f { :; }', 'the word function'],
    ['diff <(ls) x', 'a process substitution'],
    ['cat <<< "$x"', 'a here-string (<<<)'],
    ['cmd &> log', '&>'],
    ['echo "${x,,}"', 'a change of case (${x,,}, ${x^^})'],
    ['echo ${x/a/b}', '${x/a/b}'],
    ['echo ${x:0:2}', '${x:0:2}'],
    ['echo ${!x}', '${!x}'],
    ["IFS=$'\\n'", "$'…'"],
    ['set -euo pipefail', 'pipefail'],
    ['[ "$a" == b ] && echo', '== inside [ … ]'],
    ['for ((i=0;i<3;i++)); do echo; done', 'for ((…))'],
    ['x+=a', '+='],
  ])('%s', (script, what) => {
    expect(kinds(`#!/bin/sh\n${script}\n`)).toEqual([what]);
  });

  test.each([
    "echo '${x,,} [[ a ]]'",
    'echo "${x:-0} ${x:=a} ${x%%:*} ${x#*/} ${#x} $# $@"',
    'cmd >log 2>&1 &',
    'cmd <<EOF\n[[ a == b ]]\na=(1)\nEOF',
    '. ./env',
    '[ "$a" = "==" ]',
    "awk '{ print $1 }' f",
    'case "$x" in [[:alpha:]]*) echo a ;; esac',
    'echo "$(printf %s "$x")" | sed "s/a/b/"',
    'f() { local a=1; }',
  ])('%s is POSIX', (script) => {
    expect(kinds(`#!/bin/sh\n${script}\n`)).toEqual([]);
  });
});

test.each([
  { 'compose.yaml': 'services:\n  web:\n    build: .\n    healthcheck: x\n', Dockerfile: 'FROM scratch\nRUN ./x.sh\n' },
  { Dockerfile: 'FROM python\nCOPY . .\nRUN ["./x.sh"]\nCMD ["sh", "x.sh"]\n', 'x.sh': '#!\ncase x in\r\n' },
  { Dockerfile: 'FROM node\nCOPY x.sh /\nHEALTHCHECK CMD\nENTRYPOINT []\n', 'x.sh': '' },
])('%j is no reason to throw', (files) => {
  expect(() => find(Repo.of(files as Readonly<Record<string, string>>))).not.toThrow();
});
