import { beforeAll, describe, expect, test } from 'vitest';
import { envOf, provisionOf } from '../../src/model/env.ts';
import type { Stack } from '../../src/model/stack.ts';
import type { Repo } from '../../src/repo/repo.ts';
import addCeleryContext from '../../transforms/add-celery-context/transform.ts';
import addEntrypoint from '../../transforms/add-entrypoint/transform.ts';
import declareEnv from '../../transforms/declare-env/transform.ts';
import simplifyDependsOn from '../../transforms/simplify-depends-on/transform.ts';
import { loadPythonForTests } from '../python-wasm.ts';
import { findings, repairedWith, text, variable } from './facts.ts';
import { before, placed, serviceOf, stackOf, viewOf, waits } from './seed.ts';

const APPLICATION = ['DATABASE_URL', 'SECRET_KEY', 'JWT_SECRET_KEY'];

let broken: Repo;
let repaired: Repo;

beforeAll(async () => {
  await loadPythonForTests();
  broken = before('atmr-stack');
  repaired = repairedWith(broken, []);
}, 60_000);

/** What the source of a service requires and nothing gives to it. */
function lacking(stack: Stack, name: string): readonly string[] {
  const container = viewOf(stack, name);
  const env = envOf(stack, container);
  const required = env.reads.filter(
    (read) => read.need === 'required' && provisionOf(stack, container, env, read).is === 'no',
  );
  return [...new Set(required.map((read) => read.name))].sort();
}

