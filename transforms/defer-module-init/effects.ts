import { migrationName } from '../../src/model/program.ts';
import { callsFrom, functionOf, type ImportCall } from '../../src/model/python/import-time.ts';
import type { PythonPath } from '../../src/model/python-app.ts';
import type { PythonCall, PythonFunction, PythonModule } from '../../src/parse/python.ts';

/** Work that has to be done once, not once a process. `process` starts something that lives on (a thread, a scheduler). */
export interface Effect {
  readonly kind: 'schema' | 'migrate' | 'seed' | 'process';
  /** The same key means the same work: the object that creates the tables, the migration tool, the function that adds rows. */
  readonly key: string;
}

export interface FunctionPlace {
  readonly module: PythonModule;
  readonly fn: PythonFunction;
}

/** What a call does, and the function of the repository that it enters. */
export interface Work {
  readonly effects: readonly Effect[];
  readonly target: FunctionPlace | undefined;
  /** Every call that runs in it, itself first. */
  readonly calls: readonly ImportCall[];
  /** Those of them that do the work itself. */
  readonly doers: readonly ImportCall[];
}

/** Functions that run a coroutine, or a function that is handed to them. */
const RUNNERS = /^(?:asyncio|anyio|trio)\.run$|\.run_until_complete$/;

/** Follows a call through the functions of the repository. */
export function workOf(python: PythonPath, module: PythonModule, call: PythonCall): Work {
  const inner = RUNNERS.test(call.callee)
    ? module.calls.filter(({ at }) => at.start > call.at.start && at.end < call.at.end)
    : [];
  const [target] = [call, ...inner].flatMap((each) => functionOf(python, module, each) ?? []);
  const self: ImportCall = { call, module, inside: undefined, via: [] };
  const entered = target
    ? callsFrom(python, [{ module: target.module, scope: target.fn.qualified }], {
        script: undefined,
        skip: () => false,
      })
    : [];
  // Modules that the function imports run too, but that is their own affair: only what hangs on calls counts.
  const calls = [self, ...entered.filter(({ inside }) => inside !== undefined)];
  const done = calls.flatMap((each) => {
    const effect = effectOf(python, each.module, each.call);
    return effect ? [{ effect, each }] : [];
  });
  return { effects: unique(done.map(({ effect }) => effect)), target, calls, doers: done.map(({ each }) => each) };
}

const unique = (effects: readonly Effect[]): readonly Effect[] => [
  ...new Map(effects.map((effect) => [`${effect.kind} ${effect.key}`, effect])).values(),
];

