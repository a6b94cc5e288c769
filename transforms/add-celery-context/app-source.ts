import type { PythonPath } from '../../src/model/python-app.ts';
import type { ServiceView, Stack } from '../../src/model/stack.ts';
import type { PythonImport, PythonModule } from '../../src/parse/python.ts';
import { functionAt } from './callee.ts';
import { appNamed, appOf, type FlaskApp, factories, madeApps, webApp } from './flask-app.ts';
import { isGuarded } from './loaded.ts';
import type { Worker } from './worker.ts';

/** How the repaired module reaches the Flask application. */
export type AppSource =
  /** A name that the module has anyway. */
  | {
      readonly kind: 'bound';
      readonly module: PythonModule;
      readonly name: string;
      readonly statement: number;
      readonly app: FlaskApp;
    }
  /** An expression, after imports that stand inside the function; `once` when it makes a new application each time. */
  | {
      readonly kind: 'made';
      readonly imports: readonly string[];
      readonly expression: string;
      readonly needsOs: boolean;
      readonly once: boolean;
      readonly app: FlaskApp;
    };

/** Finds the application that the tasks belong to, or says why it cannot be told. */
export function appSource(stack: Stack, worker: Worker): AppSource | string {
  const { python } = worker.view;
  for (const module of new Set([worker.entry, worker.celery.module])) {
    const bound = boundApp(python, module);
    if (bound) return bound;
  }
  const apps = candidates(stack, worker);
  if (!apps) return 'what the web service makes its Flask application with cannot be told';
  const distinct = new Map(apps.map((app) => [keyOf(app), app]));
  if (distinct.size > 1)
    return 'several Flask applications or configurations are in use, and it cannot be told which one the tasks belong to';
  const [app] = distinct.values();
  if (!app) return 'no Flask application or factory was found that the worker can import';
  return app.factory ? fromFactory(python, worker.celery.module, app) : imported(python, worker.celery.module, app);
}

const keyOf = ({ module, name, factory }: FlaskApp): string =>
  factory ? `${factory.module.path}#${factory.name}(${factory.args.replace(/'/g, '"')})` : `${module.path}#${name}`;

/** What the web services of the project serve; without them, what the modules make; without that, the factories. */
function candidates(stack: Stack, worker: Worker): readonly FlaskApp[] | undefined {
  const { python, service } = worker.view;
  const webs = stack
    .neighbours(service)
    .map((other) => stack.view(other))
    .filter(servesFlask);
  if (webs.length > 0) {
    // A server whose object is wrapped: the application is the one that its own module makes.
    const found = webs.flatMap(
      (web) => webApp(web) ?? madeApps(stack, python).filter((each) => each.module.path === web.entry?.path),
    );
    return found.length < webs.length ? undefined : found.filter((app) => importable(python, app));
  }
  const made = madeApps(stack, python);
  return made.length > 0 ? made : factories(stack, python);
}

const importable = (python: PythonPath, app: FlaskApp): boolean =>
  python.nameOf(app.factory?.module.path ?? app.module.path) !== undefined;

/** A web process whose modules import Flask. */
function servesFlask({ startup, entry, python }: ServiceView): boolean {
  if (startup.main?.program.role !== 'web' || !entry) return false;
  return python
    .reachable(entry.path, false)
    .some((module) => module.imports.some((each) => /^(?:api)?flask(?:\.|$)/.test(each.module)));
}

function boundApp(python: PythonPath, module: PythonModule): AppSource | undefined {
  for (const each of module.assignments) {
    if (each.scope !== '' || each.operator !== '=' || module.statements[each.statement]?.parent !== -1) continue;
    const app = appOf(python, module, each);
    if (app) return { kind: 'bound', module, name: each.target, statement: each.statement, app };
  }
  for (const each of module.imports) {
    if (each.scope !== '' || each.typing || each.optional || each.name === undefined || each.name === '*') continue;
    const app = appNamed(python, module, each.binds, '', each.at);
    if (app && !isFactoryItself(app, each))
      return { kind: 'bound', module, name: each.binds, statement: each.statement, app };
  }
  return undefined;
}

const isFactoryItself = (app: FlaskApp, { binds }: PythonImport): boolean =>
  app.factory?.caller === undefined && app.factory?.callee === binds;

function fromFactory(python: PythonPath, site: PythonModule, app: FlaskApp): AppSource | string {
  const { factory } = app;
  if (!factory) return imported(python, site, app);
  const { caller } = factory;
  const args = argumentsFor(python, site, app);
  const setsUp = caller?.calls.some((call) => call.scope === '' && /(?:^|\.)load_dotenv$/.test(call.callee));
  // What the web's module sets up first, or its own names, come along with the module itself.
  if (!args || setsUp)
    return caller ? imported(python, site, app) : 'the arguments of the factory cannot be carried over';
  const fn = factory.module.functions.find((each) => each.qualified === factory.name);
  const required = fn?.parameters.filter((each) => each.default === undefined && each.star === '') ?? [];
  if (factory.args === '' && required.length > 0)
    return `${factory.name}() needs arguments, and nothing in the repository shows which`;
  const named = factoryName(python, site, app);
  if (named === undefined) return `the worker cannot import ${factory.name}() of ${factory.module.path}`;
  return {
    kind: 'made',
    imports: [...named.imports, ...args.imports],
    expression: `${named.callee}(${args.text})`,
    needsOs: args.needsOs,
    once: true,
    app,
  };
}

