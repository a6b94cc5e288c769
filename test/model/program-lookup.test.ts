import { beforeAll, describe, expect, test } from 'vitest';
import { lineNumber } from '../../src/lines.ts';
import { installationsOf } from '../../src/model/image/installations.ts';
import { lookUpProgram, type ProgramLookup } from '../../src/model/image/program-lookup.ts';
import { readStack, type ServiceView } from '../../src/model/stack.ts';
import { Repo } from '../../src/repo/repo.ts';
import { loadPythonForTests } from '../python-wasm.ts';

beforeAll(async () => {
  await loadPythonForTests();
});

type Files = Readonly<Record<string, string>>;

const viewOf = (dockerfile: string, files: Files = {}, service = ''): { repo: Repo; view: ServiceView } => {
  const compose = `services:\n  web:\n    build: .\n${service}`;
  const repo = Repo.of({
    'requirements.txt': 'uvicorn[standard]==0.30\nfastapi\n',
    'main.py': '',
    ...files,
    'compose.yaml': compose,
    Dockerfile: dockerfile,
  });
  const stack = readStack(repo, undefined);
  const [web] = stack.services;
  if (!web) throw new Error('no service');
  return { repo, view: stack.view(web) };
};
const look = (program: string, ...stack: Parameters<typeof viewOf>): ProgramLookup => {
  const { repo, view } = viewOf(...stack);
  return lookUpProgram(repo, view.container, program);
};
const installed = (...stack: Parameters<typeof viewOf>): readonly string[] => {
  const { repo, view } = viewOf(...stack);
  if (!view.image) throw new Error('no image');
  const { all, doubts } = installationsOf(repo, view.image);
  return [...all.map((each) => `${each.kind} ${each.root} by ${each.tool}`), ...doubts.map(() => 'doubt')];
};

const BASE = 'FROM python:3.11-slim\nWORKDIR /app\n';
const POETRY = '[tool.poetry.dependencies]\npython = "^3.11"\nuvicorn = {version = "^0.30", extras = ["standard"]}\n';

