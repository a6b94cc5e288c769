import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Environment, main } from '../../src/cli.ts';
import { transforms } from '../../transforms/index.ts';
import { treeOf } from '../harness.ts';
import { dockfix, folderWith, gitRepository } from './program.ts';

const NO_ENV = {};
const COMPOSE = 'services:\n  web:\n    image: nginx:1.27\n    depends_on:\n      - db\n';
const DOCKERFILE =
  'FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\nCMD ["python", "app.py"]\n';
const APP = { Dockerfile: DOCKERFILE, 'requirements.txt': 'flask\n', 'app.py': 'print(1)\n' };

/** Asserts one error line with a hint on stderr, nothing on stdout, exit status 2. */
function refused(argv: readonly string[], cwd: string, says: RegExp): void {
  const { status, stdout, stderr } = dockfix(argv, cwd, NO_ENV);
  expect(stderr).toMatch(/^error: [^\n]+\nhint: [^\n]+\n$/);
  expect(stderr).toMatch(says);
  expect([status, stdout.toString()]).toEqual([2, '']);
}

describe('arguments', () => {
  const folder = folderWith(APP);

  test('--version and --help answer with 0, help with examples', () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(dockfix(['--version'], folder, NO_ENV)).toMatchObject({ status: 0, stdout: Buffer.from(`${version}\n`) });
    const help = dockfix(['--help'], folder, NO_ENV);
    expect(help.status).toBe(0);
    for (const part of ['Usage:', 'apply', 'undo', 'Examples:', 'git apply', 'Exit status:'])
      expect(help.stdout.toString()).toContain(part);
    expect(dockfix(['apply', '--help'], folder, NO_ENV).stdout.toString()).toContain('--safe-only');
  });

  test.each<[string, readonly string[], RegExp]>([
    ['an unknown command', ['aply'], /aply.*\n.*apply/],
    ['an unknown option', ['apply', '--safeonly'], /--safeonly.*\n.*--safe-only/],
    ['two paths', ['apply', 'a', 'b'], /argument/],
    ['--dry-run with --write', ['apply', '--dry-run', '--write'], /--dry-run.*--write|--write.*--dry-run/],
    ['--only and --skip of one transform', ['apply', '--only', 'split-copy', '--skip', 'split-copy'], /split-copy/],
    ['--only without a transform', ['apply', '--only', ' , '], /--only.*\n.*dockfix list/],
    ['an empty path', ['apply', ''], /path is empty/],
    ['an unknown transform', ['apply', '--only', 'splitcopy'], /"splitcopy"\n.*split-copy/],
    ['an unknown transform to skip', ['apply', '--skip', 'add-entry-point'], /add-entry-point.*\n.*add-entrypoint/],
    ['an unknown group', ['apply', '--group', 'hygeine'], /hygeine/],
    ['an unknown format', ['apply', '--format', 'xml'], /xml/],
    ['an unknown transform to explain', ['explain', 'remove-migrater'], /remove-migrater.*\n.*remove-migrator/],
  ])('%s is refused', (_, argv, says) => {
    const start = treeOf(folder);
    refused(argv, folder, says);
    expect(treeOf(folder)).toEqual(start);
  });

  test('no command at all is refused with a way out', () => {
    const { status, stderr } = dockfix([], folder, NO_ENV);
    expect(status).toBe(2);
    expect(stderr).toContain('--help');
  });

  test('list and explain come from the transforms themselves', () => {
    const { stdout } = dockfix(['list'], folder, NO_ENV);
    const rows = stdout.toString().trimEnd().split('\n');
    expect(rows.map((row) => row.split(/ {2,}/))).toEqual(
      transforms.map(({ id, group, summary }) => [id, group, summary]),
    );
    const explained = dockfix(['explain', 'split-copy'], folder, NO_ENV);
    expect(explained.status).toBe(0);
    expect(explained.stdout.toString()).toContain('When it leaves the code alone');
    expect(explained.stdout.toString()).not.toMatch(/^#|<!--/m);
  });
});

describe('folders', () => {
  test('a path that is no folder is refused', () => {
    const folder = folderWith(APP);
    refused(['apply', 'app.py'], folder, /app\.py/);
    refused(['apply', 'missing'], folder, /missing/);
    refused(['undo', 'missing'], folder, /missing/);
  });

  test('a folder without any Docker file is refused', () => {
    refused(['apply'], folderWith({ 'app.py': 'print(1)\n' }), /Docker/);
  });
});

/** Asserts that one file is named with the reason, the rest is repaired, and the exit status is 2. */
function repairsTheRest(files: Readonly<Record<string, string | Buffer>>, names: RegExp): void {
  const folder = folderWith({ ...APP, ...files });
  const { status, stdout, stderr } = dockfix(['apply'], folder, NO_ENV);
  expect(stderr).toMatch(names);
  expect(stderr).toContain('hint');
  expect(stdout.toString()).toContain('+++ b/Dockerfile');
  expect(status).toBe(2);
}

