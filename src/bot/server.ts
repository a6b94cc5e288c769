import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Log } from '../jobs/jobs.ts';
import type { Metrics } from '../metrics.ts';
import { type BodyLimits, bodyReader } from './body.ts';
import { deliveryOf, refusalOf } from './delivery.ts';
import { EVENTS } from './event.ts';
import type { Receive } from './reception.ts';
import type { Verify } from './signature.ts';

/** What the server answers with. */
export interface ServerOptions {
  readonly host: string;
  /** 0 for a free one. */
  readonly port: number;
  readonly verify: Verify;
  readonly receive: Receive;
  readonly metrics: Metrics;
  /** Why it can take no work now; undefined when it can. */
  readonly ailment: () => Promise<string | undefined>;
  readonly log: Log;
  readonly limits: BodyLimits;
  /** Milliseconds that the headers, and a whole request, may take to arrive. */
  readonly headersTimeout: number;
  readonly requestTimeout: number;
}

export interface BotServer {
  readonly host: string;
  readonly port: number;
  /** Takes no more; resolves when what was taken is answered. */
  readonly close: () => Promise<void>;
}

/** GitHub sends at most 25 MB: https://docs.github.com/en/webhooks/webhook-events-and-payloads#payload-cap */
export const BODY_LIMITS: BodyLimits = { each: 25 * 1024 * 1024, all: 128 * 1024 * 1024 };
/** Milliseconds. */
export const TIMEOUTS = { headersTimeout: 10_000, requestTimeout: 30_000 };

const MAX_CONNECTIONS = 1000;
/** Milliseconds in which somebody who still sends can read why we do not listen. */
const LINGER = 2_000;

/** Starts to listen; rejects when the address cannot be had. */
export async function startServer(options: ServerOptions): Promise<BotServer> {
  const { headersTimeout, requestTimeout, log } = options;
  const readBody = bodyReader(options.limits);
  let closing = false;
  const server = createServer(
    { headersTimeout, requestTimeout, connectionsCheckingInterval: 1000, maxHeaderSize: 16_384 },
    (request, response) => {
      if (closing) response.setHeader('connection', 'close');
      answer(request, response).catch((error: unknown) => {
        log.error({ reason: error instanceof Error ? error.message : String(error) }, 'a request failed');
        if (!response.headersSent) send(request, response, 500, { reason: 'internal error' });
        else response.destroy();
      });
    },
  );
  server.maxConnections = MAX_CONNECTIONS;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '').split('?')[0];
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    if (path === '/webhooks') {
      if (request.method === 'POST') return webhook(request, response);
    } else if (path === '/healthz' || path === '/metrics') {
      if (isRead) return path === '/healthz' ? health(request, response) : metrics(request, response);
    } else return send(request, response, 404, { reason: 'there is nothing here' });
    response.setHeader('allow', path === '/webhooks' ? 'POST' : 'GET, HEAD');
    send(request, response, 405, { reason: 'this method is not for this address' });
  }

  async function health(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const reason = closing ? 'shutting down' : await options.ailment();
    send(request, response, reason === undefined ? 200 : 503, reason === undefined ? { status: 'ok' } : { reason });
  }

  async function metrics(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { type, text } = await options.metrics.text();
    sendText(request, response, 200, type, text);
  }

  async function webhook(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refuse = (status: number, reason: string, event: string): void => {
      options.metrics.delivery(event, 'refused');
      log.warn({ status, reason }, 'delivery refused');
      send(request, response, status, { reason });
    };
    if (closing) return refuse(503, 'shutting down', 'unverified');
    const early = refusalOf(request.headers);
    if (early) return refuse(early.status, early.reason, 'unverified');
    const body = await readBody(request);
    if (body === 'too large') return refuse(413, 'the body is too large', 'unverified');
    if (body === 'too many at once') return refuse(503, 'too much is sent at once', 'unverified');
    if (body === 'broken off') return void request.destroy();
    if (closing) return refuse(503, 'shutting down', 'unverified');
    const delivery = await deliveryOf(request.headers, body, options.verify);
    if ('status' in delivery) return refuse(delivery.status, delivery.reason, 'unverified');
    const { id, name } = delivery;
    const { status, outcome, reason, jobs } = await options.receive(delivery);
    options.metrics.delivery(EVENTS.includes(name) ? name : 'other', outcome);
    const fields = { delivery: id, event: name, status, outcome, reason, jobs };
    if (status === 503) log.warn(fields, 'delivery not taken');
    else log.info(fields, 'delivery');
    send(request, response, status, { reason, jobs });
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(options.port, options.host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const { address, port } = server.address() as AddressInfo;
  return {
    host: address,
    port,
    close: () => {
      closing = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      return closed;
    },
  };
}

const send = (request: IncomingMessage, response: ServerResponse, status: number, body: object): void =>
  sendText(request, response, status, 'application/json', `${JSON.stringify(body)}\n`);

function sendText(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  type: string,
  text: string,
): void {
  const whole = request.complete || request.readableEnded;
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    ...(!whole && { connection: 'close' }),
  });
  if (whole || request.method === 'HEAD') {
    response.end(request.method === 'HEAD' ? undefined : text);
    return;
  }
  // To close at once would reset the connection, and the answer would be lost: what still comes is thrown away for a moment.
  response.write(text);
  const timer = setTimeout(() => request.destroy(), LINGER);
  const done = (): void => {
    clearTimeout(timer);
    response.end();
  };
  request.once('end', done).once('close', done).resume();
}
