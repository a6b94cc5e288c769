import type { Evidence } from '../finding.ts';
import { joinContainer } from '../repo/path.ts';
import { waitsAlready } from './entrypoint-extension.ts';
import { callEvidence, importTimeCalls } from './import-time.ts';
import { migrationsOf } from './migration.ts';
import type { ServiceView, Stack } from './stack.ts';
import type { Store } from './store.ts';
import { isNodeProgram } from './store-wait.ts';

/** Calls that open a database connection, or fail without one. */
const CONNECTS =
  /(?:^|\.)(?:create_all|drop_all|init_db|upgrade)$|^(?:psycopg2?|pymysql|MySQLdb|mysql\.connector|(?:\w+\.)*engine)\.(?:connect|begin)$/;
const NODE_CONNECTS =
  /\b(?:mongoose\.connect|authenticate|sync|createConnection|migrate\.latest|runMigrations|\$connect|(?:client|pool|redis)\.connect)\s*\(/;

/**
 * Why a process fails when a store that it uses does not answer yet at its start; `undefined` when nothing shows that it would,
 * or when its start script waits by itself.
 */
export function needAtStart(stack: Stack, view: ServiceView, store: Store): readonly Evidence[] | undefined {
  if (waitsAlready(stack, view)) return undefined;
  const main = view.startup.main;
  const { name, role } = main?.program ?? { name: '', role: 'other' };
  const queue = store.kind === 'redis' || store.kind === 'rabbitmq';
  if (main && queue && ['worker', 'beat', 'monitor'].includes(role))
    return [{ at: main.at, says: `${name} connects to its broker as soon as it starts` }];
  if (queue) return undefined;
  const migration = migrationsOf(view)[0];
  if (migration) return [{ at: migration.at, says: `${migration.tool} needs the database` }];
  if (main && name === 'runserver') return [{ at: main.at, says: 'runserver checks the migrations in the database' }];
  if (main && isNodeProgram(name)) return nodeNeed(stack, view);
  const connecting =
    view.entry &&
    importTimeCalls(view.python, view.entry, main?.program.app).find(({ call }) => CONNECTS.test(call.callee));
  return connecting ? callEvidence(connecting) : startupHook(view);
}

/** Functions that an ASGI server calls before it accepts requests: `lifespan=`, `on_event("startup")`. */
function startupHook(view: ServiceView): readonly Evidence[] | undefined {
  for (const module of view.entry ? view.python.reachable(view.entry.path, false) : [])
    for (const fn of module.functions) {
      const hook = fn.decorators.some(({ callee, args }) =>
        /(?:^|\.)on_event$/.test(callee) ? args[0]?.string === 'startup' : /(?:^|\.)asynccontextmanager$/.test(callee),
      );
      const call = hook
        ? module.calls.find(
            (each) =>
              each.scope === fn.qualified && /(?:^|\.)(?:create_all|init_db|connect|run_sync|begin)$/.test(each.callee),
          )
        : undefined;
      if (call) return [{ at: call.at, says: `${fn.name}() connects before the server accepts requests` }];
    }
  return undefined;
}

function nodeNeed(stack: Stack, view: ServiceView): readonly Evidence[] | undefined {
  const file = view.startup.main?.program.app?.module;
  const found =
    file === undefined || view.container.workdir === undefined
      ? undefined
      : view.container.fileAt(joinContainer(view.container.workdir, file));
  const text = found?.kind === 'repo' ? stack.repo.read(found.path) : undefined;
  const match = text === undefined ? null : NODE_CONNECTS.exec(text);
  if (!match || found?.kind !== 'repo') return undefined;
  return [
    {
      at: { path: found.path, start: match.index, end: match.index + match[0].length },
      says: 'the process connects as soon as it starts',
    },
  ];
}
