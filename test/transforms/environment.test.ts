import { beforeAll, describe, expect, test } from 'vitest';
import { pythonWasm } from '../../src/assets.ts';
import type { Finding } from '../../src/finding.ts';
import { readStack } from '../../src/model/stack.ts';
import { loadPython } from '../../src/parse/python.ts';
import { Repo } from '../../src/repo/repo.ts';
import type { Transform } from '../../src/transform.ts';
import declareEnv from '../../transforms/declare-env/transform.ts';
import unquoteEnvValues from '../../transforms/unquote-env-values/transform.ts';
import useEnvValues from '../../transforms/use-env-values/transform.ts';
import useServiceHosts from '../../transforms/use-service-hosts/transform.ts';

beforeAll(async () => {
  await loadPython(pythonWasm());
});

const DOCKERFILE = 'FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\nCMD ["gunicorn", "app:app"]\n';
const found = (transform: Transform, files: Readonly<Record<string, string>>): readonly Finding[] => [
  ...transform.find(readStack(Repo.of({ Dockerfile: DOCKERFILE, '.dockerignore': '.env\n', ...files }), undefined)),
];
const web = (...lines: readonly string[]): string =>
  [
    'services:',
    '  web:',
    '    build: .',
    '    environment:',
    '      A: b',
    ...lines.map((line) => `      ${line}`),
    '',
  ].join('\n');

describe('use-service-hosts', () => {
  const DB = '  db:\n    image: postgres:16\n    ports: ["5433:5432"]\n';

  test('changes host and port alone, so that no credentials stand in the edits', () => {
    const compose = `${web('DATABASE_URL: postgresql://shop:hunter2@localhost:5433/shop')}${DB}`;
    const [finding] = found(useServiceHosts, { 'docker-compose.yml': compose });
    expect(finding?.fix?.changes.map((change) => ('text' in change ? change.text : ''))).toEqual(['db', '5432']);
    expect(JSON.stringify(finding)).not.toContain('hunter2');
    expect(finding?.message).toBe(
      'DATABASE_URL of web points at localhost:5433, which is the container of web itself: nothing listens there (Connection refused).',
    );
    expect(finding?.evidence.map(({ says }) => says)).toEqual([
      'web gets DATABASE_URL with the host localhost:5433',
      'db listens on port 5432 of its own container',
      'port 5433 leads to it on the host only',
    ]);
  });

  test('never writes a password of a default into Compose', () => {
    const files = {
      'app.py': 'import os\nURL = os.getenv("DATABASE_URL", "postgresql://shop:hunter2@localhost:5432/shop")\n',
      'docker-compose.yml': `${web()}  db:\n    image: postgres:16\n    environment:\n      POSTGRES_PASSWORD: hunter2\n`,
    };
    const [finding] = found(useServiceHosts, files);
    expect(finding?.fix).toMatchObject({ safety: 'manual', changes: [] });
    expect(JSON.stringify(finding)).not.toContain('hunter2');
  });

  test.each([
    ['postgresql+asyncpg://u@127.0.0.1/x', 'DATABASE_URL', 1],
    ['postgresql://u:${PW:-ab}@localhost:5432/x', 'DATABASE_URL', 1],
    ['postgresql://u@localhost.example.org:5432/x', 'DATABASE_URL', 0],
    ['postgresql://localhost@db:5432/x', 'DATABASE_URL', 0],
    ['http://localhost:5432', 'API_URL', 0],
    ['mysql://u@localhost:5432/x', 'DATABASE_URL', 0],
    ['localhost', 'POSTGRES_HOST', 1],
    ['localhost', 'PGHOST', 1],
    ['localhost', 'SMTP_HOST', 0],
    ['localhost', 'HOST', 0],
    ['localhost:5432', 'DB_ADDRESS', 1],
  ])('%s in %s: %i', (value, name, count) => {
    expect(found(useServiceHosts, { 'docker-compose.yml': `${web(`${name}: ${value}`)}${DB}` })).toHaveLength(count);
  });

  test('names the candidates where several fit', () => {
    const [finding] = found(useServiceHosts, {
      'docker-compose.yml': `${web('REDIS_HOST: localhost')}  one:\n    image: redis:7\n  two:\n    image: redis:7\n`,
    });
    expect(finding?.advice).toBe('Several services fit: one:6379, two:6379. Name the one that web uses.');
  });
});

