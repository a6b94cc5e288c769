import { importTimeCalls } from '../python/import-time.ts';
import type { ServiceView } from '../stack.ts';
import { CONNECTS } from './start-need.ts';

/** Schedulers that keep the schedule of `celery beat` in the database. https://docs.celeryq.dev/en/stable/userguide/periodic-tasks.html#using-custom-scheduler-classes */
const DATABASE_SCHEDULER = /\bDatabaseScheduler\b|\bdjango_celery_beat\.schedulers\b|\bsqlalchemy_celery_beat\b/;
const MAY_ASK = /(?:^|\.)(?:execute|executescript|scalars?|query|connect|begin)$/;

/**
 * Whether a service opens the database that its environment names. Servers and workers do; a monitor (`celery flower`) and a
 * scheduler (`celery beat`) run no tasks, so that only their schedule or the import of the application leads them to it.
 */
export function opensDatabase(view: ServiceView): 'yes' | 'no' | 'unknown' {
  const { startup, entry, python } = view;
  const program = startup.main?.program;
  if (program?.role !== 'monitor' && program?.role !== 'beat') return 'yes';
  const modules = entry ? python.reachable(entry.path, false) : [];
  const texts = [...startup.commands.map(({ argv }) => argv.join(' ')), ...modules.map(({ text }) => text)];
  if (program.role === 'beat' && texts.some((text) => DATABASE_SCHEDULER.test(text))) return 'yes';
  const others = startup.commands.filter((command) => command !== startup.main && command.program.role !== 'wait');
  if (others.some((command) => command.program.role === 'migration')) return 'yes';
  if (!entry || !startup.complete || others.length > 0) return 'unknown';
  const calls = importTimeCalls(python, entry, program.app);
  if (calls.some(({ call }) => CONNECTS.test(call.callee))) return 'yes';
  return calls.some(({ call }) => MAY_ASK.test(call.callee)) ? 'unknown' : 'no';
}
