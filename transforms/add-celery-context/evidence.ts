import type { Evidence } from '../../src/finding.ts';
import type { Stack } from '../../src/model/stack.ts';
import type { PythonAssignment, PythonModule } from '../../src/parse/python.ts';
import type { AppSource } from './app-source.ts';
import { functionAt } from './callee.ts';
import type { Loaded } from './loaded.ts';
import type { BrokenTask } from './tasks.ts';
import type { Worker } from './worker.ts';

const SHOWN = 4;

/** The chain: who runs the worker, what its import sets, which tasks touch Flask, which application they need. */
export function evidenceOf(
  stack: Stack,
  workers: readonly Worker[],
  loaded: Loaded,
  tasks: readonly BrokenTask[],
  source: AppSource | string,
): readonly Evidence[] {
  const [worker] = workers;
  if (!worker) return [];
  return [
    ...workers.map(({ command, view }) => ({
      at: command.at,
      says: `${view.service.name} runs the tasks: it imports ${worker.entry.path} and nothing that pushes a context`,
    })),
    {
      at: worker.celery.assignment.at,
      says: `the Celery object; its tasks run as plain ${worker.celery.name}.Task when the worker imports this`,
    },
    ...unusedContexts(stack, worker, loaded),
    ...tasks.slice(0, SHOWN).flatMap(taskEvidence),
    ...(typeof source === 'string' ? [] : [{ at: source.app.at, says: 'the application that the tasks need' }]),
  ];
}

function taskEvidence({ fn, use }: BrokenTask): readonly Evidence[] {
  const steps = use.via.map(({ at, callee }, index) => ({
    at,
    says: index === 0 ? `the task ${fn.name} calls ${callee}()` : `… which calls ${callee}()`,
  }));
  const says = steps.length === 0 ? `the task ${fn.name} uses ${use.name}` : `… which uses ${use.name}`;
  return [...steps, { at: use.at, says }];
}

/** Default Task classes that only code sets which the worker never runs. */
function unusedContexts(stack: Stack, worker: Worker, loaded: Loaded): readonly Evidence[] {
  const { python, service } = worker.view;
  const webs = stack.neighbours(service).flatMap((other) => {
    const { entry, python: path } = stack.view(other);
    return entry ? path.reachable(entry.path, false) : [];
  });
  const modules = new Map([...loaded.modules, ...webs].map((module) => [module.path, module]));
  return [...modules.values()].flatMap((module) =>
    module.assignments
      .filter((each) => each.scope !== '' && /\.Task$/.test(each.target) && !isRun(loaded, module, each))
      .flatMap((each) => [
        { at: each.at, says: `a context is set only here, inside ${each.scope}(), which the worker never calls` },
        ...callersOf([...modules.values()], each, module),
      ]),
  );

  function callersOf(from: readonly PythonModule[], each: PythonAssignment, target: PythonModule): readonly Evidence[] {
    return from.flatMap((module) =>
      module.calls
        .filter((call) => {
          const place = functionAt(python, module, call.callee, call.scope);
          return place?.module.path === target.path && place.fn.qualified === each.scope;
        })
        .slice(0, 1)
        .map((call) => ({
          at: call.at,
          says:
            call.scope === '' ? `${each.scope}() is called here` : `${each.scope}() is called here, by ${call.scope}()`,
        })),
    );
  }
}

const isRun = (loaded: Loaded, module: PythonModule, { scope }: PythonAssignment): boolean =>
  loaded.executed.some((each) => each.module.path === module.path && each.scope === scope);