describe('declare-env', () => {
  const names = (source: string, more: Readonly<Record<string, string>> = {}): readonly string[] =>
    found(declareEnv, { 'app.py': source, 'docker-compose.yml': web(), ...more }).flatMap(
      ({ fix }) => /^(?:Take|Name) (.*?) (?:from|in) /.exec(fix?.title ?? '')?.[1] ?? [],
    );

  test.each([
    ['subscript', 'import os\nX = os.environ["X"]\n', ['X']],
    ['other names for it', 'from os import environ as e, getenv as g\nX = e["X"]\nY = int(g("Y"))\n', ['X and Y']],
    ['os under an alias', 'import os as system\nX = system.environ["X"]\n', ['X']],
    ['written, not read', 'import os\nos.environ["X"] = "1"\n', []],
    ['deleted', 'import os\ndel os.environ["X"]\n', []],
    ['assert', 'import os\nX = os.getenv("X")\nassert X, "X"\n', ['X']],
    [
      'in a chain of or',
      'import os\nX = os.getenv("X")\nY = os.getenv("Y")\nif not X or Y is None:\n    raise SystemExit\n',
      ['X and Y'],
    ],
    [
      'one of two is enough',
      'import os\nX = os.getenv("X")\nY = os.getenv("Y")\nif not X and not Y:\n    raise SystemExit\n',
      [],
    ],
    [
      'all of a list',
      'import os\nX = os.getenv("X")\nY = os.getenv("Y")\nif not all([X, Y]):\n    raise SystemExit\n',
      ['X and Y'],
    ],
    ['not in os.environ', 'import os\nif "X" not in os.environ:\n    raise SystemExit\n', []],
    ['a check that only warns', 'import os\nX = os.getenv("X")\nif not X:\n    print("no X")\n', []],
    ['a ternary', 'import os\nX = os.environ["X"] if os.getenv("Y") else None\n', []],
    [
      'a dictionary',
      'import os\nD = {\n    "a": os.environ["X"],\n    "b": os.getenv("Y") or "y",  # it is or was\n    "c": [z for z in (1, 2) if z],\n}\n',
      ['X'],
    ],
    ['a dictionary under a choice', 'import os\nD = MODE and {"a": os.environ["X"]}\n', []],
    ['a comprehension', 'import os\nD = [os.environ["X"] for k in () if k]\n', []],
    ['an f-string', 'import os\nURL = f"postgresql://{os.environ[\'X\']}@db"\n', ['X']],
    ['a condition', 'import os\nif os.environ["X"] == "1":\n    print(1)\n', ['X']],
    ['bound again', 'import os\nX = os.getenv("X")\nX = X or "x"\nY = int(X)\n', []],
    ['a class body', 'import os\nclass C:\n    X = os.environ["X"]\n', ['X']],
    ['a method that is not called', 'import os\nclass C:\n    def f(self):\n        return os.environ["X"]\n', []],
    ['broken source', 'import os\nX = os.environ["X"\n', []],
    ['CRLF, accents, emoji', '# é 🚀\r\nimport os\r\nX = os.environ["X"]\r\n', ['X']],
  ])('%s', (_, source, expected) => {
    expect(names(source)).toEqual(expected);
  });

  test('says which name the source reads when a similar one is set', () => {
    const [finding] = found(declareEnv, {
      'app.py': 'import os\nURL = os.environ["DATABASE_URL"]\n',
      'docker-compose.yml': web(),
      '.env': 'DATABASE_URI=postgresql://shop:hunter2@db/shop\n',
    });
    expect(finding?.message).toContain('DATABASE_URI is set, a name that the source does not read.');
    expect(finding?.advice).toContain('Rename DATABASE_URI where it is meant to be DATABASE_URL.');
    expect(JSON.stringify(finding)).not.toContain('hunter2');
  });

  test('gives a value of environment the name that the source reads, and does not repeat the value', () => {
    const files = {
      'app.py': 'import os\nURL = os.environ["DATABASE_URL"]\n',
      'docker-compose.yml': web('DATABASE_URI: postgresql://shop:hunter2@db/shop'),
    };
    const [finding] = found(declareEnv, files);
    expect(finding?.fix).toMatchObject({ title: 'Rename DATABASE_URI to DATABASE_URL', safety: 'review' });
    expect(finding?.fix?.changes).toMatchObject([{ path: 'docker-compose.yml', text: 'DATABASE_URL' }]);
    expect(JSON.stringify(finding)).not.toContain('hunter2');
  });

  test('renames nothing to a name that only looks alike', () => {
    const [finding] = found(declareEnv, {
      'app.py': 'import os\nPORT = os.environ["DB_PORT"]\n',
      'docker-compose.yml': web('DB_HOST: db'),
    });
    expect(finding?.fix?.title).toMatch(/^Take DB_PORT from \.env/);
  });

  test('writes a placeholder, never what .env holds', () => {
    const [finding] = found(declareEnv, {
      'app.py': 'import os\nX = os.environ["SECRET_KEY"]\n',
      'docker-compose.yml': web(),
      '.env': 'SECRET_KEY=hunter2\n',
    });
    expect(JSON.stringify(finding)).not.toContain('hunter2');
    expect(finding?.fix?.changes).toContainEqual({
      path: '.env.example',
      create: '# Copy this file to .env and fill in the values.\n\n# Required by web\nSECRET_KEY=change-me\n',
    });
  });

  test('load_dotenv(override=True) beats what Compose sets', () => {
    const [finding] = found(declareEnv, {
      '.dockerignore': '',
      '.env': 'A=b\n',
      'app.py': 'import os\nfrom dotenv import load_dotenv\nload_dotenv(override=True)\nX = os.environ["X"]\n',
      'docker-compose.yml': web(),
    });
    expect(finding?.evidence.at(-1)?.says).toBe(
      'override=True lets /app/.env, which is in the container, win over the environment',
    );
  });

  test('an environment that others share is left to a person', () => {
    const compose =
      'x-base: &base\n  build: .\n  environment:\n    A: b\nservices:\n  web:\n    <<: *base\n  job:\n    <<: *base\n    command: ["sleep", "1"]\n';
    const [finding] = found(declareEnv, {
      'app.py': 'import os\nX = os.environ["X"]\n',
      'docker-compose.yml': compose,
    });
    expect(finding?.fix).toMatchObject({ safety: 'manual' });
    expect(finding?.advice).toContain('X: ${X:?X is required}');
  });
});

