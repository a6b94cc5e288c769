import type { Evidence } from '../../finding.ts';
import type { PythonArgument, PythonCall, PythonModule } from '../../parse/python.ts';
import { joinContainer } from '../../repo/path.ts';
import { plainValue } from '../python/plain-value.ts';
import { hasParameters, type OpenPrefix, type Route, type RouteTable } from '../routes.ts';
import type { ServiceView, Stack } from '../stack.ts';
import { needOfDecorators } from './need.ts';
import { mentionedElsewhere } from './registrations.ts';

/** The routes of a Django project, from the URLconf that its settings name. https://docs.djangoproject.com/en/stable/topics/http/urls/ */
export function djangoRoutes(stack: Stack, view: ServiceView): RouteTable | undefined {
  const settings = djangoSettings(stack, view);
  const conf = settings?.assignments.filter(({ target }) => target === 'ROOT_URLCONF') ?? [];
  const path = view.python.find(conf.length === 1 ? (conf[0]?.value?.string ?? '') : '');
  const root = path === undefined ? undefined : stack.sources.python(path);
  if (!settings || !root || !conf[0]) return undefined;
  const routes: Route[] = [];
  const open: OpenPrefix[] = [];
  const read: PythonCall[] = [];
  const visit = (module: PythonModule, prefix: string, evidence: readonly Evidence[], depth: number): void => {
    const lists = module.assignments.filter(({ target, scope }) => target === 'urlpatterns' && scope === '');
    const [list, ...more] = lists;
    const isPlain = list?.value && /^\[[\s\S]*\]$/.test(list.value.text) && /^=$/.test(list.operator);
    const isCertain = list && module.statements[list.statement]?.parent === -1;
    const extended = module.calls.some(({ callee }) => /^urlpatterns\./.test(callee));
    if (!list?.value || !isPlain || !isCertain || more.length > 0 || extended || depth > 8) {
      open.push({ prefix, at: { path: module.path, start: 0, end: 0 } });
      // What the plain list holds is served all the same.
      if (!list?.value || !isPlain || !isCertain || depth > 8) return;
    }
    const { start, end } = list.value.at;
    const calls = module.calls.filter(({ at }) => at.start >= start && at.end <= end);
    const outer = calls.filter((each) => !calls.some((other) => other !== each && holds(other, each)));
    for (const call of outer) {
      const [route, target] = call.args;
      const name = call.callee.split('.').at(-1) ?? '';
      if (!/^(?:path|re_path|url)$/.test(name) || route?.string === undefined || !target) {
        open.push({ prefix, at: call.at });
        continue;
      }
      read.push(call);
      const rule = name === 'path' ? route.string : plainRule(route.string);
      if (rule === undefined) {
        open.push({ prefix: prefix + headOf(route.string), at: call.at });
        continue;
      }
      const whole = prefix + rule;
      const included = includedBy(view, stack, target, calls);
      if (included === 'unknown') open.push({ prefix: whole, at: call.at });
      else if (included)
        visit(
          included,
          whole,
          [...evidence, { at: call.at, says: `${included.path} is included under ${whole}` }],
          depth + 1,
        );
      else {
        const need = hasParameters(whole) ? 'parameters' : needOf(view, module, target);
        const says = `${whole} is served here`;
        routes.push({
          path: whole,
          methods: ['GET'],
          need,
          at: call.at,
          evidence: [...evidence, { at: call.at, says }],
        });
      }
    }
  };
  const evidence = [{ at: conf[0].at, says: 'the settings name the URLs of the project' }];
  visit(root, '/', evidence, 0);
  const modules = [
    ...view.python.reachable(root.path, true),
    ...view.python.reachable(settings.path, true),
    ...middlewareOf(stack, view, settings),
  ];
  const mentioned = mentionedElsewhere(
    modules,
    read.map(({ at }) => at),
  );
  return {
    framework: 'Django',
    routes,
    open,
    sources: modules,
    mentioned,
    hosts: hostsOf(stack, view, settings),
    at: conf[0].at,
  };
}

const holds = (outer: PythonCall, inner: PythonCall): boolean =>
  outer.at.start <= inner.at.start && inner.at.end <= outer.at.end;

