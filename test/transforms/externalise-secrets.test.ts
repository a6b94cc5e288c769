import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import picocolors from 'picocolors';
import { beforeAll, describe, expect, test } from 'vitest';
import { pythonWasm } from '../../src/assets.ts';
import { maskShapes } from '../../src/model/secret/mask.ts';
import { diff } from '../../src/output/diff.ts';
import { json } from '../../src/output/json.ts';
import { maskBetween } from '../../src/output/masked.ts';
import { pretty } from '../../src/output/pretty.ts';
import { loadPython } from '../../src/parse/python.ts';
import { loadTypescript } from '../../src/parse/typescript.ts';
import { type Run, run } from '../../src/pipeline/run.ts';
import { scan } from '../../src/repo/disk.ts';
import { Repo } from '../../src/repo/repo.ts';
import externaliseSecrets from '../../transforms/externalise-secrets/transform.ts';
import { transforms } from '../../transforms/index.ts';

const fixtures = join('fixtures', 'transforms', 'externalise-secrets');
const options = { allow: new Set(['safe', 'review'] as const), named: new Set<string>() };
const palette = picocolors.createColors(false);

beforeAll(async () => {
  await loadPython(pythonWasm());
  await loadTypescript();
});

/** Every secret that is planted in the fixtures. */
const PLANTED =
  /Harbour-41-lamp|b7e1d4c09f3a4a6f8d52|Lk83-velvet|n%40vire-77%21|n@vire-77!|smtp-8841-Qx|r00t-Of-Ships-5|Vx7-quarry-19|0f5c2a9be7d84416|4c1d9e07aa6b42f3|rk-shop-77-51-ab-90|npmtok-5588-zz|first-21-key|second-34-key|7d2e-built-with-90aa|npmtok-9921-kk|5e-tracked-by-git-77|throwaway-81-x|Tq-55-test|vnc-4471-aa/;

const outputs = (result: Run) => {
  const patch = diff(result.before, result.after);
  return {
    patch,
    pretty: pretty(result, { palette, written: false, stacks: true, ignores: [] }),
    json: json(result, { diff: patch, written: false, ignores: [] }),
    shown: maskBetween(result.before, result.after)(patch),
  };
};

describe.each(readdirSync(fixtures))('planted in %s', (name) => {
  test.each([
    ['by itself', [externaliseSecrets]],
    ['with all others', transforms],
    ['without it', transforms.filter((each) => each !== externaliseSecrets)],
  ] as const)('shows nowhere but on removed lines: %s', (_, chosen) => {
    const { patch, ...others } = outputs(run(scan(join(fixtures, name, 'before')), chosen, options));
    for (const text of Object.values(others)) expect(text.split('\n').filter((line) => PLANTED.test(line))).toEqual([]);
    // Another repair on the very line of a secret has to write that line again.
    if (name === 'redis-command' && !chosen.includes(externaliseSecrets)) return;
    expect(patch.split('\n').filter((line) => !line.startsWith('-') && PLANTED.test(line))).toEqual([]);
  });
});

const findings = (files: Readonly<Record<string, string>>) =>
  run(Repo.of(files), [externaliseSecrets], options).steps.flatMap(({ outcomes }) => outcomes);

describe('by hand', () => {
  test.each([
    ['build-needs-it', 'RUN DJANGO_SECRET_KEY='],
    ['argument-of-the-build', 'RUN --mount=type=secret,id=npm_token'],
    ['tracked-env', 'git rm --cached .env'],
  ])('%s says what to do', (name, advice) => {
    const { steps } = run(scan(join(fixtures, name, 'before')), [externaliseSecrets], options);
    const [outcome] = steps[0]?.outcomes ?? [];
    expect(outcome?.skipped).toBe('manual');
    expect(outcome?.finding.advice).toContain(advice);
  });

  test.each([
    ['node_modules\n', true],
    ['.env\n', false],
    ['*.log\r\n.env*\r\n!.env.example\r\n', false],
    ['/.env.local\n', true],
  ])('asks to let git leave .env out where %j does not', (rules, asks) => {
    const compose =
      'services:\n  db:\n    image: postgres:16\n    environment:\n      POSTGRES_PASSWORD: Qz-81-lantern\n';
    const [outcome] = findings({ '.gitignore': rules, 'compose.yaml': compose });
    expect(outcome?.finding.advice?.includes('Let git leave .env out first')).toBe(asks);
  });

  test('an env file that git leaves out, and one with weak words only, are no finding', () => {
    expect(findings({ '.env': 'POSTGRES_PASSWORD=postgres\nSECRET_KEY=dev\n', Dockerfile: 'FROM a\n' })).toEqual([]);
  });
});

describe('masks', () => {
  const compose = (lines: readonly string[]) => Repo.of({ 'compose.yaml': `services:\n${lines.join('\n')}\n` });

  test('a usual word only where it is a password', () => {
    const repo = compose(['  db:', '    image: postgres', '    environment:', '      POSTGRES_PASSWORD: postgres']);
    const mask = maskBetween(repo, repo);
    expect(mask('postgres waits; POSTGRES_PASSWORD: postgres, postgresql://postgres:postgres@postgres/postgres')).toBe(
      'postgres waits; POSTGRES_PASSWORD: ***, postgresql://postgres:***@postgres/postgres',
    );
    expect(mask('Take POSTGRES_PASSWORD, postgres and db')).toBe('Take POSTGRES_PASSWORD, postgres and db');
  });

  test('a value in every way of writing it', () => {
    const repo = compose(['  db:', '    environment:', `      DB_PASSWORD: 'it''s/a "P4ss" & $$more'`]);
    const mask = maskBetween(repo, repo);
    const value = `it's/a "P4ss" & $more`;
    for (const form of [value, encodeURIComponent(value), JSON.stringify(value), value.replaceAll('$', '$$$$')])
      expect(mask(`x ${form} y`)).not.toMatch(/P4ss/);
  });

  test('what its shape gives away', () => {
    const key = ['-----BEGIN RSA PRIVATE', ' KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----'].join('');
    const token = `ghp_${'a1B2'.repeat(9)}`;
    expect(maskShapes(`token ${token} and\n${key}`)).toBe('token *** and\n***');
    expect(maskShapes('https://bot:s3cr3t-99@git.example.com/x')).toBe('https://bot:***@git.example.com/x');
    expect(maskShapes('postgresql://user:password@db, redis://:${REDIS_PASSWORD}@redis')).toBe(
      'postgresql://user:password@db, redis://:${REDIS_PASSWORD}@redis',
    );
  });

  test('a file that does not parse, in notices', () => {
    const repo = Repo.of({
      'docker-compose.yml': 'services:\n  db:\n   environment:\n    DB_PASSWORD: "Aq9-zz-17\n  x: [',
    });
    const result = run(repo, transforms, options);
    const notice = { path: 'docker-compose.yml', message: 'near DB_PASSWORD: "Aq9-zz-17', hint: 'see Aq9-zz-17' };
    const { pretty: text, json: document } = outputs({ ...result, notices: [...result.notices, notice] });
    expect(text + document).not.toContain('Aq9-zz-17');
  });
});
