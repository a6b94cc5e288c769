import type { PythonModule } from '../../parse/python.ts';
import type { Startup } from '../process.ts';
import { type PythonPath, stringsOf } from '../python-app.ts';
import type { Service } from '../service.ts';
import { hostsIn, namesOf, type Store, type StoreUse, storesInEnvironment, storesInText } from '../store.ts';

/**
 * The stores that a service's process contacts: its environment or its command line points at them, or its source
 * names them as hosts.
 * An environment shared through an anchor counts like one of its own: what the process sees is what it may use.
 */
export function storesUsedBy(
  service: Service,
  startup: Startup,
  entry: PythonModule | undefined,
  python: PythonPath,
  stores: readonly Store[],
): readonly StoreUse[] {
  const others = stores.filter((store) => store.service !== service);
  const modules = entry ? withSettings(python, python.reachable(entry.path, true)) : [];
  const uses = [
    ...storesInEnvironment(service, others),
    ...storesInArguments(startup, others),
    ...storesInText(modules.flatMap(stringsOf), others),
  ];
  return others.flatMap((store) => {
    const evidence = uses.filter((use) => use.store === store).flatMap((use) => use.evidence);
    return evidence.length > 0 ? [{ store, evidence }] : [];
  });
}

/** Modules, and those that `app.config.from_object("project.config.Production")` loads by name. */
function withSettings(python: PythonPath, modules: readonly PythonModule[]): readonly PythonModule[] {
  const named = modules
    .flatMap((module) => module.calls)
    .filter(({ callee }) => /\.(?:config_)?from_object$/.test(callee))
    .flatMap(({ args }) => {
      const dotted = args[0]?.string?.replace(':', '.');
      return dotted === undefined ? [] : (python.find(dotted) ?? python.find(dotted.replace(/\.\w+$/, '')) ?? []);
    });
  return [...new Set([...modules, ...named.flatMap((path) => python.reachable(path, true))])];
}

/** `rq worker --url redis://redis:6379`, `rqscheduler --host redis`: URLs, and hosts that stand behind an option. */
function storesInArguments({ commands }: Startup, stores: readonly Store[]): readonly StoreUse[] {
  return stores.flatMap((store) => {
    const names = namesOf(store.service);
    const evidence = commands
      .filter(({ argv }) =>
        argv.some(
          (word, index) =>
            (word.includes('://') || /^-/.test(argv[index - 1] ?? '')) && hostsIn(word).some((host) => names.has(host)),
        ),
      )
      .map(({ at }) => ({ at, says: `the command line points at ${store.service.name}` }));
    return evidence.length > 0 ? [{ store, evidence }] : [];
  });
}
