import { ForgeError, type ForgeFailure } from './forge-error.ts';

/** One request of JSON to a forge. */
export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent as JSON; undefined sends none. */
  readonly body: unknown;
}

/** What all requests to a forge have in common. */
export interface HttpOptions {
  /** A request without an answer is given up after this, in milliseconds. */
  readonly timeout: number;
  /** Takes secrets out of the text of an error, whoever wrote it. */
  readonly masked: (text: string) => string;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** The JSON of the answer; null when it has none. */
  readonly body: unknown;
}

/** Seconds to wait when a forge says "too many requests" and not for how long. */
const USUAL_WAIT = 60;
/** So many characters of an error page say enough. */
const LONGEST_REASON = 300;

const KINDS: Readonly<Record<number, ForgeFailure>> = {
  401: 'unauthorised',
  403: 'forbidden',
  404: 'not found',
  408: 'unavailable',
  409: 'conflict',
  410: 'not found',
  412: 'conflict',
  423: 'forbidden',
  429: 'rate limited',
};

/**
 * Sends a request once. Redirects are followed; `fetch` takes the header Authorization away where they lead to another origin,
 * so a token must be in no other header. Rejects with a `ForgeError`.
 */
export async function send(request: HttpRequest, { timeout, masked }: HttpOptions): Promise<HttpAnswer> {
  const { method, url, headers, body } = request;
  const fail = (kind: ForgeFailure, reason: string, retryAfter: number | undefined): ForgeError =>
    new ForgeError(kind, masked(`${method} ${url}: ${reason}`), retryAfter);

  let response: Response;
  let text: string;
  try {
    response = await fetch(url, {
      method,
      headers: {
        accept: 'application/json',
        ...headers,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(timeout),
    });
    text = await response.text();
  } catch (error) {
    throw fail('unavailable', reasonOf(error, timeout), undefined);
  }

  const json = parsed(text);
  if (!response.ok) {
    const kind = KINDS[response.status] ?? (response.status >= 500 ? 'unavailable' : 'invalid');
    // Masked before it is cut: half a secret would not be recognised.
    const reason = cut(masked(said(json) ?? (isPage(response) ? response.statusText : text)));
    throw fail(
      kind,
      `${response.status} ${reason}`.trim(),
      retryAfter(response.headers) ?? (kind === 'rate limited' ? USUAL_WAIT : undefined),
    );
  }
  if (json === undefined && text.trim() !== '')
    throw fail(
      'unavailable',
      'the answer is no JSON, so this is not the API, or something stands before it',
      undefined,
    );
  return { status: response.status, headers: response.headers, body: json ?? null };
}

const isPage = ({ headers }: Response): boolean => /html/.test(headers.get('content-type') ?? '');

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // An error page of a proxy: its text is the reason.
  }
}

/** What a forge says in an answer that is an error: GitLab `message` (text, list or lists by field) or `error`, Gitea `message`. */
function said(json: unknown): string | undefined {
  if (typeof json !== 'object' || json === null) return undefined;
  const { message, error, error_description } = json as Record<string, unknown>;
  const words = [message, error, error_description].filter((part) => part !== undefined && part !== '').map(flat);
  return words.length > 0 ? words.join(': ') : undefined;
}

const flat = (part: unknown): string => {
  if (Array.isArray(part)) return part.map(flat).join(', ');
  if (typeof part !== 'object' || part === null) return String(part);
  return Object.entries(part)
    .map(([field, value]) => `${field}: ${flat(value)}`)
    .join('; ');
};

const cut = (text: string): string => {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length > LONGEST_REASON ? `${line.slice(0, LONGEST_REASON)}…` : line;
};

/** Seconds from `Retry-After`, which is a number of them or a date: https://www.rfc-editor.org/rfc/rfc9110#name-retry-after */
function retryAfter(headers: Headers): number | undefined {
  const value = headers.get('retry-after')?.trim();
  if (!value) return undefined;
  if (/^\d+$/.test(value)) return Number(value);
  const at = Date.parse(value);
  if (Number.isNaN(at)) return undefined;
  // By the forge's own clock where it tells it: that of this machine may be wrong.
  const told = Date.parse(headers.get('date') ?? '');
  return Math.max(0, Math.ceil((at - (Number.isNaN(told) ? Date.now() : told)) / 1000));
}

/** What stopped a request before there was an answer; `fetch` hides it as the cause of "fetch failed". */
function reasonOf(error: unknown, timeout: number): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `no answer after ${timeout / 1000} seconds`;
  const cause = error.cause instanceof Error ? error.cause : undefined;
  // Node names an address that refuses by code alone when there are several of them.
  const code = cause && 'code' in cause ? String(cause.code) : '';
  return cause ? cause.message || code || error.message : error.message;
}
