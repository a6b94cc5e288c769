import type { PythonModule } from '../parse/python.ts';
import { type PythonPath, stringsOf } from './python-app.ts';
import type { Service } from './service.ts';
import { type Store, type StoreUse, storesInEnvironment, storesInText } from './store.ts';

/**
 * The stores that a service's process contacts: its environment points at them, or its source names them as hosts.
 * An environment shared through an anchor counts like one of its own: what the process sees is what it may use.
 */
export function storesUsedBy(
  service: Service,
  entry: PythonModule | undefined,
  python: PythonPath,
  stores: readonly Store[],
): readonly StoreUse[] {
  const others = stores.filter((store) => store.service !== service);
  const modules = entry ? python.reachable(entry.path, true) : [];
  const uses = [...storesInEnvironment(service, others), ...storesInText(modules.flatMap(stringsOf), others)];
  return others.flatMap((store) => {
    const evidence = uses.filter((use) => use.store === store).flatMap((use) => use.evidence);
    return evidence.length > 0 ? [{ store, evidence }] : [];
  });
}
