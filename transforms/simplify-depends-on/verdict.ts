import type { Evidence } from '../../src/finding.ts';
import { isOneShot } from '../../src/model/entrypoint/start-script.ts';
import type { Dependency } from '../../src/model/service.ts';
import type { ServiceView } from '../../src/model/stack.ts';

/** What should become of one edge. `broken`: it keeps the stack from starting (or from starting right) today. */
export interface Verdict {
  readonly edge: Dependency;
  readonly wish: 'keep' | 'drop' | 'optional' | { readonly condition: string };
  readonly broken: boolean;
  /** What is wrong, as a clause; empty for an edge that does its job. */
  readonly why: string;
  readonly evidence: readonly Evidence[];
  /** What a person has to decide, where an edge is broken and stays as it is. */
  readonly advice?: string;
}

/** An edge that does its job. */
export const keep = (edge: Dependency): Verdict => ({ edge, wish: 'keep', broken: false, why: '', evidence: [] });

/** A process of this repository that stays: built here, and a server, worker or scheduler. */
export const isApplication = ({ image, startup }: ServiceView): boolean =>
  image !== undefined && ['web', 'worker', 'beat', 'monitor'].includes(startup.main?.program.role ?? '');

/** An application, or a migration that runs before one. */
export const isOwnProcess = (view: ServiceView): boolean =>
  isApplication(view) || (view.image !== undefined && doesItsWork(view));

/** A migration that runs and ends, as far as everything that it starts is known. */
export const doesItsWork = (view: ServiceView): boolean =>
  isOneShot(view) &&
  view.startup.complete &&
  !view.startup.commands.some(
    ({ argv }) => /^(?:tail|watch|cron|crond|supercronic)$/.test(argv[0] ?? '') || argv.join(' ') === 'sleep infinity',
  );

/** A service that is there for its image alone: its command does nothing, and ends. */
export function isBuildOnly(view: ServiceView): boolean {
  const { service, startup } = view;
  if (!service.build || service.parts.has('stdin_open') || service.parts.has('tty')) return false;
  const [only, ...more] = startup.commands;
  return (
    more.length === 0 &&
    startup.complete &&
    only !== undefined &&
    /^(?:true|:|echo|printf|exit)$/.test(only.argv[0]?.split('/').at(-1) ?? '')
  );
}
