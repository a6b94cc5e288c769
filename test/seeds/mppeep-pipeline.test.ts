import { beforeAll, describe, expect, test } from 'vitest';
import { lookUpProgram } from '../../src/model/image/program-lookup.ts';
import type { Stack } from '../../src/model/stack.ts';
import type { Repo } from '../../src/repo/repo.ts';
import deferModuleInit from '../../transforms/defer-module-init/transform.ts';
import fixBuildPaths from '../../transforms/fix-build-paths/transform.ts';
import matchSettings from '../../transforms/match-settings/transform.ts';
import repairConditional from '../../transforms/repair-conditional/transform.ts';
import simplifyDependsOn from '../../transforms/simplify-depends-on/transform.ts';
import splitCopy from '../../transforms/split-copy/transform.ts';
import unquoteEnvValues from '../../transforms/unquote-env-values/transform.ts';
import useEnvValues from '../../transforms/use-env-values/transform.ts';
import useServiceHosts from '../../transforms/use-service-hosts/transform.ts';
import { loadPythonForTests } from '../python-wasm.ts';
import { findings, repairedWith, text, variable } from './facts.ts';
import { before, placed, serviceOf, stackOf, viewOf, waits } from './seed.ts';

const COMPOSE = 'docker-compose.prod.yml';
const CONFIG = 'app/core/config.py';

let broken: Repo;
let repaired: Repo;
let hygienic: Repo;
let now: Stack;
let then: Stack;

beforeAll(async () => {
  await loadPythonForTests();
  broken = before('mppeep-pipeline');
  repaired = repairedWith(broken, []);
  hygienic = repairedWith(broken, ['hygiene']);
  now = stackOf(broken);
  then = stackOf(repaired);
}, 60_000);

/** The repository with another text in one file. */
function changed(repo: Repo, path: string, from: string, to: string): Repo {
  const file = repo.file(path);
  if (!('text' in file) || !file.text.includes(from)) throw new Error(`${path} has no ${from}`);
  return repo.with(new Map([[path, { ...file, text: file.text.replace(from, to) }]]));
}

