import { describe, expect, test } from 'vitest';
import type { Finding } from '../../src/finding.ts';
import { lineNumber } from '../../src/lines.ts';
import { readStack } from '../../src/model/stack.ts';
import { Repo } from '../../src/repo/repo.ts';
import splitCopy from '../../transforms/split-copy/transform.ts';

const found = (files: Readonly<Record<string, string>>): readonly Finding[] => [
  ...splitCopy.find(readStack(Repo.of(files), undefined)),
];
const python = (dockerfile: string, more: Readonly<Record<string, string>> = {}): readonly Finding[] =>
  found({ 'requirements.txt': 'Flask\n', 'app.py': 'x = 1\n', ...more, Dockerfile: dockerfile });
const dockerfileOf = ([finding]: readonly Finding[]): string =>
  finding?.fix?.changes.flatMap((change) => ('text' in change ? [change.text] : [])).join('') ?? '';

test('tells what is wrong, and proves it', () => {
  const text = 'FROM python:3.11\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\n';
  const [finding] = python(text);
  expect(finding?.message).toBe(
    '`pip install -r requirements.txt` runs after `COPY . .`, so every edit of the code installs all dependencies again',
  );
  expect(finding?.fix).toMatchObject({
    title: 'Copy requirements.txt alone, install, then copy the code',
    safety: 'safe',
  });
  expect(
    finding?.evidence.map(
      ({ at, says }) => `${at.path}:${at.path === 'Dockerfile' ? lineNumber(text, at.start) : 1} ${says}`,
    ),
  ).toEqual([
    'Dockerfile:3 copies 2 other files (app.py and Dockerfile)',
    'Dockerfile:4 `pip install -r requirements.txt` runs after it, in a layer that any of those files invalidates',
    'requirements.txt:1 the install reads requirements.txt',
  ]);
});

test('the stub of a package before its install is no finding', () => {
  const text =
    'FROM python:3.11\nWORKDIR /app\nCOPY pyproject.toml .\nCOPY src/app/__init__.py src/app/\nRUN pip install -e .\nCOPY src src\n';
  const files = {
    'pyproject.toml': '[project]\ndependencies = ["flask"]\n',
    'src/app/__init__.py': '',
    'src/app/a.py': '',
  };
  expect(found({ ...files, Dockerfile: text })).toEqual([]);
});

describe('manual', () => {
  test.each([
    [
      'a project whose dependencies cannot be told apart',
      'RUN pip install .',
      { 'pyproject.toml': '[project]\ndependencies = ["flask"]\n' },
      'without its source',
    ],
    [
      'an instruction that cannot be crossed',
      'WORKDIR sub\nRUN pip install -r ../requirements.txt',
      {},
      'would have to move below `WORKDIR sub`',
    ],
    [
      'commands of a here-document',
      'RUN <<EOF\npip install -r requirements.txt\npython app.py\nEOF',
      {},
      'divided between two RUN',
    ],
    [
      'a cargo workspace',
      'RUN cargo build',
      { 'Cargo.toml': '[workspace]\n[workspace.dependencies]\n[dependencies]\na = "1"\n' },
      'cargo chef',
    ],
  ])('%s', (_, run, more, advice) => {
    const [finding] = python(`FROM python:3.11\nWORKDIR /app\nCOPY . .\n${run}\n`, more);
    expect(finding?.fix).toMatchObject({ safety: 'manual', changes: [] });
    expect(finding?.advice).toContain(advice);
  });
});

describe('hard input', () => {
  test('keeps CRLF, trailing blanks, a missing last newline, accents and emoji', () => {
    const fix = dockerfileOf(
      python('\ufefffrom python:3.11\r\n# été 🐍\r\ncopy . /app/\r\nrun pip install -r /app/requirements.txt  '),
    );
    expect(fix).toBe(
      'copy requirements.txt /app/\r\nrun pip install -r /app/requirements.txt  \r\n# été 🐍\r\ncopy . /app/',
    );
  });

  test('keeps the flags of a RUN on both halves', () => {
    const fix = dockerfileOf(
      python(
        'FROM python:3.11\nCOPY . /app\nRUN --mount=type=cache,target=/c cd /app && pip install -r requirements.txt && ./build\n',
      ),
    );
    expect(fix).toBe(
      'COPY requirements.txt /app/\nRUN --mount=type=cache,target=/c cd /app && pip install -r requirements.txt\nCOPY . /app\nRUN --mount=type=cache,target=/c cd /app && ./build\n',
    );
  });

  test('the same include twice, and includes in a circle, end', () => {
    const fix = dockerfileOf(
      python('FROM python:3.11\nCOPY . /app\nRUN pip install -r /app/requirements.txt\n', {
        'requirements.txt': '-r a.txt\n-r a.txt\n',
        'a.txt': '-r requirements.txt\n',
      }),
    );
    expect(fix).toContain('COPY requirements.txt a.txt /app/\n');
  });

  test.each([
    ['an empty Dockerfile', ''],
    ['no FROM', 'COPY . .\nRUN pip install -r requirements.txt\n'],
    ['an open quote', 'FROM x\nCOPY . .\nRUN pip install -r "requirements.txt\n'],
    ['an open here-document', 'FROM x\nCOPY . .\nRUN <<EOF\npip install -r requirements.txt\n'],
    ['a COPY without destination', 'FROM x\nCOPY .\nRUN pip install -r requirements.txt\n'],
    ['another escape', '# escape=`\nFROM x\nCOPY . .\nRUN pip install -r requirements.txt\n'],
    ['a RUN without a command', 'FROM x\nCOPY . .\nRUN\n'],
  ])('nothing for %s', (_, text) => {
    expect(python(text)).toEqual([]);
  });

  test('nothing for null services and a missing Dockerfile', () => {
    expect(found({ 'compose.yaml': 'services:\n  web:\n  api: { build: ./nowhere }\n' })).toEqual([]);
  });
});
