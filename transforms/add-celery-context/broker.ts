import { isGuarded, type Loaded, runs } from './loaded.ts';
import type { Worker } from './worker.ts';

/** True when the worker finds a broker at start, without the factory: in code that its import runs, or in CELERY_BROKER_URL. */
export function brokerIsSet({ view, celery }: Worker, loaded: Loaded): boolean {
  if (
    ['CELERY_BROKER_URL', 'CELERY_BROKER_READ_URL'].some(
      (name) => view.service.environment.has(name) || view.container.variable(name) !== undefined,
    )
  )
    return true;
  if (/(?:^|\s)(?:-b|--broker)[= ]/.test(view.startup.main?.argv.join(' ') ?? '')) return true;
  if (
    celery.call.args.some(
      ({ name, star }) => star === '**' || /^(?:broker|config_source|changes|loader)/.test(name ?? ''),
    )
  )
    return true;
  return loaded.executed.some((executed) => {
    const ran = (each: { scope: string; statement: number }): boolean =>
      runs(executed, each) && !isGuarded(executed.module, each.statement);
    const called = executed.module.calls.some(
      (call) =>
        ran(call) &&
        (/\.config_from_(?:object|envvar)$/.test(call.callee) ||
          (/\.conf\.update$/.test(call.callee) &&
            call.args.some((arg) => arg.name === undefined || /broker/i.test(arg.name)))),
    );
    return called || executed.module.assignments.some((each) => ran(each) && /\.conf\b.*broker/i.test(each.target));
  });
}
