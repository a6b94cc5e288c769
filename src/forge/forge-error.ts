/** What became of a request to a forge. */
export type ForgeFailure =
  /** No such repository, or none that these credentials may see. */
  | 'not found'
  /** The credentials are missing, wrong or expired. */
  | 'unauthorised'
  /** The credentials are good, but not for this. */
  | 'forbidden'
  /** Too many requests: `retryAfter` says when to come back. */
  | 'rate limited'
  /** It is there already, or changed meanwhile. */
  | 'conflict'
  /** The forge does not take what was sent. */
  | 'invalid'
  /** The forge cannot be reached, takes too long or has an error of its own. */
  | 'unavailable';

/** A request to a forge that failed. Its message names the request, and holds no credential. */
export class ForgeError extends Error {
  readonly kind: ForgeFailure;
  /** Seconds until another request makes sense, when the forge says so or `kind` is `rate limited`. */
  readonly retryAfter: number | undefined;

  constructor(kind: ForgeFailure, message: string, retryAfter: number | undefined) {
    super(message);
    this.name = 'ForgeError';
    this.kind = kind;
    this.retryAfter = retryAfter;
  }

  /** True when the same request may succeed later without anybody doing anything. */
  get isPassing(): boolean {
    return this.kind === 'rate limited' || this.kind === 'unavailable' || this.kind === 'conflict';
  }
}
