import { beforeAll, describe, expect, test } from 'vitest';
import { Repo } from '../../src/repo/repo.ts';
import { loadPythonForTests } from '../python-wasm.ts';
import { findingIn, findingsIn, fixture, jobs, repairedText, shop } from './celery-shop.ts';

beforeAll(loadPythonForTests);

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
