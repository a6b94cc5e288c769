import { beforeAll, describe, expect, test } from 'vitest';
import { lookUpProgram } from '../../src/model/image/program-lookup.ts';
import { type Run, run } from '../../src/pipeline/run.ts';
import type { Repo } from '../../src/repo/repo.ts';
import { transforms } from '../../transforms/index.ts';
import { loadPythonForTests } from '../python-wasm.ts';
import { text, variable } from './facts.ts';
import { before, serviceOf, stackOf, viewOf, waits } from './seed.ts';

const ALLOW = { allow: new Set(['safe', 'review'] as const), named: new Set<string>() };
const NAME = 'rendez-vous';
let ran: Run;
let repo: Repo;

beforeAll(async () => {
  await loadPythonForTests();
  ran = run(
    before(NAME),
    transforms.filter(({ group }) => group === 'repair'),
    ALLOW,
  );
  repo = ran.after;
});

/** Ids of the transforms that repaired something, in the order in which they did. */
const active = (): readonly string[] =>
  ran.steps
    .filter(({ outcomes }) => outcomes.some(({ skipped }) => skipped === undefined))
    .map(({ transform }) => transform.id);

test('each failure is repaired by the transform for it, in the order in which they can be seen', () => {
  expect(active()).toEqual([
    'fix-build-paths',
    'repair-conditional',
    'fix-app-reference',
    'copy-from-stage',
    'unmask-dependencies',
    'activate-venv',
    'declare-requirement',
    'split-copy',
    'unquote-env-values',
    'externalise-secrets',
    'add-celery-context',
    'declare-env',
    'use-service-hosts',
    'persist-data',
    'remove-migrator',
    'simplify-depends-on',
    'defer-module-init',
    'bind-all-interfaces',
    'fix-healthcheck',
  ]);
});

test('nothing is left for a person but to fill in .env', () => {
  expect(ran.steps.flatMap(({ outcomes }) => outcomes.filter(({ skipped }) => skipped !== undefined))).toEqual([]);
  expect(
    text(repo, '.env.example')
      .split('\n')
      .filter((line) => line.includes('=')),
  ).toEqual(['POSTGRES_PASSWORD=change-me', 'SECRET_KEY=change-me']);
});

describe('no repair is undone by a later one', () => {
  test('the addresses have neither quotes, nor localhost, nor the password', () => {
    for (const name of ['web', 'worker', 'stats']) {
      const written = serviceOf(stackOf(repo), name).environment.get('DATABASE_URL')?.value;
      expect(written && text(repo, written.at.path).slice(written.at.start, written.at.end), name).toContain(
        'postgresql://rdv:${POSTGRES_PASSWORD:?POSTGRES_PASSWORD is required}@db:5432/rdv',
      );
    }
    expect(variable(stackOf(repo), 'web', 'CELERY_BROKER_URL')).toBe('redis://redis:6379/0');
    expect(text(repo, 'docker-compose.yml')).not.toContain('Xk29-cabinet');
  });

  test('each process waits for the stores that it uses, and for nothing else', () => {
    const stores = { db: 'service_healthy', redis: 'service_healthy' };
    const stack = stackOf(repo);
    expect(['web', 'worker', 'stats'].map((name) => waits(stack, name))).toEqual([
      stores,
      stores,
      { db: 'service_healthy' },
    ]);
    expect(stack.services.map(({ name }) => name)).not.toContain('migrator');
  });

  test('every program is found in the container that starts it', () => {
    const stack = stackOf(repo);
    for (const [service, program] of [
      ['web', 'gunicorn'],
      ['worker', 'celery'],
      ['stats', 'uvicorn'],
    ] as const)
      expect(lookUpProgram(repo, viewOf(stack, service).container, program).is, program).toBe('yes');
  });

  test('web alone migrates and adds the first rows, once, before gunicorn', () => {
    const commands = (name: string): readonly string[] =>
      viewOf(stackOf(repo), name).startup.commands.map(({ argv }) => argv.join(' '));
    expect(commands('web').slice(-3)).toEqual([
      'flask db upgrade',
      'python -c from wsgi import seed_db; seed_db()',
      'gunicorn --bind 0.0.0.0:5000 --workers 3 wsgi:app',
    ]);
    expect(commands('worker')).toEqual(['celery -A rdv.celery_app worker --loglevel=info']);
  });
});
