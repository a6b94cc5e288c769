import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Finding } from '../../src/finding.ts';
import { lineNumber } from '../../src/lines.ts';
import { readStack } from '../../src/model/stack.ts';
import { carryOut } from '../../src/pipeline/edits.ts';
import { scan } from '../../src/repo/disk.ts';
import { Repo } from '../../src/repo/repo.ts';
import addCeleryContext from '../../transforms/add-celery-context/transform.ts';
import { pythonErrors } from '../harness.ts';
import { loadPythonForTests } from '../python-wasm.ts';

beforeAll(loadPythonForTests);

const fixtures = join('fixtures', 'transforms', 'add-celery-context');

const findingsIn = (repo: Repo): readonly Finding[] => [...addCeleryContext.find(readStack(repo, undefined))];

const findingIn = (repo: Repo): Finding => {
  const found = findingsIn(repo);
  expect(found).toHaveLength(1);
  return found[0] as Finding;
};

const fixture = (name: string): Repo => scan(join(fixtures, name, 'before'));

const chain = (repo: Repo, finding: Finding): readonly string[] =>
  finding.evidence.map(({ at, says }) => `${at.path}:${lineNumber(repo.read(at.path) ?? '', at.start)} ${says}`);

/** A small application; `files` replaces or adds, `undefined` leaves a file out. */
const shop = (files: Readonly<Record<string, string | undefined>>): Repo => {
  const all: Readonly<Record<string, string | undefined>> = {
    Dockerfile: 'FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\n',
    'docker-compose.yml': [
      'services:',
      '  web: {build: ., command: "gunicorn wsgi:app"}',
      '  worker: {build: ., command: "celery -A jobs worker"}',
      '',
    ].join('\n'),
    'wsgi.py': 'from app import create_app\n\napp = create_app()\n',
    'app.py': 'from flask import Flask\n\n\ndef create_app():\n    return Flask("shop")\n',
    'jobs.py': [
      'from celery import Celery',
      'from flask import current_app',
      '',
      'celery = Celery("shop", broker="redis://redis")',
      '',
      '',
      '@celery.task',
      'def name():',
      '    return current_app.name',
      '',
    ].join('\n'),
    ...files,
  };
  return Repo.of(
    Object.fromEntries(Object.entries(all).flatMap(([path, text]) => (text === undefined ? [] : [[path, text]]))),
  );
};

const jobs = (...lines: readonly string[]): Repo => shop({ 'jobs.py': [...lines, ''].join('\n') });

/** The repaired text of one file; Python has to accept it. */
const repairedText = (repo: Repo, path: string): string => {
  const changes = findingIn(repo).fix?.changes ?? [];
  expect(changes.length).toBeGreaterThan(0);
  const result = carryOut(repo, changes);
  if ('why' in result) throw new Error(result.why);
  const after = repo.with(result);
  const text = after.read(path) ?? '';
  expect(pythonErrors(new Map([[path, Buffer.from(text)]]))).toEqual([]);
  expect(findingsIn(after)).toEqual([]);
  return text;
};

