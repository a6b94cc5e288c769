import type { Evidence, Span } from '../../finding.ts';
import type { PythonModule } from '../../parse/python.ts';
import { nameOf } from '../../repo/path.ts';
import { failureOf, neededProgram } from '../image/needed-program.ts';
import { option } from '../program.ts';
import { djangoSettings } from '../routes/django.ts';
import type { ServiceView, Stack } from '../stack.ts';
import { type Distribution, distributionOfModule, distributionOfProgram } from './distributions.ts';
import { driverNeeds } from './driver-needs.ts';
import { importsAtStart } from './starting-imports.ts';

/** A distribution without which a service does not start. */
export interface StartingNeed {
  readonly distribution: Distribution;
  /** What the service does with it: `starts gunicorn`, `imports flask_migrate`. */
  readonly does: string;
  /** What people see. */
  readonly failure: string;
  readonly at: Span;
  readonly evidence: readonly Evidence[];
}

/** The distributions that a service needs to start: for its program, the program's options, and what its source imports. */
export function startingNeeds(stack: Stack, view: ServiceView): readonly StartingNeed[] {
  return [
    ...programNeeds(stack, view),
    ...importNeeds(stack, view),
    ...djangoNeeds(stack, view),
    ...driverNeeds(stack, view).filter(({ module }) => isForeign(stack, view, module)),
  ];
}

function programNeeds(stack: Stack, view: ServiceView): readonly StartingNeed[] {
  const needed = neededProgram(stack, view);
  if (!needed) return [];
  const { command } = needed;
  const { at, argv, program } = command;
  const evidence = [...view.startup.evidence, { at, says: `${view.service.name} starts here` }];
  const name = needed.module ?? nameOf(needed.name);
  const found = distributionOfProgram(name);
  const need = (distribution: Distribution | undefined, does: string, failure: string): readonly StartingNeed[] =>
    distribution ? [{ distribution, does, failure, at, evidence }] : [];
  const monitor = program.name === 'celery flower';
  const worker = /gunicorn/.test(name) ? option(argv, ['-k', '--worker-class']) : undefined;
  const workerModule = /^(?:uvicorn|gevent|eventlet)(?=\.|$)/.exec(worker ?? '')?.[0];
  const pool = name === 'celery' ? option(argv, ['-P', '--pool']) : undefined;
  const poolModule = pool === 'gevent' || pool === 'eventlet' ? pool : undefined;
  return [
    ...need(found, `starts ${name}`, failureOf(view, needed)),
    ...(monitor
      ? need(distributionOfProgram('celery flower'), 'starts `celery flower`', "No such command 'flower'")
      : []),
    ...[workerModule, poolModule].flatMap((module) =>
      module === undefined
        ? []
        : need(
            distributionOfModule(module),
            `starts ${name} with workers of ${module}`,
            `ModuleNotFoundError: No module named '${module}'`,
          ),
    ),
  ];
}

function importNeeds(stack: Stack, view: ServiceView): readonly StartingNeed[] {
  const found = new Map<Distribution, StartingNeed>();
  const modules = new Map<PythonModule, readonly Evidence[]>();
  for (const { module, imported, via } of importsAtStart(stack, view)) {
    modules.set(module, via);
    const name = imported.module.split('.')[0] ?? '';
    const distribution = imported.level > 0 ? undefined : distributionOfModule(name);
    if (!distribution || found.has(distribution) || !isForeign(stack, view, name)) continue;
    const { at } = imported;
    found.set(distribution, {
      distribution,
      does: `imports ${name} when it starts`,
      failure: `ModuleNotFoundError: No module named '${name}'`,
      at,
      evidence: [...via, { at, says: `${module.path} imports ${name} when it is loaded` }],
    });
  }
  const implied = [...modules].flatMap(([module, via]) => impliedBy(view, module, via));
  return [
    ...found.values(),
    ...implied.filter(
      (each, index) => index === implied.findIndex((other) => other.distribution === each.distribution),
    ),
  ];
}

/**
 * The packages that Django's settings name: it imports each application, and a server each middleware, before it answers.
 * https://docs.djangoproject.com/en/stable/ref/applications/#how-applications-are-loaded
 */
