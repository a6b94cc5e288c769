import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Finding } from '../../src/finding.ts';
import { lineNumber } from '../../src/lines.ts';
import { processesOf } from '../../src/model/python/server-processes.ts';
import { readStack, type Stack } from '../../src/model/stack.ts';
import { loadTypescript, readTypescript } from '../../src/parse/typescript.ts';
import { run } from '../../src/pipeline/run.ts';
import { scan } from '../../src/repo/disk.ts';
import { Repo } from '../../src/repo/repo.ts';
import transform from '../../transforms/defer-module-init/transform.ts';
import { loadPythonForTests } from '../python-wasm.ts';

beforeAll(async () => {
  await loadPythonForTests();
  await loadTypescript();
});

const fixture = (name: string): Stack =>
  readStack(scan(join('fixtures', 'transforms', 'defer-module-init', name, 'before')), undefined);

const findings = (stack: Stack): readonly Finding[] => [...transform.find(stack)];

const only = (stack: Stack): Finding => {
  const found = findings(stack);
  expect(found).toHaveLength(1);
  return found[0] as Finding;
};

const DOCKERFILE = 'FROM python:3.11-slim\nWORKDIR /app\nRUN pip install flask gunicorn sqlalchemy\nCOPY . .\n';

/** A Flask application behind gunicorn with 3 processes, and an entrypoint that prepares the database. */
function shop(files: Readonly<Record<string, string>>): Stack {
  return readStack(
    Repo.of({
      'docker-compose.yml': 'services:\n  web:\n    build: .\n    ports: ["8000:8000"]\n',
      Dockerfile: `${DOCKERFILE}ENTRYPOINT ["sh", "start.sh"]\nCMD ["gunicorn", "-w", "3", "app:app"]\n`,
      'start.sh': 'set -e\npython -c "from database import init_db; init_db()"\nexec "$@"\n',
      'database.py':
        'from sqlalchemy import MetaData, create_engine\n\nmetadata = MetaData()\nengine = create_engine("sqlite://")\n\n\ndef init_db():\n    metadata.create_all(engine)\n',
      ...files,
    }),
    undefined,
  );
}

const appWith = (call: string, imports: string): string =>
  `from flask import Flask\n\n${imports}\n\n\ndef create_app():\n    app = Flask(__name__)\n    ${call}\n    return app\n\n\napp = create_app()\n`;

/** The text of a file after the fixes. */
const repaired = (stack: Stack, path: string): string =>
  run(stack.repo, [transform], { allow: new Set(['safe', 'review']), named: new Set() }).after.read(path) ?? '';

