import { beforeAll, describe, expect, test } from 'vitest';
import { readStack, type ServiceView } from '../../src/model/stack.ts';
import { Repo } from '../../src/repo/repo.ts';
import { loadPythonForTests } from '../python-wasm.ts';

beforeAll(loadPythonForTests);

const viewOf = (files: Record<string, string>, name = 'web'): ServiceView => {
  const stack = readStack(Repo.of(files), undefined);
  const service = stack.services.find((each) => each.name === name);
  if (!service) throw new Error(`no service ${name}`);
  return stack.view(service);
};
const compose = (lines: string) => `services:\n  web:\n    build: .\n${lines.replace(/^/gm, '    ')}\n`;
const commands = (view: ServiceView) => view.startup.commands.map((command) => command.argv.join(' '));

describe('the command line', () => {
  const dockerfile =
    'FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\nENTRYPOINT ["tini", "--"]\nCMD ["gunicorn", "a:app"]\n';
  test.each([
    ['the image alone', '', ['gunicorn a:app']],
    ['command replaces CMD', 'command: uvicorn b:app --port "80 80"', ['uvicorn b:app --port 80 80']],
    ['entrypoint drops CMD', 'entrypoint: [flask, run]', ['flask run']],
    [
      'both',
      'entrypoint: ["sh", "-c"]\ncommand: ["flask db upgrade && exec gunicorn a:app"]',
      ['flask db upgrade', 'gunicorn a:app'],
    ],
    ['$$ is a dollar', 'command: sh -c "echo $$HOME && python a.py"', ['echo $HOME', 'python a.py']],
    [
      'a folded block',
      'command: >\n  sh -c "python manage.py migrate &&\n  gunicorn x.wsgi"',
      ['python manage.py migrate', 'gunicorn x.wsgi'],
    ],
  ])('%s', (_, lines, expected) => {
    expect(commands(viewOf({ 'compose.yaml': compose(lines), Dockerfile: dockerfile }))).toEqual(expected);
  });

  test('a shell-form ENTRYPOINT ignores CMD', () => {
    const view = viewOf({
      'compose.yaml': compose(''),
      Dockerfile: 'FROM x\nENTRYPOINT gunicorn a:app\nCMD ["ignored"]\n',
    });
    expect(commands(view)).toEqual(['gunicorn a:app']);
  });

  test('an ENTRYPOINT resets the CMD of an image that is built here', () => {
    const files = {
      'compose.yaml':
        'services:\n  base:\n    image: own-base\n    build: {context: ., dockerfile: Base}\n  web:\n    build: .\n',
      Base: 'FROM python:3.11-slim\nWORKDIR /srv\nCMD ["old"]\n',
      Dockerfile: 'FROM own-base\nENTRYPOINT ["flask", "run"]\n',
    };
    const view = viewOf(files);
    expect(commands(view)).toEqual(['flask run']);
    expect(view.container.workdir).toBe('/srv');
    expect(view.image?.base).toBe('python:3.11-slim');
  });
});

describe('scripts', () => {
  const files = (script: string) => ({
    'compose.yaml': compose(''),
    Dockerfile:
      'FROM python:3.11-slim\nWORKDIR /app\nCOPY docker/start.sh /usr/local/bin/start\nCOPY . .\nENTRYPOINT ["start"]\nCMD ["gunicorn", "-w", "4", "a:app"]\n',
    'docker/start.sh': script,
  });
  test('are followed, "$@" is the CMD', () => {
    const view = viewOf(
      files(
        '#!/bin/sh\nset -e\nuntil nc -z db 5432; do sleep 1; done\nif [ "$M" = 1 ]; then flask db upgrade; fi\nexec "$@"\n',
      ),
    );
    expect(
      view.startup.commands.map(({ argv, conditional, looped, exec, passed }) => [
        argv.join(' '),
        conditional,
        looped,
        exec,
        passed,
      ]),
    ).toEqual([
      ['set -e', false, false, false, false],
      ['nc -z db 5432', false, true, false, false],
      ['sleep 1', false, true, false, false],
      ['[ $M = 1 ]', false, false, false, false],
      ['flask db upgrade', true, false, false, false],
      ['gunicorn -w 4 a:app', false, false, true, true],
    ]);
    expect(view.startup.main?.program).toMatchObject({ name: 'gunicorn', workers: 4 });
    expect(view.startup.complete).toBe(true);
    expect(view.startup.scripts.map((script) => script.path)).toEqual(['docker/start.sh']);
  });

  test('a bind mount that hides the script hides what it runs', () => {
    const view = viewOf({
      'compose.yaml': 'services:\n  web:\n    build: .\n    volumes: ["./src:/app"]\n',
      Dockerfile: 'FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\nCMD ["./start.sh"]\n',
      'start.sh': '#!/bin/sh\nexec gunicorn a:app\n',
      'src/a.py': '',
    });
    expect(view.startup.complete).toBe(false);
    expect(view.container.fileAt('/app/start.sh')).toEqual({ kind: 'absent' });
  });
});

