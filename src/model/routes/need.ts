import type { PythonDecorator, PythonFunction, PythonModule } from '../../parse/python.ts';
import type { RouteNeed } from '../routes.ts';
import { decoratedBy } from './registrations.ts';
import type { ServedObject } from './served-object.ts';

const LOGIN =
  /login|auth|jwt|token|permission|role|admin|protected|require|current_user|superuser|bearer|api_?key|security|verify/i;
const HARMLESS =
  /(?:^|\.)(?:cross_origin|cached?|memoize|limit|exempt|swag_from|doc|response|arguments|marshal_with|marshal_list_with|produces|wraps|staticmethod|version|timed|time|observe|no_cache)$|\.(?:route|get|post|put|patch|delete|api_route)$/;
/** Types that a framework fills in by itself. */
const FILLED_IN = /^(?:\w+\.)?(?:Request|Response|WebSocket|BackgroundTasks|HTTPConnection|AsyncSession|Session)$/;

/** What decorators beside a route's own ask for. */
export function needOfDecorators(decorators: readonly PythonDecorator[]): RouteNeed {
  if (decorators.some(({ callee }) => LOGIN.test(callee) && !/optional/i.test(callee))) return 'login';
  return decorators.every(({ callee }) => HARMLESS.test(callee)) ? 'nothing' : 'unknown';
}

/** What FastAPI has to find in a request for a function's parameters. https://fastapi.tiangolo.com/tutorial/query-params/ */
export function needOfParameters(module: PythonModule, fn: PythonFunction): RouteNeed {
  const needs = fn.parameters.map(({ name, star, default: value, annotation = '' }): RouteNeed => {
    if (star !== '' || name === '*' || name === 'self') return 'nothing';
    const alias = module.assignments.find(({ target, scope }) => target === annotation && scope === '')?.value?.text;
    const type = alias ?? annotation;
    const depends = /(?:Depends|Security)\(([^)]*)\)?/.exec(`${value ?? ''} ${type}`)?.[0];
    if (depends !== undefined) return LOGIN.test(depends) || depends.startsWith('Security') ? 'login' : 'nothing';
    if (LOGIN.test(annotation) || /CurrentUser/.test(annotation)) return 'login';
    if (value !== undefined) return /\(\s*\.\.\./.test(value) ? 'parameters' : 'nothing';
    if (FILLED_IN.test(type)) return 'nothing';
    return /Dep$/.test(annotation) ? 'nothing' : 'parameters';
  });
  return worst(needs);
}

/** The one of several needs that stands most in the way. */
export const worst = (needs: readonly RouteNeed[]): RouteNeed =>
  (['login', 'parameters', 'unknown'] as const).find((need) => needs.includes(need)) ?? 'nothing';

/** What a `before_request` or a middleware function asks of every request. */
export function needOfEverything(served: ServedObject): RouteNeed {
  const guards = served.calls.some(({ call, module }) => {
    if (!/\.(?:before_request|before_app_request|middleware)$/.test(call.callee) || !call.decorator) return false;
    return refuses(module, decoratedBy(module, call).fn);
  });
  const modules = [...new Set(served.calls.map(({ module }) => module))];
  const bare = modules.some((module) =>
    module.functions.some(
      (fn) =>
        fn.decorators.some(({ callee }) => /\.(?:before_request|before_app_request)$/.test(callee)) &&
        refuses(module, fn),
    ),
  );
  return guards || bare ? 'unknown' : 'nothing';
}

const refuses = (module: PythonModule, fn: PythonFunction | undefined): boolean =>
  fn === undefined ||
  /\b40[0-9]\b|\babort\(|HTTPException|Unauthorized|Forbidden|redirect\(/.test(
    module.text.slice(fn.body.start, fn.body.end),
  );
