import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { treeOf } from '../harness.ts';
import { readCheckstyle, readGithub, readGitlab, readJunit, readSarif } from '../output/readers.ts';
import { dockfix, folderWith, git, gitRepository } from './program.ts';

const NO_ENV = {};
const PIPELINE = 'fixtures/repos/mppeep-pipeline/before';
const HEALTHY = 'fixtures/repos/healthy-flask/before';
const FORMATS = ['pretty', 'json', 'sarif', 'github', 'gitlab', 'junit', 'checkstyle', 'markdown'];

/** stdout of a check that ends as expected; nothing is said elsewhere, and nothing is written. */
function checked(argv: readonly string[], folder: string, expected: number): string {
  const start = treeOf(folder);
  const { status, stdout, stderr } = dockfix(['check', ...argv], folder, NO_ENV);
  expect([status, stderr]).toEqual([expected, '']);
  expect(treeOf(folder)).toEqual(start);
  return stdout.toString();
}

describe('check', () => {
  const pipeline = gitRepository(PIPELINE);

  test('finds what apply finds, in files that are on disk, and exits with 1', () => {
    const { findings } = JSON.parse(dockfix(['apply', '--format', 'json'], pipeline, NO_ENV).stdout.toString()) as {
      findings: { transform: string; message: string }[];
    };
    const { problems } = JSON.parse(checked(['--format', 'json'], pipeline, 1)) as {
      problems: { transform: string; message: string; at: { path: string; start: { line: number } } }[];
    };
    expect(problems.map(({ transform, message }) => [transform, message])).toEqual(
      findings.map(({ transform, message }) => [transform, message]),
    );
    expect(problems.every(({ at }) => at.path !== '.dockerignore')).toBe(true);
  });

  test('every format is valid and comes to the same', async () => {
    const [out] = [new Map(FORMATS.map((format) => [format, checked(['--format', format], pipeline, 1)]))];
    const text = (format: string): string => out.get(format) ?? '';
    const results = readSarif(text('sarif')).runs[0]?.results ?? [];
    expect(results.length).toBeGreaterThan(10);
    expect(readGithub(text('github')).length).toBe(results.length);
    expect(readGitlab(text('gitlab')).map(({ fingerprint }) => fingerprint)).toEqual(
      results.map(({ partialFingerprints }) => partialFingerprints['dockfix/v1']),
    );
    expect((await readJunit(text('junit'))).failures.length).toBe(
      results.filter(({ level }) => level !== 'note').length,
    );
    expect((await readCheckstyle(text('checkstyle'))).length).toBe(results.length);
    expect(text('markdown').match(/^- /gm)?.length).toBe(results.length);
    expect(results.filter(({ fixes }) => fixes).length).toBeGreaterThan(3);
    expect(readSarif(text('sarif')).runs[0]?.tool.driver.rules[0]?.help.text).toContain('## What breaks');
  });

  test('a healthy repository passes', () => {
    expect(checked([], gitRepository(HEALTHY), 0)).toMatch(/No problems\..*\n$/);
  });

  test('what cannot be read or run is 2', () => {
    const broken = folderWith({ 'compose.yaml': 'services:\n  web: [\n', Dockerfile: 'FROM alpine\n' });
    for (const format of FORMATS) {
      const out = checked(['--format', format], broken, 2);
      expect(out, format).toContain(format === 'sarif' ? 'executionSuccessful": false' : 'compose.yaml');
    }
    expect(dockfix(['check', 'nowhere'], broken, NO_ENV).status).toBe(2);
    expect(dockfix(['check', '--format', 'xml'], broken, NO_ENV).status).toBe(2);
  });

  test('services name files from the top of the git repository, people from where they stand', () => {
    const folder = gitRepository('fixtures/repos/mppeep-pipeline');
    const below = join(folder, 'before');
    expect(readGithub(checked(['--format', 'github'], below, 1))[0]?.properties['file']).toMatch(/^before\//);
    expect(checked(['--format', 'pretty'], below, 1)).not.toContain('before/');
  });

  test('no format shows a secret of the repository', () => {
    const folder = gitRepository(PIPELINE);
    const secrets = ['Zq8vT2mXw9Lr4KpN', 'sk_live_51Hq8vT2mXw9Lr4KpNabcdefgh', 'hunter2hunter2'];
    mkdirSync(join(folder, 'planted'));
    writeFileSync(
      join(folder, 'planted', 'compose.yaml'),
      [
        'services:',
        '  web:',
        '    build: .',
        '    environment:',
        `      - DATABASE_URL="postgresql://shop:${secrets[0]}@localhost:5432/shop"`,
        `      - STRIPE_SECRET_KEY=${secrets[1]}`,
        '  db:',
        '    image: postgres:16',
        '    environment:',
        `      POSTGRES_PASSWORD: ${secrets[2]}`,
        '',
      ].join('\n'),
    );
    writeFileSync(
      join(folder, 'planted', 'Dockerfile'),
      `FROM python:3.11\nENV API_TOKEN=${secrets[1]}\nCOPY . .\nCMD ["python", "-m", "http.server"]\n`,
    );
    git(folder, ['add', '-A'], '');
    for (const format of FORMATS) {
      const out = checked(['--format', format, '--group', 'hygiene'], folder, 1);
      expect(out, format).toContain('planted/');
      for (const secret of secrets) expect(out, format).not.toContain(secret);
    }
  });
});

describe('check --baseline and --diff', () => {
  test('a baseline is written once; then only what is new fails', () => {
    const folder = gitRepository(PIPELINE);
    const options = ['--baseline', 'known.json'];
    expect(dockfix(['check', ...options], folder, NO_ENV)).toMatchObject({ status: 2 });
    const written = dockfix(['check', ...options, '--write-baseline'], folder, NO_ENV);
    expect([written.status, written.stdout.toString()]).toEqual([0, '']);
    expect(written.stderr).toMatch(/^\d+ problems written to known\.json;/);
    expect(checked([...options, '--format', 'github'], folder, 0)).toBe('');
    const known = readSarif(checked([...options, '--format', 'sarif'], folder, 0)).runs[0]?.results ?? [];
    const failing = known.filter(({ level }) => level !== 'note');
    expect(failing.length).toBeGreaterThan(10);
    expect(failing.every(({ suppressions }) => suppressions.length === 1 && suppressions[0]?.kind === 'external')).toBe(
      true,
    );
    const dockerfile = join(folder, 'Dockerfile.prod');
    writeFileSync(dockerfile, `# one line more\n${readFileSync(dockerfile, 'utf8')}`);
    expect(checked([...options, '--format', 'github'], folder, 0)).toBe('');
    mkdirSync(join(folder, 'extra'));
    writeFileSync(
      join(folder, 'extra', 'compose.yaml'),
      'services:\n  web:\n    image: python:3.11\n    environment:\n      STRIPE_SECRET_KEY: "sk_live_51Hq8vT2mXw9Lr4KpNabcdefgh"\n',
    );
    const files = readGithub(checked([...options, '--format', 'github'], folder, 1)).map(
      (each) => each.properties['file'],
    );
    expect(new Set(files)).toEqual(new Set(['extra/compose.yaml']));
  });

  test('only what the change since a commit touches', () => {
    const folder = gitRepository(PIPELINE);
    expect(checked(['--diff', 'HEAD', '--format', 'github'], folder, 0)).toBe('');
    const compose = join(folder, 'docker-compose.prod.yml');
    writeFileSync(compose, readFileSync(compose, 'utf8').replace(/^.*ADMIN_PASSWORD.*$/m, '$& # new'));
    const found = readGithub(checked(['--diff', 'HEAD', '--format', 'github'], folder, 1));
    expect(found.map(({ properties }) => properties['title'])).toContain('dockfix externalise-secrets');
    expect(found.length).toBeLessThan(5);
    expect(dockfix(['check', '--diff', 'nowhere'], folder, NO_ENV)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('There is no commit "nowhere" here'),
    });
  });
});

