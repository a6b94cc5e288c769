import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { isEdit } from '../../src/finding.ts';
import { execWords } from '../../src/model/entrypoint/exec-form.ts';
import { withScript } from '../../src/model/entrypoint/wiring.ts';
import { planEntrypoint, type StartStep } from '../../src/model/entrypoint.ts';
import { readStack } from '../../src/model/stack.ts';
import { run } from '../../src/pipeline/run.ts';
import { scan } from '../../src/repo/disk.ts';
import { Repo } from '../../src/repo/repo.ts';
import fixBuildPaths from '../../transforms/fix-build-paths/transform.ts';
import { loadPythonForTests } from '../python-wasm.ts';

beforeAll(loadPythonForTests);

const MIGRATE: StartStep = { kind: 'migrate', argv: ['flask', 'db', 'upgrade'] };

const plan = (repo: Repo, service: string, steps: readonly StartStep[]) => {
  const stack = readStack(repo, undefined);
  const found = stack.services.find(({ name }) => name === service);
  if (!found) throw new Error(`no service ${service}`);
  const view = stack.view(found);
  const waitFor = view.stores.map(({ store }) => store).filter(({ kind }) => kind === 'postgres');
  return planEntrypoint(stack, { view, waitFor, steps });
};

const changesOf = (repo: Repo, service: string, steps: readonly StartStep[]) => {
  const result = plan(repo, service, steps);
  if ('manual' in result) throw new Error(result.manual);
  return result.changes;
};

const manualOf = (repo: Repo, service: string, steps: readonly StartStep[]): string => {
  const result = plan(repo, service, steps);
  return 'manual' in result ? result.manual : '';
};

const shop = (files: Readonly<Record<string, string>>): Repo =>
  Repo.of({
    Dockerfile: 'FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\nCMD ["gunicorn", "wsgi:app"]\n',
    'compose.yaml':
      'services:\n  web:\n    build: .\n    environment:\n      DATABASE_URL: postgresql://u:secret@db/shop\n  db:\n    image: postgres:16\n',
    'wsgi.py': 'app = None\n',
    ...files,
  });

describe('planEntrypoint', () => {
  test('wires the web service alone when a worker runs the same image', () => {
    const before = scan(join('fixtures', 'repos', 'analylit-repair-plan', 'before'));
    const built = run(before, [fixBuildPaths], { allow: new Set(['safe']), named: new Set() }).after;
    const changes = changesOf(built, 'web', [MIGRATE]);
    expect(changes.map(({ path }) => path)).toEqual([
      'docker/entrypoint.sh',
      'docker/Dockerfile.base',
      'docker-compose.yml',
    ]);
    expect(changes.filter(isEdit).map(({ text }) => text)).toEqual([
      'COPY --chmod=755 docker/entrypoint.sh /usr/local/bin/entrypoint.sh\n',
      '    entrypoint: ["/usr/local/bin/entrypoint.sh"]\n',
    ]);
    expect(changes[0]).toMatchObject({ mode: 0o755 });
  });

  test.each([
    ['analylit-gunicorn-init', 'web'],
    ['atmr-celery-context', 'api'],
  ])('leaves out what the script of %s runs already', (repo, service) => {
    expect(changesOf(scan(join('fixtures', 'repos', repo, 'before')), service, [MIGRATE])).toEqual([]);
  });

  test('puts a migration in front of an initialisation that the script has', () => {
    const init: StartStep = {
      kind: 'init',
      argv: ['python', '-c', 'from utils.app_globals import _init_db_command; _init_db_command()'],
    };
    const alembic: StartStep = { kind: 'migrate', argv: ['alembic', 'upgrade', 'head'] };
    const repo = scan(join('fixtures', 'repos', 'analylit-gunicorn-init', 'before'));
    const [edit] = changesOf(repo, 'web', [alembic, init]).filter(isEdit);
    const text = repo.read('entrypoint.sh') ?? '';
    expect(edit?.text).toBe('alembic upgrade head\n\n');
    expect(text.slice(edit?.start).startsWith('echo "Initialisation')).toBe(true);
  });

  test('never writes a secret', () => {
    expect(JSON.stringify(changesOf(shop({}), 'web', [MIGRATE]))).not.toContain('secret');
  });

  test('keeps lower-case instructions, CRLF and a last line without newline', () => {
    const Dockerfile = 'from python:3.11-slim\r\nworkdir /app\r\ncopy . .\r\ncmd ["gunicorn", "wsgi:app"]';
    const edits = changesOf(shop({ Dockerfile }), 'web', [MIGRATE]).filter(isEdit);
    expect(edits.map(({ text }) => text)).toEqual([
      'copy --chmod=755 entrypoint.sh /usr/local/bin/entrypoint.sh\r\nentrypoint ["/usr/local/bin/entrypoint.sh"]\r\n',
    ]);
  });

  test('restates the CMD of an earlier stage, which a new ENTRYPOINT drops', () => {
    const Dockerfile =
      'FROM python:3.11-slim AS base\nCMD ["gunicorn", "wsgi:app"]\nFROM base\nWORKDIR /app\nCOPY . .\n';
    const edits = changesOf(shop({ Dockerfile }), 'web', [MIGRATE]).filter(isEdit);
    expect(edits.map(({ text }) => text).join('')).toContain(
      'ENTRYPOINT ["/usr/local/bin/entrypoint.sh"]\nCMD ["gunicorn", "wsgi:app"]\n',
    );
  });

  test('says why it cannot', () => {
    const compose = (web: string) => ({ 'compose.yaml': `services:\n  web:\n${web}  db: {image: "postgres:16"}\n` });
    expect(
      manualOf(shop(compose('    image: python:3.11\n    command: gunicorn wsgi:app\n')), 'web', [MIGRATE]),
    ).toMatch(/not built/);
    expect(
      manualOf(shop({ Dockerfile: 'FROM acme/base\nWORKDIR /app\nCOPY . .\nCMD ["gunicorn", "wsgi:app"]\n' }), 'web', [
        MIGRATE,
      ]),
    ).toMatch(/acme\/base/);
    expect(manualOf(shop({ '.dockerignore': '*.sh\n' }), 'web', [MIGRATE])).toMatch(/dockerignore/);
    expect(
      manualOf(shop({ Dockerfile: 'FROM python:3.11-slim\nENTRYPOINT gunicorn wsgi:app\n' }), 'web', [MIGRATE]),
    ).toMatch(/shell form/);
  });
});

test.each([
  ['gunicorn wsgi:app', ['gunicorn', 'wsgi:app']],
  ['exec gunicorn -c "my conf.py" wsgi:app', ['gunicorn', '-c', 'my conf.py', 'wsgi:app']],
  ['gunicorn -b :$PORT wsgi:app', undefined],
  ['flask db upgrade && gunicorn wsgi:app', undefined],
  ['A=1 gunicorn wsgi:app', undefined],
  ['gunicorn wsgi:app > /dev/null', undefined],
  ['cd app', undefined],
  ['gunicorn wsgi:app &', undefined],
])('exec form of %s', (script, words) => {
  expect(execWords(script)).toEqual(words);
});

test.each([
  [[], ['S']],
  [
    ['tini', '--'],
    ['tini', '--', 'S'],
  ],
  [
    ['gosu', 'app'],
    ['gosu', 'app', 'S'],
  ],
  [['gunicorn'], ['S', 'gunicorn']],
  [
    ['poetry', 'run'],
    ['poetry', 'run', 'S'],
  ],
])('an entrypoint %j with the script in it', (words, expected) => {
  expect(withScript(words, 'S')).toEqual(expected);
});
