import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { serveGit } from './git-http.ts';
import type { World } from './world.ts';

/** A request to an API, read whole. */
export interface ApiRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** Undefined when there is none. */
  readonly body: unknown;
}

export interface ApiResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
}

/** Something that goes wrong, once. */
export interface Fault {
  /** Which requests it hits, as `POST /api/v3/repos/acme/shop/pulls?state=all`; the next one of the API when absent. */
  readonly on?: RegExp;
  /** Milliseconds before anything is answered. */
  readonly delay?: number;
  /** Closes the connection instead of answering. */
  readonly drop?: true;
  /** Answers this, without doing what was asked; when absent, it is done and answered after the delay. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** A request that was answered. */
export interface Exchange {
  readonly method: string;
  /** With the query. */
  readonly url: string;
  readonly body: unknown;
  readonly status: number;
}

export interface ForgeServer {
  /** The root of its web pages: what `ForgeAddress.url` is. */
  readonly url: string;
  readonly world: World;
  /** All requests of the API and of git that were answered, in that order. */
  readonly requests: readonly Exchange[];
  /** What was asked or answered against the forge's own description. Empty at the end of each test. */
  readonly violations: string[];
  /** Milliseconds that each request takes at least. */
  latency: number;
  /** Lets a later request fail. */
  readonly fail: (fault: Fault) => void;
  readonly close: () => Promise<void>;
}

/**
 * Serves git (`<root>/<owner>/<name>.git`) from a world, and all other paths from `answer`, on a free port of this machine. `root` is
 * the folder of the forge there; empty for none.
 */
export async function serve(
  world: World,
  root: string,
  answer: (request: ApiRequest, server: ForgeServer) => Promise<ApiResponse>,
): Promise<ForgeServer> {
  const requests: Exchange[] = [];
  const faults: Fault[] = [];
  const listener = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      server.violations.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const { port } = listener.address() as AddressInfo;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/' } = request;
    const at = new URL(url, server.url);
    const isGit = /\/(info\/refs|git-upload-pack|git-receive-pack)$/.test(at.pathname);
    const index = faults.findIndex(({ on }) => (on ? on.test(`${method} ${url}`) : !isGit));
    const [fault] = index < 0 ? [] : faults.splice(index, 1);
    if (server.latency > 0) await wait(server.latency);
    if (fault?.delay) await wait(fault.delay, undefined, { ref: false });
    if (fault?.drop) {
      request.socket.destroy();
      return;
    }
    if (isGit && fault?.status === undefined) {
      await serveGit(world, request, response, new URL(url.slice(root.length), server.url));
      requests.push({ method, url, body: undefined, status: response.statusCode });
      return;
    }
    const body = await bodyOf(request);
    const asked = { method, path: at.pathname, query: at.searchParams, headers: request.headers, body };
    const answered =
      fault?.status === undefined
        ? await answer(asked, server)
        : { status: fault.status, headers: fault.headers ?? {}, body: fault.body };
    requests.push({ method, url, body, status: answered.status });
    const text = answered.body === undefined ? '' : JSON.stringify(answered.body);
    response.writeHead(answered.status, { 'content-type': 'application/json; charset=utf-8', ...answered.headers });
    response.end(text);
  }

  const server: ForgeServer = {
    url: `http://127.0.0.1:${port}${root}`,
    world,
    requests,
    violations: [],
    latency: 0,
    fail: (fault) => faults.push(fault),
    close: async () => {
      const closed = new Promise((resolve) => listener.close(resolve));
      listener.closeAllConnections();
      await closed;
    },
  };
  return server;
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  if (text === '') return undefined;
  return /json/.test(request.headers['content-type'] ?? '') ? JSON.parse(text) : text;
}

/** A part of a list, as forges page it: `page` counts from one. */
export function pageOf<T>(
  all: readonly T[],
  query: URLSearchParams,
  defaultSize: number,
  most: number,
): { readonly items: readonly T[]; readonly page: number; readonly size: number; readonly pages: number } {
  const size = Math.min(most, Number(query.get('per_page') ?? query.get('limit') ?? defaultSize));
  const page = Number(query.get('page') ?? 1);
  return {
    items: all.slice((page - 1) * size, page * size),
    page,
    size,
    pages: Math.max(1, Math.ceil(all.length / size)),
  };
}