describe('what it says', () => {
  test('the chain of a whole repository, as an expert explains it', () => {
    const repo = scan(join('fixtures', 'repos', 'atmr-celery-context', 'before'));
    const finding = findingIn(repo);
    expect(finding.message).toBe(
      'The Celery worker runs tasks that use Flask without an application context: they fail with “Working outside of application context”.',
    );
    expect(finding.fix?.safety).toBe('review');
    expect(finding.advice).toBeUndefined();
    expect(chain(repo, finding)).toEqual([
      'docker-compose.yml:41 celery-worker runs the tasks: it imports backend/celery_app.py and nothing that pushes a context',
      'backend/celery_app.py:16 the Celery object; its tasks run as plain celery.Task when the worker imports this',
      'backend/celery_app.py:65 a context is set only here, inside init_celery(), which the worker never calls',
      'backend/app.py:18 init_celery() is called here, by create_app()',
      'backend/tasks/dispatch.py:13 the task dispatch_booking uses current_app.config',
      'backend/tasks/maintenance.py:18 the task expire_stale_bookings uses current_app.config',
      'backend/tasks/maintenance.py:33 the task daily_report uses db.session',
      'backend/tasks/notifications.py:11 the task send_confirmation uses db.session',
      'backend/wsgi.py:6 the application that the tasks need',
    ]);
  });

  test('every call on the way from a task to Flask', () => {
    const repo = fixture('through-functions');
    expect(chain(repo, findingIn(repo))).toEqual(
      expect.arrayContaining([
        'shop/mailing/tasks.py:9 the task send_newsletter calls deliver()',
        'shop/mailing/newsletter.py:6 … which calls sender.send_to()',
        'shop/mailing/sender.py:12 … which uses mail.send',
        'shop/mailing/tasks.py:14 the task send_to_all calls addresses()',
        'shop/mailing/sender.py:16 … which uses Customer.query',
      ]),
    );
  });

  test('variables that the factory reads and only the web service has', () => {
    const repo = shop({
      'docker-compose.yml':
        'services:\n  web:\n    build: .\n    command: gunicorn wsgi:app\n    environment: {SECRET_KEY: x, WEB_PORT: "80"}\n  worker: {build: ., command: celery -A jobs worker}\n',
      'app.py':
        'import os\nfrom flask import Flask\n\ndef create_app():\n    app = Flask("shop")\n    app.secret_key = os.environ["SECRET_KEY"]\n    return app\n',
    });
    expect(findingIn(repo).advice).toBe(
      'Check: the application is now made in worker too, which lacks variables that the web service has: SECRET_KEY.',
    );
  });

  test('what a task needs beyond the context', () => {
    const repo = jobs(
      'from celery import Celery, Task',
      'from flask import current_app, url_for',
      'celery = Celery("shop", broker="redis://redis")',
      'class Own(Task):',
      '    max_retries = 5',
      '@celery.task',
      'def link():',
      '    return url_for("index")',
      '@celery.task(base=Own)',
      'def name():',
      '    return current_app.name',
    );
    expect(findingIn(repo).advice).toBe(
      'Check: tasks whose base class does not derive from the default Task stay without a context: name; url_for() outside a request needs SERVER_NAME in the configuration too.',
    );
  });

  test.each([
    ['untouched-several-applications', 'several Flask applications or configurations are in use'],
    ['untouched-broker-set-by-the-factory', 'the worker sees no broker setting when it starts'],
    ['untouched-own-base-class', 'the tasks have base classes of their own'],
    ['untouched-default-task-set-elsewhere', 'the default Task is set in several places'],
  ])('%s: instructions only', (name, why) => {
    const finding = findingIn(fixture(name));
    expect(finding.fix).toMatchObject({ safety: 'manual', changes: [] });
    expect(finding.advice).toMatch(new RegExp(`^No fix is applied: ${why}.*\\. (?:In|Let) `));
  });

  test('a factory whose arguments nothing shows', () => {
    const repo = shop({
      'docker-compose.yml': 'services:\n  worker: {build: ., command: celery -A jobs worker}\n',
      'wsgi.py': undefined,
      'app.py': 'from flask import Flask\n\ndef create_app(config):\n    return Flask(config)\n',
    });
    expect(findingIn(repo).fix?.safety).toBe('manual');
    expect(findingIn(repo).advice).toContain('create_app() needs arguments, and nothing in the repository shows which');
  });
});

describe('untouched fixtures', () => {
  test.each([
    'untouched-already-repaired',
    'untouched-celery-current-app',
    'untouched-celery-init-app-at-import',
    'untouched-celery-subclass',
    'untouched-decorator-pushes',
    'untouched-expects-the-error',
    'untouched-factory-called-at-import',
    'untouched-flask-celeryext',
    'untouched-flask-task',
    'untouched-guarded-by-has-app-context',
    'untouched-make-celery-at-import',
    'untouched-module-not-in-the-repository',
    'untouched-no-flask-state',
    'untouched-no-worker-service',
    'untouched-old-flask-sqlalchemy',
    'untouched-plain-sqlalchemy',
    'untouched-push-at-import',
    'untouched-rq-worker',
    'untouched-task-base-pushes',
    'untouched-task-prerun',
    'untouched-tasks-push-themselves',
    'untouched-worker-module-calls-init',
    'untouched-worker-process-init',
  ])('%s says nothing at all', (name) => {
    expect(findingsIn(fixture(name))).toEqual([]);
  });
});

