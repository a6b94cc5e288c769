import type { Evidence } from '../../finding.ts';
import type { PythonAssignment, PythonCall, PythonModule } from '../../parse/python.ts';
import { scriptOf } from '../network/python-listen.ts';
import { callsFrom, type ImportCall } from '../python/import-time.ts';
import { calledFactory } from '../python/server-processes.ts';
import type { PythonPath } from '../python-app.ts';
import type { ServiceView, Stack } from '../stack.ts';

/** An object that is made once, by where its name is bound: an application, a blueprint, a router. */
export interface MadeObject {
  readonly module: PythonModule;
  readonly scope: string;
  readonly name: string;
  /** The call that makes it, and the package's class. */
  readonly call: PythonCall;
  readonly dotted: string;
}

/** The application that a server imports, with the calls that run until it serves. */
export interface ServedObject {
  readonly framework: 'flask' | 'fastapi';
  readonly app: MadeObject;
  readonly calls: readonly ImportCall[];
  readonly evidence: readonly Evidence[];
}

/** Where an expression stands: its module and function, and the calls that led there. */
export interface Place {
  readonly module: PythonModule;
  readonly scope: string;
  readonly via: ImportCall['via'];
}

const MAX_STEPS = 12;

/** The Flask or FastAPI application of a service's main process; `undefined` when it is another one or cannot be followed. */
export function servedObject(stack: Stack, view: ServiceView): ServedObject | undefined {
  const { main } = view.startup;
  const entry = view.entry;
  if (!main || !entry || entry.errors.length > 0) return undefined;
  const script = scriptOf(stack, view, main);
  const named = script ? servedByScript(view, script) : namedApp(view, entry);
  if (!named) return undefined;
  const factory = named.expression.endsWith('()') ? named.expression.slice(0, -2) : undefined;
  const starts = [
    { module: entry, scope: '' },
    ...(named.module === entry ? [] : [{ module: named.module, scope: '' }]),
    ...(factory === undefined ? [] : [{ module: named.module, scope: factory }]),
  ];
  const calls = callsFrom(view.python, starts, { script, skip: () => false });
  const place = { module: named.module, scope: named.scope, via: [] };
  const app = objectOf(view.python, place, named.expression, 0);
  if (!app) return undefined;
  const framework = /^flask\.(?:\w+\.)?Flask$/.test(app.dotted)
    ? 'flask'
    : /^fastapi\.(?:\w+\.)?FastAPI$/.test(app.dotted)
      ? 'fastapi'
      : undefined;
  const evidence = [
    { at: main.at, says: `${main.program.name} serves the application of ${named.module.path}` },
    { at: app.call.at, says: 'the application is made here' },
  ];
  return framework && { framework, app, calls, evidence };
}

interface NamedApp {
  readonly module: PythonModule;
  readonly scope: string;
  /** A name, or the name of a factory with `()`. */
  readonly expression: string;
}