describe('where a RUN installs', () => {
  test.each([
    ['pip as root', 'RUN pip install -r requirements.txt', ['packages /usr/local by pip']],
    [
      'pip as another user',
      'RUN useradd -m app\nUSER app\nRUN pip install uvicorn',
      ['packages /home/app/.local by pip'],
    ],
    ['pip --user', 'RUN pip install --user uvicorn', ['packages /root/.local by pip']],
    ['pip --prefix', 'RUN pip install --prefix=/install uvicorn', ['packages /install by pip']],
    ['pip --target', 'RUN python3 -m pip install -t deps uvicorn', ['packages /app/deps by pip']],
    [
      'a venv on PATH',
      'RUN python -m venv /opt/venv\nENV PATH="/opt/venv/bin:$PATH"\nRUN pip install uvicorn',
      ['venv /opt/venv by python -m venv'],
    ],
    [
      'a venv by its pip',
      'RUN python3 -m venv .venv && .venv/bin/pip install uvicorn',
      ['venv /app/.venv by python -m venv'],
    ],
    [
      'an activated venv',
      'RUN python -m venv /v && . /v/bin/activate && pip install uvicorn',
      ['venv /v by python -m venv'],
    ],
    ['virtualenv', 'ARG D=/opt/env\nRUN virtualenv --python python3 $D', ['venv /opt/env by virtualenv']],
    [
      'poetry in the project',
      'RUN poetry config virtualenvs.in-project true && poetry install',
      ['venv /app/.venv by poetry'],
    ],
    [
      'poetry in the project by ENV',
      'ENV POETRY_VIRTUALENVS_IN_PROJECT=1\nRUN poetry install',
      ['venv /app/.venv by poetry'],
    ],
    [
      'poetry without an environment',
      'RUN poetry config virtualenvs.create false\nRUN poetry install',
      ['packages /usr/local by poetry'],
    ],
    ['poetry in its cache', 'RUN poetry install', ['venv undefined by poetry']],
    ['uv sync', 'RUN uv sync --frozen', ['venv /app/.venv by uv']],
    ['uv sync elsewhere', 'ENV UV_PROJECT_ENVIRONMENT=/opt/venv\nRUN uv sync', ['venv /opt/venv by uv']],
    ['uv pip --system', 'RUN uv pip install --system -r requirements.txt', ['packages /usr/local by uv']],
    [
      'uv venv and uv pip',
      'ENV VIRTUAL_ENV=/opt/v\nRUN uv venv /opt/v && uv pip install uvicorn',
      ['venv /opt/v by uv venv'],
    ],
    [
      'pipenv in the project',
      'ENV PIPENV_VENV_IN_PROJECT=1\nRUN pipenv install --deploy',
      ['venv /app/.venv by pipenv'],
    ],
    ['pipenv --system', 'RUN pipenv install --system --deploy', ['packages /usr/local by pipenv']],
    ['npm ci', 'RUN npm ci', ['node_modules /app/node_modules by npm']],
    ['npm in a folder', 'RUN npm --prefix web ci', ['node_modules /app/web/node_modules by npm']],
    ['a global tool', 'RUN npm install -g pm2', []],
    ['a removed venv', 'RUN python -m venv /v\nRUN rm -rf /v', []],
    ['a moved venv', 'RUN python -m venv /v && mv /v /opt/venv', ['venv /opt/venv by python -m venv']],
    [
      'users, folders and packages of the system',
      'RUN apt-get update && apt-get install -y gcc && mkdir -p /data && chown app /data',
      [],
    ],
    [
      "poetry's own installer",
      'RUN curl -sSL https://install.python-poetry.org | python3 -',
      ['packages /root/.local by poetry'],
    ],
    ['a script of the project', 'COPY . .\nRUN ./install.sh', ['doubt']],
    ['make', 'RUN make install', ['doubt']],
  ])('%s', (_, lines, expected) => {
    expect(installed(`${BASE}${lines}\n`)).toEqual(expected);
  });

  test.each([
    ['the same path', '/app/.venv', '/app/.venv', 'venv /app/.venv by poetry'],
    ['a relative path', '/app/.venv', './.venv', 'venv /srv/.venv by poetry'],
    ['the folder above', '/app', '/srv', 'venv /srv/.venv by poetry'],
  ])('a stage copied to %s', (_, from, to, expected) => {
    const builder =
      'FROM python:3.11-slim AS builder\nWORKDIR /app\nRUN poetry config virtualenvs.in-project true && poetry install\n';
    expect(installed(`${builder}FROM python:3.11-slim\nWORKDIR /srv\nCOPY --from=builder ${from} ${to}\n`)).toEqual([
      expected,
    ]);
  });
});

