import { createAppAuth } from '@octokit/auth-app';
import { Octokit } from '@octokit/rest';
import type { GithubCredentials } from './credentials.ts';
import type { ForgeAddress } from './forge.ts';
import { ForgeError } from './forge-error.ts';
import { forgeErrorOf, unreachable } from './github-failure.ts';

/** The REST API as somebody: each call rejects with a `ForgeError`. */
export type GithubApi = Octokit;

/** A token of an installation, and the moment from which it is no longer good, in milliseconds. */
interface InstallationToken {
  readonly token: string;
  readonly made: number;
  readonly expires: number;
}

/** GitHub for one address, with the credentials of this process. */
export interface GithubClient {
  /** For what belongs to no installation: undefined with an App, which has no rights but those of its installations. */
  readonly asUser: GithubApi | undefined;
  /** For what an App may ask about itself; undefined with a plain token. */
  readonly asApp: GithubApi | undefined;
  /** For a repository: with an App as its installation there, which is looked up when the address names none. */
  readonly forRepository: (repository: string) => Promise<GithubApi>;
  readonly forInstallation: (installation: number) => GithubApi;
  /** A token for git: a plain one as it is; of an installation a new one, good for an hour and this repository only. */
  readonly gitToken: (repository: string) => Promise<string>;
}

/** A token of an installation is used until this long before its end, in milliseconds. */
const MARGIN = 5 * 60_000;
/** For so long a new token may still be unknown to a part of GitHub, in milliseconds. */
const SPREADING = 5_000;

const silent = (): void => undefined;
/** Octokit writes to the console by itself; what is wrong is in the errors. */
const log = { debug: silent, info: silent, warn: silent, error: silent };

/** Where the API of a forge is. https://docs.github.com/en/enterprise-server@latest/rest/using-the-rest-api/getting-started-with-the-rest-api */
export function apiUrl(url: string): string {
  const { host, protocol } = new URL(url);
  if (host === 'github.com' || host.endsWith('.ghe.com')) return `${protocol}//api.${host}`;
  return `${url}/api/v3`;
}