function namedApp(view: ServiceView, entry: PythonModule): NamedApp | undefined {
  const app = view.startup.main?.program.app;
  const isFlask = view.startup.main?.program.name === 'flask run';
  const factory = isFlask ? undefined : calledFactory(view);
  const isFunction = (name: string): boolean => entry.functions.some(({ qualified }) => qualified === name);
  const named = app?.object ?? (isFlask ? view.container.variable('FLASK_APP')?.split(':')[1] : undefined);
  const at = (expression: string): NamedApp => ({ module: entry, scope: '', expression });
  if (named !== undefined) {
    const bare = named.replace(/\(.*$/s, '');
    return at(factory || (isFlask && isFunction(bare)) ? `${bare}()` : bare);
  }
  // https://flask.palletsprojects.com/en/stable/cli/#application-discovery
  if (isFlask) {
    const bound = ['app', 'application'].find((name) => isBound(entry, name));
    const made = ['create_app', 'make_app'].find(isFunction);
    return bound !== undefined ? at(bound) : made === undefined ? undefined : at(`${made}()`);
  }
  return view.startup.main?.program.name === 'gunicorn' ? at('application') : at('app');
}

const isBound = (module: PythonModule, name: string): boolean =>
  module.assignments.some(({ target, scope }) => target === name && scope === '') ||
  module.imports.some(({ binds, scope }) => binds === name && scope === '');

/** `app.run()`, `uvicorn.run(app)`, `uvicorn.run("main:app")`, `serve(app)` of a script. */
function servedByScript(view: ServiceView, script: PythonModule): NamedApp | undefined {
  const serving = script.calls.filter(({ callee }) => /(?:^|\.)(?:run|serve)$/.test(callee));
  const [call, ...more] = serving.filter(({ callee }) => !/^(?:asyncio|subprocess)\./.test(callee));
  if (!call || more.length > 0) return undefined;
  const here = (expression: string): NamedApp => ({ module: script, scope: call.scope, expression });
  if (/\.run$/.test(call.callee) && !/^(?:uvicorn|socketio|sio)\./.test(call.callee))
    return here(call.callee.slice(0, -'.run'.length));
  const [first] = call.args;
  if (first?.string === undefined) return first && /^[\w.]+(?:\(\))?$/.test(first.text) ? here(first.text) : undefined;
  const [module = '', object = 'app'] = first.string.split(':');
  const path = view.python.find(module);
  const found = path === script.path ? script : view.python.reachable(path ?? '', false)[0];
  const isFactory = call.args.some(({ name, text }) => name === 'factory' && text === 'True');
  return found && { module: found, scope: '', expression: isFactory ? `${object}()` : object };
}

/** Follows a name (or a factory's call) through parameters, imports and rebinding to the call that makes the object. */
export function objectOf(python: PythonPath, place: Place, expression: string, depth: number): MadeObject | undefined {
  if (depth > MAX_STEPS || !/^[\w.]+(?:\(.*\))?$/s.test(expression)) return undefined;
  const { module, scope, via } = place;
  const called = /^([\w.]+)\(.*\)$/s.exec(expression)?.[1];
  if (called !== undefined) return returnedBy(python, place, called, depth);
  const fn = module.functions.find(({ qualified }) => qualified === scope);
  const index = fn?.parameters.findIndex(({ name }) => name === expression) ?? -1;
  if (fn && index >= 0) {
    const link = via.at(-1);
    const argument =
      link?.call.args.find(({ name }) => name === expression) ??
      link?.call.args.filter(({ name }) => name === undefined)[index];
    if (!link || !argument || argument.star !== '') return undefined;
    const outer = { module: link.module, scope: link.call.scope, via: via.slice(0, -1) };
    return objectOf(python, outer, argument.text, depth + 1);
  }
  for (
    let around = scope;
    around !== '';
    around = around.includes('.') ? around.slice(0, around.lastIndexOf('.')) : ''
  ) {
    const local = bindingOf(module, expression, around);
    if (local === 'several') return undefined;
    if (local) return madeBy(python, place, local, depth);
  }
  const origin = python.origin(module, expression, scope);
  if (origin?.kind !== 'defined') return undefined;
  const own = bindingOf(origin.module, origin.name, '');
  return own && own !== 'several'
    ? madeBy(python, { module: origin.module, scope: '', via: [] }, own, depth)
    : undefined;
}

function bindingOf(module: PythonModule, name: string, scope: string): PythonAssignment | 'several' | undefined {
  const all = module.assignments.filter((each) => each.target === name && each.scope === scope && each.value);
  return all.length > 1 ? 'several' : all[0];
}

function madeBy(
  python: PythonPath,
  place: Place,
  { target, value, scope }: PythonAssignment,
  depth: number,
): MadeObject | undefined {
  if (!value) return undefined;
  const { module } = place;
  const call = module.calls.find(({ at }) => at.start === value.at.start && at.end === value.at.end);
  if (!call) return objectOf(python, { ...place, scope }, value.text, depth + 1);
  const origin = python.origin(module, call.callee, scope);
  if (origin?.kind === 'external') return { module, scope, name: target, call, dotted: origin.dotted };
  return returnedBy(python, { ...place, scope }, call.callee, depth);
}

/** The object that a function of the repository returns under one name. */
function returnedBy(
  python: PythonPath,
  { module, scope }: Place,
  callee: string,
  depth: number,
): MadeObject | undefined {
  const origin = python.origin(module, callee, scope);
  if (origin?.kind !== 'defined') return undefined;
  const inner = origin.module;
  const returned = inner.statements
    .filter((each) => each.kind === 'return' && each.scope === origin.name)
    .map(({ at }) => /^return\s+([\w.]+)\s*$/.exec(inner.text.slice(at.start, at.end))?.[1]);
  const [only, ...more] = new Set(returned);
  if (only === undefined || more.length > 0) return undefined;
  return objectOf(python, { module: inner, scope: origin.name, via: [] }, only, depth + 1);
}

/** Whether two objects are one. */
export const isSame = (one: MadeObject | undefined, other: MadeObject | undefined): boolean =>
  one !== undefined && one.call === other?.call;
