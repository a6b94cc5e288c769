import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { forgeAt } from '../../src/forge/connect.ts';
import { credentialsIn, secretsOf } from '../../src/forge/credentials.ts';

const folder = mkdtempSync(join(tmpdir(), 'dockfix-credentials-'));
afterAll(() => rmSync(folder, { recursive: true }));

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pkcs1 = String(privateKey.export({ type: 'pkcs1', format: 'pem' }));
const pkcs8 = String(privateKey.export({ type: 'pkcs8', format: 'pem' }));
const file = join(folder, 'app.pem');
writeFileSync(file, pkcs1);

function refused(environment: Record<string, string>): string {
  try {
    credentialsIn(environment);
  } catch (error) {
    if (error instanceof UserError) return `${error.message} ${error.hint}`;
    throw error;
  }
  throw new Error('it was taken');
}

test('tokens, without the line break that a file gives them; an empty one is none', () => {
  expect(credentialsIn({})).toEqual({ github: undefined, gitlab: undefined, gitea: undefined });
  const credentials = credentialsIn({
    GITHUB_TOKEN: '',
    GH_TOKEN: 'one\n',
    GITLAB_TOKEN: 'two',
    FORGEJO_TOKEN: 'three',
  });
  expect(credentials).toEqual({ github: { kind: 'token', token: 'one' }, gitlab: 'two', gitea: 'three' });
  expect(credentialsIn({ GITHUB_TOKEN: 'a', GH_TOKEN: 'b' }).github).toEqual({ kind: 'token', token: 'a' });
});

test.each([
  ['as PEM', { DOCKFIX_APP_PRIVATE_KEY: pkcs1 }],
  ['as PKCS#8', { DOCKFIX_APP_PRIVATE_KEY: pkcs8 }],
  ['in one line', { DOCKFIX_APP_PRIVATE_KEY: pkcs1.replaceAll('\n', '\\n') }],
  ['in base64', { DOCKFIX_APP_PRIVATE_KEY: Buffer.from(pkcs1).toString('base64') }],
  ['in a file', { DOCKFIX_APP_PRIVATE_KEY_FILE: file }],
])('an App goes before a token, its key %s', (_, key) => {
  const { github } = credentialsIn({ GITHUB_TOKEN: 'token', DOCKFIX_APP_ID: '12', ...key });
  const expected = 'DOCKFIX_APP_PRIVATE_KEY' in key && key.DOCKFIX_APP_PRIVATE_KEY === pkcs8 ? pkcs8 : pkcs1;
  expect(github).toEqual({ kind: 'app', id: '12', privateKey: expected });
});

test('an App by half, or with a key that is none, is refused, and the key not repeated', () => {
  expect(refused({ DOCKFIX_APP_ID: '12' })).toContain('DOCKFIX_APP_PRIVATE_KEY_FILE');
  expect(refused({ DOCKFIX_APP_PRIVATE_KEY: pkcs1 })).toContain('DOCKFIX_APP_ID');
  expect(
    refused({ DOCKFIX_APP_ID: '12', DOCKFIX_APP_PRIVATE_KEY: pkcs1, DOCKFIX_APP_PRIVATE_KEY_FILE: file }),
  ).toContain('both');
  expect(refused({ DOCKFIX_APP_ID: '12', DOCKFIX_APP_PRIVATE_KEY_FILE: join(folder, 'none.pem') })).toMatch(
    /none\.pem: ENOENT/,
  );
  const damaged = pkcs1.replace(/\n.{20}/, '\n');
  const said = refused({ DOCKFIX_APP_ID: '12', DOCKFIX_APP_PRIVATE_KEY: damaged });
  expect(said).toContain('DOCKFIX_APP_PRIVATE_KEY holds no private key');
  for (const line of damaged.split('\n').slice(1, -2)) expect(said).not.toContain(line);
  const curve = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' });
  expect(refused({ DOCKFIX_APP_ID: '12', DOCKFIX_APP_PRIVATE_KEY: String(curve) })).toContain(
    'no private key of a GitHub App',
  );
});

test('all secrets are known for masking, keys also line by line and in one line', () => {
  const secrets = secretsOf(
    credentialsIn({ DOCKFIX_APP_ID: '12', DOCKFIX_APP_PRIVATE_KEY: pkcs1, GITLAB_TOKEN: 'two', GITEA_TOKEN: 'three' }),
  );
  expect(secrets).toEqual(expect.arrayContaining(['two', 'three', pkcs1, pkcs1.replaceAll('\n', '\\n')]));
  const lines = pkcs1.split('\n').slice(1, -2);
  expect(secrets).toEqual(expect.arrayContaining(lines));
  expect([...secrets].sort((a, b) => b.length - a.length)).toEqual(secrets);
  expect(secretsOf(credentialsIn({ GITHUB_TOKEN: 'one' }))).toEqual(['one']);
});

test.each([
  ['github', 'GITHUB_TOKEN'],
  ['gitlab', 'GITLAB_TOKEN'],
  ['gitea', 'GITEA_TOKEN'],
] as const)('without credentials for %s, the variable is named', (kind, variable) => {
  const connect = () => forgeAt({ kind, url: 'https://git.example.org' }, credentialsIn({}));
  expect(connect).toThrow(UserError);
  expect(connect).toThrow(/https:\/\/git\.example\.org/);
  try {
    connect();
  } catch (error) {
    expect(error instanceof UserError && error.hint).toContain(variable);
  }
});
