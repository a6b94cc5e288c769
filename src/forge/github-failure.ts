import { ForgeError, type ForgeFailure } from './forge-error.ts';

/** What GitHub answered to a request that failed. */
export interface GithubFailure {
  /** `POST /repos/acme/shop/pulls`. */
  readonly request: string;
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | number | undefined>>;
  /** The JSON that it answered, or a text. */
  readonly body: unknown;
}

/** GitHub asks to wait at least this long when it names no time. https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api */
const UNNAMED_WAIT = 60;

/** The failed request as a `ForgeError`, whose message is without any of the secrets. */
export function forgeErrorOf(failure: GithubFailure, masked: (text: string) => string): ForgeError {
  const { request, status, headers } = failure;
  const said = messagesOf(failure.body);
  const kind = kindOf(failure, said);
  const retryAfter = kind === 'rate limited' || kind === 'unavailable' ? secondsOf(failure, kind) : undefined;
  const hint = kind === 'not found' ? ' (it is not there, or these credentials may not see it)' : '';
  const id = headers['x-github-request-id'];
  const reference = status >= 500 && id !== undefined ? ` (request ${id})` : '';
  const text = `GitHub answered ${status} to ${request}: ${said || 'nothing more'}${hint}${reference}`;
  return new ForgeError(kind, masked(text), retryAfter);
}

/** A request that got no answer. */
export const unreachable = (request: string, why: string, masked: (text: string) => string): ForgeError =>
  new ForgeError('unavailable', masked(`GitHub did not answer ${request}: ${why}`), undefined);

function kindOf({ status, headers }: GithubFailure, said: string): ForgeFailure {
  if (status === 429 || (status === 403 && isRateLimit(headers, said))) return 'rate limited';
  if (status === 422) return /already exists/i.test(said) ? 'conflict' : 'invalid';
  if (status === 401) return 'unauthorised';
  if (status === 403 || status === 451) return 'forbidden';
  if (status === 404 || status === 410) return 'not found';
  if (status === 409 || status === 412) return 'conflict';
  if (status === 408 || status >= 500) return 'unavailable';
  return 'invalid';
}

const isRateLimit = (headers: GithubFailure['headers'], said: string): boolean =>
  String(headers['x-ratelimit-remaining']) === '0' ||
  headers['retry-after'] !== undefined ||
  /secondary rate limit|rate limit exceeded|abuse detection/i.test(said);

/** When another request makes sense: what `Retry-After` says, else when the limit is lifted. */
function secondsOf({ headers }: GithubFailure, kind: ForgeFailure): number | undefined {
  // By GitHub's own clock where it tells it: that of this machine may be wrong.
  const date = Date.parse(String(headers['date']));
  const now = (Number.isNaN(date) ? Date.now() : date) / 1000;
  const after = headers['retry-after'];
  if (after !== undefined) {
    const seconds = Number(after);
    const until = Date.parse(String(after)) / 1000;
    if (seconds >= 0) return Math.ceil(seconds);
    if (!Number.isNaN(until)) return Math.max(0, Math.ceil(until - now));
  }
  if (kind !== 'rate limited') return undefined;
  const reset = Number(headers['x-ratelimit-reset']);
  if (String(headers['x-ratelimit-remaining']) === '0' && reset > 0) return Math.max(1, Math.ceil(reset - now) + 1);
  return UNNAMED_WAIT;
}

/** What GitHub says is wrong, in one line; a page of a proxy in between only by its beginning. */
function messagesOf(body: unknown): string {
  if (typeof body === 'string') return oneLine(body.replace(/<[^>]*>/g, ' '));
  if (typeof body !== 'object' || body === null) return '';
  const { message, errors } = body as { readonly message?: unknown; readonly errors?: unknown };
  const details = Array.isArray(errors) ? errors.map(detailOf).filter((detail) => detail !== '') : [];
  return oneLine(
    [typeof message === 'string' ? message : '', details.join('; ')].filter((part) => part !== '').join(': '),
  );
}

function detailOf(error: unknown): string {
  if (typeof error === 'string') return error;
  if (typeof error !== 'object' || error === null) return '';
  const { message, resource, field, code } = error as Readonly<Record<string, unknown>>;
  if (typeof message === 'string') return message;
  return [resource, field, code].filter((part) => typeof part === 'string').join(' ');
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim().slice(0, 500);
