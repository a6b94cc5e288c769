import type { Evidence } from '../../finding.ts';
import { enclosing, type PythonCall, type PythonFunction, type PythonModule } from '../../parse/python.ts';
import { waitsAlready } from '../entrypoint/extension.ts';
import { migrationsOf } from '../migration.ts';
import { nodeConnection } from '../node/connection.ts';
import { callEvidence, functionOf, importTimeCalls } from '../python/import-time.ts';
import type { ServiceView, Stack } from '../stack.ts';
import type { Store, StoreKind } from '../store.ts';
import { isNodeProgram } from './wait.ts';

const SQL: readonly StoreKind[] = ['postgres', 'mysql', 'mariadb'];
const QUEUES: readonly StoreKind[] = ['redis', 'rabbitmq'];

/** Calls that open a connection to an SQL database, or fail without one. */
export const CONNECTS =
  /(?:^|\.)(?:create_all|drop_all|init_db|upgrade)$|^(?:psycopg2?|pymysql|MySQLdb|mysql\.connector|asyncpg|(?:\w+\.)*engine)\.(?:connect|begin|create_pool)$/;
const HOOK_CONNECTS = /(?:^|\.)(?:run_sync|connect)$/;

/**
 * Why a process fails (or only retries) when a store that it uses does not answer yet at its start; `undefined` when nothing
 * shows that it would, or when its start script waits by itself.
 */
export function needAtStart(stack: Stack, view: ServiceView, store: Store): readonly Evidence[] | undefined {
  if (waitsAlready(stack, view)) return undefined;
  const main = view.startup.main;
  const { name, role } = main?.program ?? { name: '', role: 'other' };
  if (QUEUES.includes(store.kind)) {
    if (!main || !['worker', 'beat', 'monitor'].includes(role) || !isBroker(view, store)) return undefined;
    return [{ at: main.at, says: `${name} connects to its broker as soon as it starts` }];
  }
  if (main && isNodeProgram(name)) {
    const migration = SQL.includes(store.kind) ? migrationNeed(view) : undefined;
    const found = migration ? undefined : nodeConnection(stack, view, store.kind);
    return migration ?? (found && [{ at: found, says: 'the process connects as soon as it starts' }]);
  }
  if (!SQL.includes(store.kind)) return undefined;
  if (main && name === 'runserver') return [{ at: main.at, says: 'runserver looks at the migrations in the database' }];
  return migrationNeed(view) ?? importNeed(view) ?? startupHook(view);
}

function migrationNeed(view: ServiceView): readonly Evidence[] | undefined {
  const migration = migrationsOf(view)[0];
  return migration && [{ at: migration.at, says: `${migration.tool} needs the database` }];
}

/** Of several queues only the one that something calls a broker. */
function isBroker(view: ServiceView, store: Store): boolean {
  const queues = view.stores.filter((use) => QUEUES.includes(use.store.kind));
  const own = queues.find((use) => use.store.service === store.service);
  return (
    queues.length < 2 || (own?.evidence.some(({ says }) => /BROKER|QUEUE|AMQP|RABBIT|CELERY|RQ_/.test(says)) ?? false)
  );
}

function importNeed(view: ServiceView): readonly Evidence[] | undefined {
  const { entry, python, startup } = view;
  const calls = entry ? importTimeCalls(python, entry, startup.main?.program.app) : [];
  const connecting = calls.find(({ call, module }) => connects(view, module, call, CONNECTS));
  if (!connecting || [...connecting.via, connecting].some((link) => triesAgain(link.module, link.call)))
    return undefined;
  return callEvidence(connecting);
}

/** A loop around a `try` that sleeps, or a function under a decorator such as tenacity's `@retry`: the process waits by itself. */
function triesAgain(module: PythonModule, call: PythonCall): boolean {
  const around = enclosing(module, call.statement).map(({ kind }) => kind);
  const sleeps = module.calls.some(({ callee, scope }) => scope === call.scope && /(?:^|\.)sleep$/.test(callee));
  const fn = module.functions.find(({ qualified }) => qualified === call.scope);
  return (
    (sleeps && around.includes('try') && around.some((kind) => kind === 'for' || kind === 'while')) ||
    (fn?.decorators.some(({ callee }) => /(?:^|\.)(?:retry|on_exception)$/.test(callee)) ?? false)
  );
}

/** By its name; a function of the repository is judged by what it calls. */
const connects = ({ python }: ServiceView, module: PythonModule, call: PythonCall, names: RegExp): boolean =>
  names.test(call.callee) && functionOf(python, module, call) === undefined;

/** Functions that an ASGI server calls before it accepts requests: `lifespan=`, `on_event("startup")`. */
function startupHook(view: ServiceView): readonly Evidence[] | undefined {
  for (const module of view.entry ? view.python.reachable(view.entry.path, false) : [])
    for (const fn of module.functions) {
      const found = isHook(view, fn) ? connectionIn(view, module, fn, new Set()) : undefined;
      if (found && !found.again)
        return [{ at: found.call.at, says: `${fn.name}() connects before the server accepts requests` }];
    }
  return undefined;
}

function isHook({ python, entry }: ServiceView, fn: PythonFunction): boolean {
  if (fn.decorators.some(({ callee, args }) => /(?:^|\.)on_event$/.test(callee) && args[0]?.string === 'startup'))
    return true;
  return (entry ? python.reachable(entry.path, false) : [])
    .flatMap((module) => module.calls)
    .some(
      ({ callee, args }) =>
        args.some((arg) => arg.name === 'lifespan' && arg.text.split('.').at(-1) === fn.name) ||
        (/(?:^|\.)add_event_handler$/.test(callee) && args[0]?.string === 'startup' && args[1]?.text === fn.name),
    );
}

function connectionIn(
  view: ServiceView,
  module: PythonModule,
  fn: PythonFunction,
  entered: Set<PythonFunction>,
): { readonly call: PythonCall; readonly again: boolean } | undefined {
  if (entered.has(fn)) return undefined;
  entered.add(fn);
  for (const call of module.calls.filter(({ scope }) => scope === fn.qualified)) {
    const again = triesAgain(module, call);
    if (connects(view, module, call, CONNECTS) || HOOK_CONNECTS.test(call.callee)) return { call, again };
    const target = functionOf(view.python, module, call);
    const found = target && connectionIn(view, target.module, target.fn, entered);
    if (found) return { ...found, again: again || found.again };
  }
  return undefined;
}
