import type { Evidence, Span } from '../../finding.ts';
import type {
  PythonArgument,
  PythonCall,
  PythonClass,
  PythonDecorator,
  PythonFunction,
  PythonModule,
} from '../../parse/python.ts';
import { escapeRegExp } from '../../pattern.ts';
import { type StartingCode, startingCode } from '../env/start.ts';
import { callEvidence, functionOf, type ImportCall } from '../python/import-time.ts';
import { plainValue } from '../python/plain-value.ts';
import type { OpenPrefix } from '../routes.ts';
import type { ServiceView, Stack } from '../stack.ts';
import { isSame, type MadeObject, objectOf, type Place, type ServedObject } from './served-object.ts';

/** A call of an application's, router's or extension's own method, reached before the server serves. */
export interface Registration {
  readonly verb: string;
  readonly call: PythonCall;
  readonly place: Place;
  readonly receiver: MadeObject;
  /** It surely runs, and once. */
  readonly certain: boolean;
  readonly evidence: readonly Evidence[];
}

/** What an application registers on its way to serving. */
export interface Registered {
  readonly all: readonly Registration[];
  /** Registrations of which nobody can say what they are made on: anything may be served. */
  readonly lost: readonly OpenPrefix[];
}

/** Verbs that can be nothing but a registration of routes. */
const PLAIN_VERBS =
  /^(?:register_blueprint|include_router|add_url_rule|add_api_route|add_route|mount|add_resource|add_namespace|api_route|route)$/;
/** Extensions that serve nothing of their own, by their packages. */
const SERVES_NOTHING =
  /^(?:flask_(?:cors|sqlalchemy|migrate|jwt_extended|login|bcrypt|marshmallow|limiter|caching|mail|mailman|session|compress|talisman|wtf|babel|socketio|argon2|executor|redis|pymongo|mongoengine|principal|httpauth|praetorian)|werkzeug|sentry_sdk|fastapi_pagination|fastapi_limiter|slowapi|opentelemetry|ddtrace|elasticapm|logging|celery|structlog|whitenoise|uvicorn|waitress|gunicorn|click|typing|inspect|atexit|os|sys|redis|sqlalchemy|asgi_correlation_id|starlette\.middleware|fastapi\.middleware)\b/;
const SERVES_METRICS = /prometheus/i;
/** Extensions whose routes are read. */
const READ_ELSEWHERE = /^flask_(?:restful|restx|smorest)\.(?:\w+\.)*(?:Api|Namespace|Blueprint)$/;
const BUILTINS = /^(?:isinstance|print|getattr|hasattr|id|len|repr|str|type|vars|dir|super|cast|list|tuple)$/;

/** The calls of `verbs` on objects that can be followed, and what is left over. */
export function registrationsOf(stack: Stack, view: ServiceView, served: ServedObject, verbs: RegExp): Registered {
  const code = startingCode(stack, view);
  const all: Registration[] = [];
  const lost: OpenPrefix[] = [];
  for (const found of served.calls) {
    const { call, module, via } = found;
    const [, receiver = '', verb = ''] = /^(.*)\.(\w+)$/.exec(call.callee) ?? [];
    const place: Place = { module, scope: call.scope, via };
    if (touches(view, served, found, place)) lost.push({ prefix: '', at: call.at });
    else if (SERVES_METRICS.test(call.callee) || /\.expose$/.test(call.callee))
      lost.push({ prefix: '/metrics', at: call.at });
    if (!verbs.test(verb)) continue;
    const object = objectOf(view.python, place, receiver, 0);
    if (object) {
      const certain = runsOnce(served, code, found, view);
      all.push({ verb, call, place, receiver: object, certain, evidence: callEvidence(found).slice(0, -1) });
    } else if ((PLAIN_VERBS.test(verb) || call.decorator) && !isForeign(view, place, receiver))
      lost.push({ prefix: '', at: call.at });
  }
  return { all, lost: [...lost, ...unreached(view, served)] };
}

const DYNAMIC =
  /(?:^|\.)(?:import_module|__import__|iter_modules|walk_packages|find_modules|entry_points|import_string)$/;

/** Registrations in functions that nothing is seen to call (methods, hooks of the framework), and modules that are loaded by name. */
function unreached(view: ServiceView, served: ServedObject): readonly OpenPrefix[] {
  const reached = new Set(served.calls.map(({ call }) => call));
  const modules = view.entry ? view.python.reachable(view.entry.path, true) : [];
  return modules.flatMap((module) =>
    module.calls
      .filter(({ callee, scope, decorator, args }) => {
        if (DYNAMIC.test(callee)) return true;
        const verb = callee.split('.').at(-1) ?? '';
        const isRoute = decorator && /^(?:get|post|put|patch|delete)$/.test(verb) && args[0]?.string?.startsWith('/');
        return scope !== '' && callee.includes('.') && (isRoute === true || PLAIN_VERBS.test(verb));
      })
      .filter((call) => DYNAMIC.test(call.callee) || !reached.has(call))
      .map(({ at }) => ({ prefix: '', at })),
  );
}

