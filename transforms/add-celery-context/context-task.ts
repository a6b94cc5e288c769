import type { PythonPath } from '../../src/model/python-app.ts';
import type { PythonModule } from '../../src/parse/python.ts';
import { type ClassPlace, classAt } from './callee.ts';

/** What is known of a task class: whether it pushes the context, and whether it has a `__call__` of its own. */
export interface TaskClass {
  readonly context: boolean;
  readonly call: boolean;
  /** It derives from the Celery object's own `Task`, so that a new default lies below it. */
  readonly derived: boolean;
}

const CONTEXT = /\b(?:app_context|test_request_context|with_app_?context)\b|\bAppContext\(/;
const PLAIN = /^celery(?:\.app\.task|\.task)?\.Task$/;
const UNKNOWN: TaskClass = { context: true, call: true, derived: false };

/** Reads a task class through its bases; what cannot be seen counts as pushing the context, so that nothing is claimed. */
export function taskClass(
  python: PythonPath,
  module: PythonModule,
  dotted: string,
  scope: string,
  ownTask: (module: PythonModule, dotted: string) => boolean,
): TaskClass {
  return read(python, module, dotted, scope, ownTask, 0);
}

function read(
  python: PythonPath,
  module: PythonModule,
  dotted: string,
  scope: string,
  ownTask: (module: PythonModule, dotted: string) => boolean,
  depth: number,
): TaskClass {
  if (ownTask(module, dotted)) return { context: false, call: false, derived: true };
  const place = depth > 6 ? undefined : classAt(python, module, dotted, scope);
  if (!place) return external(python, module, dotted, scope);
  const own = CONTEXT.test(bodyOf(place));
  const call = place.module.functions.some((fn) => fn.qualified === `${place.cls.qualified}.__call__`);
  const outer = place.cls.qualified.split('.').slice(0, -1).join('.');
  const bases = place.cls.bases
    .filter((base) => base.name === undefined && !/^(?:object|ABC|abc\.ABC)$/.test(base.text))
    .map((base) => read(python, place.module, base.text, outer, ownTask, depth + 1));
  return {
    context: own || bases.some((base) => base.context),
    call: call || bases.some((base) => base.call),
    derived: bases.some((base) => base.derived),
  };
}

function external(python: PythonPath, module: PythonModule, dotted: string, scope: string): TaskClass {
  const origin = python.origin(module, dotted, scope);
  if (origin?.kind !== 'external') return UNKNOWN;
  return PLAIN.test(origin.dotted) ? { context: false, call: false, derived: false } : UNKNOWN;
}

const bodyOf = ({ module, cls }: ClassPlace): string => module.text.slice(cls.body.start, cls.body.end);
