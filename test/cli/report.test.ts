import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { expect, test } from 'vitest';
import { treeOf } from '../harness.ts';
import { dockfix, folderWith, git, gitRepository } from './program.ts';

const NO_ENV = {};
const PLAN = 'fixtures/repos/analylit-repair-plan/before';
const HEALTHY = 'fixtures/repos/healthy-flask/before';

/** What a report says on stdout when it ends as expected; the repository stays as it is. */
function reported(argv: readonly string[], folder: string, expected: number): string {
  const start = treeOf(folder);
  const { status, stdout, stderr } = dockfix(['report', ...argv], folder, NO_ENV);
  expect([status, stderr]).toEqual([expected, '']);
  expect(treeOf(folder)).toEqual(start);
  return stdout.toString();
}

test('Markdown is the default, and tells of each finding of apply by the same number', () => {
  const folder = gitRepository(PLAN);
  const text = reported([], folder, 0);
  expect(text).toMatch(/^# Correction of dockfix/);
  const { findings } = JSON.parse(dockfix(['apply', '--format', 'json'], folder, NO_ENV).stdout.toString()) as {
    findings: { message: string }[];
  };
  const { problems } = JSON.parse(reported(['--format', 'json'], folder, 0)) as {
    problems: { number: number; message: string; repair: { diff: string } }[];
  };
  expect(problems.map(({ message }) => message)).toEqual(findings.map(({ message }) => message));
  for (const { number, repair } of problems) {
    expect(text).toMatch(new RegExp(`^#{3,4} ${number}\\. `, 'm'));
    if (number !== problems.length) continue;
    const explained = dockfix(['explain', '--finding', String(number)], folder, NO_ENV).stdout.toString();
    expect(explained).toContain(repair.diff.trim());
  }
});

test('JSON follows the schema that ships with the package', () => {
  const schema = JSON.parse(readFileSync('dist/report.schema.json', 'utf8')) as object;
  const validate = new Ajv().compile(schema);
  const document: unknown = JSON.parse(reported(['--format', 'json', '--group', 'hygiene'], gitRepository(PLAN), 0));
  validate(document);
  expect(validate.errors ?? []).toEqual([]);
  expect(document).toMatchObject({ selection: ['--group', 'hygiene'] });
});

test('the options that choose transforms choose here, and in the commands that it names', () => {
  const text = reported(['--only', 'split-copy'], gitRepository(PLAN), 0);
  expect(text).toContain('1 problem: 1 repaired by `dockfix apply --write --only split-copy`.');
  expect(text).toContain('\ndockfix check --only split-copy\n');
});

test('a healthy repository has nothing to do', () => {
  expect(reported([], gitRepository(HEALTHY), 0)).toContain('No problems were found: there is nothing to do.');
});

test('-o writes the file as a whole, over an earlier one, and the file does not count as what the repository says', () => {
  const folder = gitRepository(PLAN);
  mkdirSync(join(folder, 'handover'));
  const first = dockfix(['report', '-o', 'handover/CORRECTION.md'], folder, NO_ENV);
  expect([first.status, first.stdout.toString(), first.stderr]).toEqual([
    0,
    '',
    'the report is in handover/CORRECTION.md\n',
  ]);
  const text = readFileSync(join(folder, 'handover', 'CORRECTION.md'), 'utf8');
  git(folder, ['add', '-A'], '');
  expect(dockfix(['report', '-o', 'handover/CORRECTION.md'], folder, NO_ENV).status).toBe(0);
  expect(readFileSync(join(folder, 'handover', 'CORRECTION.md'), 'utf8')).toBe(text);
  expect(readdirSync(join(folder, 'handover'))).toEqual(['CORRECTION.md']);
});

test('a file that cannot be written is named, and nothing is left behind', () => {
  const folder = gitRepository(PLAN);
  mkdirSync(join(folder, 'taken'));
  const start = treeOf(folder);
  for (const name of ['nowhere/x.md', 'taken']) {
    const { status, stdout, stderr } = dockfix(['report', '-o', name], folder, NO_ENV);
    expect([status, stdout.toString()]).toEqual([2, '']);
    expect(stderr).toMatch(new RegExp(`^error: .*${name} cannot be written \\(E[A-Z]+\\)\nhint: `));
  }
  expect(treeOf(folder)).toEqual(start);
});

test('a link is replaced, and what it leads to stays', () => {
  const folder = gitRepository(HEALTHY);
  const elsewhere = folderWith({ 'precious.txt': 'keep me\n' });
  symlinkSync(join(elsewhere, 'precious.txt'), join(folder, 'report.md'));
  expect(dockfix(['report', '-o', 'report.md'], folder, NO_ENV).status).toBe(0);
  expect(readFileSync(join(elsewhere, 'precious.txt'), 'utf8')).toBe('keep me\n');
  expect(readFileSync(join(folder, 'report.md'), 'utf8')).toMatch(/^# Correction/);
});

test('what verify saw becomes a part of it', () => {
  const side = (state: string) => ({
    healthy: true,
    clean: true,
    services: [{ name: 'web', state }],
    notes: [],
    seconds: 9,
  });
  const seen = folderWith({
    'seen.json': JSON.stringify({ schemaVersion: 1, before: side('stopped'), after: side('healthy'), changes: [] }),
    'other.json': '{"schemaVersion": 7}',
  });
  const folder = gitRepository(PLAN);
  expect(reported(['--verification', join(seen, 'seen.json')], folder, 0)).toContain(
    '| web | stopped | healthy | better |',
  );
  for (const [file, error] of [
    ['other.json', /other\.json is no verification: its schemaVersion is not 1/],
    ['missing.json', /missing\.json cannot be read \(ENOENT\)/],
  ] as const) {
    const { status, stderr } = dockfix(['report', '--verification', join(seen, file)], folder, NO_ENV);
    expect(status).toBe(2);
    expect(stderr).toMatch(error);
  }
});

test('what cannot be read is 2, and stands in the document', () => {
  const broken = folderWith({ 'compose.yaml': 'services:\n  web: [\n', Dockerfile: 'FROM alpine\n' });
  const text = reported([], broken, 2);
  expect(text).toContain('## What could not be read');
  expect(text).toContain('- [ ] Look at compose.yaml');
  expect(dockfix(['report', 'nowhere'], broken, NO_ENV).status).toBe(2);
  expect(dockfix(['report', '--format', 'docx'], broken, NO_ENV).status).toBe(2);
  expect(existsSync(join(broken, 'CORRECTION.md'))).toBe(false);
});

test('no format shows a secret of the repository, nor of a verification', () => {
  const folder = gitRepository('fixtures/repos/mppeep-pipeline/before');
  const secrets = ['Zq8vT2mXw9Lr4KpN', 'sk_live_51Hq8vT2mXw9Lr4KpNabcdefgh', 'hunter2hunter2', 'Tableau-de-Bord-2025'];
  mkdirSync(join(folder, 'planted'));
  writeFileSync(
    join(folder, 'planted', 'compose.yaml'),
    `services:\n  web:\n    build: .\n    environment:\n      - DATABASE_URL="postgresql://shop:${secrets[0]}@localhost:5432/shop"\n      - STRIPE_SECRET_KEY=${secrets[1]}\n  db:\n    image: postgres:16\n    environment:\n      POSTGRES_PASSWORD: ${secrets[2]}\n`,
  );
  writeFileSync(
    join(folder, 'planted', 'Dockerfile'),
    `FROM python:3.11\nENV API_TOKEN=${secrets[1]}\nCOPY . .\nCMD ["python", "-m", "http.server"]\n`,
  );
  git(folder, ['add', '-A'], '');
  const service = { name: 'web', state: 'stopped', reason: `cannot log in with ${secrets.join(' ')}` };
  const seen = folderWith({
    'seen.json': JSON.stringify({
      schemaVersion: 1,
      after: { services: [service], notes: [], seconds: 1 },
      changes: [],
    }),
  });
  for (const format of ['markdown', 'json']) {
    const text = reported(
      ['--format', format, '--group', 'hygiene', '--verification', join(seen, 'seen.json')],
      folder,
      0,
    );
    expect(text, format).toContain('planted/');
    expect(text, format).toContain('cannot log in with');
    for (const secret of secrets) expect(text, format).not.toContain(secret);
  }
});