/** The module-level object of another module, imported when it is needed. */
function imported(python: PythonPath, site: PythonModule, app: FlaskApp): AppSource | string {
  const dotted = python.nameOf(app.module.path);
  const assignment = app.module.assignments.find((each) => each.target === app.name && each.scope === '');
  if (dotted === undefined || !assignment || isGuarded(app.module, assignment.statement))
    return `the worker cannot import ${app.name} of ${app.module.path}`;
  const expression = app.name;
  const imports = app.module.path === site.path ? [] : [`from ${dotted} import ${app.name}`];
  return { kind: 'made', imports, expression, needsOs: false, once: false, app };
}

/** The factory as the site can call it, imported the way its caller does. */
function factoryName(
  python: PythonPath,
  site: PythonModule,
  app: FlaskApp,
): { callee: string; imports: readonly string[] } | undefined {
  const { factory } = app;
  if (!factory) return undefined;
  if (factory.module.path === site.path) return { callee: factory.name, imports: [] };
  const here = site.imports.find((each) => {
    if (each.scope !== '' || each.typing || each.name === undefined) return false;
    const place = functionAt(python, site, each.binds, '');
    return place?.module.path === factory.module.path && place.fn.qualified === factory.name;
  });
  if (here) return { callee: here.binds, imports: [] };
  const head = factory.callee.split('.')[0];
  const same = factory.caller?.imports.findLast((each) => each.binds === head && each.level === 0);
  if (same && (python.find(same.module) !== undefined || python.find(`${same.module}.${same.name}`) !== undefined))
    return { callee: factory.callee, imports: [importLine(same)] };
  const dotted = python.nameOf(factory.module.path);
  return dotted === undefined
    ? undefined
    : { callee: factory.name, imports: [`from ${dotted} import ${factory.name}`] };
}

const importLine = ({ module, name, binds }: PythonImport): string => {
  const alias = (real: string): string => (binds === real ? '' : ` as ${binds}`);
  if (name === undefined) return `import ${module}${alias(module.split('.')[0] ?? module)}`;
  return `from ${module} import ${name}${alias(name)}`;
};

interface Carried {
  readonly text: string;
  readonly imports: readonly string[];
  readonly needsOs: boolean;
}

const LITERAL = /^(?:True|False|None|[\w.]+\s*=|\s|["'][^"'\\]*["']|[\d.]+|[,()[\]{}:*-])*$/;

/** The factory's arguments, with every name that they use brought along; `undefined` when one cannot be. */
function argumentsFor(python: PythonPath, site: PythonModule, app: FlaskApp): Carried | undefined {
  const { factory } = app;
  if (!factory || factory.args === '') return { text: '', imports: [], needsOs: false };
  if (!factory.caller || !factory.argsAt)
    return LITERAL.test(factory.args) ? { text: factory.args.trim(), imports: [], needsOs: false } : undefined;
  return carry(python, site, factory.caller, factory.argsAt, 0);
}

function carry(
  python: PythonPath,
  site: PythonModule,
  caller: PythonModule,
  at: { start: number; end: number },
  depth: number,
): Carried | undefined {
  if (depth > 3 || caller.text.slice(at.start, at.end).includes('#')) return undefined;
  const imports: string[] = [];
  const splices: { start: number; end: number; text: string }[] = [];
  let needsOs = false;
  for (const name of caller.names.filter((each) => at.start <= each.at.start && each.at.end <= at.end)) {
    if (/^(?:str|int|bool|float|dict|list|tuple|set|len)$/.test(name.name)) continue;
    const from = caller.imports.findLast((each) => each.binds === name.name && each.scope === '');
    const value = caller.assignments.filter((each) => each.target === name.name && each.scope === '');
    if (from) {
      const here = site.imports.find(
        (each) =>
          each.scope === '' &&
          !each.typing &&
          each.module === from.module &&
          each.name === from.name &&
          each.level === from.level,
      );
      if (here) splices.push({ ...name.at, end: name.at.start + name.name.length, text: here.binds });
      else if (from.module === 'os' && from.name === undefined && from.binds === 'os') needsOs = true;
      else if (from.level === 0) imports.push(importLine(from));
      else {
        const [target] = python.targets(caller, from).toReversed();
        const dotted = target === undefined ? undefined : python.nameOf(target);
        if (dotted === undefined || from.name === undefined) return undefined;
        imports.push(importLine({ ...from, module: dotted, level: 0 }));
      }
    } else if (value.length === 1 && value[0]?.value && value[0].operator === '=') {
      const inner = carry(python, site, caller, value[0].value.at, depth + 1);
      if (!inner) return undefined;
      imports.push(...inner.imports);
      needsOs ||= inner.needsOs;
      const end = name.at.start + name.name.length;
      const alone = /[(,=]\s*$/.test(caller.text.slice(0, name.at.start)) && /^\s*[,)]/.test(caller.text.slice(end));
      splices.push({ start: name.at.start, end, text: alone ? inner.text : `(${inner.text})` });
    } else return undefined;
  }
  let text = caller.text.slice(at.start, at.end);
  for (const each of splices.toReversed())
    text = text.slice(0, each.start - at.start) + each.text + text.slice(each.end - at.start);
  const oneLine = text.replace(/\s*\r?\n\s*/g, ' ').trim();
  return { text: oneLine, imports: [...new Set(imports)], needsOs };
}
