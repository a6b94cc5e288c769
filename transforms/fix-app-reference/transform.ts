import type { Finding } from '../../src/finding.ts';
import type { Stack } from '../../src/model/stack.ts';
import { defineTransform } from '../../src/transform.ts';
import { type Application, applicationsFor } from './applications.ts';
import { type Failure, failureOf } from './importable.ts';
import { type Reference, referencesOf } from './references.ts';

/** Points an app reference that cannot be imported at the one module of the image that defines such an app. */
export default defineTransform({
  id: 'fix-app-reference',
  group: 'repair',
  summary: 'Point the server at the module and object that its container can import',
  *find(stack) {
    const references = stack.services.flatMap((service) => referencesOf(stack, stack.view(service)));
    const judged = references.map((ref) => ({ ref, failure: failureOf(stack, ref) }));
    const seen = new Set<string>();
    for (const { ref, failure } of judged) {
      if (!failure) continue;
      const key = `${ref.around.path}:${ref.around.start}:${ref.text}`;
      if (seen.has(key)) continue;
      seen.add(key);
      // The same words may serve several services, each with its own files.
      const others = judged.filter((each) => each.ref !== ref && sameKey(each.ref, ref));
      yield findingOf(
        stack,
        ref,
        failure,
        others.map(({ ref: other, failure: its }) => its && replacement(stack, other, its)),
      );
    }
  },
});

const sameKey = (a: Reference, b: Reference): boolean =>
  a.around.path === b.around.path && a.around.start === b.around.start && a.text === b.text;

/** What a reference should say, and what it could say when there is a choice. */
interface Replacement {
  readonly candidates: readonly Application[];
  readonly text: string | undefined;
}

function replacement(stack: Stack, ref: Reference, failure: Failure): Replacement {
  const all = applicationsFor(stack, ref);
  const here = all.filter(({ path }) => path === failure.path);
  const candidates = here.length > 0 ? here : all;
  const [only, ...others] = candidates;
  const text = only && others.length === 0 ? spell(ref, only) : undefined;
  return { candidates, text: text === ref.text ? undefined : text };
}

/** An application in the words that the reader of a reference understands. */
function spell(ref: Reference, { module, object, factory }: Application): string | undefined {
  switch (ref.kind) {
    case 'settings':
      return module;
    case 'celery':
      if (factory) return undefined;
      if (ref.object !== undefined) return `${module}:${object}`;
      return ref.module.endsWith(`.${object}`) && ref.module !== module ? `${module}.${object}` : module;
    case 'flask':
      return ref.object === undefined && /^(?:app|application|create_app|make_app)$/.test(object)
        ? module
        : `${module}:${object}${factory && ref.call !== undefined ? `(${ref.call})` : ''}`;
    default:
      if (!factory) return ref.factory ? undefined : `${module}:${object}`;
      if (ref.factory) return `${module}:${object}`;
      // Only gunicorn calls what stands in brackets: https://docs.gunicorn.org/en/stable/run.html
      return ref.reader === 'gunicorn' ? `${module}:${object}(${ref.call ?? ''})` : undefined;
  }
}

function findingOf(
  stack: Stack,
  ref: Reference,
  failure: Failure,
  others: readonly (Replacement | undefined)[],
): Finding {
  const { candidates, text } = replacement(stack, ref, failure);
  const { service } = ref.view;
  const wrong =
    failure.why === 'no module'
      ? `no module ${ref.module} can be imported from ${ref.view.container.workdir}`
      : `${failure.path} defines no ${ref.object ?? ref.module.split('.').at(-1)}`;
  const base = {
    message: `${ref.reader} of ${service.name} is told ${ref.text}, but ${wrong}, so ${service.name} stops with "${errorOf(stack, ref, failure)}"`,
    at: ref.place ?? ref.around,
    evidence: [
      ...ref.view.startup.evidence,
      { at: ref.place ?? ref.around, says: `${ref.reader} reads ${ref.text}` },
      ...failure.evidence,
      ...candidates.slice(0, 5).map(({ at, module, object, path }) => ({
        at,
        says:
          object === '' ? `${path} is importable as ${module}` : `${path} defines ${object}, importable as ${module}`,
      })),
    ],
  };
  const agree = others.every((other) => other?.text === text);
  const quoted = /["'\s]/.test(text?.replace(ref.call ?? '', '') ?? '');
  if (text !== undefined && ref.place && agree && !quoted && !service.hiddenEnvironment)
    return { ...base, fix: { title: `Name ${text}`, safety: 'review', changes: [{ ...ref.place, text }] } };
  const names = candidates.map(({ module, object }) => (object === '' ? module : `${module}:${object}`));
  const advice =
    names.length === 0
      ? `No module of the image defines such an application. Copy the one that does into the image, or write it.`
      : names.length > 1
        ? `Several modules define such an application: ${names.join(', ')}. Name the one that is meant.`
        : !agree
          ? `Other services use the same words and need something else. ${service.name} needs ${names[0]}: give it a command of its own.`
          : service.hiddenEnvironment
            ? `An env file that is not in the repository may set PYTHONPATH. If it does not, name ${text ?? names[0]}.`
            : `Name ${text ?? names[0]}${text === undefined ? ' in the way that the server calls a factory (`uvicorn --factory`)' : ''}.`;
  return { ...base, advice, fix: { title: 'Name the application that is meant', safety: 'manual', changes: [] } };
}

function errorOf(stack: Stack, ref: Reference, { why }: Failure): string {
  const { module, object } = ref;
  const [top = ''] = module.split('.');
  const isTopKnown = stack.repo.paths.some((path) => ref.view.python.nameOf(path)?.split('.')[0] === top);
  // Python names the first package that it does not find; servers have words of their own for the last one.
  if (why === 'no module' && ref.kind !== 'celery' && module !== top && !isTopKnown)
    return `ModuleNotFoundError: No module named '${top}'`;
  if (ref.reader === 'uvicorn')
    return why === 'no module'
      ? `Error loading ASGI app. Could not import module "${module}"`
      : `Error loading ASGI app. Attribute "${object}" not found in module "${module}"`;
  if (ref.reader === 'gunicorn' && why === 'no object') return `Failed to find attribute '${object}' in '${module}'`;
  if (ref.kind === 'celery') return `Unable to load celery application. The module ${module} was not found`;
  if (ref.kind === 'flask')
    return why === 'no module' ? `Could not import '${module}'` : `Failed to find attribute '${object}' in '${module}'`;
  return `ModuleNotFoundError: No module named '${module}'`;
}
