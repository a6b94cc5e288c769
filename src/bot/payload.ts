/** A payload that is not what the event of that name has. The message names the field, and quotes nothing. */
export class PayloadError extends Error {
  constructor(field: string) {
    super(`${field} is missing or not what it should be`);
    this.name = 'PayloadError';
  }
}

/** A repository as `owner/name`; it becomes part of addresses, so nothing else will do. */
export const REPOSITORY = /^[\w-][\w.-]{0,99}\/(?!\.{1,2}$)[\w.-]{1,100}$/;
/** A commit, of SHA-1 or SHA-256. */
export const COMMIT = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/;
/** A login; those of apps end with `[bot]`. */
export const LOGIN = /^[\w-]{1,100}(?:\[bot\])?$/;

/** What stands at a dotted path of a payload; undefined when any part of it is not there. */
export function valueAt(payload: unknown, path: string): unknown {
  let value = payload;
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[name];
  }
  return value;
}

/** A text of a form. */
export function textAt(payload: unknown, path: string, form: RegExp): string {
  const value = valueAt(payload, path);
  if (typeof value !== 'string' || !form.test(value)) throw new PayloadError(path);
  return value;
}

/** A positive whole number: an id, the number of a pull request. */
export function idAt(payload: unknown, path: string): number {
  const value = valueAt(payload, path);
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value <= 0) throw new PayloadError(path);
  return value;
}

/** The items of a list; an absent one has none. */
export function listAt(payload: unknown, path: string): readonly unknown[] {
  const value = valueAt(payload, path);
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new PayloadError(path);
  return value;
}

/** A point in time in milliseconds since 1970: GitHub writes ISO 8601, or seconds in `push`. */
export function timeAt(payload: unknown, path: string): number {
  const value = valueAt(payload, path);
  const time = typeof value === 'number' ? value * 1000 : typeof value === 'string' ? Date.parse(value) : Number.NaN;
  if (!Number.isFinite(time)) throw new PayloadError(path);
  return time;
}
