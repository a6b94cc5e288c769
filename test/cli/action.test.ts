import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { treeOf } from '../harness.ts';
import { readGithub, readSarif } from '../output/readers.ts';
import { commandsIn, readAction, readWorkflow, runAction, workspaceOf } from './action-runner.ts';
import { dockfix, git, gitRepository } from './program.ts';

const ROOT = process.cwd();
/** Two repairs and, with the group hygiene, one more: small, for it is read many times. */
const BROKEN = workspaceOf({
  'shop/compose.yaml':
    'services:\n  web:\n    build: .\n    environment:\n      # ````\n      STRIPE_SECRET_KEY: "sk_live_51Hq8vT2mXw9Lr4KpNabcdefgh"\n',
  'shop/Dockerfile': 'FROM python:3.12-slim\nWORKDIR /app\nRUN pip install flask\nCOPY . .\nCMD ["python", "app.py"]\n',
  'shop/app.py': 'from flask import Flask\napp = Flask(__name__)\napp.run(host="0.0.0.0")\n',
});
const SHOP = join(BROKEN, 'shop');
const HEALTHY = 'fixtures/repos/healthy-flask/before';

describe('the action in mode check', () => {
  const folder = gitRepository(SHOP);

  test('annotates, summarises and fails, and changes nothing', () => {
    const start = treeOf(folder);
    const { failed, log, outputs, summary, used } = runAction(ROOT, folder, {});
    expect([failed, outputs['changed'], outputs['sarif-file'], used]).toEqual([true, 'false', '', []]);
    const annotations = readGithub(`${commandsIn(log).join('\n')}\n`);
    const failing = annotations.filter(({ command }) => command !== 'notice').length;
    expect(failing).toBeGreaterThan(0);
    expect(outputs['findings']).toBe(String(failing));
    expect(summary).toBe(dockfix(['check', '--format', 'markdown'], folder, {}).stdout.toString());
    expect(log).toContain(dockfix(['check'], folder, {}).stdout.toString());
    expect(treeOf(folder)).toEqual(start);
  });

  test('uploads the findings before it fails; what is ignored is in the log, but not in the upload', () => {
    const own = gitRepository(SHOP);
    const ignored = JSON.parse(dockfix(['check', '--format', 'json'], own, {}).stdout.toString()) as {
      problems: { transform: string; at: { path: string } }[];
    };
    const { transform, at } = ignored.problems[0] ?? { transform: '', at: { path: '' } };
    const file = join(own, at.path);
    writeFileSync(file, `# dockfix-ignore-file ${transform}: it is meant so\n${readFileSync(file, 'utf8')}`);
    const { failed, outputs, used } = runAction(ROOT, own, { 'upload-sarif': 'true', 'sarif-file': 'out.sarif' });
    expect(failed).toBe(ignored.problems.length > 1);
    expect(outputs['sarif-file']).toBe(join(own, 'out.sarif'));
    expect(used.map(({ action }) => action)).toEqual([
      expect.stringMatching(/^github\/codeql-action\/upload-sarif@v\d+$/),
    ]);
    const upload = used[0]?.with['sarif_file'] ?? '';
    const [all, open] = [join(own, 'out.sarif'), upload].map(
      (path) => readSarif(readFileSync(path, 'utf8')).runs[0]?.results ?? [],
    );
    expect(all?.filter(({ suppressions }) => suppressions.length > 0).map(({ ruleId }) => ruleId)).toContain(transform);
    expect(open).toEqual(all?.filter(({ suppressions }) => suppressions.length === 0));
  });

  test('passes where nothing is wrong', () => {
    const { failed, outputs, summary, used } = runAction(ROOT, gitRepository(HEALTHY), { 'upload-sarif': 'true' });
    expect([failed, outputs['findings'], outputs['changed']]).toEqual([false, '0', 'false']);
    expect(summary).toMatch(/^## dockfix\n\nNo problems/);
    expect(readSarif(readFileSync(used[0]?.with['sarif_file'] ?? '', 'utf8')).runs[0]?.results).toEqual(
      expect.not.arrayContaining([expect.objectContaining({ level: 'error' })]),
    );
  });

  test('passes path, transforms, baseline and diff on', () => {
    const parent = gitRepository(BROKEN);
    const all = runAction(ROOT, parent, { path: 'shop' });
    expect(commandsIn(all.log).every((line) => line.includes('file=shop/'))).toBe(true);
    expect(runAction(ROOT, parent, { path: 'shop', diff: 'HEAD' })).toMatchObject({
      failed: false,
      outputs: { findings: '0' },
    });
    dockfix(['check', 'shop', '--baseline', 'known.json', '--write-baseline'], parent, {});
    expect(runAction(ROOT, parent, { path: 'shop', baseline: 'known.json' }).failed).toBe(false);
    const grouped = runAction(ROOT, parent, { path: 'shop', group: 'hygiene', skip: 'externalise-secrets' });
    expect(Number(grouped.outputs['findings'])).toBeGreaterThan(0);
    expect(grouped.log).not.toContain('title=dockfix externalise-secrets');
    expect(runAction(ROOT, parent, { path: 'shop', only: 'no-pip-cache' }).log).not.toContain('externalise-secrets');
  });

  test('what cannot be read is told, uploaded, and fails', () => {
    const own = workspaceOf({ 'compose.yaml': 'services:\n  web: [\n', Dockerfile: 'FROM alpine\n' });
    const { failed, log, used } = runAction(ROOT, own, { 'upload-sarif': 'true' });
    expect(failed).toBe(true);
    expect(readGithub(`${commandsIn(log)[0]}\n`)[0]?.properties['file']).toBe('compose.yaml');
    expect(readSarif(readFileSync(used[0]?.with['sarif_file'] ?? '', 'utf8')).runs[0]?.invocations).toMatchObject([
      { executionSuccessful: false },
    ]);
  });
});

describe('the action in mode apply', () => {
  test('writes what apply writes, and says so', () => {
    const [own, other] = [gitRepository(SHOP), gitRepository(SHOP)];
    const { failed, outputs, summary, log } = runAction(ROOT, own, { mode: 'apply' });
    dockfix(['apply', '--write'], other, {});
    expect(treeOf(own)).toEqual(treeOf(other));
    expect(git(own, ['status', '--porcelain'], '')).not.toBe('');
    expect([failed, outputs['changed']]).toEqual([false, 'true']);
    expect(Number(outputs['findings'])).toBeGreaterThan(0);
    expect(summary).toMatch(/^## dockfix\n\nRepairs: \d+\. Changed files: \d+\.\n\n`{5}diff\ndiff --git /);
    expect(summary).toMatch(/\n`{5}\n$/);
    expect(commandsIn(log)).toEqual([]);
    const again = runAction(ROOT, own, { mode: 'apply' });
    expect([again.failed, again.outputs['changed'], again.outputs['findings']]).toEqual([false, 'false', '0']);
  });

  test('shows no secret in its summary, and code fences of the repository stay in theirs', () => {
    const { summary, outputs } = runAction(ROOT, gitRepository(SHOP), { mode: 'apply' });
    expect(outputs['changed']).toBe('true');
    expect(summary).not.toContain('sk_live_51Hq8vT2mXw9Lr4KpNabcdefgh');
    expect(summary).toContain('`````diff\n');
  });
});

describe('inputs', () => {
  const broken = gitRepository(SHOP);
  const HOSTILE = [
    '"; touch pwned; "',
    '$(touch pwned)`touch pwned`',
    '--format=json',
    'a\n::error::spoofed\nb',
    '${{ github.token }}',
    '../../../../etc',
    '%0A::error::spoofed',
  ];

  test.each(['mode', 'only', 'skip', 'group', 'diff', 'upload-sarif', 'version', 'path', 'baseline'])(
    '%s is data, whatever it is',
    (name) => {
      const start = readdirSync(broken);
      for (const value of HOSTILE) {
        const { failed, log } = runAction(ROOT, broken, { [name]: value });
        expect([failed, value], log).toEqual([true, value]);
        const commands = commandsIn(log);
        expect(commands.length, log).toBe(1);
        expect(readGithub(`${commands[0]}\n`)[0]?.command).toBe('error');
        expect(commands[0]).toMatch(/^::error title=dockfix::/);
      }
      expect(readdirSync(broken)).toEqual(start);
      expect(existsSync(join(ROOT, 'pwned'))).toBe(false);
    },
  );

  test('a file of the repository cannot speak to the runner', () => {
    const own = workspaceOf({ Dockerfile: 'FROM alpine\n' });
    mkdirSync(join(own, '::error::spoofed'));
    writeFileSync(join(own, '::error::spoofed', 'compose.yaml'), 'services:\n  web: [\n');
    const lines = commandsIn(runAction(ROOT, own, {}).log);
    expect(lines.map((line) => line.replace(/::.*$/s, ''))).toEqual(['']);
    expect(readGithub(`${lines.join('\n')}\n`)[0]?.properties['file']).toBe('::error::spoofed/compose.yaml');
  });

  test('of check are refused by apply', () => {
    const { failed, log } = runAction(ROOT, broken, { mode: 'apply', baseline: 'x', 'upload-sarif': 'true' });
    expect([failed, commandsIn(log)]).toEqual([
      true,
      ['::error title=dockfix::baseline, upload-sarif: only mode check has that, and mode is apply'],
    ]);
  });
});

describe('examples', () => {
  test('of the README are workflows, and give the action what it takes', () => {
    const { inputs } = readAction(readFileSync('action.yml', 'utf8'));
    const known = inputs?.map(({ id }) => id);
    const examples = [...readFileSync('README.md', 'utf8').matchAll(/```yaml\n([\s\S]*?)```/g)]
      .map(([, text = '']) => text)
      .filter((text) => text.includes('uses: owner/dockfix@'));
    expect(examples.length).toBeGreaterThan(0);
    for (const text of examples) {
      readWorkflow(text);
      const { jobs } = parse(text) as {
        jobs: Record<string, { steps: { uses?: string; with?: Record<string, string> }[] }>;
      };
      const own = Object.values(jobs).flatMap(({ steps }) => steps.filter(({ uses }) => uses?.startsWith('owner/')));
      for (const step of own) for (const name of Object.keys(step.with ?? {})) expect(known).toContain(name);
    }
  });
});
