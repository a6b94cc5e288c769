import { beforeAll, describe, expect, test } from 'vitest';
import { loadPythonForTests } from '../python-wasm.ts';
import { shown } from './diagnosed.ts';

beforeAll(loadPythonForTests);

/** Each error message of a seed as its document tells it, with the repository that it comes from and what must be named. */
const MESSAGES: readonly (readonly [string, string, readonly string[]])[] = [
  [
    'analylit-repair-plan',
    'failed to read dockerfile: open Dockerfile.base: no such file or directory',
    ['dockerfile-missing → fix-build-paths docker-compose.yml:24, fix-build-paths docker-compose.yml:52'],
  ],
  [
    'analylit-repair-plan',
    'service "migrator" depends on undefined service "db_dev": invalid compose project',
    ['undefined-service → remove-migrator docker-compose.yml:73'],
  ],
  [
    'analylit-repair-plan',
    'migrator_1  | /bin/sh: 1: ./wait-for-it.sh: not found',
    ['script-not-found → remove-migrator docker-compose.yml:73'],
  ],
  [
    'fastapi-poetry-handoff',
    'OCI runtime create failed: ... exec: "uvicorn": executable file not found in $PATH: unknown',
    ['program-not-found → unmask-dependencies docker-compose.yml:36, activate-venv docker-compose.yml:31'],
  ],
  [
    'fastapi-poetry-handoff',
    'exec: "/app/.venv/bin/uvicorn": stat /app/.venv/bin/uvicorn: no such file or directory: unknown',
    [
      'script-not-found → activate-venv docker-compose.yml:31, unmask-dependencies docker-compose.yml:36, copy-from-stage backend/Dockerfile:32',
    ],
  ],
  [
    'fastapi-poetry-handoff',
    'failed to solve: failed to compute cache key: "/app/.venv": not found: file not found',
    ['copy-source-missing → copy-from-stage backend/Dockerfile:32'],
  ],
  [
    'analylit-gunicorn-init',
    [
      'analylit-web-v4  | 127.0.0.1 - - [03/Oct/2025:10:00:01 +0000] "GET /api/settings/profiles HTTP/1.1" 404 207 "-" "Python-urllib/3.11"',
      'dependency failed to start: container analylit-web-v4 is unhealthy',
    ].join('\n'),
    [
      'health-404 → defer-module-init server_v4_complete.py:30',
      'unhealthy → defer-module-init server_v4_complete.py:30',
    ],
  ],
  [
    'atmr-stack',
    'atmr-api  | RuntimeError: SQLALCHEMY_DATABASE_URI must be set',
    ['variable-missing → declare-env docker-compose.yml:9'],
  ],
  [
    'atmr-stack',
    'atmr-celery-worker  | RuntimeError: Working outside of application context.',
    ['application-context → add-celery-context backend/celery_app.py:9'],
  ],
  [
    'atmr-stack',
    'atmr-celery-beat  | RuntimeError: Working outside of application context.',
    ['application-context → add-celery-context backend/celery_app.py:9'],
  ],
  [
    'atmr-celery-context',
    "[2025-10-03 10:00:00,000: ERROR/ForkPoolWorker-1] Task tasks.dispatch[1] raised unexpected: RuntimeError('Working outside of application context.')",
    ['application-context → add-celery-context backend/celery_app.py:16'],
  ],
  [
    'mppeep-pipeline',
    [
      'ERROR |  Impossible de se connecter au serveur PostgreSQL',
      'connection to server at "localhost" (127.0.0.1), port 5432 failed: Connection refused',
    ].join('\n'),
    ['refused-local → use-service-hosts docker-compose.prod.yml:23, unquote-env-values docker-compose.prod.yml:23'],
  ],
  ['mppeep-pipeline', 'SyntaxError: invalid syntax', ['syntax-error → repair-conditional app/core/config.py:24']],
  [
    'mppeep-pipeline',
    'sqlalchemy.exc.ArgumentError: Could not parse SQLAlchemy URL from string \'"postgresql://user:pass@db:5432/mppeep"\'',
    ['value-in-quotes → unquote-env-values docker-compose.prod.yml:23'],
  ],
  [
    'mppeep-pipeline',
    'mppeep-app is unhealthy\ndependency failed to start: container mppeep-app is unhealthy',
    ['unhealthy → fix-healthcheck Dockerfile.prod:21, defer-module-init app/main.py:10'],
  ],
  // The document knows no cause either: nothing in the repository takes /app/logs away from the process.
  ['mppeep-pipeline', "PermissionError: [Errno 13] Permission denied: '/app/logs/app.log'", ['file-not-writable → ']],
];

describe('messages of the seeds', () => {
  test.each(MESSAGES)('%s: %s', async (name, log, expected) => {
    expect(await shown(log, `fixtures/repos/${name}/before`)).toEqual(expected);
  });
});