test('unquote-env-values never repeats a value', () => {
  const compose = 'services:\n  web:\n    build: .\n    environment:\n      - SECRET_KEY="hunter2"\n';
  const findings = found(unquoteEnvValues, { 'docker-compose.yml': compose });
  expect(findings).toHaveLength(1);
  expect(JSON.stringify(findings)).not.toContain('hunter2');
});

test('use-env-values never repeats a value', () => {
  const findings = found(useEnvValues, { 'docker-compose.yml': web('MOTTO: hunter2'), '.env': 'MOTTO=hunter3\n' });
  expect(findings.map(({ fix }) => fix?.safety)).toEqual(['review']);
  expect(JSON.stringify(findings)).not.toMatch(/hunter/);
});

test.each([declareEnv, unquoteEnvValues, useEnvValues, useServiceHosts])(
  'broken files do not stop a transform',
  (transform) => {
    const composes = [
      '',
      'services:\n',
      'services:\n  web:\n',
      'services:\n  web:\n    environment:\n',
      'services: [1\n',
      'services:\n  web:\n    environment: text\n    env_file: [1, {}]\n    ports: 1\n    build: {}\n',
    ];
    for (const compose of composes)
      expect(() =>
        found(transform, { 'docker-compose.yml': compose, Dockerfile: 'FROM\n', '.env': '=\n"\n' }),
      ).not.toThrow();
  },
);
