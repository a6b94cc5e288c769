import type { Stack } from '../../src/model/stack.ts';
import type { AppSource } from './app-source.ts';
import type { BrokenTask } from './tasks.ts';
import type { Worker } from './worker.ts';

/** What a person has to look at after the fix. */
export function adviceOf(
  stack: Stack,
  { view }: Worker,
  tasks: readonly BrokenTask[],
  source: AppSource,
): string | undefined {
  const read = view.python.reachable((source.app.factory?.module ?? source.app.module).path, true);
  const web = stack.neighbours(view.service).filter((other) => stack.view(other).startup.main?.program.role === 'web');
  const missing = [...new Set(web.flatMap((other) => [...other.environment.keys()]))].filter(
    (name) => !view.service.environment.has(name) && read.some((module) => module.text.includes(name)),
  );
  const uncured = tasks.filter((task) => !task.cured).map((task) => task.fn.name);
  const notes = [
    ...(missing.length > 0
      ? [
          `the application is now made in ${view.service.name} too, which lacks variables that the web service has: ${missing.join(', ')}`,
        ]
      : []),
    ...(uncured.length > 0
      ? [`tasks whose base class does not derive from the default Task stay without a context: ${uncured.join(', ')}`]
      : []),
    ...(tasks.some(({ use }) => use.name === 'url_for')
      ? ['url_for() outside a request needs SERVER_NAME in the configuration too']
      : []),
  ];
  return notes.length > 0 ? `Check: ${notes.join('; ')}.` : undefined;
}