describe('whether a program is found', () => {
  test.each([
    ['installed beside Python', 'RUN pip install -r requirements.txt', 'yes'],
    ['not on PATH', 'RUN python -m venv /opt/v && /opt/v/bin/pip install uvicorn', 'no'],
    ['on PATH', 'RUN python -m venv /opt/v && /opt/v/bin/pip install uvicorn\nENV PATH=/opt/v/bin:$PATH', 'yes'],
    ["not on a user's PATH", 'RUN useradd -m app\nUSER app\nRUN pip install -r requirements.txt', 'no'],
    [
      'perhaps where the user was given the right to write',
      'RUN useradd -m app && chown -R app /usr/local\nUSER app\nRUN pip install -r requirements.txt',
      'unknown',
    ],
    ['perhaps by a script', 'RUN python -m venv /opt/v && /opt/v/bin/pip install uvicorn\nRUN ./more.sh', 'unknown'],
    ['perhaps by a dependency', 'RUN pip install some-framework', 'unknown'],
    ['by the system', 'RUN apt-get install -y --no-install-recommends uvicorn', 'yes'],
    [
      'only its libraries are copied',
      'FROM python:3.11-slim\nCOPY --from=0 /usr/local/lib/python3.11/site-packages /usr/local/lib/python3.11/site-packages',
      'no',
    ],
  ])('%s', (_, lines, is) => {
    const start = lines.startsWith('FROM') ? `${BASE}RUN pip install -r requirements.txt\n` : BASE;
    const { is: found } = look('uvicorn', `${start}COPY requirements.txt .\n${lines}\n`);
    expect(found).toBe(is);
  });

  test('a virtual environment copied to another path has dead shebangs, but its own Python runs', () => {
    const builder =
      'FROM python:3.11-slim AS b\nCOPY requirements.txt .\nRUN python -m venv /venv && /venv/bin/pip install -r requirements.txt\n';
    const dockerfile = `${builder}FROM python:3.11-slim\nCOPY --from=b /venv /opt/venv\nENV PATH=/opt/venv/bin:$PATH\n`;
    const { is, holders } = look('uvicorn', dockerfile);
    expect([is, holders.map(({ deadShebang }) => deadShebang)]).toEqual(['no', [true]]);
    expect(look('/opt/venv/bin/python', dockerfile).is).toBe('yes');
  });

  test('an unknown base may bring anything', () => {
    expect(look('uvicorn', 'FROM registry.example/base:1\nWORKDIR /app\n').is).toBe('unknown');
  });

  test("Compose's PATH replaces the image's", () => {
    const dockerfile = `${BASE}RUN python -m venv /v && /v/bin/pip install uvicorn\nENV PATH=/v/bin:$PATH\n`;
    expect(look('uvicorn', dockerfile).foundAt).toBe('/v/bin/uvicorn');
    expect(look('uvicorn', dockerfile, {}, '    environment:\n      PATH: /usr/local/bin:/usr/bin:/bin\n').is).toBe(
      'no',
    );
    expect(look('uvicorn', dockerfile, {}, '    environment:\n      - PATH\n').is).toBe('unknown');
  });

  test('the whole chain for a mount that hides the environment', () => {
    const dockerfile = [
      'FROM python:3.11-slim AS builder',
      'WORKDIR /app',
      'RUN pip install poetry',
      'RUN poetry config virtualenvs.in-project true',
      'COPY poetry.lock pyproject.toml ./',
      'RUN poetry install --no-root',
      'FROM python:3.11-slim',
      'WORKDIR /app',
      'COPY --from=builder /app/.venv ./.venv',
      'COPY . .',
      'CMD ["/app/.venv/bin/uvicorn", "main:app"]',
      '',
    ].join('\n');
    const compose = '    command: uvicorn main:app\n    volumes:\n      - .:/app\n';
    const files = { 'pyproject.toml': POETRY, 'poetry.lock': '[[package]]\nname = "uvicorn"\nversion = "0.30"\n' };
    const found = look('uvicorn', dockerfile, files, compose);
    expect(found.is).toBe('no');
    expect(
      found.evidence.map(
        ({ at, says }) =>
          `${at.path}:${lineNumber({ Dockerfile: dockerfile, 'compose.yaml': `services:\n  web:\n    build: .\n${compose}`, ...files }[at.path] ?? '', at.start)} ${says}`,
      ),
    ).toEqual([
      'compose.yaml:4 the command, which replaces the CMD of the image',
      'Dockerfile:6 poetry installs into the virtual environment /app/.venv here',
      'Dockerfile:9 /app/.venv of the stage builder is copied to /app/.venv here',
      'pyproject.toml:3 uvicorn[standard] brings the program uvicorn',
      'compose.yaml:6 this mount covers /app, and hides /app/.venv',
      'Dockerfile:7 uvicorn is looked for on the PATH /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin, and is in none of these folders',
    ]);
    expect(look('/app/.venv/bin/uvicorn', dockerfile, files, compose).is).toBe('no');
    expect(look('/app/.venv/bin/uvicorn', dockerfile, files).is).toBe('yes');
  });
});
