import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import type { Identity, World, WorldRepository } from './world.ts';

/** A GitHub App that the server knows. */
export interface App {
  readonly id: number;
  readonly slug: string;
  /** PEM, in the form that GitHub hands out (PKCS#1). */
  readonly privateKey: string;
  /** Installs it for an account, on all repositories or these; answers the installation. */
  readonly install: (owner: string, repositories?: readonly string[]) => number;
}

export interface Installation {
  readonly id: number;
  readonly app: App;
  readonly owner: string;
  /** All of the owner's when absent. */
  readonly repositories: readonly string[] | undefined;
}

let key: string | undefined;

/** Making a key takes a moment: one for a process. */
function privateKey(): string {
  key ??= generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
    type: 'pkcs1',
    format: 'pem',
  }) as string;
  return key;
}

export function newApp(world: World, slug: string, installations: Installation[]): App {
  const app: App = {
    id: world.nextId(),
    slug,
    privateKey: privateKey(),
    install(owner, repositories) {
      const installation = { id: world.nextId(), app, owner, repositories };
      installations.push(installation);
      return installation.id;
    },
  };
  world.user(`${slug}[bot]`, 'bot');
  return app;
}

export const covers = ({ owner, repositories }: Installation, { name }: WorldRepository): boolean =>
  name.toLowerCase().startsWith(`${owner.toLowerCase()}/`) &&
  (repositories?.some((each) => each.toLowerCase() === name.toLowerCase()) ?? true);

/** Who a token of an installation is; `only` narrows it to some of the repositories. */
export function identityOf(
  world: World,
  installation: Installation,
  only: readonly WorldRepository[] | undefined,
): Identity {
  const { app, id } = installation;
  return {
    user: world.user(`${app.slug}[bot]`),
    covers: (repository) => covers(installation, repository) && (only?.includes(repository) ?? true),
    app: { id: app.id, slug: app.slug, installation: id },
  };
}

interface Claims {
  readonly iss?: unknown;
  readonly iat?: unknown;
  readonly exp?: unknown;
}

/**
 * The app that signed a JSON Web Token, or what is wrong with it: RS256, valid now and for at most ten minutes.
 * https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app
 */
export function appOf(apps: readonly App[], token: string): App | string {
  const [head = '', body = '', signature = ''] = token.split('.');
  const header = parsed(head) as { readonly alg?: unknown };
  const { iss, iat, exp } = parsed(body) as Claims;
  const app = apps.find(({ id }) => String(id) === String(iss));
  const now = Date.now() / 1000;
  if (header.alg !== 'RS256') return 'A JSON web token could not be decoded';
  if (!app) return "'Issuer' claim ('iss') must be an Integer";
  if (typeof iat !== 'number' || iat > now + 1)
    return "'Issued at' claim ('iat') must be an Integer representing the time";
  if (typeof exp !== 'number' || exp < now)
    return "'Expiration time' claim ('exp') must be a numeric value in the future";
  if (exp > now + 600) return "'Expiration time' claim ('exp') is too far in the future";
  const isSigned = verify(
    'RSA-SHA256',
    Buffer.from(`${head}.${body}`),
    createPublicKey(app.privateKey),
    Buffer.from(signature, 'base64url'),
  );
  return isSigned ? app : 'A JSON web token could not be decoded';
}

function parsed(part: string): object {
  const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
  return typeof value === 'object' && value !== null ? value : {};
}