describe('« Pourquoi mon app ne voit pas mes variables ? »', () => {
  test('the quotes of a list item reach the program; afterwards the value is the URL', () => {
    expect(variable(now, 'app', 'DATABASE_URL')).toMatch(/^".+"$/);
    expect(findings(broken, unquoteEnvValues).map(({ at }) => at.path)).toEqual([COMPOSE, 'deploy/app.env']);
    expect(variable(then, 'app', 'DATABASE_URL')).toMatch(/^postgresql:\/\/[^"]+$/);
    expect(findings(repaired, unquoteEnvValues)).toEqual([]);
  });

  test('docker run takes app.env line by line: afterwards no value there has quotes', () => {
    expect(text(broken, 'deploy/app.env')).toContain('APP_NAME="MPPEEP Dashboard"');
    expect(text(repaired, 'deploy/app.env')).not.toContain('"');
    expect(text(repaired, 'deploy/app.env')).toContain('APP_NAME=MPPEEP Dashboard\n');
  });

  test('hard-coded values beat .env; afterwards .env wins, and without it all stays as it is', () => {
    const names = ['DEBUG', 'APP_NAME', 'APP_VERSION'];
    const found = findings(broken, useEnvValues);
    expect(found.map(({ fix }) => fix?.title)).toEqual(
      names.map((name) => `Let .env set ${name}, with the present value as the default`),
    );
    for (const name of names) {
      expect(text(repaired, COMPOSE), name).toContain(`- ${name}=\${${name}:-`);
      expect(variable(then, 'app', name), name).toBe(variable(now, 'app', name));
    }
  });

  test('a required variable with a message of its own is left alone', () => {
    for (const line of ['SECRET_KEY=${SECRET_KEY:?SECRET_KEY requis}', 'POSTGRES_PASSWORD:?POSTGRES_PASSWORD requis}'])
      expect(text(repaired, COMPOSE)).toContain(line);
  });
});

describe('the settings', () => {
  test('LOG_LEVEL is one of the values that its field takes', () => {
    expect(variable(now, 'app', 'LOG_LEVEL')).toBe('info');
    expect(variable(then, 'app', 'LOG_LEVEL')).toBe('INFO');
    expect(findings(repaired, matchSettings)).toEqual([]);
  });

  test('the first password comes from .env', () => {
    expect(text(broken, COMPOSE)).toContain('Tableau-de-Bord-2025');
    expect(text(repaired, COMPOSE)).not.toContain('Tableau-de-Bord-2025');
    expect(text(repaired, '.env.example')).toMatch(/^ADMIN_PASSWORD=change-me$/m);
  });
});

describe('« Connection refused: localhost:5432 »', () => {
  test('localhost is the container itself; afterwards the URL names the service and its inner port', () => {
    expect(variable(now, 'app', 'DATABASE_URL')).toContain('@localhost:5432/');
    expect(variable(then, 'app', 'DATABASE_URL')).toContain('@db:5432/');
    expect(viewOf(then, 'app').stores.map(({ store }) => store.service.name)).toEqual(['db', 'redis']);
    expect(findings(repaired, useServiceHosts)).toEqual([]);
  });

  test('the default for Redis in the source stays for local runs, and Compose sets the address', () => {
    expect(variable(now, 'app', 'REDIS_URL')).toBeUndefined();
    expect(variable(then, 'app', 'REDIS_URL')).toBe('redis://redis:6379/0');
    expect(text(repaired, CONFIG)).toContain('REDIS_URL: str = "redis://localhost:6379/0"');
  });

  test('the conditional stops config.py before it reads anything; afterwards it is an expression', () => {
    expect(now.sources.python(CONFIG)?.errors).not.toEqual([]);
    const [found] = findings(broken, repairConditional);
    expect(found?.message).toContain('SyntaxError: invalid syntax');
    expect(placed(broken, found)).toEqual([
      `${CONFIG}:24 an assignment takes no \`if\` statement`,
      `${COMPOSE}:17 app imports it as app.core.config`,
    ]);
    expect(text(repaired, CONFIG)).toContain('POSTGRES_HOST: str = "localhost" if DEBUG else "db"');
    expect(then.sources.python(CONFIG)?.errors).toEqual([]);
  });

  test('with self, as the document has it, there is no edit but a property to write', () => {
    const repo = changed(broken, CONFIG, 'if DEBUG:', 'if self.DEBUG:');
    const [found] = findings(repo, repairConditional);
    expect(found?.fix).toMatchObject({ safety: 'manual', changes: [] });
    expect(found?.advice).toContain('def POSTGRES_HOST(self) -> str:');
  });
});

describe('the four containers', () => {
  test('nginx.conf is mounted from where it is', () => {
    expect(findings(broken, fixBuildPaths).map(({ fix }) => fix?.title)).toEqual(['Mount deploy/nginx/nginx.conf']);
    const [mount] = serviceOf(then, 'nginx').mounts;
    expect(mount).toMatchObject({ source: 'deploy/nginx/nginx.conf', target: '/etc/nginx/conf.d/default.conf' });
    expect(findings(repaired, fixBuildPaths)).toEqual([]);
  });

  test('four workers initialise at import; afterwards one call before the server does', () => {
    const [found] = findings(broken, deferModuleInit);
    expect(found?.message).toContain('in each of the 4 processes of app');
    expect(placed(broken, found)).toEqual([
      'Dockerfile.prod:23 uvicorn starts 4 processes, and each imports the application',
      'app/main.py:10 init_db() runs on import',
      'app/core/init_db.py:14 init_db calls Base.metadata.create_all(), which has to be done once',
      'Makefile:23 runs mppeep:latest with another command, so Compose sets the entrypoint for app alone',
    ]);
    expect(text(repaired, 'app/main.py')).not.toContain('init_db');
    const { startup } = viewOf(then, 'app');
    expect(startup.main?.argv.slice(0, 2)).toEqual(['uvicorn', 'app.main:app']);
    expect(text(repaired, 'entrypoint.sh')).toContain('from app.core.init_db import init_db; init_db()');
    expect(findings(repaired, deferModuleInit)).toEqual([]);
  });

  test('the image keeps its own start, because make docker-run-prod runs it with another command', () => {
    expect(text(repaired, 'Dockerfile.prod')).not.toContain('ENTRYPOINT');
    expect(serviceOf(then, 'app').parts.has('entrypoint')).toBe(true);
  });

  test('app waited for the start of its stores; afterwards it waits until they answer', () => {
    expect(waits(now, 'app')).toEqual({ db: 'service_started', redis: 'service_started' });
    expect(waits(then, 'app')).toEqual({ db: 'service_healthy', redis: 'service_healthy' });
    expect(Object.keys(waits(then, 'nginx'))).toEqual(['app']);
    expect(findings(repaired, simplifyDependsOn)).toEqual([]);
  });

  test('all of them stay on mppeep-network', () => {
    for (const { name, parts } of then.services) expect(parts.has('networks'), name).toBe(true);
  });
});

describe('the image', () => {
  test('an edit of the code reinstalled everything; afterwards requirements.txt comes first', () => {
    expect(findings(broken, splitCopy)).toHaveLength(1);
    const source = text(repaired, 'Dockerfile.prod');
    expect(source.indexOf('COPY requirements.txt .')).toBeLessThan(source.indexOf('RUN pip install'));
    expect(source.indexOf('RUN pip install')).toBeLessThan(source.indexOf('COPY . .'));
    expect(findings(repaired, splitCopy)).toEqual([]);
  });

  test('it has uvicorn, and no curl, which its HEALTHCHECK calls', () => {
    const { container, image } = viewOf(now, 'app');
    expect(lookUpProgram(broken, container, 'uvicorn').is).toBe('yes');
    expect(image?.hasProgram('curl').is).toBe('no');
    expect(text(broken, 'Dockerfile.prod')).toContain('CMD curl -f http://localhost:9000/health');
  });

  test('the code reads its settings from app.core.config, which the process imports', () => {
    expect(viewOf(then, 'app').entry?.path).toBe('app/main.py');
    expect(viewOf(then, 'app').python.find('app.core.config')).toBe(CONFIG);
  });

  test('the check asks the route that the application serves, with a program that the image has', () => {
    expect(text(repaired, 'Dockerfile.prod')).toMatch(/:9000\/api\/v1\/health\b/);
    expect(text(repaired, 'Dockerfile.prod')).not.toMatch(/\bcurl\b/);
  });

  test('COPY . . has a .dockerignore that keeps the history and the caches out', () => {
    expect(broken.has('.dockerignore')).toBe(false);
    const lines = text(repaired, '.dockerignore').split('\n');
    for (const line of ['.git', '.venv', '**/__pycache__']) expect(lines).toContain(line);
  });
});

describe('« Optimisations appliquées », with --group hygiene', () => {
  /** The last stage. */
  const final = (): string =>
    text(hygienic, 'Dockerfile.prod')
      .split(/^FROM /m)
      .at(-1) ?? '';

  test('two stages: the compiler stays in the first, and the second has what psycopg2 needs', () => {
    const { image } = viewOf(stackOf(hygienic), 'app');
    expect(image?.dockerfile.stages).toHaveLength(2);
    expect(image?.hasProgram('gcc').is).toBe('no');
    expect(final()).toMatch(/\blibpq5\b/);
    expect(final()).not.toMatch(/libpq-dev|\bgcc\b/);
  });

  test('no caches in the layers, and Python as containers want it', () => {
    for (const part of ['--no-cache-dir', '--no-install-recommends', 'rm -rf /var/lib/apt/lists', 'PYTHONUNBUFFERED'])
      expect(text(hygienic, 'Dockerfile.prod'), part).toContain(part);
  });

  test('app runs as a user of its own, which may write logs, data and uploads', () => {
    expect(viewOf(now, 'app').image?.user).toBeUndefined();
    expect(final()).toMatch(/^USER (?!root\b|0\b)\S+/m);
    for (const folder of ['/app/logs', '/app/uploads', '/app/data'])
      expect(final(), folder).toMatch(new RegExp(`chown \\S+ .*${folder}\\b`));
  });

  test('services come back, and the version is gone', () => {
    expect(text(hygienic, COMPOSE)).not.toMatch(/^version:/m);
    for (const { name, parts } of stackOf(hygienic).services) expect(parts.has('restart'), name).toBe(true);
  });
});