describe('variants', () => {
  const TASK = ['', '@celery.task', 'def name():', '    return current_app.name'];
  const compose = (worker: string, web: string): string =>
    `services:\n  web: {build: ., command: ${JSON.stringify(web)}}\n  worker: {build: ., command: ${JSON.stringify(worker)}}\n`;

  test('an application object that the module imports anyway', () => {
    const repo = shop({
      'docker-compose.yml': compose('celery -A jobs.celery worker', 'gunicorn app:app'),
      'wsgi.py': undefined,
      'app.py': 'from flask import Flask\n\napp = Flask("shop")\n\nimport jobs\n',
      'jobs.py': [
        'from celery import Celery',
        'from flask import current_app',
        '',
        'from app import app',
        '',
        'celery = Celery(app.name, broker="redis://redis")',
        ...TASK,
        '',
      ].join('\n'),
    });
    const text = repairedText(repo, 'jobs.py');
    expect(text).toContain('        with app.app_context():\n            return self.run(*args, **kwargs)');
    expect(text).not.toContain('get_flask_app');
  });

  test('a push in the package of the worker’s module', () => {
    const jobs = [
      'from celery import Celery',
      'from flask import current_app',
      'celery = Celery("shop", broker="redis://redis")',
      ...TASK,
      '',
    ].join('\n');
    const files = {
      'docker-compose.yml': compose('celery -A shop.jobs worker', 'gunicorn wsgi:app'),
      'jobs.py': undefined,
      'shop/jobs.py': jobs,
    };
    expect(findingsIn(shop({ ...files, 'shop/__init__.py': '' }))).toHaveLength(1);
    const pushes = 'from app import create_app\n\ncreate_app().app_context().push()\n';
    expect(findingsIn(shop({ ...files, 'shop/__init__.py': pushes }))).toEqual([]);
  });

  test.each([
    ['flask --app app run', 'create_app()'],
    ['flask --app "app:create_app(\'staging\')" run', "create_app('staging')"],
    ['gunicorn "app:create_app(config=\'staging\')"', "create_app(config='staging')"],
    ['uvicorn --factory app:create_app', 'create_app()'],
    ['python run.py', 'create_app("run")'],
  ])('the factory as %s calls it', (web, call) => {
    const repo = shop({
      'docker-compose.yml': compose('celery -A jobs worker', web),
      'wsgi.py': undefined,
      'app.py': 'from flask import Flask\n\ndef create_app(config="x"):\n    app = Flask(config)\n    return app\n',
      'run.py':
        'from app import create_app\n\nif __name__ == "__main__":\n    app = create_app("run")\n    app.run()\n',
    });
    expect(repairedText(repo, 'jobs.py')).toContain(`            _flask_app = ${call}\n`);
  });

  test('a wrapped application, when its own module makes it', () => {
    const wsgi = (line: string): Repo =>
      shop({
        'wsgi.py': `from asgiref.wsgi import WsgiToAsgi\n\nfrom app import create_app\n\n${line}`,
        'app.py': 'from flask import Flask\n\ndef create_app(config="x"):\n    return Flask(config)\n',
      });
    const made = wsgi('flask_app = create_app("live")\napp = WsgiToAsgi(flask_app)\n');
    expect(repairedText(made, 'jobs.py')).toContain('_flask_app = create_app("live")\n');
    const unknown = findingIn(wsgi('app = WsgiToAsgi(create_app("live"))\n'));
    expect(unknown.fix?.safety).toBe('manual');
    expect(unknown.advice).toContain('what the web service makes its Flask application with cannot be told');
  });

  test('tasks that a list in the configuration module names', () => {
    const repo = shop({
      'jobs.py': 'from celery import Celery\n\ncelery = Celery("shop")\ncelery.config_from_object("celeryconfig")\n',
      'celeryconfig.py': 'broker_url = "redis://redis"\nimports = ("later",)\n',
      'later.py':
        'from celery import shared_task\nfrom flask import render_template\n\n@shared_task\ndef page():\n    return render_template("x.html")\n',
    });
    expect(repairedText(repo, 'jobs.py')).toContain(
      'celery.config_from_object("celeryconfig")\n\n\n_flask_app = None\n',
    );
  });

  test('one fix for two workers of the same object', () => {
    const repo = shop({
      'docker-compose.yml': `${compose('celery -A jobs worker -Q a', 'gunicorn wsgi:app')}  slow: {build: ., command: celery -A jobs.celery worker -Q b}\n`,
    });
    expect(findingIn(repo).evidence.filter(({ says }) => says.includes('runs the tasks'))).toHaveLength(2);
  });

  test.each(['==2.5.1', '~=2.5', '>=2.4,<3', '>=2.0,<3.0'])('Flask-SQLAlchemy%s needs no context', (pin) => {
    const repo = shop({
      'docker-compose.yml': compose('celery -A app.celery worker', 'gunicorn app:app'),
      'requirements.txt': `celery\nflask_sqlalchemy${pin}\n`,
      'app.py':
        'from celery import Celery\nfrom flask import Flask\nfrom flask_sqlalchemy import SQLAlchemy\n\napp = Flask("x")\ndb = SQLAlchemy(app)\ncelery = Celery("x", broker="redis://r")\n\n@celery.task\ndef f():\n    db.session.commit()\n',
    });
    expect(findingsIn(repo)).toEqual([]);
  });
});

