import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { markdownReport } from '../../../src/output/report/markdown.ts';
import type { Report, ReportPlace } from '../../../src/output/report.ts';
import { scan } from '../../../src/repo/disk.ts';
import type { Repo } from '../../../src/repo/repo.ts';
import { loadPythonForTests } from '../../python-wasm.ts';
import { formatsOf, reportOn } from './reports.ts';

beforeAll(loadPythonForTests);

const root = join('fixtures', 'repos');

/** A claim of a document, the transform that it belongs to, and the line that proves it: its file, and its text as it is on disk. */
type Claim = readonly [claim: string, transform: string, path: string, line: string];

const CLAIMS: Readonly<Record<string, readonly Claim[]>> = {
  'analylit-repair-plan': [
    ['COPY . /app stands before pip install', 'split-copy', 'docker/Dockerfile.base', 'COPY . /app'],
    ['the migrator has invalid dependencies', 'remove-migrator', 'docker-compose.yml', '      db_dev:'],
    [
      'the migrator has an invalid command',
      'remove-migrator',
      'docker-compose.yml',
      '    command: ["./wait-for-it.sh", "db_dev:5432", "--", "flask", "db", "upgrade"]',
    ],
    ['the edge to it stands in the override, too', 'remove-migrator', 'docker-compose.override.yml', '      migrator:'],
    [
      'depends_on is too complex',
      'simplify-depends-on',
      'docker-compose.yml',
      '      db-test:                # au cas où un test déposerait une tâche',
    ],
    ['web waits for stores that may not answer', 'simplify-depends-on', 'docker-compose.yml', '      - redis'],
    [
      'the Dockerfiles are no longer at the root',
      'fix-build-paths',
      'docker-compose.yml',
      '      dockerfile: Dockerfile.base',
    ],
    ['migrations run nowhere else', 'remove-migrator', 'docker-compose.yml', '      dockerfile: Dockerfile.migrator'],
  ],
  'fastapi-poetry-handoff': [
    [
      'the COPY of the virtual environment finds nothing',
      'copy-from-stage',
      'backend/Dockerfile',
      'COPY --chown=appuser:appgroup /app/.venv ./.venv',
    ],
    ['the mount hides the environment', 'unmask-dependencies', 'docker-compose.yml', '      - ./backend:/app'],
    [
      'exec: "uvicorn": executable file not found in $PATH',
      'activate-venv',
      'docker-compose.yml',
      '    command: uvicorn app.main:app --host 0.0.0.0 --port 8000 --reload',
    ],
    [
      'the environment is made by Poetry in the project',
      'unmask-dependencies',
      'backend/Dockerfile',
      'RUN poetry install --no-interaction --no-ansi --no-root',
    ],
    [
      'which main is started',
      'fix-app-reference',
      'docker-compose.yml',
      '    command: uvicorn app.main:app --host 0.0.0.0 --port 8000 --reload',
    ],
  ],
  'analylit-gunicorn-init': [
    [
      'initialize_app() is called at import',
      'defer-module-init',
      'server_v4_complete.py',
      '        app_globals.initialize_app()',
    ],
    ['create_app() runs in each worker', 'defer-module-init', 'server_v4_complete.py', 'app = create_app()'],
    [
      'entrypoint.sh has done it already',
      'defer-module-init',
      'entrypoint.sh',
      'python -c "from utils.app_globals import _init_db_command; _init_db_command()"',
    ],
  ],
  'atmr-celery-context': [
    ['Working outside of application context', 'add-celery-context', 'backend/celery_app.py', 'celery = Celery('],
    ['the context is set only in the factory', 'add-celery-context', 'backend/app.py', '    init_celery(app)'],
    ['the worker depends on the api', 'simplify-depends-on', 'docker-compose.yml', '      - api'],
  ],
  'atmr-stack': [
    [
      'SQLALCHEMY_DATABASE_URI must be set',
      'declare-env',
      'backend/config.py',
      '    SQLALCHEMY_DATABASE_URI = os.getenv("DATABASE_URL")',
    ],
    [
      'DATABASE_URL is not given',
      'declare-env',
      'docker-compose.yml',
      '      - DATABASE_URI=sqlite:////app/data/atmr.db',
    ],
    ['SECRET_KEY is not given', 'declare-env', 'backend/config.py', '    SECRET_KEY = os.getenv("SECRET_KEY")'],
    [
      'JWT_SECRET_KEY is not given',
      'declare-env',
      'backend/config.py',
      '    JWT_SECRET_KEY = os.getenv("JWT_SECRET_KEY")',
    ],
    ['Working outside of application context', 'add-celery-context', 'backend/celery_app.py', 'celery = Celery('],
    [
      'the database has no volume',
      'persist-data',
      'docker-compose.yml',
      '      - DATABASE_URI=sqlite:////app/data/atmr.db',
    ],
    [
      'secrets stand in the Compose file',
      'externalise-secrets',
      'docker-compose.yml',
      '      - MAIL_PASSWORD=Brancard-Bleu-42',
    ],
    ['the workers start before their broker', 'simplify-depends-on', 'docker-compose.yml', '      - redis'],
    [
      'nobody runs the migrations',
      'add-entrypoint',
      'backend/Dockerfile',
      'CMD ["gunicorn", "--bind", "0.0.0.0:5000", "--workers", "2", "--access-logfile", "-", "wsgi:app"]',
    ],
    ['no script deploys', 'add-deploy-script', 'docker-compose.yml', '  api:'],
  ],
  'mppeep-pipeline': [
    [
      'SyntaxError in config.py',
      'repair-conditional',
      'app/core/config.py',
      '    POSTGRES_HOST: str = if DEBUG: "localhost" else "db"',
    ],
    [
      'quotes around DATABASE_URL',
      'unquote-env-values',
      'docker-compose.prod.yml',
      '      - DATABASE_URL="postgresql://${POSTGRES_USER:-mppeepuser}:${POSTGRES_PASSWORD}@localhost:5432/${POSTGRES_DB:-mppeep}"',
    ],
    ['quotes in an env file', 'unquote-env-values', 'deploy/app.env', 'APP_NAME="MPPEEP Dashboard"'],
    [
      'localhost instead of db',
      'use-service-hosts',
      'docker-compose.prod.yml',
      '      - DATABASE_URL="postgresql://${POSTGRES_USER:-mppeepuser}:${POSTGRES_PASSWORD}@localhost:5432/${POSTGRES_DB:-mppeep}"',
    ],
    [
      'localhost in the source',
      'use-service-hosts',
      'app/core/config.py',
      '    REDIS_URL: str = "redis://localhost:6379/0"',
    ],
    ['environment beats .env', 'use-env-values', 'docker-compose.prod.yml', '      - DEBUG=False'],
    [
      'the healthcheck asks for a wrong route',
      'fix-healthcheck',
      'app/api/v1/endpoints/health.py',
      '@router.get("/health")',
    ],
    [
      'the image has no curl',
      'fix-healthcheck',
      'Dockerfile.prod',
      '  CMD curl -f http://localhost:9000/health || exit 1',
    ],
    ['the cache of layers is lost', 'split-copy', 'Dockerfile.prod', 'COPY . .'],
    ['the context has no .dockerignore', 'ignore-build-context', 'Dockerfile.prod', 'COPY . .'],
    [
      'a credential is hard-coded',
      'externalise-secrets',
      'docker-compose.prod.yml',
      '      - ADMIN_PASSWORD=Tableau-de-Bord-2025',
    ],
    ['app waits only for the start of db', 'simplify-depends-on', 'docker-compose.prod.yml', '      - db'],
    [
      'nginx.conf is elsewhere',
      'fix-build-paths',
      'docker-compose.prod.yml',
      '      - ./nginx.conf:/etc/nginx/conf.d/default.conf:ro',
    ],
    [
      'build tools stay in the image',
      'slim-runtime',
      'Dockerfile.prod',
      'RUN apt-get update && apt-get install -y gcc libpq-dev python3-dev',
    ],
    ['pip keeps its cache', 'no-pip-cache', 'Dockerfile.prod', 'RUN pip install -r requirements.txt'],
    [
      'apt keeps its lists',
      'clean-apt',
      'Dockerfile.prod',
      'RUN apt-get update && apt-get install -y gcc libpq-dev python3-dev',
    ],
    [
      'the container runs as root',
      'drop-root',
      'Dockerfile.prod',
      'CMD ["uvicorn", "app.main:app", "--host", "0.0.0.0", "--port", "9000", "--workers", "4"]',
    ],
    ['no restart policy', 'restart-policy', 'docker-compose.prod.yml', '  app:'],
  ],
  'rendez-vous': [
    ['a Dockerfile moved', 'fix-build-paths', 'docker-compose.yml', '      dockerfile: Dockerfile.api'],
    [
      'a setting is no Python',
      'repair-conditional',
      'stats/stats_api/reglages.py',
      '    FENETRE: int = if EN_LOCAL: 1 else 30',
    ],
    ['the COPY lacks --from', 'copy-from-stage', 'stats/Dockerfile', 'COPY /app/.venv ./.venv'],
    [
      'gunicorn is not installed',
      'declare-requirement',
      'docker/Dockerfile.api',
      'CMD ["gunicorn", "--bind", "0.0.0.0:5000", "--workers", "3", "wsgi:app"]',
    ],
    [
      'tasks have no context',
      'add-celery-context',
      'api/rdv/taches.py',
      '    rendez_vous = db.session.get(RendezVous, numero)',
    ],
    [
      'localhost is the container',
      'use-service-hosts',
      'docker-compose.yml',
      '      - CELERY_BROKER_URL=redis://localhost:6379/0',
    ],
    ['the data go with the container', 'persist-data', 'docker-compose.yml', '    image: postgres:15'],
    [
      'nobody gets through to stats',
      'bind-all-interfaces',
      'nginx/proxy.conf',
      '        proxy_pass http://stats:8000;',
    ],
    ['three processes add the first rows', 'defer-module-init', 'api/wsgi.py', 'amorcer_les_specialites(app)'],
  ],
};

