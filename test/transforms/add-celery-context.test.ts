import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { scan } from '../../src/repo/disk.ts';
import { loadPythonForTests } from '../python-wasm.ts';
import { chain, findingIn, findingsIn, fixture, jobs, shop } from './celery-shop.ts';

beforeAll(loadPythonForTests);

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