describe('what holds the untouched fixtures back', () => {
  test.each([
    ['untouched-already-repaired', 'celery_app.py', '\n\ncelery.Task = ContextTask\n', '\n'],
    ['untouched-celery-current-app', 'tasks.py', 'from celery import current_app', 'from flask import current_app'],
    ['untouched-celery-init-app-at-import', 'celery_app.py', 'task_cls=FlaskTask, ', ''],
    ['untouched-celery-subclass', 'celery_app.py', 'FlaskCelery("orders"', 'Celery("orders"'],
    ['untouched-decorator-pushes', 'tasks.py', '@in_app\n', ''],
    ['untouched-expects-the-error', 'tasks.py', 'RuntimeError', 'KeyError'],
    ['untouched-factory-called-at-import', 'worker.py', '\ncreate_app("production")\n', ''],
    ['untouched-guarded-by-has-app-context', 'tasks.py', 'if has_app_context():', 'if True:'],
    ['untouched-make-celery-at-import', 'celery_app.py', '    celery.Task = ContextTask\n', ''],
    ['untouched-no-flask-state', 'tasks.py', 'return math.dist(a, b)', 'from flask import g; return g.unit'],
    [
      'untouched-no-worker-service',
      'docker-compose.yml',
      'services:\n',
      'services:\n  w: {build: ., command: celery -A celery_app worker}\n',
    ],
    ['untouched-module-not-in-the-repository', 'docker-compose.yml', 'company_jobs', 'celery_app'],
    ['untouched-old-flask-sqlalchemy', 'requirements.txt', 'Flask-SQLAlchemy==2.5.1', 'Flask-SQLAlchemy==3.0.2'],
    ['untouched-push-at-import', 'worker.py', 'app.app_context().push()', ''],
    [
      'untouched-rq-worker',
      'docker-compose.yml',
      'rq worker --url redis://redis:6379/0',
      'celery -A celery_app worker',
    ],
    ['untouched-task-base-pushes', 'tasks.py', '(base=AppTask)', ''],
    ['untouched-task-prerun', 'celery_app.py', 'task_prerun.connect(enter)\n', ''],
    [
      'untouched-tasks-push-themselves',
      'tasks.py',
      '    with app.app_context():\n        close_open',
      '    if app:\n        close_open',
    ],
    ['untouched-worker-module-calls-init', 'worker.py', 'init_celery(create_app("production"))', ''],
    ['untouched-worker-process-init', 'celery_app.py', '@worker_process_init.connect\n', ''],
  ])('%s, without that', (name, path, guard, instead) => {
    const repo = fixture(name);
    const text = repo.read(path) ?? '';
    expect(text).toContain(guard);
    const files = repo.paths.map((each) => [each, repo.read(each) ?? ''] as const);
    const bared = Repo.of({ ...Object.fromEntries(files), [path]: text.replace(guard, instead) });
    expect(findingIn(bared).fix?.safety).toBe('review');
  });
});