/** The numbers of the lines of a file that are this text. */
function linesOf(repo: Repo, path: string, text: string): readonly number[] {
  const lines = (repo.read(path) ?? '').split(/\r?\n/);
  return lines.flatMap((line, index) => (line.trim() === text.trim() ? [index + 1] : []));
}

const placesIn = ({ problems }: Report): readonly ReportPlace[] =>
  problems.flatMap(({ at, evidence }) => [at, ...evidence.map((each) => each.at)]);

const broken = readdirSync(root).filter((name) => existsSync(join(root, name, 'expected.patch')));

test('there is a document for each broken repository', () => {
  expect(Object.keys(CLAIMS).sort()).toEqual([...broken].sort());
});

describe.each(broken)('%s', (name) => {
  const repo = scan(join(root, name, 'before'));
  let report: Report;
  let formats: ReadonlyMap<string, string>;

  beforeAll(() => {
    report = reportOn(repo, ['hygiene']);
    formats = formatsOf(report);
  });

  test.each(CLAIMS[name] ?? [])('%s (%s)', (_claim, id, path, text) => {
    const lines = linesOf(repo, path, text);
    expect(lines).not.toEqual([]);
    const found = report.problems.flatMap((problem) =>
      problem.transform.id === id ? [problem.at, ...problem.evidence.map(({ at }) => at)] : [],
    );
    const proof = found.filter((place) => place.path === path && lines.includes(place.line ?? 0));
    expect(proof.length, found.map((place) => `${place.path}:${place.line}`).join(' ')).toBeGreaterThan(0);
    for (const [format, written] of formats) {
      expect(written, format).toContain(id);
      if (format === 'markdown') expect(written).toContain(`\`${path}:${proof[0]?.line}\``);
    }
  });

  test('every line that is quoted stands in that file at that number', () => {
    const quoted = placesIn(report).filter(({ text }) => text !== undefined);
    expect(quoted.length).toBeGreaterThan(3);
    for (const { path, line, text = '' } of quoted) {
      const real = (repo.read(path) ?? '').split(/\r?\n/)[(line ?? 0) - 1]?.trim() ?? '';
      const [start = '', end = start] = text.split('***');
      expect(real.startsWith(start) && real.endsWith(end), `${path}:${line} ${real}`).toBe(true);
    }
  });

  test('every repair has its own diff, every changed file the problems that it comes from', () => {
    for (const { left, repair, number } of report.problems)
      if (!left) expect(repair?.diff, String(number)).toMatch(/^diff --git /);
    for (const { path, problems, diff } of report.files) {
      expect(problems.length, path).toBeGreaterThan(0);
      expect(diff, path).toMatch(/^diff --git /);
    }
  });

  test('the checks name a file that Compose would not find by itself, and end with those of dockfix', () => {
    const commands = report.checks.map(({ command }) => command);
    const compose = commands.filter((command) => command.startsWith('docker compose '));
    expect(compose.length).toBeGreaterThan(3);
    const named = name === 'mppeep-pipeline';
    for (const command of compose) expect(command.includes(' -f docker-compose.prod.yml '), command).toBe(named);
    expect(commands.slice(-2)).toEqual(['dockfix check', 'dockfix verify']);
  });

  test('a rebuilt report is the same to the letter', () => {
    expect(formatsOf(reportOn(repo, ['hygiene']))).toEqual(formats);
  });
});

