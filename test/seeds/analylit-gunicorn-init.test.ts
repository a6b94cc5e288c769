import { beforeAll, describe, expect, test } from 'vitest';
import { importTimeCalls } from '../../src/model/python/import-time.ts';
import { processesOf } from '../../src/model/python/server-processes.ts';
import type { Repo } from '../../src/repo/repo.ts';
import deferModuleInit from '../../transforms/defer-module-init/transform.ts';
import { transforms } from '../../transforms/index.ts';
import { loadPythonForTests } from '../python-wasm.ts';
import { after, before, placed, serviceOf, stackOf, viewOf } from './seed.ts';

beforeAll(loadPythonForTests);

const SERVER = 'server_v4_complete.py';
const INIT = 'app_globals.initialize_app';
const seed = (): Repo => before('analylit-gunicorn-init');
const repaired = (): Repo => after(seed(), [deferModuleInit]);

/** The calls of the server's module that run in each gunicorn worker. */
function callsInWorkers(repo: Repo): readonly string[] {
  const { entry, python, startup } = viewOf(stackOf(repo), 'web');
  if (!entry) throw new Error('no entry');
  return importTimeCalls(python, entry, startup.main?.program.app)
    .filter(({ module }) => module.path === SERVER)
    .map(({ call }) => call.callee);
}

describe('what works already', () => {
  test('the database and the broker are healthy before web starts', () => {
    const stack = stackOf(seed());
    expect(serviceOf(stack, 'web').dependsOn.map(({ name, condition }) => [name, condition])).toEqual([
      ['db', 'service_healthy'],
      ['redis', 'service_healthy'],
    ]);
    expect(serviceOf(stack, 'db').healthcheck).toBeDefined();
  });

  test('entrypoint.sh waits for the database, migrates and initialises once, then hands over to gunicorn on port 5001', () => {
    const { startup } = viewOf(stackOf(seed()), 'web');
    const started = startup.commands.filter(({ program }) => program.name !== 'echo').map(({ argv }) => argv.join(' '));
    const init = 'python -c from utils.app_globals import _init_db_command; _init_db_command()';
    expect(started.indexOf('flask db upgrade')).toBeGreaterThan(
      started.findIndex((each) => each.startsWith('python -')),
    );
    expect(started.filter((each) => each === init)).toHaveLength(1);
    expect(started.indexOf(init)).toBeGreaterThan(started.indexOf('flask db upgrade'));
    expect(started.at(-1)).toMatch(/^gunicorn .*--bind 0\.0\.0\.0:5001 /);
    expect(startup.main).toMatchObject({ exec: true, passed: true });
  });
});

describe('what the document says', () => {
  test('gunicorn has 3 workers, and each imports the module', () => {
    const stack = stackOf(seed());
    const view = viewOf(stack, 'web');
    expect(processesOf(stack, view).count).toBe(3);
    expect(view.startup.main?.program.app).toMatchObject({ module: 'server_v4_complete', object: 'app' });
    expect(view.entry?.path).toBe(SERVER);
  });

  test('the import of it calls initialize_app(), so each worker initialises again', () => {
    expect(callsInWorkers(seed())).toContain(INIT);
  });

  test('a second initialisation fails: the profiles are inserted each time, and their names are unique', () => {
    const repo = seed();
    expect(repo.read('utils/app_globals.py')).toMatch(/for profile in DEFAULT_PROFILES:\s+session\.add\(/);
    expect(repo.read('models/analysis_profile.py')).toMatch(/name = .*unique=True|UniqueConstraint\("name"/);
  });

  test('the routes are registered after it in the same try, whose error is only logged: so they are all 404', () => {
    const server = stackOf(seed()).sources.python(SERVER);
    const place = (callee: string) => {
      const call = server?.calls.find((each) => each.callee === callee);
      const statement = server?.statements[call?.statement ?? -1];
      return { start: call?.at.start ?? -1, parent: statement?.parent, clause: statement?.clause };
    };
    const [init, routes] = [place(INIT), place('register_blueprints')];
    expect([routes.parent, routes.clause]).toEqual([init.parent, 'body']);
    expect(server?.statements[init.parent ?? -1]?.kind).toBe('try');
    expect(routes.start).toBeGreaterThan(init.start);
    const handled = server?.calls.find(({ callee }) => callee === 'logger.exception');
    expect(server?.statements[handled?.statement ?? -1]).toMatchObject({ parent: init.parent, clause: 'except' });
    expect(server?.statements.some(({ kind, parent }) => kind === 'raise' && parent === init.parent)).toBe(false);
  });

  test('the healthcheck asks for one of these routes', () => {
    const repo = seed();
    const check = serviceOf(stackOf(repo), 'web').healthcheck;
    const text = check ? check.file.text.slice(check.node.at.start, check.node.at.end) : '';
    expect(text).toContain('http://127.0.0.1:5001/api/settings/profiles');
    expect(repo.read('api/__init__.py')).toContain('app.register_blueprint(settings_bp, url_prefix="/api/settings")');
    expect(repo.read('api/settings.py')).toContain('@settings_bp.get("/profiles")');
  });
});

test('the whole chain, from the workers to the second initialisation', () => {
  const repo = seed();
  const found = [...deferModuleInit.find(stackOf(repo))];
  expect(found.map(({ fix }) => fix?.title)).toEqual([
    'Delete app_globals.initialize_app(): it is done once before the server',
  ]);
  expect(placed(repo, found[0])).toEqual([
    'Dockerfile:26 gunicorn starts 3 processes, and each imports the application',
    'server_v4_complete.py:39 create_app() runs on import',
    'server_v4_complete.py:30 create_app() calls app_globals.initialize_app()',
    'utils/app_globals.py:29 initialize_app calls db.metadata.create_all(), which has to be done once',
    'entrypoint.sh:30 this runs before the server and does the same',
  ]);
});

describe('after', () => {
  test('only entrypoint.sh initialises; the workers register the routes and nothing else', () => {
    const repo = repaired();
    const calls = callsInWorkers(repo);
    expect(calls).not.toContain(INIT);
    expect(calls).toContain('register_blueprints');
    expect(repo.read('entrypoint.sh')).toBe(seed().read('entrypoint.sh'));
    expect(repo.read(SERVER)).not.toContain('app_globals');
  });

  test('one file differs, by the call and the import that it left unused', () => {
    const [old, now] = [seed(), repaired()];
    expect(old.paths.filter((path) => old.read(path) !== now.read(path))).toEqual([SERVER]);
    const lines = (repo: Repo): readonly string[] => (repo.read(SERVER) ?? '').split('\n');
    expect(lines(old).filter((line) => !lines(now).includes(line))).toEqual([
      'from utils import app_globals',
      '        app_globals.initialize_app()',
    ]);
  });

  test('no other repair finds anything to do, and this one no more', () => {
    const stack = stackOf(repaired());
    const repairs = transforms.filter(({ group }) => group === 'repair');
    expect(repairs.flatMap(({ find }) => [...find(stack)]).map(({ message }) => message)).toEqual([]);
  });
});