describe('programs', () => {
  test.each([
    ['gunicorn -w4 -b :80 --preload pkg.wsgi:app', 'gunicorn', { module: 'pkg.wsgi', object: 'app' }, 4],
    ['gunicorn \'pkg:create_app("x")\'', 'gunicorn', { module: 'pkg', object: 'create_app', call: '"x"' }, 1],
    ['gunicorn -c conf.py app:app', 'gunicorn', { module: 'app', object: 'app' }, undefined],
    ['python -m uvicorn app.main:app --workers=3', 'uvicorn', { module: 'app.main', object: 'app' }, 3],
    ['poetry run uvicorn --host 0.0.0.0 main:app', 'uvicorn', { module: 'main', object: 'app' }, 1],
    ['celery -A proj.celery:app worker -c 2', 'celery worker', { module: 'proj.celery', object: 'app' }, 2],
    ['celery --app=proj beat', 'celery beat', { module: 'proj' }, 1],
    ['flask --app pkg:create_app run', 'flask run', { module: 'pkg', object: 'create_app' }, 1],
    ['wait-for-it.sh db:5432 -- gunicorn a:b', 'gunicorn', { module: 'a', object: 'b' }, 1],
    ['dockerize -wait tcp://db:5432 -timeout 20s gunicorn a:b', 'gunicorn', { module: 'a', object: 'b' }, 1],
    ['uv run watchfiles --filter python "celery -A proj worker -c 2" src', 'celery worker', { module: 'proj' }, 2],
    ['gosu app tini -- python run.py', 'python', { module: 'run.py' }, 1],
  ])('%s', (command, name, app, workers) => {
    const view = viewOf({
      'compose.yaml': `services:\n  web:\n    image: x\n    command: ${JSON.stringify(command)}\n`,
    });
    expect(view.startup.main?.program.name).toBe(name);
    expect(view.startup.main?.program.app).toMatchObject(app);
    expect(view.startup.main?.program.workers).toBe(workers);
  });
});

describe('modules', () => {
  test('a reference leads to the file that the container sees, through WORKDIR, COPY and mounts', () => {
    const view = viewOf({
      'compose.yaml':
        'services:\n  web:\n    build: ./backend\n    volumes: ["./backend/src:/code"]\n    command: gunicorn pkg.wsgi:app\n',
      'backend/Dockerfile': 'FROM python:3.12-slim\nWORKDIR /code\nCOPY src .\n',
      'backend/src/pkg/__init__.py': 'from .db import db\n',
      'backend/src/pkg/db.py': 'from flask_sqlalchemy import SQLAlchemy\ndb = SQLAlchemy()\n',
      'backend/src/pkg/wsgi.py': 'from pkg import db as store\nfrom pkg.web import make\napp = make()\n',
      'backend/src/pkg/web.py': 'def make():\n    from . import late\n',
      'backend/src/pkg/late.py': '',
    });
    expect(view.entry?.path).toBe('backend/src/pkg/wsgi.py');
    const paths = (lazy: boolean) =>
      view.python
        .reachable('backend/src/pkg/wsgi.py', lazy)
        .map((module) => module.path.slice('backend/src/pkg/'.length));
    expect(paths(false).sort()).toEqual(['__init__.py', 'db.py', 'web.py', 'wsgi.py']);
    expect(paths(true)).toContain('late.py');
    const origin = view.entry && view.python.origin(view.entry, 'store.session', '');
    expect(origin).toMatchObject({ kind: 'defined', name: 'db.session', module: { path: 'backend/src/pkg/db.py' } });
  });

  test('celery -A names a package: its celery module counts', () => {
    const view = viewOf({
      'compose.yaml': 'services:\n  web:\n    build: .\n    command: celery -A proj worker\n',
      Dockerfile: 'FROM python:3.12\nWORKDIR /x\nCOPY . /x\n',
      'proj/__init__.py': '',
      'proj/celery.py': 'from celery import Celery\napp = Celery("proj")\n',
    });
    expect(view.entry?.path).toBe('proj/celery.py');
  });

  test('settings that are loaded by name are read for the stores that they point at', () => {
    const view = viewOf({
      'compose.yaml': 'services:\n  web:\n    build: .\n    command: gunicorn app:app\n  cache:\n    image: redis:7\n',
      Dockerfile: 'FROM python:3.12\nWORKDIR /x\nCOPY . /x\n',
      'app.py':
        'from flask import Flask\napp = Flask(__name__)\napp.config.from_object("config.settings.Production")\n',
      'config/__init__.py': '',
      'config/settings.py': 'class Production:\n    RATELIMIT_STORAGE_URI = "redis://cache:6379/1"\n',
    });
    expect(view.stores.map(({ store, evidence }) => [store.service.name, evidence[0]?.at.path])).toEqual([
      ['cache', 'config/settings.py'],
    ]);
  });
});