/** The settings of the project: from the environment, else from what manage.py, wsgi.py or asgi.py sets. */
export function djangoSettings(stack: Stack, view: ServiceView): PythonModule | undefined {
  const { main } = view.startup;
  const given = view.container.variable('DJANGO_SETTINGS_MODULE');
  if (given === undefined && view.service.environment.has('DJANGO_SETTINGS_MODULE')) return undefined;
  const manage = main?.argv.find((word) => /(?:^|\/)manage\.py$/.test(word));
  const file =
    manage === undefined ? undefined : view.container.fileAt(joinContainer(view.container.workdir ?? '/', manage));
  const module = view.entry ?? (file?.kind === 'repo' ? stack.sources.python(file.path) : undefined);
  const set = module?.calls.find(
    ({ callee, args }) => /environ\.setdefault$/.test(callee) && args[0]?.string === 'DJANGO_SETTINGS_MODULE',
  )?.args[1]?.string;
  if (set === undefined) return undefined;
  const path = view.python.find(given ?? set);
  return path === undefined ? undefined : stack.sources.python(path);
}

/** A regular expression that is nothing but a path: `^health/?$`. */
const plainRule = (text: string): string | undefined => /^\^([\w/-]*?)(?:\/\?)?\$?$/.exec(text)?.[1];
const headOf = (text: string): string => /^\^?([\w/-]*)/.exec(text)?.[1]?.replace(/[^/]*$/, '') ?? '';

/** `include("shop.urls")`; what a router or a third party includes cannot be seen. */
function includedBy(
  view: ServiceView,
  stack: Stack,
  target: PythonArgument,
  calls: readonly PythonCall[],
): PythonModule | 'unknown' | undefined {
  const call = calls.find(({ at }) => at.start === target.value.start && at.end === target.value.end);
  if (/\.urls$/.test(target.text) || /^\[|^\(/.test(target.text)) return 'unknown';
  if (!call || !/(?:^|\.)include$/.test(call.callee)) return undefined;
  const [first] = call.args;
  const named = first?.string ?? /^\(\s*["']([\w.]+)["']/.exec(first?.text ?? '')?.[1];
  const path = named === undefined ? undefined : view.python.find(named);
  return (path === undefined ? undefined : stack.sources.python(path)) ?? 'unknown';
}

/** Function views by their decorators; a class may ask for anything. */
function needOf(view: ServiceView, module: PythonModule, target: PythonArgument): Route['need'] {
  if (/^lambda\b/.test(target.text)) return 'nothing';
  const origin = view.python.origin(module, target.text, '');
  const fn =
    origin?.kind === 'defined' ? origin.module.functions.find(({ qualified }) => qualified === origin.name) : undefined;
  if (
    !fn ||
    fn.decorators.some(
      ({ callee, args }) => /api_view|require_http_methods/.test(callee) && !/GET/.test(args[0]?.text ?? ''),
    )
  )
    return 'unknown';
  const others = fn.decorators.filter(
    ({ callee }) => !/(?:^|\.)(?:require_GET|require_safe|csrf_exempt|never_cache|require_http_methods)$/.test(callee),
  );
  return needOfDecorators(others);
}

/** The project's own middleware may answer paths by itself. */
function middlewareOf(stack: Stack, view: ServiceView, settings: PythonModule): readonly PythonModule[] {
  const text = settings.assignments.find(({ target }) => target === 'MIDDLEWARE')?.value?.text ?? '';
  return [...text.matchAll(/["']([\w.]+)\.\w+["']/g)].flatMap(([, name = '']) => {
    const path = view.python.find(name);
    return path === undefined ? [] : (stack.sources.python(path) ?? []);
  });
}

/** https://docs.djangoproject.com/en/stable/ref/settings/#allowed-hosts: others get "400 Bad Request"; with DEBUG and an empty list, localhost is allowed. */
function hostsOf(stack: Stack, view: ServiceView, settings: PythonModule): RouteTable['hosts'] {
  const all = settings.assignments.filter(({ target, scope }) => target === 'ALLOWED_HOSTS' && scope === '');
  const [only, ...more] = all;
  const text = only?.value?.text ?? '';
  const value = /^([\w.]+\([\s\S]*?\))\.split\(["'],["']\)$/.exec(text)?.[1];
  const listed =
    value === undefined || !only
      ? undefined
      : plainValue(stack, view, settings, { text: value, at: only.at }, '')?.text;
  const names =
    listed !== undefined
      ? listed.split(',')
      : /^[[(](?:\s*["'][^"']*["']\s*,?)*\s*[\])]$/.test(text)
        ? [...text.matchAll(/["']([^"']*)["']/g)].map((match) => match[1] ?? '')
        : undefined;
  return (host) => {
    if (!names || more.length > 0) return 'unknown';
    if (names.includes('*') || names.includes(host)) return 'yes';
    return names.filter(Boolean).length === 0 ? 'unknown' : 'no';
  };
}