describe('« SQLALCHEMY_DATABASE_URI must be set »', () => {
  test('api requires variables that its container does not get', () => {
    expect(lacking(stackOf(broken), 'api')).toEqual([...APPLICATION].sort());
  });

  test('the chain leads from the Compose file to the check that raises', () => {
    const [rename, rest] = findings(broken, declareEnv);
    expect(rename?.message).toContain('gets DATABASE_URI, and the source reads DATABASE_URL');
    expect(placed(broken, rename)).toEqual([
      'backend/config.py:9 SQLALCHEMY_DATABASE_URI is read from DATABASE_URL',
      'backend/ext.py:3 Flask-SQLAlchemy raises "SQLALCHEMY_DATABASE_URI must be set" without it',
      'docker-compose.yml:3 api gets no DATABASE_URL',
      'docker-compose.yml:9 DATABASE_URI is set, but the source reads DATABASE_URL',
    ]);
    expect(placed(broken, rest)).toContain('backend/app.py:27 the process stops when SECRET_KEY is missing');
  });

  test('the .env of the machine is in no container: no env_file names it, and the image leaves it out', () => {
    const stack = stackOf(broken);
    for (const name of ['api', 'celery-worker', 'celery-beat', 'flower']) {
      expect(serviceOf(stack, name).parts.get('env_file') ?? [], name).toEqual([]);
      expect(viewOf(stack, name).container.fileAt('/app/.env').kind, name).toBe('absent');
    }
  });

  test('afterwards every process that makes the Flask application gets all of it', () => {
    const stack = stackOf(repaired);
    for (const name of ['api', 'celery-worker']) {
      expect(lacking(stack, name), name).toEqual([]);
      for (const key of APPLICATION) expect([...serviceOf(stack, name).environment.keys()], name).toContain(key);
    }
  });

  test('the value that stood under the wrong name keeps its place', () => {
    const stack = stackOf(repaired);
    for (const name of ['api', 'celery-worker'])
      expect(variable(stack, name, 'DATABASE_URL'), name).toMatch(/^sqlite:\/{4}.+\.db$/);
    expect(text(repaired, 'docker-compose.yml')).not.toContain('DATABASE_URI');
  });

  test('beat and flower make no Flask application, and get no secret', () => {
    const stack = stackOf(repaired);
    for (const name of ['celery-beat', 'flower'])
      for (const key of APPLICATION) expect([...serviceOf(stack, name).environment.keys()], name).not.toContain(key);
  });

  test('an example names every variable, with a comment, without a value', () => {
    expect([...broken.paths].some((path) => path.includes('.env'))).toBe(false);
    const example = text(repaired, '.env.example');
    for (const key of ['SECRET_KEY', 'JWT_SECRET_KEY']) expect(example).toMatch(new RegExp(`^${key}=change-me$`, 'm'));
    expect(example).toMatch(/^# /m);
  });
});

describe('« Working outside of application context »', () => {
  test('the worker runs tasks that use Flask as plain tasks', () => {
    const [found] = findings(broken, addCeleryContext);
    expect(found?.message).toContain('Working outside of application context');
    expect(placed(broken, found)).toContain('backend/tasks/routing.py:10 the task estimate_booking uses db.session');
  });

  test('afterwards get_flask_app() makes the application, and ContextTask is the default of all tasks', () => {
    const source = text(repaired, 'backend/celery_app.py');
    expect(source).toContain('def get_flask_app():');
    expect(source).toContain('class ContextTask(celery.Task):');
    expect(source).toContain('celery.Task = ContextTask');
    expect(findings(repaired, addCeleryContext)).toEqual([]);
  });
});

describe('the services', () => {
  test('nothing made the tables; afterwards api does, alone, before its server', () => {
    expect(findings(broken, addEntrypoint)).toHaveLength(1);
    const stack = stackOf(repaired);
    const migrates = (name: string): boolean =>
      viewOf(stack, name).startup.commands.some(({ argv }) => argv.join(' ') === 'flask db upgrade');
    expect(['api', 'celery-worker', 'celery-beat', 'flower'].map(migrates)).toEqual([true, false, false, false]);
    expect(findings(repaired, addEntrypoint)).toEqual([]);
  });

  test('they waited for the start of redis; afterwards for its health', () => {
    expect(findings(broken, simplifyDependsOn)).toHaveLength(4);
    const stack = stackOf(repaired);
    for (const name of ['api', 'celery-worker', 'celery-beat', 'flower']) {
      expect(waits(stack, name), name).toMatchObject({ redis: 'service_healthy' });
    }
    expect(findings(repaired, simplifyDependsOn)).toEqual([]);
  });

  test('the routing engine is reached by name and inner port, and is left alone', () => {
    const stack = stackOf(repaired);
    expect(variable(stack, 'api', 'OSRM_URL')).toBe('http://osrm:5000');
    expect(variable(stack, 'celery-worker', 'OSRM_URL')).toBe('http://osrm:5000');
    expect(serviceOf(stack, 'osrm').ports).toEqual([]);
    expect(repaired.read('osrm/Dockerfile')).toBe(broken.read('osrm/Dockerfile'));
  });

  test('no secret stands in the Compose file; .env.example names each, and holds no value', () => {
    const [compose, example] = [text(repaired, 'docker-compose.yml'), text(repaired, '.env.example')];
    for (const secret of ['Brancard-Bleu-42', 'Gyrophare-2025']) {
      expect(text(broken, 'docker-compose.yml')).toContain(secret);
      expect(compose).not.toContain(secret);
      expect(example).not.toContain(secret);
    }
    for (const key of ['MAIL_PASSWORD', 'FLOWER_BASIC_AUTH']) {
      expect(compose).toContain(`${key}=\${${key}:?`);
      expect(example).toMatch(new RegExp(`^${key}=.*change-me$`, 'm'));
    }
    // A service that a later change takes away would make such a comment wrong.
    expect(example).not.toMatch(/^# Secret of /m);
  });

  test('the SQLite file lay in each container of its own; afterwards on one declared volume of api and the worker', () => {
    const mountOf = (repo: Repo, name: string) =>
      serviceOf(stackOf(repo), name).mounts.find(({ target }) => target === '/app/data');
    expect(mountOf(broken, 'api')).toBeUndefined();
    const stack = stackOf(repaired);
    const [api, worker] = ['api', 'celery-worker'].map((name) => mountOf(repaired, name));
    expect(api).toMatchObject({ kind: 'volume' });
    expect(worker?.source).toBe(api?.source);
    expect(text(repaired, 'docker-compose.yml')).toMatch(new RegExp(`^ {2}${api?.source}:`, 'm'));
    for (const name of ['api', 'celery-worker'])
      expect(variable(stack, name, 'DATABASE_URL'), name).toMatch(/\/app\/data\//);
    for (const name of ['celery-beat', 'flower', 'osrm'])
      expect(
        serviceOf(stack, name).mounts.some(({ source }) => source === api?.source),
        name,
      ).toBe(false);
  });

  test('only api makes the tables of the shared file, and the worker waits until it has', () => {
    expect(waits(stackOf(broken), 'celery-worker')).toEqual({ redis: 'service_started' });
    expect(waits(stackOf(repaired), 'celery-worker')).toMatchObject({ api: 'service_healthy' });
  });

  test('with hygiene there is a deploy.sh that stops, builds, starts, waits and shows the logs', () => {
    const repo = repairedWith(broken, ['hygiene']);
    const file = repo.file('deploy.sh');
    expect('text' in file ? file.mode : undefined).toBe(0o755);
    for (const step of [/\b(?:down|stop)\b/, /\bbuild\b/, /\bup\b/, /\blogs\b/])
      expect(text(repo, 'deploy.sh')).toMatch(step);
  });
});
