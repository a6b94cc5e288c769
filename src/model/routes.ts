import type { Evidence, Span } from '../finding.ts';
import type { PythonModule } from '../parse/python.ts';
import { escapeRegExp } from '../pattern.ts';
import { djangoRoutes } from './routes/django.ts';
import { fastapiRoutes } from './routes/fastapi.ts';
import { flaskRoutes } from './routes/flask.ts';
import { servedObject } from './routes/served-object.ts';
import type { ServiceView, Stack } from './stack.ts';

/** What a request needs for a plain answer: nothing, values in its path or query, somebody who is logged in, or nobody can say. */
export type RouteNeed = 'nothing' | 'parameters' | 'login' | 'unknown';

/** A path that an application serves, with everything that stands before it. */
export interface Route {
  /** As the framework writes it: `/api/items/{item_id}`, `/api/items/<int:id>`. */
  readonly path: string;
  /** Upper case. */
  readonly methods: readonly string[];
  readonly need: RouteNeed;
  readonly at: Span;
  /** How the application comes to serve it. */
  readonly evidence: readonly Evidence[];
}

/** A path under which there may be routes that nobody can see; '' is everywhere. */
export interface OpenPrefix {
  readonly prefix: string;
  readonly at: Span;
}

/** The routes of the application that a service serves. */
export interface RouteTable {
  readonly framework: 'Flask' | 'FastAPI' | 'Django';
  readonly routes: readonly Route[];
  readonly open: readonly OpenPrefix[];
  /** The modules that the process loads. */
  readonly sources: readonly PythonModule[];
  /** The path stands in the source elsewhere than in a route: a middleware may answer it. */
  readonly mentioned: (path: string) => boolean;
  /** The host names that the application answers to; `undefined` when it looks at none. */
  readonly hosts: ((host: string) => 'yes' | 'no' | 'unknown') | undefined;
  /** Where the application is made. */
  readonly at: Span;
}

/** The routes of the application that the main process of a service serves; `undefined` when it cannot be followed. */
export function routesOf(stack: Stack, view: ServiceView): RouteTable | undefined {
  // https://docs.gunicorn.org/en/stable/faq.html#how-do-i-set-script-name: every path then begins with it.
  const moved = ['SCRIPT_NAME', 'WSGI_SCRIPT_NAME'].some((name) => view.container.variable(name) !== undefined);
  if (moved || view.startup.main?.argv.some((word) => word.includes('SCRIPT_NAME'))) return undefined;
  const found = servedObject(stack, view);
  if (!found) return djangoRoutes(stack, view);
  return found.framework === 'flask' ? flaskRoutes(stack, view, found) : fastapiRoutes(stack, view, found);
}

/** What an application answers to a GET of a path. */
export type Serving =
  | { readonly is: 'yes'; readonly route: Route }
  | { readonly is: 'no' }
  | { readonly is: 'unknown' };

/** Whether an application serves a path with GET; a redirect to the path with or without its last slash is an answer too. */
export function serving(table: RouteTable, path: string): Serving {
  const plain = path.split(/[?#]/)[0] ?? path;
  const gets = table.routes.filter(({ methods }) => methods.includes('GET'));
  const route = gets.find((each) => matches(each.path, plain)) ?? gets.find((each) => redirects(table, each, plain));
  if (route) return { is: 'yes', route };
  const unsure = table.mentioned(plain) || table.open.some(({ prefix }) => isUnder(plain, prefix));
  return { is: unsure ? 'unknown' : 'no' };
}

/**
 * Flask and Django redirect to the path with a slash at its end, FastAPI both ways.
 * https://flask.palletsprojects.com/en/stable/quickstart/#unique-urls-redirection-behavior
 */
function redirects(table: RouteTable, { path }: Route, asked: string): boolean {
  if (matches(path, `${asked}/`)) return true;
  return table.framework === 'FastAPI' && asked.length > 1 && asked.endsWith('/') && matches(path, asked.slice(0, -1));
}

const isUnder = (path: string, prefix: string): boolean => {
  const bare = prefix.replace(/\/+$/, '');
  return (
    bare === '' || path === bare || path.startsWith(`${bare}/`) || (!prefix.endsWith('/') && path.startsWith(prefix))
  );
};

/** Whether a path is one that a route's pattern stands for. */
export function matches(pattern: string, path: string): boolean {
  let source = '';
  let from = 0;
  for (const match of pattern.matchAll(/<(?:(\w+)(?:\([^)]*\))?:)?\w+>|\{\w+(?::(\w+))?\}/g)) {
    source += escapeRegExp(pattern.slice(from, match.index));
    const converter = match[1] ?? match[2] ?? '';
    source += converter === 'int' ? '\\d+' : /^(?:|string|str|slug|uuid|float)$/.test(converter) ? '[^/]+' : '.*';
    from = match.index + match[0].length;
  }
  return new RegExp(`^${source}${escapeRegExp(pattern.slice(from))}$`).test(path);
}

/** Whether a path has places to fill in. */
export const hasParameters = (path: string): boolean => /[<{]/.test(path);

/** Two parts of a path, with one slash between them. */
export function joinPaths(prefix: string, rule: string): string {
  if (rule === '') return prefix;
  if (prefix === '') return rule;
  return `${prefix.replace(/\/+$/, '')}/${rule.replace(/^\/+/, '')}`;
}
