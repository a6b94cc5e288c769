/** An address of the machine itself in a text, with offsets in that text. */
export interface Loopback {
  /** `postgresql+psycopg2`; `undefined` for `host:port` and bare hosts. */
  readonly scheme: string | undefined;
  /** A user name or password stands before it. */
  readonly credentials: boolean;
  readonly host: { readonly start: number; readonly end: number };
  /** The text after the colon: digits, or an expression such as `${DB_PORT:-5432}`. */
  readonly port: { readonly text: string; readonly start: number; readonly end: number } | undefined;
  /** The first segment of a URL's path: the database of SQL stores. */
  readonly path: string | undefined;
}

const HOST = String.raw`(localhost|127\.0\.0\.1|\[::1\])`;
const PORT = String.raw`(?::(\d+|\$\{[^}]*\}|\$\w+))?`;
const URL = new RegExp(
  String.raw`\b([a-z][a-z0-9+.-]*):\/\/((?:\$\{[^}]*\}|[^@\s"'\/{}])*@)?${HOST}${PORT}(?:\/([\w-]*))?(?![\w.@:-])`,
  'gi',
);
/** A whole value, the default of an interpolation, or an entry of a list. */
const BARE = new RegExp(`(?<=^|[=,]|:?-)${HOST}${PORT}(?=$|[},])`, 'gi');

/** The loopback addresses of a value, resolved or as it is written. */
export function loopbacksIn(text: string): readonly Loopback[] {
  const urls = [...text.matchAll(URL)].map((match): Loopback => {
    const [, scheme = '', credentials, host = '', port, path] = match;
    const start = match.index + scheme.length + 3 + (credentials?.length ?? 0);
    return placed(scheme.toLowerCase(), credentials !== undefined, start, host, port, path);
  });
  if (urls.length > 0 || text.includes('://')) return urls;
  return [...text.matchAll(BARE)].map((match) => {
    const [, host = '', port] = match;
    return placed(undefined, false, match.index, host, port, undefined);
  });
}

function placed(
  scheme: string | undefined,
  credentials: boolean,
  start: number,
  host: string,
  port: string | undefined,
  path: string | undefined,
): Loopback {
  const end = start + host.length;
  return {
    scheme,
    credentials,
    host: { start, end },
    port: port === undefined ? undefined : { text: port, start: end + 1, end: end + 1 + port.length },
    path: path === '' ? undefined : path,
  };
}

/** The text with an address replaced; the port only where one stands there and `port` is given. */
export function readdressed(text: string, { host, port }: Loopback, name: string, newPort: number | undefined): string {
  const rest =
    port === undefined
      ? text.slice(host.end)
      : `${text.slice(host.end, port.start)}${newPort ?? port.text}${text.slice(port.end)}`;
  return text.slice(0, host.start) + name + rest;
}
