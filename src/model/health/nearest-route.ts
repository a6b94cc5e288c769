import { hasParameters, type Route, type RouteTable } from '../routes.ts';

/** Last segments of paths that tell whether an application is well. */
const HEALTH =
  /^(?:_?health|healthz|_?health[-_]?check|healthy|ping|status|alive|alivez|live|livez|liveness|ready|readyz|readiness|heartbeat|sante|santé|up|_status)$/i;
/** What FastAPI serves by itself tells nothing about the application. */
const DOCUMENTATION = /^\/(?:docs|redoc|openapi\.json|swagger\.json)$/;

/** The last segment of a path that is not empty. */
export const lastSegment = (path: string): string => path.split(/[?#]/)[0]?.split('/').filter(Boolean).at(-1) ?? '';

/** Routes that answer a plain GET: nothing to fill in, nobody to log in. */
export const plainRoutes = ({ routes }: RouteTable): readonly Route[] =>
  routes.filter(
    ({ methods, need, path }) =>
      methods.includes('GET') && need === 'nothing' && !hasParameters(path) && !DOCUMENTATION.test(path),
  );

/** Routes that are there to tell whether the application is well. */
export const healthRoutes = (table: RouteTable): readonly Route[] =>
  plainRoutes(table).filter(({ path }) => HEALTH.test(lastSegment(path)));

/**
 * The route that a check for `path` means: the one with the same last segment, else the one health route where the check asks for
 * a health route or the root. Several, or none: nobody can say.
 */
export function nearestRoute(table: RouteTable, path: string): Route | undefined {
  const segment = lastSegment(path);
  const same = distinct(plainRoutes(table).filter((route) => segment !== '' && lastSegment(route.path) === segment));
  if (same.length > 0) return same.length === 1 ? same[0] : undefined;
  if (segment !== '' && !HEALTH.test(segment)) return undefined;
  const healthy = distinct(healthRoutes(table));
  return healthy.length === 1 ? healthy[0] : undefined;
}

const distinct = (routes: readonly Route[]): readonly Route[] => [
  ...new Map(routes.map((route) => [route.path, route])).values(),
];

/** What turns a plain request for 127.0.0.1 away: redirects to HTTPS, and lists of names that an application answers to. */
const TURNS_AWAY =
  /\bTalisman\(|HTTPSRedirectMiddleware|SSLify\(|SECURE_SSL_REDIRECT|TrustedHostMiddleware|SERVER_NAME\b/;

/** The route that a new check asks for: a health route, the shortest of several, else the root; `undefined` when a connection is safer. */
export function plainTarget(table: RouteTable): Route | undefined {
  if (table.sources.some(({ text }) => TURNS_AWAY.test(text))) return undefined;
  if (table.hosts && table.hosts('127.0.0.1') !== 'yes') return undefined;
  const [healthy] = [...healthRoutes(table)].sort(
    (a, b) => a.path.length - b.path.length || (a.path < b.path ? -1 : 1),
  );
  return healthy ?? plainRoutes(table).find(({ path }) => path === '/');
}