describe('hard input', () => {
  test('nothing throws on broken repositories', () => {
    for (const repo of [
      Repo.of({}),
      Repo.of({ 'docker-compose.yml': 'services:\n  worker:\n' }),
      Repo.of({ 'docker-compose.yml': 'services:\n  worker: {build: ., command: celery -A jobs worker}\n' }),
      jobs(''),
      jobs('celery = Celery('),
      jobs('from celery import Celery', 'celery = Celery()'),
      shop({ Dockerfile: undefined }),
    ])
      expect(findingsIn(repo)).toEqual([]);
  });

  test('a file that Python refuses is not edited', () => {
    const repo = jobs(
      'from celery import Celery',
      'from flask import current_app',
      'celery = Celery("shop", broker="redis://redis")',
      '@celery.task',
      'def name():',
      '    return current_app.name',
      'print "old"',
    );
    for (const { fix } of findingsIn(repo)) expect(fix?.changes).toEqual([]);
  });

  test('BOM, tabs, accents and emoji stay', () => {
    const text = repairedText(
      jobs(
        '\ufeff# Tâches 🚚',
        'from celery import Celery',
        'from flask import current_app',
        '',
        'celery = Celery("shop", broker="redis://redis")',
        '',
        '@celery.task',
        'def name():',
        '\treturn "é🚚" + current_app.name',
      ),
      'jobs.py',
    );
    expect(text.startsWith('\ufeff# Tâches 🚚\n')).toBe(true);
    expect(text).toContain('\tdef __call__(self, *args, **kwargs):\n\t\tif has_app_context():\n\t\t\treturn self.run');
    expect(text).not.toMatch(/^ /m);
  });

  test('a file without its last newline', () => {
    const repo = shop({
      'jobs.py': 'from celery import Celery\n\ncelery = Celery("shop", broker="redis://redis", include=["tasks"])',
      'tasks.py':
        'from celery import shared_task\nimport flask\n\n@shared_task\ndef name():\n    return flask.current_app.name\n',
    });
    expect(repairedText(repo, 'jobs.py')).toMatch(/\]\)\n\n\n_flask_app = None\n[\s\S]*celery\.Task = ContextTask\n$/);
  });

  test('imports in parentheses are extended in their own layout', () => {
    const text = repairedText(
      jobs(
        'from celery import Celery',
        'from flask import (',
        '    current_app,',
        '    render_template,',
        ')',
        'celery = Celery("shop", broker="redis://redis")',
        '@celery.task',
        'def name():',
        '    return render_template("x.html", name=current_app.name)',
      ),
      'jobs.py',
    );
    expect(text).toContain('from flask import (\n    current_app,\n    has_app_context,\n    render_template,\n)\n');
  });

  test('an annotated Celery object, a walrus and a match statement', () => {
    const text = repairedText(
      jobs(
        'from celery import Celery',
        'from flask import current_app',
        'celery: Celery = Celery("shop", broker="redis://redis")',
        '',
        '@celery.task',
        'async def other(): ...',
        '@celery.task',
        'def name(kind):',
        '    match kind:',
        '        case "long" if (n := current_app.name):',
        '            return n',
      ),
      'jobs.py',
    );
    expect(text).toContain('celery.Task = ContextTask\n\n@celery.task\nasync def other(): ...');
  });

  test('a local name is not the module’s', () => {
    const repo = jobs(
      'from celery import Celery',
      'from flask import current_app',
      'celery = Celery("shop", broker="redis://redis")',
      '@celery.task',
      'def name(current_app):',
      '    return current_app.name',
      '@celery.task',
      'def other():',
      '    current_app = dict(name="x")',
      '    return current_app.items()',
    );
    expect(findingsIn(repo)).toEqual([]);
  });

  test('functions that call each other in a circle end', () => {
    const repo = jobs(
      'from celery import Celery',
      'celery = Celery("shop", broker="redis://redis")',
      'def even(n): return odd(n - 1)',
      'def odd(n): return even(n - 1)',
      '@celery.task',
      'def start(n):',
      '    return even(n)',
    );
    expect(findingsIn(repo)).toEqual([]);
  });

  test('a push under __main__ is no push of the worker', () => {
    const repo = jobs(
      'from celery import Celery',
      'from flask import current_app',
      'celery = Celery("shop", broker="redis://redis")',
      '@celery.task',
      'def name():',
      '    return current_app.name',
      'if __name__ == "__main__":',
      '    from app import create_app',
      '    create_app().app_context().push()',
    );
    expect(findingIn(repo).fix?.safety).toBe('review');
  });
});
