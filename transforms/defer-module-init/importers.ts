import { option } from '../../src/model/program.ts';
import { callsFrom, type ImportCall } from '../../src/model/python/import-time.ts';
import { calledFactory, processesOf, type ServerProcesses } from '../../src/model/python/server-processes.ts';
import type { ServiceView, Stack } from '../../src/model/stack.ts';
import type { PythonModule } from '../../src/parse/python.ts';
import { type Candidate, candidatesIn } from './candidates.ts';

/** Processes of a service that run the same code of the repository before they do their work. */
export interface Importer extends ServerProcesses {
  readonly view: ServiceView;
  readonly modules: readonly PythonModule[];
  readonly calls: readonly ImportCall[];
  readonly candidates: readonly Candidate[];
  /** It is started as a script (`python app.py`), so that its `__main__` part runs as well. */
  readonly script: boolean;
}

/** The servers and workers of a stack, with the one-time work that each of their processes repeats. */
export function importersOf(stack: Stack): readonly Importer[] {
  return stack.services.flatMap((service) => {
    const view = stack.view(service);
    const { main } = view.startup;
    if (!view.entry || view.store || !main || !/^(?:web|worker|beat|monitor)$/.test(main.program.role)) return [];
    return [atImport(stack, view, view.entry), ...inChildren(view, view.entry)];
  });
}

/** `python app.py` runs as a script, in one process. */
const isScript = ({ startup }: ServiceView): boolean => /^(?:python|runserver)$/.test(startup.main?.program.name ?? '');

function atImport(stack: Stack, view: ServiceView, entry: PythonModule): Importer {
  const { python } = view;
  const modules = python.reachable(entry.path, true);
  const factory = calledFactory(view)?.object;
  const starts = [{ module: entry, scope: '' }, ...(factory === undefined ? [] : [{ module: entry, scope: factory }])];
  const script = isScript(view) ? entry : undefined;
  const calls = callsFrom(python, starts, { script, skip: () => false });
  return {
    view,
    modules,
    calls,
    candidates: candidatesIn(python, modules, calls),
    script: script !== undefined,
    ...processesOf(stack, view),
  };
}

/** https://docs.celeryq.dev/en/stable/userguide/signals.html#worker-process-init: runs in every child of the pool. */
function inChildren(view: ServiceView, entry: PythonModule): readonly Importer[] {
  const { main } = view.startup;
  const pool = option(main?.argv ?? [], ['-P', '--pool']) ?? 'prefork';
  if (main?.program.name !== 'celery worker' || !/^(?:prefork|processes)$/.test(pool)) return [];
  const { python } = view;
  const modules = python.reachable(entry.path, true);
  const handlers = modules.flatMap((module) =>
    module.functions
      .filter(({ decorators }) => decorators.some(({ callee }) => /(?:^|\.)worker_process_init\.connect$/.test(callee)))
      .map((fn) => ({ module, scope: fn.qualified, at: fn.at })),
  );
  const first = handlers[0];
  if (!first) return [];
  const calls = callsFrom(python, handlers, { script: undefined, skip: () => false });
  const count = main.program.workers;
  const evidence = [
    { at: main.at, says: `${view.service.name} starts ${count ?? 'several'} processes` },
    { at: { ...first.at, path: first.module.path }, says: `${first.scope}() runs in each of them` },
  ];
  return [
    {
      view,
      modules,
      calls,
      candidates: candidatesIn(python, modules, calls),
      count,
      evidence,
      config: undefined,
      script: false,
    },
  ];
}
