import type { Evidence } from '../../finding.ts';
import type { PythonCall } from '../../parse/python.ts';
import { hasParameters, joinPaths, type OpenPrefix, type Route, type RouteNeed, type RouteTable } from '../routes.ts';
import type { ServiceView, Stack } from '../stack.ts';
import { needOfDecorators, needOfEverything, needOfParameters, worst } from './need.ts';
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

const METHODS = /^(?:get|post|put|patch|delete|head|options|trace)$/;
const VERBS =
  /^(?:get|post|put|patch|delete|head|options|trace|api_route|route|websocket|websocket_route|add_api_route|add_route|include_router|mount)$/;
const ROUTERS = /^fastapi\.(?:\w+\.)*(?:APIRouter|FastAPI)$/;

/** The routes of a FastAPI application. https://fastapi.tiangolo.com/tutorial/bigger-applications/ */
export function fastapiRoutes(stack: Stack, view: ServiceView, served: ServedObject): RouteTable {
  const { all, lost } = registrationsOf(stack, view, served, VERBS);
  const routes: Route[] = [];
  const open: OpenPrefix[] = [...lost, ...notFoundHandlers(served), ...openOfApp(stack, view, served.app)];
  const everything = needOfEverything(served);
  const visit = (
    object: MadeObject,
    prefix: string,
    need: RouteNeed,
    evidence: readonly Evidence[],
    depth: number,
  ): void => {
    const own = prefixOf(stack, view, object);
    if (own === undefined || depth > 8) {
      open.push({ prefix, at: object.call.at });
      return;
    }
    const base = joinPaths(prefix, own);
    const inner = worst([need, needOfDependencies(object.call)]);
    for (const each of all.filter(({ receiver }) => isSame(receiver, object))) {
      const chain = [...evidence, ...each.evidence];
      if (each.verb === 'include_router') include(each, base, inner, chain, depth);
      else if (each.verb === 'mount') open.push({ prefix: pathOf(each, base) ?? base, at: each.call.at });
      else add(each, base, inner, chain);
    }
  };
  const pathOf = ({ call, place }: Registration, base: string): string | undefined => {
    const path = textOfArgument(stack, view, place, argumentOf(call, 'path', 0));
    return path === undefined ? undefined : joinPaths(base, path);
  };
  const include = (
    each: Registration,
    base: string,
    need: RouteNeed,
    evidence: readonly Evidence[],
    depth: number,
  ): void => {
    const { call, place } = each;
    const prefix = textOfArgument(stack, view, place, argumentOf(call, 'prefix', undefined));
    const router = argumentOf(call, 'router', 0);
    const object = router && objectOf(view.python, place, router.text, 0);
    const whole = prefix === undefined ? undefined : joinPaths(base, prefix);
    if (!object || !ROUTERS.test(object.dotted) || whole === undefined || !each.certain) {
      const own = object && ROUTERS.test(object.dotted) ? prefixOf(stack, view, object) : undefined;
      open.push({ prefix: whole === undefined ? base : joinPaths(whole, own ?? ''), at: call.at });
      return;
    }
    const says = `the router ${router.text} is included${whole === '' ? '' : ` under ${whole}`}`;
    visit(object, whole, worst([need, needOfDependencies(call)]), [...evidence, { at: call.at, says }], depth + 1);
  };
  const add = (each: Registration, base: string, need: RouteNeed, evidence: readonly Evidence[]): void => {
    const { call, verb, place } = each;
    const path = pathOf(each, base);
    if (path === undefined || !each.certain || /websocket/.test(verb)) {
      if (!/websocket/.test(verb)) open.push({ prefix: path ?? base, at: call.at });
      return;
    }
    const listed = argumentOf(call, 'methods', undefined);
    const methods = METHODS.test(verb)
      ? [verb.toUpperCase()]
      : listed
        ? [...listed.text.toUpperCase().matchAll(/["']([A-Z]+)["']/g)].map((match) => match[1] ?? '')
        : ['GET'];
    const { fn, others } = decoratedBy(place.module, call);
    const handler =
      fn ?? place.module.functions.find(({ qualified }) => qualified === argumentOf(call, 'endpoint', 1)?.text);
    const needs: RouteNeed[] = [
      need,
      everything,
      needOfDependencies(call),
      needOfDecorators(others),
      handler ? needOfParameters(place.module, handler) : 'unknown',
      hasParameters(path) ? 'parameters' : 'nothing',
    ];
    const at = call.at;
    routes.push({
      path,
      methods,
      need: worst(needs),
      at,
      evidence: [...evidence, { at, says: `${methods.join(', ')} ${path} is served here` }],
    });
  };
  visit(served.app, '', 'nothing', served.evidence, 0);
  routes.push(...docsOf(stack, view, served.app));
  const modules = view.entry ? view.python.reachable(view.entry.path, true) : [];
  const mentioned = mentionedElsewhere(
    modules,
    all.map(({ call }) => call.at),
  );
  return { framework: 'FastAPI', routes, open, sources: modules, mentioned, hosts: undefined, at: served.app.call.at };
}

/** `prefix` of an APIRouter; an application has none. */
function prefixOf(stack: Stack, view: ServiceView, { call, module, scope, dotted }: MadeObject): string | undefined {
  return /APIRouter$/.test(dotted)
    ? textOfArgument(stack, view, { module, scope }, argumentOf(call, 'prefix', undefined))
    : '';
}

function needOfDependencies(call: PythonCall): RouteNeed {
  const text = call.args.find(({ name }) => name === 'dependencies')?.text;
  if (text === undefined) return 'nothing';
  return /user|auth|token|login|verify|permission|api_?key|security|admin|require/i.test(text) ? 'login' : 'unknown';
}

function openOfApp(stack: Stack, view: ServiceView, { call, module, scope }: MadeObject): readonly OpenPrefix[] {
  const rootPath = argumentOf(call, 'root_path', undefined);
  const own = textOfArgument(stack, view, { module, scope }, rootPath);
  const main = view.startup.main;
  const index = main?.argv.findIndex((word) => /^--root-path(?:=|$)/.test(word)) ?? -1;
  const word = index < 0 ? undefined : (main?.argv[index]?.split('=')[1] ?? main?.argv[index + 1]);
  const given = call.args.some(({ name, star }) => name === 'routes' || star === '**')
    ? [{ prefix: '', at: call.at }]
    : [];
  // Newer versions answer below root_path too, older ones do not.
  const roots = [rootPath ? (own ?? '') : undefined, word].flatMap((prefix) =>
    prefix === undefined ? [] : [{ prefix, at: call.at }],
  );
  const routed = module.calls.filter(({ callee }) => /\.(?:router|routes)\.\w+$/.test(callee));
  return [...given, ...roots, ...routed.map(({ at }) => ({ prefix: '', at }))];
}

/** https://fastapi.tiangolo.com/tutorial/metadata/#docs-urls */
function docsOf(stack: Stack, view: ServiceView, { call, module, scope }: MadeObject): readonly Route[] {
  const defaults = [
    ['openapi_url', '/openapi.json'],
    ['docs_url', '/docs'],
    ['redoc_url', '/redoc'],
  ] as const;
  const off = argumentOf(call, 'openapi_url', undefined)?.text === 'None';
  return defaults.flatMap(([name, usual]): Route[] => {
    const given = argumentOf(call, name, undefined);
    const path = given ? textOfArgument(stack, view, { module, scope }, given) : usual;
    if (off || path === undefined || path === '') return [];
    const says = `FastAPI serves ${path} by itself`;
    return [{ path, methods: ['GET'], need: 'nothing', at: call.at, evidence: [{ at: call.at, says }] }];
  });
}