/** Makes a client; nothing is sent yet. A request without an answer is given up after `timeout` milliseconds. */
export function githubClient(
  address: ForgeAddress,
  credentials: GithubCredentials,
  timeout: number,
  masked: (text: string) => string,
): GithubClient {
  const baseUrl = apiUrl(address.url);

  /** The API with an authorization that is asked for before each request; `refused` hears when GitHub does not take it. */
  function apiWith(authorization: () => Promise<string>, refused: (error: ForgeError) => ForgeError): GithubApi {
    const octokit = new Octokit({
      baseUrl,
      userAgent: 'dockfix',
      log,
      request: {
        log,
        fetch: (input: string, init: RequestInit) => fetch(input, { ...init, signal: AbortSignal.timeout(timeout) }),
      },
    });
    octokit.hook.wrap('request', async (request, options) => {
      const { pathname } = new URL(octokit.request.endpoint(options).url);
      const name = `${options.method} ${pathname.slice(new URL(baseUrl).pathname.replace(/\/$/, '').length)}`;
      options.headers['authorization'] = await authorization();
      try {
        const response = await request(options);
        if (response.status !== 204 && typeof response.data !== 'object')
          throw unreachable(name, 'what came is no JSON', masked);
        return response;
      } catch (error) {
        const failed = asForgeError(error, name);
        throw failed instanceof ForgeError && failed.kind === 'unauthorised' ? refused(failed) : failed;
      }
    });
    return octokit;
  }

  /** Anything but a failed request is a bug, and stays what it is. */
  function asForgeError(error: unknown, request: string): unknown {
    if (!(error instanceof Error) || error instanceof ForgeError || !('status' in error)) return error;
    const { response } = error as {
      readonly response?: { readonly headers: Record<string, string>; readonly data: unknown };
    };
    if (!response) return unreachable(request, error.message, masked);
    return forgeErrorOf(
      { request, status: Number(error.status), headers: response.headers, body: response.data },
      masked,
    );
  }

  if (credentials.kind === 'token') {
    const { token } = credentials;
    const api = apiWith(
      async () => `token ${token}`,
      (error) => error,
    );
    return {
      asUser: api,
      asApp: undefined,
      forRepository: async () => api,
      forInstallation: () => api,
      gitToken: async () => token,
    };
  }

  const signed = createAppAuth({ appId: credentials.id, privateKey: credentials.privateKey, log });
  const asApp = apiWith(
    async () => `bearer ${(await signed({ type: 'app' })).token}`,
    (error) => error,
  );
  const apis = new Map<number, GithubApi>();
  const tokens = new Map<number, Promise<InstallationToken>>();
  const installations = new Map<string, Promise<number>>();

  async function newToken(
    installation: number,
    repositories: readonly string[] | undefined,
  ): Promise<InstallationToken> {
    try {
      const { data } = await asApp.rest.apps.createInstallationAccessToken({
        installation_id: installation,
        ...(repositories ? { repositories: [...repositories] } : {}),
      });
      return { token: data.token, made: Date.now(), expires: Date.parse(data.expires_at) };
    } catch (error) {
      // An App that was taken away and installed again is another installation: the next request looks it up.
      installations.clear();
      throw error;
    }
  }

  async function tokenOf(installation: number): Promise<InstallationToken> {
    const before = tokens.get(installation);
    const known = await before;
    if (known && known.expires - MARGIN > Date.now()) return known;
    // Who waited for the same old one may have asked already.
    if (tokens.get(installation) === before) tokens.delete(installation);
    return remembered(tokens, installation, () => newToken(installation, undefined));
  }

  function forInstallation(installation: number): GithubApi {
    const known = apis.get(installation);
    if (known) return known;
    let last: InstallationToken | undefined;
    const api = apiWith(
      async () => {
        last = await tokenOf(installation);
        return `token ${last.token}`;
      },
      (error) => {
        // The next request asks for a new one.
        tokens.delete(installation);
        const isNew = last !== undefined && Date.now() - last.made < SPREADING;
        return isNew ? new ForgeError('unavailable', `${error.message} (the token is new)`, SPREADING / 1000) : error;
      },
    );
    apis.set(installation, api);
    return api;
  }

  function installationOf(repository: string): Promise<number> {
    if (address.installation !== undefined) return Promise.resolve(address.installation);
    const find = async (): Promise<number> =>
      (await asApp.rest.apps.getRepoInstallation(ownerAndName(repository))).data.id;
    return remembered(installations, repository.toLowerCase(), find);
  }

  return {
    asUser: undefined,
    asApp,
    forRepository: async (repository) => forInstallation(await installationOf(repository)),
    forInstallation,
    gitToken: async (repository) =>
      (await newToken(await installationOf(repository), [ownerAndName(repository).repo])).token,
  };
}

/** Asks once for many who want to know; a failure is forgotten. */
function remembered<K, V>(known: Map<K, Promise<V>>, key: K, ask: () => Promise<V>): Promise<V> {
  const before = known.get(key);
  if (before) return before;
  const asked = ask();
  known.set(key, asked);
  asked.catch(() => {
    if (known.get(key) === asked) known.delete(key);
  });
  return asked;
}

/** The parts of `owner/name`; rejects what would name another path of the API. */
export function ownerAndName(repository: string): { readonly owner: string; readonly repo: string } {
  const [, owner, repo] = /^([\w.-]+)\/([\w.-]+)$/.exec(repository) ?? [];
  if (!owner || !repo || /^\.+$/.test(owner) || /^\.+$/.test(repo))
    throw new ForgeError('invalid', `${JSON.stringify(repository)} is no repository of GitHub.`, undefined);
  return { owner, repo };
}
