import type { Span } from '../../src/finding.ts';
import type { ServiceView, Stack } from '../../src/model/stack.ts';
import { enclosing, type PythonCall, type PythonModule } from '../../src/parse/python.ts';
import type { Kind, Reference } from './references.ts';

/** An application that a module of the image defines. */
export interface Application {
  readonly module: string;
  readonly object: string;
  readonly factory: boolean;
  readonly at: Span;
  readonly path: string;
}

const WSGI = [
  'flask.Flask',
  'django.core.wsgi.get_wsgi_application',
  'falcon.App',
  'bottle.Bottle',
  'pyramid.config.Configurator',
];
const ASGI = [
  'fastapi.FastAPI',
  'fastapi.applications.FastAPI',
  'starlette.applications.Starlette',
  'quart.Quart',
  'litestar.Litestar',
  'django.core.asgi.get_asgi_application',
];
const MAKERS: Readonly<Record<Kind, readonly string[]>> = {
  wsgi: WSGI,
  asgi: ASGI,
  any: [...WSGI, ...ASGI],
  flask: ['flask.Flask'],
  celery: ['celery.Celery'],
  settings: [],
};
const NEVER =
  /(?:^|\/)(?:tests?|migrations|alembic|docs|examples?|node_modules)\/|(?:^|\/)(?:test_\w+|\w+_test|conftest)\.py$/;
const FACTORY = /^(?:create|make|get|build)_(?:\w+_)?app(?:lication)?$|^app_factory$|^make_celery$|^create_celery$/;

/** What the container's importable modules define of the kind that a reference asks for. */
export function applicationsFor(stack: Stack, ref: Reference): readonly Application[] {
  const modules = stack.repo.paths.flatMap((path) => {
    if (!path.endsWith('.py') || NEVER.test(path)) return [];
    const dotted = ref.view.python.nameOf(path);
    const module = dotted === undefined ? undefined : stack.sources.python(path);
    return module && dotted !== undefined && module.errors.length === 0 ? [{ module, dotted }] : [];
  });
  if (ref.kind === 'settings')
    return modules.flatMap(({ module, dotted }) => {
      const found = module.assignments.find(({ target, scope }) => target === 'INSTALLED_APPS' && scope === '');
      return found ? [{ module: dotted, object: '', factory: false, at: found.at, path: module.path }] : [];
    });
  const all = modules.flatMap(({ module, dotted }) => inModule(ref.view, module, dotted, ref.kind));
  const called = ref.call !== undefined || ref.factory;
  const wanted = all.filter(({ factory }) => factory === called);
  return wanted.length > 0 ? wanted : all.filter(({ factory }) => factory !== called);
}

function inModule(view: ServiceView, module: PythonModule, dotted: string, kind: Kind): readonly Application[] {
  const base = { module: dotted, path: module.path };
  const instances = module.assignments.flatMap((assignment): Application[] => {
    const { target, scope, value, operator, statement } = assignment;
    if (scope !== '' || operator !== '=' || !value || !/^\w+$/.test(target)) return [];
    if (enclosing(module, statement).some(({ head }) => head.includes('__name__'))) return [];
    const call = module.calls.find(({ at }) => at.start === value.at.start && at.end === value.at.end);
    return call && makes(view, module, call, kind)
      ? [{ ...base, object: target, factory: false, at: assignment.at }]
      : [];
  });
  const factories = module.functions.flatMap((each): Application[] =>
    each.qualified === each.name && FACTORY.test(each.name) && builds(view, module, each.qualified, kind)
      ? [{ ...base, object: each.name, factory: true, at: each.at }]
      : [],
  );
  return [...instances, ...factories];
}

/** A framework's own call, or one of a function of the repository that makes such a call. */
function makes(view: ServiceView, module: PythonModule, call: PythonCall, kind: Kind): boolean {
  const origin = view.python.origin(module, call.callee, call.scope);
  if (origin?.kind === 'external') return MAKERS[kind].includes(origin.dotted);
  return origin?.kind === 'defined' && builds(view, origin.module, origin.name, kind);
}

const builds = (view: ServiceView, module: PythonModule, name: string, kind: Kind): boolean =>
  module.functions.some(({ qualified }) => qualified === name) &&
  module.calls.some((call) => {
    if (call.scope !== name) return false;
    const origin = view.python.origin(module, call.callee, call.scope);
    return origin?.kind === 'external' && MAKERS[kind].includes(origin.dotted);
  });
