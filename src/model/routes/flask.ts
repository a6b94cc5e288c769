import type { Evidence } from '../../finding.ts';
import { hasParameters, joinPaths, type OpenPrefix, type Route, type RouteNeed, type RouteTable } from '../routes.ts';
import type { ServiceView, Stack } from '../stack.ts';
import { needOfDecorators, needOfEverything, worst } from './need.ts';
import {
  argumentOf,
  decoratedBy,
  mentionedElsewhere,
  notFoundHandlers,
  type Registration,
  registrationsOf,
  textOfArgument,
} from './registrations.ts';
import { isSame, type MadeObject, objectOf, type ServedObject } from './served-object.ts';

const METHODS = /^(?:get|post|put|patch|delete)$/;
const VERBS =
  /^(?:route|get|post|put|patch|delete|add_url_rule|register_blueprint|add_resource|resource|add_namespace|init_app)$/;
const API = /^flask_(?:restful|restx|smorest)\.(?:\w+\.)*Api$/;
const NAMESPACE = /^flask_restx\.(?:\w+\.)*Namespace$/;
const BLUEPRINT = /^flask(?:_smorest)?\.(?:\w+\.)*Blueprint$/;
/** Wrappers of a WSGI application that pass every path on as it is. */
const TRANSPARENT = /^(?:\w+\.)*(?:ProxyFix|WhiteNoise|ProfilerMiddleware)\(/;

interface Mount {
  readonly object: MadeObject;
  readonly prefix: string;
  readonly need: RouteNeed;
  readonly evidence: readonly Evidence[];
  readonly depth: number;
}

/** The routes of a Flask application, its blueprints and the Api objects of its extensions. https://flask.palletsprojects.com/en/stable/blueprints/ */
export function flaskRoutes(stack: Stack, view: ServiceView, served: ServedObject): RouteTable {
  const { all, lost } = registrationsOf(stack, view, served, VERBS);
  const routes: Route[] = [];
  const open: OpenPrefix[] = [...lost, ...notFoundHandlers(served), ...openOfApp(stack, view, served)];
  const everything = needOfEverything(served);
  const apis = apisOf(stack, view, served, all);
  const text = (each: Registration, name: string, index: number | undefined): string | undefined =>
    textOfArgument(stack, view, each.place, argumentOf(each.call, name, index));

  const visit = (mount: Mount): void => {
    if (mount.depth > 8) {
      open.push({ prefix: mount.prefix, at: mount.object.call.at });
      return;
    }
    for (const each of all.filter(({ receiver }) => isSame(receiver, mount.object))) {
      if (each.verb === 'register_blueprint') register(each, mount);
      else if (each.verb === 'add_namespace') namespace(each, mount);
      else if (each.verb !== 'init_app') add(each, mount);
    }
    for (const api of apis.filter(({ on }) => isSame(on, mount.object))) {
      const says = 'the extension is set up here';
      const prefix = api.prefix === undefined ? undefined : joinPaths(mount.prefix, api.prefix);
      if (prefix === undefined || !api.certain) open.push({ prefix: mount.prefix, at: api.object.call.at });
      else {
        if (/flask_restx/.test(api.object.dotted)) routes.push(...docsOf(api.object, prefix));
        if (/flask_smorest/.test(api.object.dotted)) open.push({ prefix: '/docs', at: api.object.call.at });
        visit({
          ...mount,
          object: api.object,
          prefix,
          depth: mount.depth + 1,
          evidence: [...mount.evidence, { at: api.object.call.at, says }],
        });
      }
    }
  };
  const register = (each: Registration, mount: Mount): void => {
    const { call, place } = each;
    const given = argumentOf(call, 'url_prefix', undefined);
    const named = argumentOf(call, 'blueprint', 0) ?? argumentOf(call, 'blp', 0);
    const object = named && objectOf(view.python, place, named.text, 0);
    const isKnown = object !== undefined && BLUEPRINT.test(object.dotted);
    const own = isKnown ? textOfArgument(stack, view, object, argumentOf(object.call, 'url_prefix', undefined)) : '';
    const inner = given ? text(each, 'url_prefix', undefined) : own;
    const prefix = inner === undefined ? undefined : joinPaths(mount.prefix, inner);
    if (!isKnown || prefix === undefined || !each.certain) {
      open.push({ prefix: prefix ?? mount.prefix, at: call.at });
      return;
    }
    const says = `the blueprint ${named?.text} is registered${prefix === '' ? '' : ` under ${prefix}`}`;
    const evidence = [...mount.evidence, ...each.evidence, { at: call.at, says }];
    visit({ object, prefix, need: mount.need, evidence, depth: mount.depth + 1 });
  };
  const namespace = (each: Registration, mount: Mount): void => {
    const named = argumentOf(each.call, 'ns', 0);
    const object = named && objectOf(view.python, each.place, named.text, 0);
    const isKnown = object !== undefined && NAMESPACE.test(object.dotted);
    const path = argumentOf(each.call, 'path', 1);
    const own = isKnown ? argumentOf(object.call, 'path', 2) : undefined;
    const name = isKnown ? argumentOf(object.call, 'name', 0)?.string : undefined;
    const inner = path
      ? text(each, 'path', 1)
      : own && object
        ? textOfArgument(stack, view, object, own)
        : name === undefined
          ? undefined
          : `/${name}`;
    if (!isKnown || inner === undefined || !each.certain) {
      open.push({ prefix: mount.prefix, at: each.call.at });
      return;
    }
    const prefix = joinPaths(mount.prefix, inner);
    const evidence = [
      ...mount.evidence,
      { at: each.call.at, says: `the namespace ${named?.text} is added under ${prefix}` },
    ];
    visit({ object, prefix, need: mount.need, evidence, depth: mount.depth + 1 });
  };
  const add = (each: Registration, mount: Mount): void => {
    const { call, verb, place } = each;
    const rules =
      verb === 'add_resource'
        ? call.args.filter(({ name }) => name === undefined).slice(1)
        : verb === 'route' || verb === 'resource'
          ? [...call.args.filter(({ name }) => name === undefined), ...call.args.filter(({ name }) => name === 'rule')]
          : [argumentOf(call, 'rule', 0)];
    for (const rule of rules) {
      const written = rule && rule.star === '' ? textOfArgument(stack, view, place, rule) : undefined;
      const path = written === undefined ? undefined : joinPaths(mount.prefix, written);
      if (path === undefined || !each.certain) {
        open.push({ prefix: path ?? mount.prefix, at: call.at });
        continue;
      }
      const { methods, need } = answering(each);
      const whole = worst([mount.need, everything, need, hasParameters(path) ? 'parameters' : 'nothing']);
      const says = `${methods.join(', ')} ${path} is served here`;
      const evidence = [...mount.evidence, ...each.evidence, { at: call.at, says }];
      routes.push({ path, methods, need: whole, at: call.at, evidence });
    }
  };
  visit({ object: served.app, prefix: '', need: 'nothing', evidence: served.evidence, depth: 0 });
  const modules = view.entry ? view.python.reachable(view.entry.path, true) : [];
  const mentioned = mentionedElsewhere(
    modules,
    all.map(({ call }) => call.at),
  );
  return { framework: 'Flask', routes, open, sources: modules, mentioned, hosts: undefined, at: served.app.call.at };
}

/** The methods of a rule and what its view asks for. */
function answering({ call, verb, place }: Registration): {
  readonly methods: readonly string[];
  readonly need: RouteNeed;
} {
  const { module } = place;
  const { fn, of, others } = decoratedBy(module, call);
  const viewText = argumentOf(call, 'view_func', 2)?.text ?? '';
  const className = verb === 'add_resource' ? call.args[0]?.text : /^([\w.]+)\.as_view\(/.exec(viewText)?.[1];
  const handler = fn ?? module.functions.find(({ qualified }) => qualified === viewText);
  const resource = of ?? module.classes.find(({ qualified }) => qualified === className);
  if (METHODS.test(verb))
    return { methods: [verb.toUpperCase()], need: handler ? needOfDecorators(others) : 'unknown' };
  const listed = argumentOf(call, 'methods', undefined);
  const named = [...(listed?.text.toUpperCase() ?? '').matchAll(/["']([A-Z]+)["']/g)].map((match) => match[1] ?? '');
  if (resource) {
    const own = module.functions.filter(({ qualified }) => qualified.startsWith(`${resource.qualified}.`));
    const methods = own.filter(({ name }) => METHODS.test(name)).map(({ name }) => name.toUpperCase());
    const get = own.find(({ name }) => name === 'get');
    const guarded = module.text
      .slice(resource.body.start, resource.body.end)
      .match(/^\s*(?:decorators|method_decorators)\s*=/m);
    const need = worst([
      needOfDecorators(others),
      needOfDecorators(get?.decorators ?? []),
      guarded ? 'login' : 'nothing',
    ]);
    // What a class inherits is not looked at: then GET may be there, and nobody is told to rely on it.
    return { methods: methods.length > 0 ? methods : ['GET'], need: methods.length > 0 ? need : 'unknown' };
  }
  const beside = handler === fn ? others : (handler?.decorators ?? []);
  const routeToo = beside.filter(({ callee }) => !/\.(?:route|get|post|put|patch|delete)$/.test(callee));
  return {
    methods: named.length > 0 ? named : listed ? [] : ['GET'],
    need: handler ? needOfDecorators(routeToo) : 'unknown',
  };
}

interface ApiOf {
  readonly object: MadeObject;
  /** The application or blueprint that it is set up on. */
  readonly on: MadeObject | undefined;
  readonly prefix: string | undefined;
  readonly certain: boolean;
}

/** `Api(app, prefix="/api")`, `api.init_app(app)`. */
function apisOf(stack: Stack, view: ServiceView, served: ServedObject, all: readonly Registration[]): readonly ApiOf[] {
  const found: ApiOf[] = [];
  for (const { call, module, via } of served.calls) {
    const place = { module, scope: call.scope, via };
    const origin = view.python.origin(module, call.callee, call.scope);
    if (origin?.kind !== 'external' || !API.test(origin.dotted)) continue;
    const bound = module.assignments.find(({ value }) => value?.at.start === call.at.start);
    const on = argumentOf(call, 'app', 0) ?? argumentOf(call, 'blueprint', undefined);
    if (!on || !bound) continue;
    const object = { module, scope: call.scope, name: bound.target, call, dotted: origin.dotted };
    const prefix = textOfArgument(stack, view, place, argumentOf(call, 'prefix', undefined));
    found.push({ object, on: objectOf(view.python, place, on.text, 0), prefix, certain: true });
  }
  for (const { verb, call, place, receiver, certain } of all) {
    const on = verb === 'init_app' && API.test(receiver.dotted) ? argumentOf(call, 'app', 0) : undefined;
    if (!on) continue;
    const prefix = textOfArgument(stack, view, receiver, argumentOf(receiver.call, 'prefix', undefined));
    found.push({ object: receiver, on: objectOf(view.python, place, on.text, 0), prefix, certain });
  }
  return found;
}

/** Flask-RESTX serves its documentation at the root of the Api, unless `doc` says otherwise. */
function docsOf({ call }: MadeObject, prefix: string): readonly Route[] {
  const doc = argumentOf(call, 'doc', undefined);
  const paths = [...(doc?.text === 'False' ? [] : [doc?.string ?? '/']), '/swagger.json'];
  return paths.map((each) => {
    const path = joinPaths(prefix, each);
    const says = `Flask-RESTX serves ${path} by itself`;
    return { path, methods: ['GET'], need: 'unknown', at: call.at, evidence: [{ at: call.at, says }] };
  });
}

/** Static files, and whatever is put around the application. https://flask.palletsprojects.com/en/stable/api/#flask.Flask */
function openOfApp(stack: Stack, view: ServiceView, { app, calls }: ServedObject): readonly OpenPrefix[] {
  const { call, module, scope } = app;
  const at = call.at;
  const path = argumentOf(call, 'static_url_path', undefined);
  const folder = argumentOf(call, 'static_folder', undefined);
  const name = folder?.string?.replace(/^.*\//, '') ?? 'static';
  const prefix = path ? (textOfArgument(stack, view, { module, scope }, path) ?? '') : `/${name}`;
  const files = folder?.text === 'None' ? [] : [{ prefix: prefix === '/' ? '' : prefix, at }];
  const dynamic = call.args.some(({ star }) => star !== '') ? [{ prefix: '', at }] : [];
  const modules = [...new Set(calls.map((each) => each.module))];
  const wrapped = modules.flatMap((each) =>
    each.assignments.filter(
      ({ target, value }) => target.endsWith('.wsgi_app') && !TRANSPARENT.test(value?.text ?? ''),
    ),
  );
  return [...files, ...dynamic, ...wrapped.map((each) => ({ prefix: '', at: each.at }))];
}
