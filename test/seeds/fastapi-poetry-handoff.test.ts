import { beforeAll, describe, expect, test } from 'vitest';
import type { Finding } from '../../src/finding.ts';
import { lineNumber } from '../../src/lines.ts';
import { lookUpProgram, type ProgramLookup } from '../../src/model/image/program-lookup.ts';
import { readStack, type Stack } from '../../src/model/stack.ts';
import { run } from '../../src/pipeline/run.ts';
import { scan } from '../../src/repo/disk.ts';
import type { Repo } from '../../src/repo/repo.ts';
import type { Transform } from '../../src/transform.ts';
import activateVenv from '../../transforms/activate-venv/transform.ts';
import copyFromStage from '../../transforms/copy-from-stage/transform.ts';
import fixAppReference from '../../transforms/fix-app-reference/transform.ts';
import { transforms } from '../../transforms/index.ts';
import unmaskDependencies from '../../transforms/unmask-dependencies/transform.ts';
import { loadPythonForTests } from '../python-wasm.ts';

beforeAll(loadPythonForTests);

const DOCKERFILE = 'backend/Dockerfile';
const ALLOW = { allow: new Set(['safe', 'review'] as const), named: new Set<string>() };

const asGiven = (): Repo => scan('fixtures/repos/fastapi-poetry-handoff/before');
const after = (chosen: readonly Transform[]): Repo => run(asGiven(), chosen, ALLOW).after;

/** The repository with another text in some file. */
function changed(repo: Repo, path: string, edit: (text: string) => string): Repo {
  const file = repo.file(path);
  if (!('text' in file)) throw new Error(path);
  const text = edit(file.text);
  if (text === file.text) throw new Error(`${path} has no such text`);
  return repo.with(new Map([[path, { ...file, text }]]));
}

const withFrom = (): Repo => after([copyFromStage]);
const withPath = (repo: Repo): Repo =>
  changed(repo, DOCKERFILE, (text) => text.replace('USER appuser', 'ENV PATH="/app/.venv/bin:$PATH"\nUSER appuser'));
const withoutMount = (repo: Repo): Repo =>
  changed(repo, 'docker-compose.yml', (text) => text.replace('    volumes:\n      - ./backend:/app\n', ''));

function look(repo: Repo, program: string): ProgramLookup {
  const stack = readStack(repo, undefined);
  const service = stack.services.find(({ name }) => name === 'backend');
  if (!service) throw new Error('no backend');
  return lookUpProgram(repo, stack.view(service).container, program);
}

function placed(stack: Stack, [finding]: readonly Finding[]): readonly string[] {
  return (finding?.evidence ?? []).map(
    ({ at, says }) => `${at.path}:${lineNumber(stack.repo.read(at.path) ?? '', at.start)} ${says}`,
  );
}

describe('what the document says', () => {
  test('the COPY of the virtual environment lacks --from, so the build has nothing to copy', () => {
    const stack = readStack(asGiven(), undefined);
    const found = [...copyFromStage.find(stack)];
    expect(found.map(({ fix }) => fix?.title)).toEqual(['Copy /app/.venv from the stage builder']);
    expect(placed(stack, found)).toEqual([
      'backend/Dockerfile:32 without --from, /app/.venv means a path of the build context',
      'docker-compose.yml:29 the build context is backend',
      'backend/Dockerfile:20 poetry installs into the virtual environment /app/.venv here',
      'backend/Dockerfile:2 this is the stage builder',
    ]);
  });

  test('the command of Compose, which replaces CMD, names app.main:app while the file is main.py', () => {
    const stack = readStack(asGiven(), undefined);
    const found = [...fixAppReference.find(stack)];
    expect(found.map(({ message, fix }) => [message, fix?.title])).toEqual([
      [
        `uvicorn of backend is told app.main:app, but no module app.main can be imported from /app, so backend stops with "ModuleNotFoundError: No module named 'app'"`,
        'Name main:app',
      ],
    ]);
  });

  test('with it, uvicorn is still not found: Compose runs the bare name, and hides the environment', () => {
    expect(look(withFrom(), 'uvicorn').is).toBe('no');
  });

  test('ENV PATH alone does not help, because the mount hides the folder', () => {
    expect(look(withPath(withFrom()), 'uvicorn').is).toBe('no');
    expect(look(withoutMount(withPath(withFrom())), 'uvicorn').is).toBe('yes');
  });

  test('the absolute path does not help either', () => {
    expect(look(withFrom(), '/app/.venv/bin/uvicorn').is).toBe('no');
    expect(look(withoutMount(withFrom()), '/app/.venv/bin/uvicorn').is).toBe('yes');
  });

  test('poetry run fails, because only the builder has poetry', () => {
    expect(look(withoutMount(withFrom()), 'poetry').is).toBe('no');
  });

  test('the shebang would break if the environment were copied to another path', () => {
    const elsewhere = changed(withoutMount(withFrom()), DOCKERFILE, (text) =>
      text.replace('/app/.venv ./.venv', '/app/.venv /srv/.venv'),
    );
    const lookup = look(elsewhere, '/srv/.venv/bin/uvicorn');
    expect([lookup.is, lookup.holders.map(({ deadShebang }) => deadShebang)]).toEqual(['no', [true]]);
  });
});

test('the whole chain: the mount, what makes the environment, the PATH, and the program that is not found', () => {
  const stack = readStack(withFrom(), undefined);
  const found = [...unmaskDependencies.find(stack)];
  expect(found.map(({ message }) => message)).toEqual([
    'The mount of backend on /app hides the virtual environment /app/.venv, so backend stops with `exec: "uvicorn": executable file not found in $PATH` although the image has it',
  ]);
  expect(placed(stack, found)).toEqual([
    'docker-compose.yml:31 the command, which replaces the CMD of the image',
    'backend/Dockerfile:20 poetry installs into the virtual environment /app/.venv here',
    'backend/Dockerfile:32 /app/.venv of the stage builder is copied to /app/.venv here',
    'backend/pyproject.toml:11 uvicorn brings the program uvicorn',
    'docker-compose.yml:36 this mount covers /app, and hides /app/.venv',
    'backend/Dockerfile:24 uvicorn is looked for on the PATH /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin, and is in none of these folders',
  ]);
});

test('after all transforms none of it is left', () => {
  const repo = after(transforms);
  const stack = readStack(repo, undefined);
  for (const transform of [fixAppReference, copyFromStage, unmaskDependencies, activateVenv])
    expect([...transform.find(stack)], transform.id).toEqual([]);
  expect(look(repo, 'uvicorn')).toMatchObject({ is: 'yes', foundAt: '/opt/venv/bin/uvicorn' });
  expect(look(repo, '/opt/venv/bin/uvicorn').is).toBe('yes');
});