/** A method of a package that is no application (`requests.get`, `click.command`). */
const isForeign = (view: ServiceView, { module, scope }: Place, receiver: string): boolean => {
  const origin = view.python.origin(module, receiver, scope);
  return origin?.kind === 'external' || /^(?:db|celery|celery_app|cli|logger|event|cache|limiter|jwt)\b/.test(receiver);
};

/** Whether the application is handed to something outside of the repository that may add routes. */
function touches(view: ServiceView, { app }: ServedObject, { call, module }: ImportCall, place: Place): boolean {
  const handed = call.args.some(
    ({ text, star }) =>
      star === '' && /^[A-Za-z_][\w.]*$/.test(text) && isSame(objectOf(view.python, place, text, 0), app),
  );
  if (!handed || BUILTINS.test(call.callee) || functionOf(view.python, module, call)) return false;
  const receiver = /^(.*)\.\w+$/.exec(call.callee)?.[1];
  const object = receiver === undefined ? undefined : objectOf(view.python, place, receiver, 0);
  const origin = view.python.origin(module, call.callee, call.scope);
  const dotted = object?.dotted ?? (origin?.kind === 'external' ? origin.dotted : '');
  if (SERVES_METRICS.test(dotted) || SERVES_METRICS.test(call.callee) || /\.(?:expose|instrument)$/.test(call.callee))
    return false;
  return !SERVES_NOTHING.test(dotted) && !READ_ELSEWHERE.test(dotted) && !isSame(object, app);
}

/** On every call of the chain a statement that surely runs, and each function of it is entered once. */
function runsOnce(served: ServedObject, code: StartingCode | undefined, found: ImportCall, view: ServiceView): boolean {
  const links = [...found.via, found];
  if (!code || !links.every(({ module, call }) => code.runs(module, call.statement, call.scope))) return false;
  return found.via.every(({ module, call }) => {
    const target = functionOf(view.python, module, call);
    const name = call.callee.split('.').at(-1);
    const calls = served.calls.filter(
      (each) =>
        each.call.callee.split('.').at(-1) === name &&
        functionOf(view.python, each.module, each.call)?.fn === target?.fn,
    );
    return new Set(calls.map((each) => each.call)).size === 1;
  });
}

/** An argument by its keyword or its position among the plain ones. */
export const argumentOf = (call: PythonCall, name: string, index: number | undefined): PythonArgument | undefined =>
  call.args.find((each) => each.name === name) ??
  (index === undefined ? undefined : call.args.filter((each) => each.name === undefined && each.star === '')[index]);

/** The text of an argument; '' when it is not given, `undefined` when nobody can say. */
export function textOfArgument(
  stack: Stack,
  view: ServiceView,
  { module, scope }: Pick<Place, 'module' | 'scope'>,
  argument: PythonArgument | undefined,
): string | undefined {
  if (!argument || argument.text === 'None') return '';
  if (argument.star !== '') return undefined;
  return argument.string ?? plainValue(stack, view, module, { text: argument.text, at: argument.value }, scope)?.text;
}

/** The function or class that a decorator stands on. */
export function decoratedBy(
  module: PythonModule,
  call: PythonCall,
): {
  readonly fn: PythonFunction | undefined;
  readonly of: PythonClass | undefined;
  readonly others: readonly PythonDecorator[];
} {
  const has = ({ decorators }: { readonly decorators: readonly PythonDecorator[] }): boolean =>
    decorators.some(({ at }) => at.start <= call.at.start && call.at.end <= at.end);
  const fn = module.functions.find(has);
  const of = module.classes.find(has);
  const others = ((fn ?? of)?.decorators ?? []).filter(
    ({ at }) => !(at.start <= call.at.start && call.at.end <= at.end),
  );
  return { fn, of, others };
}

/** Whether a path stands as a string in the modules that a server loads, elsewhere than in the registrations that were read. */
export function mentionedElsewhere(modules: readonly PythonModule[], read: readonly Span[]): (path: string) => boolean {
  return (path) => {
    const bare = path.replace(/\/+$/, '');
    const quoted = new RegExp(bare === '' ? `["']/["']` : `["']${escapeRegExp(bare)}/?["']`, 'g');
    return modules.some(({ path: file, text }) =>
      [...text.matchAll(quoted)].some(
        ({ index }) => !read.some((at) => at.path === file && at.start <= index && index < at.end),
      ),
    );
  };
}

/** A handler of 404 that answers with something else: nobody can say what is served. */
export function notFoundHandlers(served: ServedObject): readonly OpenPrefix[] {
  return served.calls.flatMap(({ call, module }) => {
    if (
      !/\.(?:errorhandler|app_errorhandler|exception_handler|register_error_handler|add_exception_handler)$/.test(
        call.callee,
      )
    )
      return [];
    const [first] = call.args;
    if (!/^(?:404|Exception|NotFound|\w*HTTPException)$/.test(first?.text.split('.').at(-1) ?? '')) return [];
    const named = call.args[1]?.text;
    const fn = call.decorator
      ? decoratedBy(module, call).fn
      : module.functions.find(({ qualified }) => qualified === named);
    const body = fn ? module.text.slice(fn.body.start, fn.body.end) : '';
    return /\b404\b|\bcode\b|status_code/.test(body) ? [] : [{ prefix: '', at: call.at }];
  });
}