function djangoNeeds(stack: Stack, view: ServiceView): readonly StartingNeed[] {
  const settings = djangoSettings(stack, view);
  const names = view.startup.main?.program.role === 'worker' ? ['INSTALLED_APPS'] : ['INSTALLED_APPS', 'MIDDLEWARE'];
  const found = new Map<Distribution, StartingNeed>();
  for (const name of names) {
    const [list, ...more] = settings?.assignments.filter(({ target }) => target === name) ?? [];
    if (!settings || !list?.value || list.scope !== '' || more.length > 0) continue;
    if (settings.statements[list.statement]?.parent !== -1) continue;
    const { text, at } = list.value;
    // A plain list of texts, which comments may be in; nothing that is put together.
    if (!/^[[(](?:\s|#[^\n]*|["'][\w.]+["']|,)*[\])]$/.test(text)) continue;
    for (const match of text
      .replace(/#[^\n]*/g, (comment) => ' '.repeat(comment.length))
      .matchAll(/["']([\w.]+)["']/g)) {
      const module = match[1]?.split('.')[0] ?? '';
      const distribution = distributionOfModule(module);
      if (!distribution || found.has(distribution) || !isForeign(stack, view, module)) continue;
      const start = at.start + match.index;
      const place = { path: settings.path, start, end: start + match[0].length };
      found.set(distribution, {
        distribution,
        does: `imports ${module} when it starts`,
        failure: `ModuleNotFoundError: No module named '${module}'`,
        at: place,
        evidence: [{ at: place, says: `${name} of the settings names ${module}` }],
      });
    }
  }
  return [...found.values()];
}

/** No file or folder of the repository can be meant: none has the module's name, but for those inside of packages. */
function isForeign(stack: Stack, view: ServiceView, name: string): boolean {
  if (!view.python.absent(name)) return false;
  return !stack.repo.paths.some((path) => {
    const [, folder] = new RegExp(`^(.*/|)${name}(?:/|\\.)`).exec(path) ?? [];
    return folder !== undefined && !(folder !== '' && stack.repo.has(`${folder}__init__.py`));
  });
}

const ROUTE = /\.(?:get|post|put|patch|delete|options|head|api_route)$/;

/** What FastAPI and pydantic ask for as soon as a form or an address is declared. */
function impliedBy(view: ServiceView, module: PythonModule, via: readonly Evidence[]): readonly StartingNeed[] {
  const comesFrom = (name: string, pattern: RegExp): boolean => {
    const origin = /^[\w.]+$/.test(name) ? view.python.origin(module, name, '') : undefined;
    return origin?.kind === 'external' && pattern.test(origin.dotted);
  };
  const names = (text: string | undefined): readonly string[] => text?.match(/[A-Za-z_][\w.]*/g) ?? [];
  const form = module.functions
    .filter(({ decorators }) => decorators.some(({ callee }) => ROUTE.test(callee)))
    .flatMap(({ parameters, qualified }) => (qualified.includes('.') ? [] : parameters))
    .find((parameter) =>
      [...names(parameter.default), ...names(parameter.annotation)].some((name) =>
        comesFrom(name, /^fastapi\.(?:Form|File|UploadFile|security\.(?:\w+\.)?OAuth2PasswordRequestForm(?:Strict)?)$/),
      ),
    );
  const email = module.assignments.find(
    ({ annotation, scope }) =>
      scope !== '' &&
      module.classes.some(({ qualified }) => qualified === scope && !qualified.includes('.')) &&
      names(annotation).some((name) => comesFrom(name, /^pydantic\.(?:networks\.)?EmailStr$/)),
  );
  const need = (name: string, does: string, failure: string, at: Span | undefined, says: string) => {
    const distribution = distributionOfModule(name);
    return at && distribution ? [{ distribution, does, failure, at, evidence: [...via, { at, says }] }] : [];
  };
  return [
    ...need(
      'python_multipart',
      'declares a form',
      'RuntimeError: Form data requires "python-multipart" to be installed.',
      form?.at,
      'FastAPI needs python-multipart for this parameter as soon as the route is declared',
    ),
    ...need(
      'email_validator',
      'declares an EmailStr',
      'ImportError: email-validator is not installed',
      email?.at,
      'pydantic needs email-validator as soon as the class is made',
    ),
  ];
}
