import { maskShapes } from '../model/secret/mask.ts';
import { type Credentials, missingCredentials, secretsOf } from './credentials.ts';
import type { Forge, ForgeAddress } from './forge.ts';
import { gitea } from './gitea.ts';
import { github } from './github.ts';
import { gitlab } from './gitlab.ts';

/** A request without an answer is given up after this, in milliseconds. */
const TIMEOUT = 60_000;

/** The forge at an address. A `UserError` that names the variable when there are no credentials for it; nothing is sent yet. */
export function forgeAt(address: ForgeAddress, credentials: Credentials): Forge {
  const masked = maskOfSecrets(secretsOf(credentials));
  if (address.kind === 'github') {
    if (!credentials.github) throw missingCredentials(address.kind, address.url);
    return github(address, credentials.github, TIMEOUT, masked);
  }
  const token = credentials[address.kind];
  if (token === undefined) throw missingCredentials(address.kind, address.url);
  return (address.kind === 'gitlab' ? gitlab : gitea)(address, token, { timeout: TIMEOUT, masked });
}

/** Takes secrets out of a text: these, and what shows by itself that it is one. */
function maskOfSecrets(secrets: readonly string[]): (text: string) => string {
  return (text) => maskShapes(secrets.reduce((masked, secret) => masked.replaceAll(secret, '***'), text));
}
