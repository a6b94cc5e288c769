import { describe, expect, test } from 'vitest';
import { brings } from '../../src/model/image/console-scripts.ts';
import { distributionName, readManifest } from '../../src/model/image/manifest-packages.ts';
import { pythonOfBase } from '../../src/model/image/python-base.ts';
import { Repo } from '../../src/repo/repo.ts';

const packages = (path: string, files: Readonly<Record<string, string>>): readonly string[] =>
  (readManifest(Repo.of(files), path)?.packages ?? []).map(({ name, optional }) => (optional ? `${name}?` : name));

describe('what a manifest asks for', () => {
  test.each([
    [
      'requirements, with includes that go round',
      'requirements/prod.txt',
      {
        'requirements/prod.txt': '-r base.txt\nUvicorn[standard] == 0.30 ; python_version > "3.8"\n# gunicorn\n-e .\n',
        'requirements/base.txt': '-r prod.txt\nFlask_Migrate>=4\n',
      },
      ['flask-migrate', 'uvicorn[standard]'],
    ],
    [
      'poetry, with groups',
      'pyproject.toml',
      {
        'pyproject.toml':
          '[tool.poetry.dependencies]\npython = "^3.11"\nuvicorn = {extras = ["standard"], version = "^0.30"}\nredis = {version = "5", optional = true}\n\n[tool.poetry.group.dev.dependencies]\npytest = "*"\n',
      },
      ['uvicorn[standard]', 'redis?', 'pytest?'],
    ],
    [
      'a project, with extras in brackets',
      'api/pyproject.toml',
      {
        'api/pyproject.toml':
          '[project]\nname = "x"\ndependencies = [\n  "fastapi[standard]>=0.115",\n  \'psycopg[binary]\',\n]\n[project.optional-dependencies]\ndev = ["pytest"]\n',
      },
      ['fastapi[standard]', 'psycopg[binary]', 'pytest?'],
    ],
    [
      'a lock file, with the groups that poetry 2 writes',
      'pyproject.toml',
      {
        'pyproject.toml': '[tool.poetry.dependencies]\nflask = "*"\n',
        'poetry.lock':
          '[[package]]\nname = "flask"\ngroups = ["main"]\n\n[[package]]\nname = "alembic"\ngroups = ["main", "dev"]\n\n[[package]]\nname = "gunicorn"\ngroups = ["dev"]\n',
      },
      ['flask', 'alembic', 'gunicorn?'],
    ],
    [
      'a Pipfile',
      'Pipfile',
      { Pipfile: '[packages]\ncelery = "*"\r\n\r\n[dev-packages]\npytest = "*"\r\n' },
      ['celery', 'pytest?'],
    ],
    ['nothing', 'requirements.txt', { 'requirements.txt': '' }, []],
  ])('%s', (_, path, files, expected) => {
    expect(packages(path, files)).toEqual(expected);
  });

  test('names are compared as the index does', () => {
    expect(distributionName(' Flask.SQLAlchemy [ async , Mypy ]>=3')).toBe('flask-sqlalchemy[async,mypy]');
  });
});

test.each([
  ['uvicorn[standard]', 'uvicorn', 'yes'],
  ['fastapi[standard]', 'uvicorn', 'yes'],
  ['fastapi', 'uvicorn', 'unknown'],
  ['flask-migrate', 'alembic', 'yes'],
  ['poetry', 'uvicorn', 'no'],
  ['anything', 'my-own-script', 'unknown'],
])('%s brings %s: %s', (distribution, program, answer) => {
  expect(brings(distribution, program)).toBe(answer);
});

test.each([
  ['python:3.11-slim', '3.11 glibc'],
  ['docker.io/library/python:3.12.4-alpine3.20', '3.12 musl'],
  ['python:3', 'undefined glibc'],
  ['ghcr.io/astral-sh/uv:python3.12-bookworm-slim', '3.12 glibc'],
  ['ghcr.io/astral-sh/uv:0.5-debian', 'none'],
  ['registry.example/python:3.11', 'none'],
  ['debian:bookworm', 'none'],
])('the Python of %s', (image, expected) => {
  const found = pythonOfBase(image);
  expect(found ? `${found.minor} ${found.libc}` : 'none').toBe(expected);
});
