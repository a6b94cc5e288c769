import { createRequire } from 'node:module';
import { accountRoutes } from './github-account-routes.ts';
import { type App, appOf, type Installation, newApp } from './github-app.ts';
import { type Answer, Refusal } from './github-call.ts';
import { repositoryRoutes } from './github-routes.ts';
import { descriptionIn } from './openapi.ts';
import { type ApiRequest, type ApiResponse, type ForgeServer, serve } from './serve.ts';
import type { Identity, World } from './world.ts';

export interface GithubServer extends ForgeServer {
  /** Registers a GitHub App, which is installed nowhere yet. */
  readonly addApp: (slug: string) => App;
}

/** GitHub's own description of its API. */
export const GITHUB_API = createRequire(import.meta.url).resolve('@octokit/openapi/generated/api.github.com.json');

/** Errors that any request may end with, documented for the whole API and not for each operation. */
const GENERAL = new Set([401, 403, 404, 409, 422]);

/**
 * A GitHub Enterprise Server on this machine: its REST API below `/api/v3`, and git, both in front of a world. Each request and
 * each response is checked against GitHub's own description of its API; what does not fit answers 500 and is in `violations`.
 */
export async function startGithub(world: World): Promise<GithubServer> {
  const description = descriptionIn(GITHUB_API);
  const apps: App[] = [];
  const installations: Installation[] = [];

  async function answer(request: ApiRequest, server: ForgeServer): Promise<ApiResponse> {
    const violation = (...faults: readonly string[]): ApiResponse => {
      for (const fault of faults) server.violations.push(`${request.method} ${request.path}: ${fault}`);
      return { status: 500, body: { message: faults.join('; ') } };
    };
    if (!request.path.startsWith('/api/v3/')) return violation('is no path of the API');
    const found = description.find(request.method, request.path.slice('/api/v3'.length));
    if (!found) return violation('is not documented');
    const { operation, values } = found;
    const route = repositoryRoutes[operation.id] ?? accountRoutes[operation.id];
    if (!route) return violation('is documented, but this server does not have it');
    const faults = description.requestFaults(operation, values, request.query, request.body);
    if (faults.length > 0) return violation(...faults);

    let answered: Answer;
    try {
      const caller = callerOf(request, operation.id);
      answered = await route({
        world,
        url: server.url,
        values,
        query: request.query,
        body: (request.body ?? {}) as Readonly<Record<string, unknown>>,
        installations,
        ...caller,
      });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      answered = { status: error.status, body: error.body };
    }
    if (answered.status >= 400 && !operation.responses.get(answered.status))
      return GENERAL.has(answered.status) || operation.responses.has(answered.status)
        ? { status: answered.status, body: answered.body }
        : violation(`response: status ${answered.status} is not documented`);
    const body = description.complete(operation, answered.status, answered.body);
    const wrong = description.responseFaults(operation, answered.status, body);
    if (wrong.length > 0) return violation(...wrong);
    return { status: answered.status, body, headers: linkHeader(request, server.url, answered) };
  }

  /** Apps ask about themselves with a signed token, and about repositories with a token of an installation. */
  function callerOf(
    request: ApiRequest,
    id: string,
  ): { readonly identity: Identity | undefined; readonly app: App | undefined } {
    const forApps = /^\w+ \/app(\/|$)|\/installation$/.test(id);
    const [scheme = '', token = ''] = (request.headers.authorization ?? '').split(' ');
    if (token === '') {
      if (forApps) throw new Refusal(401, 'A JSON web token could not be decoded');
      return { identity: undefined, app: undefined };
    }
    if (!/^(token|bearer)$/i.test(scheme)) throw new Refusal(401, 'Bad credentials');
    if (forApps) {
      const app = token.split('.').length === 3 ? appOf(apps, token) : 'A JSON web token could not be decoded';
      if (typeof app === 'string') throw new Refusal(401, app);
      return { identity: undefined, app };
    }
    const identity = world.whoIs(token);
    if (!identity) throw new Refusal(401, 'Bad credentials');
    return { identity, app: undefined };
  }

  const server = await serve(world, '', answer);
  return Object.assign(server, {
    addApp: (slug: string): App => {
      const app = newApp(world, slug, installations);
      apps.push(app);
      return app;
    },
  });
}

/** https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api */
function linkHeader(request: ApiRequest, url: string, { page, pages }: Answer): Readonly<Record<string, string>> {
  if (page === undefined || pages === undefined || pages === 1) return {};
  const to = (number: number, rel: string): string => {
    const query = new URLSearchParams(request.query);
    query.set('page', String(number));
    return `<${url}${request.path}?${query}>; rel="${rel}"`;
  };
  const links = page < pages ? [to(page + 1, 'next'), to(pages, 'last')] : [to(page - 1, 'prev'), to(1, 'first')];
  return { link: links.join(', ') };
}