test('atmr-stack: what the document tells to check, and its table', () => {
  const report = reportOn(scan(join(root, 'atmr-stack', 'before')), []);
  const commands = report.checks.map(({ command }) => command);
  expect(commands).toEqual(
    expect.arrayContaining([
      'cp .env.example .env',
      'docker compose up --build --detach --wait',
      'curl -fsS http://localhost:5000/health',
      'docker compose exec -T redis redis-cli ping',
      'docker compose exec -T celery-worker celery -A celery_app.celery inspect ping',
      "docker compose logs api | grep 'Running upgrade'",
    ]),
  );
  const written = markdownReport(report);
  expect(written).toContain('| **flower** | built from backend/Dockerfile |');
  expect(written).toContain('`5555:5555`');
  expect(report.tasks.map(({ kind, problems }) => [kind, problems])).toEqual([
    ['variables', [1, 4]],
    ['secrets', [1]],
    ['manual', [5]],
    ['review', [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]],
  ]);
  expect(report.tasks[0]?.text).toBe(
    'Copy .env.example to .env, and fill in FLOWER_BASIC_AUTH, JWT_SECRET_KEY, MAIL_PASSWORD, SECRET_KEY',
  );
  expect(report.tasks[1]?.details[0]).toBe('`docker-compose.yml:14` `- MAIL_PASSWORD=***`');
});