describe('a configuration', () => {
  const configured = (config: string): string => {
    const folder = gitRepository(PIPELINE);
    writeFileSync(join(folder, 'dockfix.yml'), config);
    return folder;
  };
  const titles = (folder: string, ...argv: string[]) =>
    readGithub(dockfix(['check', '--format', 'github', ...argv], folder, NO_ENV).stdout.toString()).map(
      ({ command, properties }) => `${command} ${properties['title']?.replace('dockfix ', '')} ${properties['file']}`,
    );

  test('chooses transforms and their severity, for apply and explain, too; the command line goes over it', () => {
    const folder = configured(
      'transforms:\n  split-copy: off\n  python-env: on\nseverity:\n  repair-conditional: warning\nexclude: [deploy/]\n',
    );
    const found = titles(folder);
    expect(found).toContain('warning repair-conditional app/core/config.py');
    expect(found.some((title) => title.includes('split-copy'))).toBe(false);
    expect(found.some((title) => title.startsWith('warning python-env'))).toBe(true);
    expect(found.some((title) => title.includes(' deploy/'))).toBe(false);
    expect(titles(folder, '--only', 'split-copy').length).toBeGreaterThan(0);
    expect(titles(folder, '--skip', 'python-env').some((title) => title.includes('python-env'))).toBe(false);
    const { stdout, stderr } = dockfix(['apply'], folder, NO_ENV);
    expect(stdout.toString()).not.toMatch(/^diff --git a\/deploy\//m);
    expect(stderr).toContain('the configuration excludes this file');
    expect(dockfix(['explain', '--finding', 'split-copy'], folder, NO_ENV).status).toBe(2);
  });

  test('that is wrong stops every command', () => {
    const folder = configured('transform: {}\n');
    for (const argv of [['check'], ['apply'], ['explain', '--finding', '1'], ['verify', '--yes']]) {
      const { status, stderr } = dockfix(argv, folder, NO_ENV);
      expect([status, stderr]).toEqual([
        2,
        'error: dockfix.yml:1: There is no key "transform"\nhint: Did you mean transforms?\n',
      ]);
    }
  });
});

test('a comment leaves a place alone, for check and apply; one that ignores nothing is reported', async () => {
  const folder = gitRepository(PIPELINE);
  const settings = join(folder, 'app', 'core', 'config.py');
  const dockerfile = join(folder, 'Dockerfile.prod');
  const text = readFileSync(settings, 'utf8');
  writeFileSync(
    settings,
    text.replace(/^.*POSTGRES_HOST: str = if.*$/m, '    # dockfix-ignore repair-conditional: shown in a lesson\n$&'),
  );
  writeFileSync(dockerfile, `# dockfix-ignore-file activate-venv: there is none\n${readFileSync(dockerfile, 'utf8')}`);
  const sarif = readSarif(checked(['--format', 'sarif'], folder, 1));
  const results = sarif.runs[0]?.results ?? [];
  expect(
    results.filter(({ ruleId }) => ruleId === 'repair-conditional').map(({ suppressions }) => suppressions),
  ).toContainEqual([{ kind: 'inSource', status: 'accepted', justification: 'shown in a lesson' }]);
  expect(checked(['--format', 'json'], folder, 1)).not.toContain('repair-conditional');
  expect(results.filter(({ ruleId }) => ruleId === 'dockfix-ignore').map(({ message }) => message.text)).toEqual([
    expect.stringContaining('activate-venv finds nothing there'),
  ]);
  const { stdout, stderr, status } = dockfix(['apply'], folder, NO_ENV);
  expect(status).toBe(0);
  expect(stdout.toString()).not.toContain('shown in a lesson');
  expect(stderr).toContain('a comment there asks for it');
  expect(stderr).toMatch(/^Ignore comments\n {2}Dockerfile\.prod:1 {2}activate-venv finds nothing there/m);
  const { ignores } = JSON.parse(dockfix(['apply', '--format', 'json'], folder, NO_ENV).stdout.toString()) as {
    ignores: { message: string; at: { path: string; start: { line: number } } }[];
  };
  expect(ignores).toMatchObject([
    { message: expect.stringContaining('activate-venv'), at: { path: 'Dockerfile.prod', start: { line: 1 } } },
  ]);
  writeFileSync(join(folder, 'dockfix.yml'), 'exclude: [Dockerfile.prod]\n');
  expect(dockfix(['apply'], folder, NO_ENV).stderr).not.toContain('Ignore comments');
});
