/** A message as a tool prints it, a repository, and what a diagnosis must name. */
export interface Shape {
  readonly says: string;
  readonly log: string;
  /** Below `fixtures/`. */
  readonly folder: string;
  readonly names: readonly string[];
}

const OCI28 =
  'Error response from daemon: failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: ';
const OCI20 =
  'docker: Error response from daemon: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: ';
const V1 = 'OCI runtime create failed: container_linux.go:380: starting container process caused: ';

const t = (name: string): string => `transforms/${name}`;

/** Docker 20 to 28, Compose v1 and v2, BuildKit plain and tty, Python, Node, PostgreSQL, Redis, nginx. */
export const SHAPES: readonly Shape[] = [
  {
    says: 'Docker 28: program not found',
    log: `${OCI28}exec: "uvicorn": executable file not found in $PATH: unknown`,
    folder: t('activate-venv/basic'),
    names: ['program-not-found → activate-venv docker-compose.yml:4'],
  },
  {
    says: 'Docker 20: program not found',
    log: `${OCI20}exec: "gunicorn": executable file not found in $PATH: unknown.\nERRO[0000] error waiting for container: context canceled`,
    folder: t('declare-requirement/basic'),
    names: ['program-not-found → declare-requirement Dockerfile:6'],
  },
  {
    says: 'Compose v1: program not found',
    log: `Creating shop_backend_1 ... error\n\nERROR: for backend  Cannot start service backend: ${V1}exec: "uvicorn": executable file not found in $PATH: unknown\nERROR: Encountered errors while bringing up the project.`,
    folder: t('unmask-dependencies/basic'),
    names: ['program-not-found → unmask-dependencies docker-compose.yml:6'],
  },
  {
    says: 'dash: program not found',
    log: 'app-1  | /bin/sh: 1: curl: not found',
    folder: t('fix-healthcheck/basic'),
    names: ['program-not-found → fix-healthcheck Dockerfile:11'],
  },
  {
    says: 'docker inspect: the healthcheck has no curl',
    log: '{"Status":"unhealthy","Log":[{"ExitCode":-1,"Output":"OCI runtime exec failed: exec failed: unable to start container process: exec: \\"curl\\": executable file not found in $PATH: unknown"}]}',
    folder: t('fix-healthcheck/basic'),
    names: ['program-not-found → fix-healthcheck Dockerfile:11'],
  },
  {
    says: 'BusyBox: env has no bash',
    log: "web-1  | env: can't execute 'bash': No such file or directory",
    folder: t('fix-shell-scripts/bash-not-on-alpine'),
    names: ['program-not-found → fix-shell-scripts start.sh:1'],
  },
  {
    says: 'kernel: a script with CRLF is "not there"',
    log: 'web-1  | exec /app/start.sh: no such file or directory\nweb-1 exited with code 1',
    folder: t('fix-shell-scripts/crlf'),
    names: ['script-not-found → fix-shell-scripts start.sh:1'],
  },
  {
    says: 'Docker 20: the same, without a name',
    log: 'web_1  | standard_init_linux.go:228: exec user process caused: no such file or directory',
    folder: t('fix-shell-scripts/crlf'),
    names: ['script-not-found → fix-shell-scripts start.sh:1'],
  },
  {
    says: 'env with a carriage return',
    log: "/usr/bin/env: 'bash\\r': No such file or directory\n/usr/bin/env: use -[v]S to pass options in shebang lines",
    folder: t('fix-shell-scripts/crlf'),
    names: ['windows-line-ends → fix-shell-scripts start.sh:1'],
  },
  {
    says: 'dash: set with a carriage return',
    log: 'web-1  | /app/start.sh: 2: set: Illegal option -',
    folder: t('fix-shell-scripts/crlf'),
    names: ['windows-line-ends → fix-shell-scripts start.sh:1'],
  },
  {
    says: 'exec format error',
    log: 'exec /app/start.sh: exec format error',
    folder: t('fix-shell-scripts/without-shebang'),
    names: ['exec-format → fix-shell-scripts start.sh:1'],
  },
  {
    says: 'Docker 20: exec format error',
    log: '{"log":"standard_init_linux.go:228: exec user process caused: exec format error\\n","stream":"stderr","time":"2025-10-03T10:00:00.1Z"}',
    folder: t('fix-shell-scripts/without-shebang'),
    names: ['exec-format → fix-shell-scripts start.sh:1'],
  },
  {
    says: 'script not executable',
    log: `${OCI20}exec: "/app/start.sh": permission denied: unknown`,
    folder: t('fix-shell-scripts/not-executable'),
    names: ['script-not-executable → fix-shell-scripts Dockerfile:17'],
  },
  {
    says: 'script not executable, named from its folder',
    log: 'web-1  | exec ./start.sh: permission denied',
    folder: t('fix-shell-scripts/not-executable'),
    names: ['script-not-executable → fix-shell-scripts Dockerfile:17'],
  },
  {
    says: 'a manifest that is not there, where the missing .dockerignore is not the cause',
    log: "ERROR: Could not open requirements file: [Errno 2] No such file or directory: 'requirements.txt'",
    folder: 'repos/mppeep-pipeline',
    names: ['requirements-missing → '],
  },
  {
    says: 'a manifest that is not there, where a hidden venv is not the cause',
    log: "stats-1  | ERROR: Could not open requirements file: [Errno 2] No such file or directory: 'requirements.txt'",
    folder: 'repos/rendez-vous',
    names: ['requirements-missing → '],
  },
  {
    says: 'a name that nobody has, where the repair of another host names it',
    log: 'web-1  | sqlalchemy.exc.OperationalError: (psycopg2.OperationalError) could not translate host name "db" to address: Temporary failure in name resolution',
    folder: 'repos/rendez-vous',
    names: ['host-unknown → simplify-depends-on docker-compose.yml:37, simplify-depends-on docker-compose.yml:53'],
  },
  {
    says: 'dash reads bash',
    log: 'web-1  | /app/start.sh: 4: Syntax error: "(" unexpected',
    folder: t('fix-shell-scripts/basic'),
    names: ['shell-syntax → fix-shell-scripts start.sh:1'],
  },
  {
    says: 'BuildKit plain: COPY source',
    log: [
      '#9 [backend stage-1 3/4] COPY --chown=appuser:appgroup /app/.venv ./.venv',
      '#9 ERROR: failed to calculate checksum of ref moby::0k3x: "/app/.venv": not found',
      '------',
      ' > [backend stage-1 3/4] COPY --chown=appuser:appgroup /app/.venv ./.venv:',
      '------',
      'failed to solve: failed to compute cache key: failed to calculate checksum of ref moby::0k3x: "/app/.venv": not found',
    ].join('\n'),
    folder: t('copy-from-stage/basic'),
    names: ['copy-source-missing → copy-from-stage backend/Dockerfile:14'],
  },
  {
    says: 'BuildKit tty: COPY source, with colours and carriage returns',
    log: '\u001b[1A\u001b[1B\u001b[0G\u001b[?25l[+] Building 0.4s (7/9)\r\n\u001b[31m => ERROR [backend stage-1 3/4] COPY --chown=appuser:appgroup /app/.venv ./.v  0.0s\u001b[0m\r\n\u001b[34m => CACHED [backend builder 2/5] WORKDIR /app\u001b[0m\r\n\u001b[?25hfailed to solve: failed to compute cache key: failed to walk /var/lib/docker/tmp/buildkit-mount123/app/.venv: lstat /var/lib/docker/tmp/buildkit-mount123/app/.venv: no such file or directory\r\n',
    folder: t('copy-from-stage/basic'),
    names: ['copy-source-missing → copy-from-stage backend/Dockerfile:14'],
  },
  {
    says: 'classic builder: COPY source',
    log: "Step 8/12 : COPY --chown=appuser:appgroup /app/.venv ./.venv\nCOPY failed: file not found in build context or excluded by .dockerignore: stat app/.venv: file does not exist\nERROR: Service 'backend' failed to build : Build failed",
    folder: t('copy-from-stage/basic'),
    names: ['copy-source-missing → copy-from-stage backend/Dockerfile:14'],
  },
  {
    says: 'BuildKit: Dockerfile',
    log: '#1 transferring dockerfile: 2B done\n#1 DONE 0.0s\nfailed to solve: rpc error: code = Unknown desc = failed to solve with frontend dockerfile.v0: failed to read dockerfile: open /var/lib/docker/tmp/buildkit-mount3861818043/Dockerfile.base: no such file or directory',
    folder: t('fix-build-paths/basic'),
    names: ['dockerfile-missing → fix-build-paths docker-compose.yml:5, fix-build-paths docker-compose.yml:11'],
  },
  {
    says: 'Docker 28: Dockerfile, with the target',
    log: 'target worker: failed to solve: failed to read dockerfile: open Dockerfile.base: no such file or directory',
    folder: t('fix-build-paths/basic'),
    names: ['dockerfile-missing → fix-build-paths docker-compose.yml:5, fix-build-paths docker-compose.yml:11'],
  },
  {
    says: 'classic builder: Dockerfile',
    log: 'unable to prepare context: unable to evaluate symlinks in Dockerfile path: lstat /home/lea/shop/Dockerfile.base: no such file or directory',
    folder: t('fix-build-paths/basic'),
    names: ['dockerfile-missing → fix-build-paths docker-compose.yml:5, fix-build-paths docker-compose.yml:11'],
  },
  {
    says: 'Docker 20 and later: a folder over a file',
    log: `${OCI20}error during container init: error mounting "/home/lea/rdv/proxy.conf" to rootfs at "/etc/nginx/conf.d/default.conf": mount /home/lea/rdv/proxy.conf:/etc/nginx/conf.d/default.conf (via /proc/self/fd/6), flags: 0x5000: not a directory: unknown: Are you trying to mount a directory onto a file (or vice-versa)? Check if the specified host path exists and is the expected type`,
    folder: 'repos/rendez-vous',
    names: ['mount-kind → fix-build-paths docker-compose.yml:73'],
  },
  {
    says: 'Compose v1: a folder over a file',
    log: `ERROR: for proxy  Cannot start service proxy: ${V1}process_linux.go:545: container init caused: rootfs_linux.go:76: mounting "/home/lea/rdv/proxy.conf" to rootfs at "/etc/nginx/conf.d/default.conf" caused: mount through procfd: not a directory: unknown: Are you trying to mount a directory onto a file (or vice-versa)?`,
    folder: 'repos/rendez-vous',
    names: ['mount-kind → fix-build-paths docker-compose.yml:73'],
  },
  {
    says: 'Compose v2: undefined service',
    log: 'service "web" depends on undefined service postgres: invalid compose project',
    folder: t('simplify-depends-on/undefined-service'),
    names: ['undefined-service → simplify-depends-on docker-compose.yml:10'],
  },
  {
    says: 'Compose v1: undefined service',
    log: "ERROR: Service 'web' depends on service 'postgres' which is undefined.",
    folder: t('simplify-depends-on/undefined-service'),
    names: ['undefined-service → simplify-depends-on docker-compose.yml:10'],
  },
  {
    says: 'Compose v2: cycle',
    log: 'dependency cycle detected: web -> worker -> web',
    folder: t('simplify-depends-on/cycle-of-two'),
    names: ['dependency-cycle → simplify-depends-on docker-compose.yml:11, simplify-depends-on docker-compose.yml:19'],
  },
  {
    says: 'Compose v1: cycle',
    log: 'ERROR: Circular dependency between migrator and web',
    folder: 'repos/rendez-vous',
    names: ['dependency-cycle → remove-migrator docker-compose.yml:16'],
  },
  {
    says: 'Compose v2: shape',
    log: 'validating /home/lea/shop/docker-compose.yml: services.web.depends_on.1 must be a string',
    folder: t('fix-compose-shape/basic'),
    names: ['compose-invalid → fix-compose-shape docker-compose.yml:10'],
  },
  {
    says: 'Compose v1: shape',
    log: "ERROR: The Compose file './docker-compose.yml' is invalid because:\nservices.web.depends_on contains an invalid type, it should be an array or an object",
    folder: t('fix-compose-shape/basic'),
    names: ['compose-invalid → fix-compose-shape docker-compose.yml:10'],
  },
  {
    says: 'YAML: a tab',
    log: 'yaml: line 9: found character that cannot start any token',
    folder: t('fix-compose-shape/tabs'),
    names: ['compose-invalid → fix-compose-shape docker-compose.yml:9'],
  },
  {
    says: 'Compose v2: env file',
    log: 'env file /home/lea/shop/web.env not found: stat /home/lea/shop/web.env: no such file or directory',
    folder: t('fix-build-paths/env-file-moved'),
    names: ['env-file-missing → fix-build-paths compose.yaml:5'],
  },
  {
    says: 'Compose v1: env file',
    log: "ERROR: Couldn't find env file: /home/lea/mailroom/.env",
    folder: 'repos/healthy-celery',
    names: ['env-file-missing → fix-build-paths docker-compose.yml:7'],
  },
  {
    says: 'psycopg: localhost',
    log: 'web-1  | psycopg2.OperationalError: connection to server at "localhost" (::1), port 5433 failed: Connection refused\nweb-1  | \tIs the server running on that host and accepting TCP/IP connections?',
    folder: t('use-service-hosts/basic'),
    names: ['refused-local → use-service-hosts docker-compose.yml:8'],
  },
  {
    says: 'psycopg of old: localhost',
    log: 'web_1  | could not connect to server: Connection refused\nweb_1  | \tIs the server running on host "localhost" (127.0.0.1) and accepting\nweb_1  | \tTCP/IP connections on port 5433?',
    folder: t('use-service-hosts/basic'),
    names: ['refused-local → use-service-hosts docker-compose.yml:8'],
  },
  {
    says: 'asyncpg: localhost',
    log: "web-1  | OSError: Multiple exceptions: [Errno 111] Connect call failed ('::1', 5433, 0, 0), [Errno 111] Connect call failed ('127.0.0.1', 5433)",
    folder: t('use-service-hosts/basic'),
    names: ['refused-local → use-service-hosts docker-compose.yml:8'],
  },
  {
    says: 'Node: ECONNREFUSED',
    log: 'web-1  | [ioredis] Unhandled error event: Error: connect ECONNREFUSED 127.0.0.1:6379\nweb-1  |     at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1606:16)',
    folder: t('use-service-hosts/basic'),
    names: ['refused-local → use-service-hosts docker-compose.yml:9'],
  },
  {
    says: 'redis-py: Error 111',
    log: 'web-1  | redis.exceptions.ConnectionError: Error 111 connecting to 127.0.0.1:6379. Connection refused.',
    folder: t('use-service-hosts/basic'),
    names: ['refused-local → use-service-hosts docker-compose.yml:9'],
  },
  {
    says: 'Celery: the broker at localhost',
    log: 'worker-1  | [2025-10-03 12:00:00,123: ERROR/MainProcess] consumer: Cannot connect to redis://localhost:6379/0: Error 111 connecting to localhost:6379. Connection refused..\nworker-1  | Trying again in 2.00 seconds... (1/100)',
    folder: 'repos/rendez-vous',
    names: ['refused-local → use-service-hosts docker-compose.yml:51'],
  },
  {
    says: 'PostgreSQL is not ready',
    log: 'web-1  | connection to server at "db" (172.18.0.2), port 5432 failed: Connection refused\nweb-1  | \tIs the server running on that host and accepting TCP/IP connections?',
    folder: t('simplify-depends-on/basic'),
    names: ['refused-service → simplify-depends-on docker-compose.yml:9'],
  },
  {
    says: 'Redis is not ready',
    log: 'worker-1  | redis.exceptions.ConnectionError: Error 111 connecting to redis:6379. Connection refused.',
    folder: t('simplify-depends-on/basic'),
    names: ['refused-service → simplify-depends-on docker-compose.yml:17'],
  },
  {
    says: 'PostgreSQL is starting',
    log: 'web-1  | psycopg2.OperationalError: connection to server at "db" (172.18.0.2), port 5432 failed: FATAL:  the database system is starting up',
    folder: t('simplify-depends-on/basic'),
    names: ['refused-service → simplify-depends-on docker-compose.yml:9'],
  },
  {
    says: 'libpq: unknown host',
    log: 'web_1  | sqlalchemy.exc.OperationalError: (psycopg2.OperationalError) could not translate host name "postgres" to address: Name or service not known',
    folder: 'repos/rendez-vous',
    names: ['host-unknown → simplify-depends-on docker-compose.yml:37'],
  },
  {
    says: 'nginx: upstream refused',
    log: 'proxy-1  | 2025/10/03 10:00:00 [error] 29#29: *1 connect() failed (111: Connection refused) while connecting to upstream, client: 172.18.0.1, server: , request: "GET / HTTP/1.1", upstream: "http://172.18.0.5:8000/", host: "localhost"',
    folder: 'repos/rendez-vous',
    names: ['upstream-refused → bind-all-interfaces docker-compose.yml:59'],
  },
  {
    says: 'curl through the published port',
    log: 'curl: (56) Recv failure: Connection reset by peer',
    folder: t('bind-all-interfaces/basic'),
    names: ['upstream-refused → bind-all-interfaces Dockerfile:6'],
  },
  {
    says: 'Python: KeyError',
    log: 'api-1  | Traceback (most recent call last):\napi-1  |   File "/app/config.py", line 9, in <module>\napi-1  |     SECRET_KEY = os.environ["SECRET_KEY"]\napi-1  |   File "<frozen os>", line 679, in __getitem__\napi-1  | KeyError: \'SECRET_KEY\'',
    folder: t('declare-env/basic'),
    names: ['variable-missing → declare-env docker-compose.yml:2'],
  },
  {
    says: 'Flask-SQLAlchemy 3',
    log: "celery-worker-1  | RuntimeError: Either 'SQLALCHEMY_DATABASE_URI' or 'SQLALCHEMY_BINDS' must be set.",
    folder: t('declare-env/basic'),
    names: ['variable-missing → declare-env docker-compose.yml:2'],
  },
  {
    says: 'pydantic-settings: not JSON',
    log: 'app-1  | pydantic_settings.exceptions.SettingsError: error parsing value for field "ALLOWED_HOSTS" from source "EnvSettingsSource"',
    folder: t('match-settings/basic'),
    names: ['setting-rejected → match-settings docker-compose.yml:10'],
  },
  {
    says: 'pydantic: Literal',
    log: "app-1  | pydantic_core._pydantic_core.ValidationError: 1 validation error for Settings\napp-1  | ENVIRONMENT\napp-1  |   Input should be 'development' or 'production' [type=literal_error, input_value='Production', input_type=str]",
    folder: t('match-settings/basic'),
    names: ['setting-rejected → match-settings docker-compose.yml:8'],
  },
  {
    says: 'SQLAlchemy: an URL in quotes',
    log: 'web-1  | sqlalchemy.exc.ArgumentError: Could not parse SQLAlchemy URL from given URL string',
    folder: t('unquote-env-values/basic'),
    names: ['value-in-quotes → unquote-env-values docker-compose.yml:9'],
  },
  {
    says: 'PostgreSQL: missing table',
    log: 'db-1  | 2025-10-03 10:00:00.123 UTC [34] ERROR:  relation "products" does not exist at character 15',
    folder: t('add-entrypoint/basic'),
    names: ['relation-missing → add-entrypoint Dockerfile:17'],
  },
  {
    says: 'SQLAlchemy: missing table',
    log: 'web-1  | sqlalchemy.exc.ProgrammingError: (psycopg2.errors.UndefinedTable) relation "users" does not exist',
    folder: t('remove-migrator/basic'),
    names: ['relation-missing → remove-migrator docker-compose.yml:13'],
  },
  {
    says: 'several workers make a table',
    log: 'web-1  | sqlalchemy.exc.ProgrammingError: (psycopg2.errors.DuplicateTable) relation "notes" already exists',
    folder: t('defer-module-init/basic'),
    names: ['created-twice → defer-module-init app.py:11'],
  },
  {
    says: 'several workers make a type',
    log: 'app-1  | sqlalchemy.exc.IntegrityError: (psycopg2.errors.UniqueViolation) duplicate key value violates unique constraint "pg_type_typname_nsp_index"',
    folder: 'repos/mppeep-pipeline',
    names: ['created-twice → defer-module-init app/main.py:10'],
  },
  {
    says: 'uvicorn: module',
    log: 'backend_1  | ERROR:    Error loading ASGI app. Could not import module "app.main".',
    folder: t('fix-app-reference/basic'),
    names: ['module-missing → fix-app-reference backend/Dockerfile:6'],
  },
  {
    says: 'Python: package',
    log: 'web-1  |   File "/app/wsgi.py", line 2, in <module>\nweb-1  |     from flask_cors import CORS\nweb-1  | ModuleNotFoundError: No module named \'flask_cors\'',
    folder: t('declare-requirement/basic'),
    names: ['module-missing → declare-requirement wsgi.py:2'],
  },
  {
    says: 'Node: package',
    log: "frontend-1  | Error: Cannot find module 'express'\nfrontend-1  | Require stack:\nfrontend-1  | - /app/server.js",
    folder: t('unmask-dependencies/node-modules'),
    names: [
      'node-module-missing → unmask-dependencies docker-compose.yml:6, ignore-build-context frontend/Dockerfile:5',
    ],
  },
  {
    says: 'Python: syntax, with its file',
    log: 'stats_1  |   File "/app/stats_api/reglages.py", line 11\nstats_1  |     FENETRE: int = if DEBUG: 5 else 60\nstats_1  |                    ^^\nstats_1  | SyntaxError: invalid syntax',
    folder: 'repos/rendez-vous',
    names: ['syntax-error → repair-conditional stats/stats_api/reglages.py:11'],
  },
  {
    says: 'uvicorn: the healthcheck gets 404',
    log: 'app-1  | INFO:     127.0.0.1:43210 - "GET /health HTTP/1.1" 404 Not Found',
    folder: t('fix-healthcheck/basic'),
    names: ['health-404 → fix-healthcheck Dockerfile:11'],
  },
  {
    says: 'Compose v1: unhealthy',
    log: 'ERROR: for web  Container "1a2b3c4d5e6f" is unhealthy.',
    folder: 'repos/rendez-vous',
    names: ['unhealthy → fix-healthcheck docker-compose.yml:39, defer-module-init api/wsgi.py:7'],
  },
  {
    says: 'Compose v2: no healthcheck',
    log: 'dependency failed to start: container library-db-test-1 has no healthcheck configured',
    folder: 'repos/analylit-repair-plan',
    names: ['no-healthcheck → remove-migrator docker-compose.yml:73'],
  },
];