test('analylit-repair-plan: the graph before has what is missing, the one after the stores alone', () => {
  const { before, after } = reportOn(scan(join(root, 'analylit-repair-plan', 'before')), []);
  expect(before.links).toContainEqual({ from: 'migrator', to: 'db_dev', kind: 'waits', label: 'healthy' });
  expect(after.links.filter(({ from, kind }) => from === 'worker' && kind === 'waits')).toEqual([
    { from: 'worker', to: 'db', kind: 'waits', label: 'healthy' },
    { from: 'worker', to: 'redis', kind: 'waits', label: 'healthy' },
  ]);
  expect(after.links).toContainEqual({ from: 'worker', to: 'redis', kind: 'uses', label: 'redis' });
  expect(after.services.map(({ id, role }) => [id, role])).toEqual([
    ['web', 'web'],
    ['worker', 'worker'],
    ['db', 'store'],
    ['db-test', 'store'],
    ['redis', 'store'],
  ]);
});

test('rendez-vous: the proxy uses what its configuration names', () => {
  const { after } = reportOn(scan(join(root, 'rendez-vous', 'before')), []);
  const uses = after.links.filter(({ from, kind }) => from === 'proxy' && kind === 'uses');
  expect(uses.map(({ to, label }) => [to, label])).toEqual([
    ['web', 'port 5000'],
    ['stats', 'port 8000'],
  ]);
});

describe.each(readdirSync(root).filter((name) => !broken.includes(name)))('%s', (name) => {
  test('there is nothing to do', () => {
    const report = reportOn(scan(join(root, name, 'before')), []);
    expect(report.problems.filter(({ left }) => left?.reason !== 'no fix')).toEqual([]);
    expect([report.tasks, report.files]).toEqual([[], []]);
    expect(markdownReport(report)).toContain('\n\nNo problems were found: there is nothing to do.');
    expect(report.checks.length).toBeGreaterThan(2);
  });
});
