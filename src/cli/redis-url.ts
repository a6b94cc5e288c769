import type { Environment } from '../cli.ts';
import { UserError } from '../errors.ts';

/** The address of Redis: of the option, or of DOCKFIX_REDIS_URL, where its password is not in the list of processes. */
export const redisUrl = (flag: string | undefined, env: Environment['env']): string | undefined =>
  flag ?? (env['DOCKFIX_REDIS_URL']?.trim() || undefined);

/** The same, where there has to be one. */
export function neededRedisUrl(flag: string | undefined, env: Environment['env']): string {
  const url = redisUrl(flag, env);
  if (url === undefined)
    throw new UserError('Where Redis is was not said', 'Use --redis redis://localhost:6379, or set DOCKFIX_REDIS_URL.');
  return url;
}

/** The password in the address of Redis, as it stands there and as it is. */
export function redisPasswords(url: string | undefined): readonly string[] {
  if (url === undefined || !URL.canParse(url)) return [];
  const { password } = new URL(url);
  return password === '' ? [] : [password, decodeURIComponent(password)];
}
