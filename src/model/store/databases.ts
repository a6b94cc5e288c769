import type { ServiceView } from '../stack.ts';
import type { Store } from '../store.ts';

/** The databases that a process uses: those are what a migration needs, not caches and brokers. */
export const databasesOf = (view: ServiceView): readonly Store[] =>
  view.stores.map(({ store }) => store).filter(({ kind }) => /^(?:postgres|mysql|mariadb|mongo)$/.test(kind));