describe('what a finding says', () => {
  test('the chain leads from the number of processes over the calls to the command that does the same', () => {
    const stack = fixture('basic');
    const { message, evidence, fix } = only(stack);
    expect(message).toBe(
      'create_app() in app.py calls init_db() in each of the 3 processes of web, though entrypoint.sh has done it before the server starts: the repeats conflict with each other and with what is there.',
    );
    expect(
      evidence.map(({ at, says }) => `${at.path}:${lineNumber(stack.repo.read(at.path) ?? '', at.start)} ${says}`),
    ).toEqual([
      'Dockerfile:7 gunicorn starts 3 processes, and each imports the application',
      'app.py:21 create_app() runs on import',
      'app.py:11 create_app() calls init_db()',
      'database.py:18 init_db calls Base.metadata.create_all(), which has to be done once',
      'entrypoint.sh:5 this runs before the server and does the same',
    ]);
    expect(fix).toMatchObject({ title: 'Delete init_db(): it is done once before the server', safety: 'review' });
  });

  test('one finding for neighbours, with every call in the title', () => {
    expect(only(fixture('tables-and-seeds')).fix?.title).toBe(
      'Take db.create_all() and seed_products() out of the import: run it as flask init-db once before web starts',
    );
  });

  test.each([
    ['untouched-result-used', 'the result of init_db() is used'],
    ['untouched-binds-a-global', 'it binds engine, which other code reads'],
    ['untouched-fills-a-table-in-memory', 'it binds ROLES, which other code reads'],
    ['untouched-scheduler', 'what it starts has to live in a process that stays'],
    ['untouched-thread', 'what it starts has to live in a process that stays'],
    ['untouched-try-tolerates-race', 'a try around it lets the server start although it failed'],
    ['untouched-migrations-too', 'flask db upgrade runs before the server too'],
    ['untouched-queries-at-import', 'app.py asks the database while it is imported'],
    ['untouched-tests-rely-on-it', 'tests/test_products.py makes the application too'],
    ['untouched-two-web-services', 'web and admin import it, and only one of them may do it'],
    ['untouched-conditional-entrypoint', 'something before the server may do the same'],
    ['untouched-node-listens-afterwards', 'what follows it waits for its result'],
    ['untouched-node-as-many-as-processors', 'PM2 decides by the processors'],
    ['untouched-node-models-elsewhere', 'src/db.js alone does not load all models'],
  ])('%s is manual and says why', (name, why) => {
    const { fix, advice, message } = only(fixture(name));
    expect(fix).toMatchObject({ safety: 'manual', changes: [] });
    expect(advice).toContain(`It is left to you because ${why}`);
    expect(message).toMatch(/processes of web/);
  });

  test.each([
    'untouched-advisory-lock',
    'untouched-broken-python',
    'untouched-celery-imports-once',
    'untouched-cli-command',
    'untouched-file-lock',
    'untouched-lifespan',
    'untouched-main-guard',
    'untouched-node-one-process',
    'untouched-node-primary-only',
    'untouched-one-process',
    'untouched-other-flask-app',
    'untouched-preload',
    'untouched-preload-in-config',
    'untouched-registers-blueprints',
    'untouched-returns-early',
    'untouched-startup-hook',
    'untouched-test-only',
    'untouched-under-environment',
    'untouched-uwsgi-forks',
    'untouched-workers-unknown',
  ])('%s has no finding at all', (name) => {
    expect(findings(fixture(name))).toEqual([]);
  });

  test.each(['analylit-repair-plan', 'atmr-celery-context'])('%s has none either', (name) => {
    expect(findings(readStack(scan(join('fixtures', 'repos', name, 'before')), undefined))).toEqual([]);
  });
});

describe('the import that a deletion leaves unused', () => {
  test.each([
    ['goes', 'from database import init_db', 'init_db()', ''],
    [
      'goes alone from a list',
      'from database import engine, init_db, metadata\n\nprint(engine, metadata)',
      'init_db()',
      'from database import engine, metadata',
    ],
    [
      'goes with its comma from a list of lines',
      'from database import (\n    engine,\n    init_db,\n)\n\nprint(engine)',
      'init_db()',
      'from database import (\n    engine,\n)',
    ],
    ['stays when it is used', 'import database\n\nprint(database.engine)', 'database.init_db()', 'import database'],
    [
      'stays when it is exported',
      'from database import init_db\n\n__all__ = ["create_app", "init_db"]',
      'init_db()',
      'from database import init_db',
    ],
    [
      'stays when a comment keeps it',
      'from database import init_db  # noqa: F401',
      'init_db()',
      'from database import init_db  # noqa: F401',
    ],
    [
      'stays when it loads what nothing else loads',
      'from tables import init_db',
      'init_db()',
      'from tables import init_db',
    ],
  ])('%s', (_, imports, call, rest) => {
    const stack = shop({
      'app.py': appWith(call, imports),
      'tables.py':
        'from sqlalchemy import Column, Table\n\nfrom database import init_db, metadata\n\nproducts = Table("products", metadata, Column("id"))\n',
    });
    const text = repaired(stack, 'app.py');
    expect(text).not.toMatch(/^ {4}(?:database\.)?init_db\(\)/m);
    expect(text).toContain(rest);
    if (rest === '') expect(text).not.toContain('init_db');
  });

  test('stays when another module takes it from here', () => {
    const stack = shop({
      'app.py': appWith('init_db()', 'from database import init_db'),
      'shell.py': 'from app import init_db\n',
    });
    expect(repaired(stack, 'app.py')).toContain('from database import init_db');
  });
});