/** What a single call does by itself. */
export function effectOf(python: PythonPath, module: PythonModule, call: PythonCall): Effect | undefined {
  if (functionOf(python, module, call)) return undefined;
  const last = call.callee.split('.').at(-1) ?? '';
  const args = call.args.map(({ text }) => text).join(', ');
  if (/^(?:create_all|create_tables)$/.test(last))
    return { kind: 'schema', key: keyOf(python, module, call.callee, call.scope) };
  if (last === 'run_sync' && /\.create_all$/.test(call.args[0]?.text ?? ''))
    return { kind: 'schema', key: keyOf(python, module, call.args[0]?.text ?? '', call.scope) };
  const tool = migrationTool(python, module, call, args);
  if (tool !== undefined) return { kind: 'migrate', key: tool };
  if (last === 'start' && startsProcess(python, module, call)) return { kind: 'process', key: call.callee };
  const here = `${module.path}#${call.scope}`;
  if (/^(?:execute|executescript|exec_driver_sql|run)$/.test(last) && /\bcreate\s+table\b/i.test(args))
    return { kind: 'schema', key: here };
  const adds =
    /(?:^|[._])session\.(?:add|add_all|merge|bulk_save_objects|bulk_insert_mappings)$/i.test(call.callee) ||
    /\.objects\.(?:create|get_or_create|update_or_create|bulk_create)$|\.insert_(?:one|many)$/.test(call.callee) ||
    (/^execute(?:many)?$/.test(last) && /\binsert\s+into\b|\binsert\(/i.test(args));
  return adds ? { kind: 'seed', key: here } : undefined;
}

/** `db.create_all` and `db.metadata.create_all` of the same object are the same work, whatever a module calls the object. */
function keyOf(python: PythonPath, module: PythonModule, callee: string, scope: string): string {
  const origin = python.origin(module, callee, scope);
  const name =
    origin?.kind === 'defined'
      ? `${origin.module.path}#${origin.name}`
      : (origin?.dotted ?? `${module.path}?${callee}`);
  return name.replace(/\.(?:create_all|create_tables)$/, '').replace(/\.metadata$/, '');
}

function migrationTool(python: PythonPath, module: PythonModule, call: PythonCall, args: string): string | undefined {
  const last = call.callee.split('.').at(-1) ?? '';
  if (last === 'upgrade') {
    const origin = python.origin(module, call.callee, call.scope);
    const dotted = origin?.kind === 'external' ? origin.dotted : undefined;
    if (dotted === 'flask_migrate.upgrade') return 'flask db upgrade';
    return dotted === 'alembic.command.upgrade' ? 'alembic upgrade' : undefined;
  }
  if (last === 'call_command') return call.args[0]?.string === 'migrate' ? 'manage.py migrate' : undefined;
  if (!/^(?:os\.(?:system|popen)|(?:subprocess\.)?(?:run|call|check_call|check_output|Popen))$/.test(call.callee))
    return undefined;
  const text = call.args[0]?.string;
  const words = text?.split(/\s+/) ?? [...args.matchAll(/["']([^"']*)["']/g)].map((match) => match[1] ?? '');
  return migrationName(words);
}

const STARTED = /(?:^|\.)(?:Thread|Timer|Process|Observer|\w*Scheduler)\(/;

/** `Thread(…).start()`, `scheduler.start()`: by what the object is made from. */
function startsProcess(python: PythonPath, module: PythonModule, call: PythonCall): boolean {
  const receiver = call.callee.slice(0, -'.start'.length);
  if (STARTED.test(receiver)) return true;
  const local = module.assignments.findLast(
    (each) => each.target === receiver && each.scope === call.scope && each.value,
  );
  const origin = local ? undefined : python.origin(module, receiver, call.scope);
  const made =
    local ??
    (origin?.kind === 'defined'
      ? origin.module.assignments.findLast((each) => each.target === origin.name && each.scope === '' && each.value)
      : undefined);
  return made?.value ? STARTED.test(made.value.text) : /sched/i.test(receiver);
}

/** Calls that define an application: what does one of these has to run in every process. */
const DEFINES =
  /(?:^|\.)(?:Flask|APIFlask|FastAPI|Starlette|Quart|Sanic|Celery|Litestar|register_blueprint|init_app|add_url_rule|include_router|add_middleware|mount|add_api_route|errorhandler|register_error_handler|add_namespace|add_resource|from_object|from_mapping|from_pyfile|from_envvar|add_template_filter|context_processor|add_event_handler|before_request|after_request|teardown_appcontext|config\.update|setdefault|register)$/;

const LOCKS = /advisory|get_lock|flock|filelock|\bportalocker\b|\block\(|\.lock\b|\block\b/i;

/** True when a call takes a lock that other processes see. */
export const takesLock = (call: PythonCall): boolean =>
  LOCKS.test(call.callee) ||
  /pg_(?:try_)?advisory|get_lock\(|LOCK TABLE/i.test(call.args.map(({ text }) => text).join(' '));

/** Why a call has to stay in the import of every process, though it does one-time work; `undefined` when nothing says so. */
export function reasonToStay(modules: readonly PythonModule[], work: Work): string | undefined {
  const { target } = work;
  if (!target) return undefined;
  const defines = work.calls.slice(1).find(({ call }) => DEFINES.test(call.callee) || call.decorator);
  if (defines) return `it calls ${defines.call.callee}(), which defines the application`;
  const places = new Map([
    [`${target.module.path}#${target.fn.qualified}`, target as { module: PythonModule; fn: PythonFunction }],
  ]);
  for (const { module, inside } of work.calls)
    if (inside) places.set(`${module.path}#${inside.qualified}`, { module, fn: inside });
  for (const { module, fn } of places.values()) {
    const name = boundState(modules, module, fn, [...places.values()]);
    if (name !== undefined) return `it binds ${name}, which other code reads`;
  }
  return undefined;
}

/** A name outside the function that it gives a value to, or fills, and that code outside the work may read. */
function boundState(
  modules: readonly PythonModule[],
  module: PythonModule,
  fn: PythonFunction,
  work: readonly FunctionPlace[],
): string | undefined {
  const inWork = (path: string, offset: number): boolean =>
    work.some((each) => each.module.path === path && offset >= each.fn.at.start && offset < each.fn.at.end);
  const shared = module.globals.filter(({ scope }) => scope === fn.qualified).map(({ name }) => name);
  for (const name of shared) {
    const read = modules.some(
      (each) =>
        each.imports.some((imported) => imported.name === name) ||
        each.names.some(
          ({ name: own, dotted, at }) =>
            (each === module ? own === name : dotted.split('.').includes(name)) && !inWork(each.path, at.start),
        ),
    );
    if (read) return name;
  }
  const locals = new Set([
    ...fn.parameters.map(({ name }) => name),
    ...module.assignments
      .filter(({ scope, target }) => scope === fn.qualified && /^\w+$/.test(target))
      .map(({ target }) => target),
  ]);
  const isOuter = (head: string): boolean => !locals.has(head) || fn.parameters.some(({ name }) => name === head);
  const set = module.assignments.find(
    ({ scope, target }) => scope === fn.qualified && /[.[]/.test(target) && isOuter(/^\w+/.exec(target)?.[0] ?? ''),
  );
  if (set) return set.target;
  const filled = module.calls.find(
    ({ scope, callee }) =>
      scope === fn.qualified &&
      /^\w+\.(?:append|extend|update|add|insert|setdefault|subscribe)$/.test(callee) &&
      !locals.has(callee.split('.')[0] ?? '') &&
      module.assignments.some(
        (each) =>
          each.scope === '' &&
          each.target === callee.split('.')[0] &&
          /^(?:\{|\[|\(|set\(|dict\(|list\(|defaultdict)/.test(each.value?.text ?? ''),
      ),
  );
  return filled?.callee.split('.')[0];
}
