import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { UserError } from '../errors.ts';
import type { ForgeKind } from './forge.ts';

/** What a process may present to GitHub. */
export type GithubCredentials =
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'app'; readonly id: string; readonly privateKey: string };

/** What a process may present to each kind of forge; undefined where it has nothing. */
export interface Credentials {
  readonly github: GithubCredentials | undefined;
  readonly gitlab: string | undefined;
  readonly gitea: string | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

const VARIABLES: Readonly<Record<ForgeKind, string>> = {
  github:
    'GITHUB_TOKEN, or DOCKFIX_APP_ID with DOCKFIX_APP_PRIVATE_KEY (or DOCKFIX_APP_PRIVATE_KEY_FILE) for a GitHub App',
  gitlab: 'GITLAB_TOKEN',
  gitea: 'GITEA_TOKEN or FORGEJO_TOKEN',
};

/** Reads the credentials in an environment. An App goes before a token. A `UserError` when an App is given by half or has no good key. */
export function credentialsIn(environment: Environment): Credentials {
  const token = setIn(environment, 'GITHUB_TOKEN') ?? setIn(environment, 'GH_TOKEN');
  return {
    github: appIn(environment) ?? (token === undefined ? undefined : { kind: 'token', token }),
    gitlab: setIn(environment, 'GITLAB_TOKEN'),
    gitea: setIn(environment, 'GITEA_TOKEN') ?? setIn(environment, 'FORGEJO_TOKEN'),
  };
}

/** What is to be said when there are no credentials for a forge. */
export const missingCredentials = (kind: ForgeKind, url: string): UserError =>
  new UserError(`There are no credentials for ${url}.`, `Set ${VARIABLES[kind]}.`);

/** All secrets of the credentials, in every form in which they may turn up in an output, longest first. */
export function secretsOf({ github, gitlab, gitea }: Credentials): readonly string[] {
  const tokens = [github?.kind === 'token' ? github.token : undefined, gitlab, gitea].filter(
    (each) => each !== undefined,
  );
  const key = github?.kind === 'app' ? github.privateKey : undefined;
  const lines = key?.split('\n').filter((line) => line.length > 16 && !line.startsWith('-----')) ?? [];
  const forms = key === undefined ? [] : [key, key.trim(), key.replaceAll('\n', '\\n'), ...lines];
  return [...new Set([...tokens, ...forms])].sort((a, b) => b.length - a.length);
}

/** Empty is not set; files and secret stores like to add a line break. */
function setIn(environment: Environment, name: string): string | undefined {
  return environment[name]?.trim() || undefined;
}

function appIn(environment: Environment): GithubCredentials | undefined {
  const id = setIn(environment, 'DOCKFIX_APP_ID');
  const inline = setIn(environment, 'DOCKFIX_APP_PRIVATE_KEY');
  const file = setIn(environment, 'DOCKFIX_APP_PRIVATE_KEY_FILE');
  if (id === undefined && inline === undefined && file === undefined) return undefined;
  if (id === undefined)
    throw new UserError('There is the private key of a GitHub App, and not which App it is.', 'Set DOCKFIX_APP_ID.');
  if (inline !== undefined && file !== undefined)
    throw new UserError(
      'DOCKFIX_APP_PRIVATE_KEY and DOCKFIX_APP_PRIVATE_KEY_FILE are both set.',
      'Leave one of them out, so that it is clear which key counts.',
    );
  if (inline !== undefined) return { kind: 'app', id, privateKey: pem(inline, 'DOCKFIX_APP_PRIVATE_KEY') };
  if (file !== undefined) return { kind: 'app', id, privateKey: pem(read(file), 'DOCKFIX_APP_PRIVATE_KEY_FILE') };
  throw new UserError(
    'DOCKFIX_APP_ID is set, and the private key of the App is not.',
    'Set DOCKFIX_APP_PRIVATE_KEY or DOCKFIX_APP_PRIVATE_KEY_FILE.',
  );
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw new UserError(
      `The private key of the GitHub App cannot be read from ${path}: ${code}.`,
      'Set DOCKFIX_APP_PRIVATE_KEY_FILE to the .pem file that GitHub gave you.',
    );
  }
}

/** A private key as PEM. Where a variable cannot hold line breaks, they are written as `\n`, or the whole is in base64. */
function pem(text: string, variable: string): string {
  const unfolded = text.replaceAll('\\n', '\n').trim();
  const key = unfolded.startsWith('-----') ? unfolded : Buffer.from(unfolded, 'base64').toString('utf8').trim();
  if (!isRsaKey(key))
    throw new UserError(
      `${variable} holds no private key of a GitHub App.`,
      'It is the .pem file that GitHub gave you, with its line breaks: -----BEGIN RSA PRIVATE KEY-----',
    );
  return `${key}\n`;
}

function isRsaKey(text: string): boolean {
  try {
    return createPrivateKey(text).asymmetricKeyType === 'rsa';
  } catch {
    // What OpenSSL says of it may quote the key.
    return false;
  }
}
