import { beforeAll, describe, expect, test } from 'vitest';
import { loadPythonForTests } from '../python-wasm.ts';
import { shown } from './diagnosed.ts';

beforeAll(loadPythonForTests);

/** Logs that hold no message of a broken stack, some with words that such messages have. */
const UNRELATED: Readonly<Record<string, string>> = {
  'a start of PostgreSQL': [
    'db-1  | PostgreSQL Database directory appears to contain a database; Skipping initialization',
    'db-1  | 2025-10-03 10:00:00.001 UTC [1] LOG:  starting PostgreSQL 16.4 on x86_64-pc-linux-musl',
    'db-1  | 2025-10-03 10:00:00.015 UTC [29] LOG:  database system was shut down at 2025-10-03 09:59:00 UTC',
    'db-1  | 2025-10-03 10:00:00.021 UTC [1] LOG:  database system is ready to accept connections',
  ].join('\n'),
  'a build that works': [
    '#1 [internal] load build definition from Dockerfile',
    '#1 DONE 0.0s',
    '#7 [3/5] RUN pip install -r requirements.txt',
    '#7 4.512 Successfully installed Flask-3.0.3 not-found-page-1.0 gunicorn-22.0.0',
    '#7 4.601 WARNING: Running pip as the root user can result in broken permissions',
    '#7 DONE 5.2s',
  ].join('\n'),
  'an access log': [
    '172.18.0.1 - - [03/Oct/2025:10:00:01 +0000] "GET /favicon.ico HTTP/1.1" 404 153 "-" "Mozilla/5.0"',
    '172.18.0.1 - - [03/Oct/2025:10:00:02 +0000] "GET /wp-login.php HTTP/1.1" 404 153 "-" "curl/8.5"',
    '172.18.0.1 - - [03/Oct/2025:10:00:03 +0000] "POST /api/login HTTP/1.1" 401 20 "-" "Mozilla/5.0"',
  ].join('\n'),
  'a test run': [
    'FAILED tests/test_prices.py::test_total - AssertionError: assert 12 == 13',
    'ERROR tests/test_users.py - fixture "client" raised',
    '================= 1 failed, 1 error, 41 passed in 3.21s =================',
  ].join('\n'),
  'an exception of the application': [
    'web-1  | Traceback (most recent call last):',
    'web-1  |   File "/app/shop/cart.py", line 31, in total',
    'web-1  |     return sum(prices) / len(prices)',
    'web-1  | ZeroDivisionError: division by zero',
  ].join('\n'),
  'a kernel log': [
    'Oct  3 10:00:00 host kernel: [12345.678] usb 1-1: device descriptor read/64, error -71',
    'Oct  3 10:00:01 host systemd[1]: Started Daily apt download activities.',
  ].join('\n'),
  'a failed git push': [
    ' ! [rejected]        main -> main (fetch first)',
    "error: failed to push some refs to 'example.org:shop.git'",
    'hint: Updates were rejected because the remote contains work that you do not have locally.',
  ].join('\n'),
  TypeScript: [
    "src/cart.ts(12,7): error TS2322: Type 'string' is not assignable to type 'number'.",
    'Found 1 error in src/cart.ts:12',
  ].join('\n'),
  'a letter': 'Dear all,\n\nthe meeting is moved to Thursday. Please bring the figures.\n\nKind regards',
  'progress of a pull': [
    'latest: Pulling from library/redis',
    '\u001b[1A\u001b[2Ka2318d6c47ec: Downloading [==>        ]  1.2MB/28MB\r\u001b[1Ba2318d6c47ec: Pull complete',
    'Status: Downloaded newer image for redis:latest',
  ].join('\n'),
  'a duplicate that the application reports': [
    'db-1  | 2025-10-03 10:00:00.123 UTC [34] ERROR:  duplicate key value violates unique constraint "users_email_key"',
    'db-1  | 2025-10-03 10:00:00.123 UTC [34] DETAIL:  Key (email)=(lea@example.org) already exists.',
  ].join('\n'),
};

describe('unrelated logs', () => {
  test.each(Object.entries(UNRELATED))('%s has no known cause', async (_, log) => {
    expect(await shown(log, 'fixtures/repos/healthy-flask/before')).toEqual([]);
    expect(await shown(log, 'fixtures/repos/fastapi-poetry-handoff/before')).toEqual([]);
  });

  test('are at least ten', () => {
    expect(Object.keys(UNRELATED).length).toBeGreaterThanOrEqual(10);
  });
});

describe('messages about something else than the findings', () => {
  test.each<[string, string]>([
    ['fastapi-poetry-handoff', 'frontend-1  | exec: "uvicorn": executable file not found in $PATH'],
    ['fastapi-poetry-handoff', '#14 ERROR: failed to calculate checksum of ref x::y: "/missing.txt": not found'],
    ['rendez-vous', 'stats-1  | exec: "gunicorn": executable file not found in $PATH'],
    ['rendez-vous', "worker-1  | ModuleNotFoundError: No module named 'redis'"],
    ['rendez-vous', 'proxy-1  | nginx: [emerg] host not found in upstream "stats:8000" in /etc/nginx/nginx.conf:5'],
    ['rendez-vous', 'web-1  | socket.gaierror: [Errno -2] Name or service not known'],
    ['mppeep-pipeline', "app-1  | KeyError: 'DATABASE_URL'"],
    [
      'mppeep-pipeline',
      'app-1  | redis.exceptions.ConnectionError: Error 111 connecting to localhost:9999. Connection refused.',
    ],
    ['mppeep-pipeline', 'proxy-1  | 502 Bad Gateway'],
    ['atmr-stack', 'atmr-celery-worker  | sqlite3.OperationalError: unable to open database file'],
    ['healthy-django', 'web-1  | django.db.utils.ProgrammingError: relation "blog_post" does not exist'],
  ])('%s: %s', async (name, log) => {
    expect(await shown(log, `fixtures/repos/${name}/before`)).toEqual([expect.stringMatching(/ → $/)]);
  });

  test('a missing module is not blamed on a folder of the same name', async () => {
    const log = "backend-1  | ModuleNotFoundError: No module named 'app'";
    expect(await shown(log, 'fixtures/repos/fastapi-poetry-handoff/before')).toEqual([
      'module-missing → fix-app-reference docker-compose.yml:31',
    ]);
  });
});