describe('files', () => {
  test('broken YAML is named with its line, and the rest is repaired', () => {
    repairsTheRest({ 'docker-compose.yml': 'services:\n  web:\n    image: [\n' }, /docker-compose\.yml:\d+ /);
  });

  test('a tab as indentation is named with its line', () => {
    repairsTheRest({ 'docker-compose.yml': 'services:\n\tweb:\n\t\timage: a\n' }, /docker-compose\.yml:2 /);
  });

  test('a Jinja template is named as one', () => {
    repairsTheRest(
      { 'docker-compose.yml': 'services:\n{% for s in services %}\n  {{ s }}:\n    image: a\n{% endfor %}\n' },
      /docker-compose\.yml:\d+ .*(?:Jinja|template)/,
    );
  });

  test('a file with a line of 10 MB is left out, quickly', () => {
    repairsTheRest({ 'docker-compose.yml': `${COMPOSE}# ${'x'.repeat(10 << 20)}\n` }, /docker-compose\.yml/);
  });

  test('an alias bomb is left out, quickly', () => {
    const levels = 'abcdefghi'.split('').map(
      (name, i, all) =>
        `x-${name}: &${name} [${
          i === 0
            ? '"lol"'
            : Array(9)
                .fill(`*${all[i - 1]}`)
                .join(', ')
        }]`,
    );
    repairsTheRest({ 'docker-compose.yml': `${levels.join('\n')}\n${COMPOSE}` }, /docker-compose\.yml/);
  });

  test('a symbolic link out of the repository is named and never followed', () => {
    const outside = folderWith({ 'docker-compose.yml': COMPOSE });
    const folder = folderWith(APP);
    symlinkSync(join(outside, 'docker-compose.yml'), join(folder, 'docker-compose.yml'));
    const start = treeOf(outside);
    const { stdout, stderr, status } = dockfix(['apply', '--write'], folder, NO_ENV);
    expect(stdout.toString()).not.toContain('docker-compose.yml');
    expect(stderr).toMatch(/docker-compose\.yml .*symbolic link/);
    expect(status).toBe(2);
    expect(treeOf(outside)).toEqual(start);
  });

  test('so is one of another name, while a link inside the repository is no matter', () => {
    const folder = folderWith(APP);
    symlinkSync('/etc/hostname', join(folder, 'docker-compose.override.yml'));
    symlinkSync('Dockerfile', join(folder, 'Dockerfile.dev'));
    const { stderr, status } = dockfix(['apply'], folder, NO_ENV);
    expect(stderr).toMatch(/docker-compose\.override\.yml .*symbolic link to \/etc\/hostname/);
    expect(stderr).not.toContain('Dockerfile.dev');
    expect(status).toBe(2);
  });

  test('a repository whose only Docker file is a symbolic link is refused with that reason', () => {
    const folder = folderWith({ 'app.py': 'print(1)\n' });
    symlinkSync('/etc/hostname', join(folder, 'Dockerfile'));
    refused(['apply'], folder, /Dockerfile: .*symbolic link to \/etc\/hostname/);
  });

  test('a binary Dockerfile is named', () => {
    const folder = folderWith({ Dockerfile: Buffer.from([0x7f, 0, 1, 2]), 'docker-compose.yml': 'services: {}\n' });
    const { stderr, status } = dockfix(['apply'], folder, NO_ENV);
    expect(stderr).toMatch(/Dockerfile .*binary/);
    expect(status).toBe(2);
  });

  test('a build context outside of the repository is never followed', () => {
    const parent = folderWith({ Dockerfile: DOCKERFILE, 'requirements.txt': 'flask\n' });
    const inner = join(parent, 'inner');
    mkdirSync(inner);
    writeFileSync(join(inner, 'docker-compose.yml'), 'services:\n  web:\n    build: ..\n');
    const { stdout } = dockfix(['apply', '--write'], inner, NO_ENV);
    expect(stdout.toString()).not.toContain('Dockerfile');
    expect(readFileSync(join(parent, 'Dockerfile'), 'utf8')).toBe(DOCKERFILE);
  });

  test('a file that is not UTF-8 keeps its bytes', () => {
    const latin1 = Buffer.from(`# caf\u00e9\r\n${DOCKERFILE.replaceAll('\n', '\r\n')}`, 'latin1');
    const folder = folderWith({ ...APP, Dockerfile: latin1 });
    dockfix(['apply', '--write'], folder, NO_ENV);
    const written = readFileSync(join(folder, 'Dockerfile'));
    expect(written.equals(latin1)).toBe(false);
    expect(written.subarray(0, 8)).toEqual(latin1.subarray(0, 8));
    expect(written.toString('latin1')).not.toMatch(/[^\r]\n/);
  });
});

describe('on a terminal', () => {
  async function call(
    argv: readonly string[],
    cwd: string,
    env: Environment['env'],
  ): Promise<{ status: number; stdout: string; stderr: string }> {
    const said = { stdout: '', stderr: '' };
    const output = (name: 'stdout' | 'stderr') => ({
      isTTY: true,
      write: (data: string | Uint8Array) => {
        said[name] += Buffer.from(data).toString();
      },
    });
    const status = await main({ argv, cwd, env, stdout: output('stdout'), stderr: output('stderr') });
    return { status, ...said };
  }

  test('diff and report are coloured, and control characters of the repository are shown, not sent', async () => {
    const folder = folderWith({ ...APP, Dockerfile: `# \u001b]0;title\u0007\n${DOCKERFILE}` });
    const { stdout, stderr, status } = await call(['apply'], folder, {});
    expect(status).toBe(0);
    expect(stdout).toContain('\u001b[32m+');
    expect(stdout).toContain('\\x1b]0;title\\x07');
    expect(stdout).not.toContain('\u001b]0;');
    expect(stderr).toContain('\u001b[');
  });

  test('NO_COLOR and a dumb terminal stay plain', async () => {
    const folder = gitRepository('fixtures/repos/atmr-celery-context/before');
    for (const env of [{ NO_COLOR: '1' }, { TERM: 'dumb' }]) {
      const { stdout, stderr } = await call(['apply'], folder, env);
      expect(stdout + stderr).not.toContain('\u001b');
    }
  });
});
