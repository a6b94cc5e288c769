import { describeApi, type Schema } from './openapi.ts';
import { type ApiRequest, type ApiResponse, type ForgeServer, pageOf, serve } from './serve.ts';
import type { Identity, Permission, World, WorldPullRequest, WorldRepository } from './world.ts';

/** A request that fits the description, and who sent it. */
export interface Call {
  readonly world: World;
  /** The root of the web pages. */
  readonly url: string;
  readonly values: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: Readonly<Record<string, unknown>>;
  readonly identity: Identity | undefined;
}

/** A response; with `pages` when its body is one page of a list, whose number is `page`. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly page?: number;
  readonly pages?: number;
}

export type Route = (call: Call) => Promise<Answer> | Answer;

/** A request that the forge refuses. */
export class Refusal extends Error {
  readonly status: number;
  readonly body: unknown;

  constructor(status: number, body: unknown) {
    super(JSON.stringify(body));
    this.status = status;
    this.body = body;
  }
}

export interface Dialect {
  /** The path of the forge on its host, as `/gitlab`; empty when it is at the root. */
  readonly root: string;
  /** The path of its API below that, as `/api/v4`. */
  readonly api: string;
  readonly document: Schema;
  readonly routes: Readonly<Record<string, Route>>;
  /** The schemes of `Authorization` that it takes. */
  readonly schemes: RegExp;
  readonly unauthorised: Refusal;
}

/**
 * A forge in front of a world that speaks as `dialect` says. Each request and each response is checked against its description;
 * what does not fit answers 500 and is in `violations`.
 */
export async function startDescribed(world: World, dialect: Dialect): Promise<ForgeServer> {
  const { root, api, routes, schemes } = dialect;
  const description = describeApi(dialect.document);

  return await serve(world, root, async (request, server) => {
    const violation = (...faults: readonly string[]): ApiResponse => {
      for (const fault of faults) server.violations.push(`${request.method} ${request.path}: ${fault}`);
      return { status: 500, body: { message: faults.join('; ') } };
    };
    const prefix = `${root}${api}`;
    if (!request.path.startsWith(`${prefix}/`)) return violation('is no path of the API');
    const found = description.find(request.method, request.path.slice(prefix.length));
    if (!found) return violation('is not described');
    const { operation, values } = found;
    const faults = description.requestFaults(operation, values, request.query, request.body);
    if (faults.length > 0) return violation(...faults);
    const route = routes[operation.id];
    if (!route) return violation('is described, but this server does not have it');

    let answered: Answer;
    try {
      const identity = identityOf(world, request, schemes);
      if (identity === null) throw dialect.unauthorised;
      const body = (request.body ?? {}) as Call['body'];
      answered = await route({ world, url: server.url, values, query: request.query, body, identity });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      answered = error;
    }
    const wrong = description.responseFaults(operation, answered.status, answered.body);
    if (wrong.length > 0) return violation(...wrong);
    return {
      status: answered.status,
      body: answered.body,
      headers: links(request, server.url.slice(0, -root.length || undefined), answered),
    };
  });
}

/** Who a request is from; undefined for nobody, null for a token that is not good. */
function identityOf(world: World, { headers }: ApiRequest, schemes: RegExp): Identity | undefined | null {
  const [scheme = '', token = ''] = (headers.authorization ?? '').split(' ');
  if (scheme === '') return undefined;
  return (schemes.test(scheme) && world.whoIs(token)) || null;
}

/** The header `Link` of a page of a list, as the forges write it. */
function links(request: ApiRequest, origin: string, { page, pages }: Answer): Readonly<Record<string, string>> {
  if (page === undefined || pages === undefined) return {};
  const to = (number: number, rel: string): string => {
    const query = new URLSearchParams(request.query);
    query.set('page', String(number));
    return `<${origin}${request.path}?${query}>; rel="${rel}"`;
  };
  const known = [...(page < pages ? [to(page + 1, 'next')] : []), to(pages, 'last'), to(1, 'first')];
  return { link: known.join(', ') };
}

/** The page of a list that a request asks for. */
export async function listed<T>(
  { query, world }: Call,
  all: readonly T[],
  facts: (item: T) => Promise<unknown> | unknown,
): Promise<Answer> {
  const { items, page, pages } = pageOf(all, query, 20, world.mostOfPage);
  return { status: 200, body: await Promise.all(items.map(facts)), page, pages };
}

const RANK: readonly Permission[] = ['none', 'read', 'write', 'admin'];

export const mayAtLeast = (permission: Permission, needed: Permission): boolean =>
  RANK.indexOf(permission) >= RANK.indexOf(needed);

export const visible = ({ world, identity }: Call): readonly WorldRepository[] =>
  world.repositories.filter((repository) => world.permission(repository, identity) !== 'none');

export const sameName = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

export const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Whether an open pull request wants the same; the one that is asked about does not count. */
export async function isTaken(
  world: World,
  repository: WorldRepository,
  { head, base, headRepository }: Pick<WorldPullRequest, 'head' | 'base' | 'headRepository'>,
  except: WorldPullRequest | undefined,
): Promise<WorldPullRequest | undefined> {
  return (await world.pullRequests(repository)).find(
    (pull) =>
      pull !== except &&
      pull.state === 'open' &&
      pull.head === head &&
      pull.base === base &&
      pull.headRepository === headRepository,
  );
}
