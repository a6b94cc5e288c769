import type { Shape } from './shapes.ts';

/** Messages that are understood and have no cause in a healthy repository: what it is, its symptom, the line. */
export const CAUSELESS: readonly Shape[] = [
  [
    'env-file of Compose',
    'compose-variable',
    'error while interpolating services.app.environment.[]: required variable SECRET_KEY is missing a value: SECRET_KEY requis',
  ],
  [
    'port of another container',
    'port-taken',
    'Error response from daemon: driver failed programming external connectivity on endpoint shop-db-1 (793c3b2bb4): Bind for 0.0.0.0:5432 failed: port is already allocated',
  ],
  [
    'port of another process',
    'port-taken',
    'Error response from daemon: Ports are not available: exposing port TCP 0.0.0.0:5000 -> 0.0.0.0:0: listen tcp 0.0.0.0:5000: bind: address already in use',
  ],
  ['Node: port', 'port-taken', 'web-1  | Error: listen EADDRINUSE: address already in use :::3000'],
  [
    'gunicorn: port',
    'port-taken',
    "web-1  | [2025-10-03 10:00:00 +0000] [1] [ERROR] Connection in use: ('0.0.0.0', 8000)",
  ],
  ['volume', 'undefined-volume', 'service "db" refers to undefined volume db-data: invalid compose project'],
  [
    'volume of Compose v1',
    'undefined-volume',
    'ERROR: Named volume "db-data:/var/lib/postgresql/data:rw" is used in service "db" but no declaration was found in the volumes section.',
  ],
  ['external network', 'external-missing', 'network shop_edge declared as external, but could not be found'],
  [
    'external volume of Compose v1',
    'external-missing',
    'ERROR: Volume shop_data declared as external, but could not be found. Please create the volume manually using `docker volume create --name=shop_data` and try again.',
  ],
  [
    'data of another PostgreSQL',
    'data-of-another-version',
    'db-1  | 2025-10-03 10:00:00.123 UTC [1] DETAIL:  The data directory was initialized by PostgreSQL version 14, which is not compatible with this version 16.3.',
  ],
  [
    'data of another Redis',
    'data-of-another-version',
    "redis-1  | 1:M 03 Oct 2025 10:00:00.123 # Can't handle RDB format version 12",
  ],
  ['mapping', 'compose-invalid', 'services.web must be a mapping'],
  [
    'old volume',
    'password-refused',
    'db-1  | 2025-10-03 10:00:00.123 UTC [34] FATAL:  password authentication failed for user "shop"',
  ],
  ['memory', 'out-of-memory', 'web-1 exited with code 137'],
  [
    'memory of a worker',
    'out-of-memory',
    'web-1  | [2025-10-03 10:00:00 +0000] [1] [ERROR] Worker (pid:9) was sent SIGKILL! Perhaps out of memory?',
  ],
  [
    'private image',
    'image-not-found',
    "Error response from daemon: pull access denied for shop-base, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
  ],
  [
    'tag',
    'image-not-found',
    'Error response from daemon: manifest for postgres:99 not found: manifest unknown: manifest unknown',
  ],
  ['disk', 'no-space', '#12 4.567 OSError: [Errno 28] No space left on device'],
  [
    'npm',
    'requirements-missing',
    "npm error enoent Could not read package.json: Error: ENOENT: no such file or directory, open '/app/package.json'",
  ],
  [
    'pip',
    'requirements-missing',
    "ERROR: Could not open requirements file: [Errno 2] No such file or directory: 'requirements.txt'",
  ],
  [
    'nginx',
    'upstream-unknown',
    'proxy-1  | nginx: [emerg] host not found in upstream "api:8000" in /etc/nginx/conf.d/default.conf:5',
  ],
  [
    'Celery',
    'task-unregistered',
    "worker-1  | [2025-10-03 12:00:00,123: ERROR/MainProcess] Received unregistered task of type 'mailroom.tasks.send'.",
  ],
  [
    'Django',
    'host-disallowed',
    "web-1  | Invalid HTTP_HOST header: 'web:8000'. You may need to add 'web' to ALLOWED_HOSTS.",
  ],
  [
    'volume that is not writable',
    'file-not-writable',
    "web-1  | Error: EACCES: permission denied, open '/data/exports/a.csv'",
  ],
  [
    'pydantic: required',
    'variable-missing',
    'app-1  | API_TOKEN\napp-1  |   Field required [type=missing, input_value={}, input_type=dict]',
  ],
  [
    'socket of the engine',
    'engine-unreachable',
    'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?',
  ],
  ['headers', 'compiler-missing', '#9 12.34 Error: pg_config executable not found.'],
  [
    'registry',
    'registry-unreachable',
    'ERROR: failed to solve: failed to load cache key: failed to do request: Head "https://registry-1.docker.io/v2/library/buidler/manifests/latest": dial tcp: lookup registry-1.docker.io on 10.0.0.53:53: no such host',
  ],
].map(
  ([says = '', symptom = '', log = '']): Shape => ({
    says: `${says}, without a cause in a healthy repository`,
    log,
    folder: 'repos/healthy-flask',
    names: [`${symptom} → `],
  }),
);