describe('forms of Python', () => {
  test.each([
    ['tabs', appWith('init_db()', 'from database import init_db').replaceAll('    ', '\t')],
    ['a semicolon', appWith('app.testing = False; init_db()', 'from database import init_db')],
    ['accents and an emoji', `# Prépare la base 🌱\n${appWith('init_db()', 'from database import init_db')}`],
    ['a call over two lines', appWith('init_db(\n    )', 'from database import init_db')],
    ['an import in the factory', appWith('from database import init_db\n\n    init_db()', '')],
    ['an alias', appWith('prepare()', 'from database import init_db as prepare')],
  ])('%s', (_, text) => {
    const after = repaired(shop({ 'app.py': text }), 'app.py');
    expect(after).not.toMatch(/init_db|prepare/);
    expect(after).toContain('return app');
  });

  test('a factory that gunicorn is only given as a WSGI callable is not called at import', () => {
    const stack = shop({
      'app.py': 'from database import init_db\n\n\ndef app(environ, start_response):\n    init_db()\n',
    });
    expect(findings(stack)).toEqual([]);
  });

  test('nothing throws on a stack without files', () => {
    expect(findings(readStack(Repo.of({ 'docker-compose.yml': 'services:\n  web:\n' }), undefined))).toEqual([]);
    expect(findings(shop({ 'app.py': '', 'start.sh': '' }))).toEqual([]);
  });
});

describe('processes that import an application', () => {
  const count = (command: string, files: Readonly<Record<string, string>>, environment: string): number | undefined => {
    const stack = readStack(
      Repo.of({
        'docker-compose.yml': `services:\n  web:\n    build: .\n    command: ${command}\n${environment}`,
        Dockerfile: DOCKERFILE,
        'app.py': 'app = None\n',
        ...files,
      }),
      undefined,
    );
    const [service] = stack.services;
    return service && processesOf(stack, stack.view(service)).count;
  };
  const conf = (text: string): Readonly<Record<string, string>> => ({ 'gunicorn.conf.py': text });
  const web = (value: string): string => `    environment:\n      WEB_CONCURRENCY: ${value}\n`;

  test.each([
    ['gunicorn app:app', {}, '', 1],
    ['gunicorn -w 4 app:app', {}, '', 4],
    ['gunicorn -w4 app:app', {}, '', 4],
    ['gunicorn --workers=2 --preload app:app', {}, '', 1],
    ['gunicorn app:app', {}, web('"5"'), 5],
    ['gunicorn app:app', {}, '    environment:\n      WEB_CONCURRENCY:\n', undefined],
    ['gunicorn app:app', conf('workers = 3\n'), '', 3],
    ['gunicorn -w 2 app:app', conf('workers = 3\n'), '', 2],
    ['gunicorn app:app', conf('import os\nworkers = int(os.getenv("W", "6"))\n'), '', 6],
    ['gunicorn app:app', conf('workers = choose()\n'), '', undefined],
    ['gunicorn -c missing.py app:app', {}, '', undefined],
    ['uvicorn app:app', {}, '', 1],
    ['uvicorn app:app --workers 3', {}, '', 3],
    ['uvicorn app:app', {}, web('2'), 2],
    ['uvicorn app:app', {}, '    deploy:\n      replicas: 2\n', 2],
    ['celery -A app worker -c 8', {}, '', 1],
    ['flask run', {}, '', 1],
  ])('%s %j %j', (command, files, environment, expected) => {
    expect(count(command, files, environment)).toBe(expected);
  });
});

describe('JavaScript and TypeScript', () => {
  test('spans hold with a BOM, CRLF and types', () => {
    const text =
      '\ufeffimport { db } from "./db";\r\n\r\nasync function start(): Promise<void> {\r\n  await db.sync();\r\n}\r\nstart();\r\n';
    const module = readTypescript('src/app.ts', text);
    const call = module?.calls.find(({ callee }) => callee === 'db.sync');
    expect(module?.broken).toBe(false);
    expect(call).toMatchObject({ scope: 'start', within: [] });
    expect(text.slice(call?.lines?.start, call?.lines?.end)).toBe('  await db.sync();\r\n');
    expect(module?.imports).toMatchObject([{ module: './db', binds: ['db'] }]);
  });

  test('what does not parse is broken, and a chained call is no statement of its own', () => {
    expect(readTypescript('a.js', 'const = ;')?.broken).toBe(true);
    expect(readTypescript('a.js', 'db.sync().then(listen);\n')?.calls.map(({ lines }) => lines !== undefined)).toEqual([
      true,
      false,
    ]);
  });
});
