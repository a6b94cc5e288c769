import type { Evidence } from '../../src/finding.ts';
import { imageFamily } from '../../src/model/image/base-image.ts';
import { installsPython } from '../../src/model/image/installed-package.ts';
import type { ServiceView, Stack } from '../../src/model/stack.ts';
import type { PythonModule } from '../../src/parse/python.ts';
import { joinContainer } from '../../src/repo/path.ts';
import type { Reference } from './references.ts';

/** Base images that bring no application of their own. */
const PLAIN = /^(?:python|debian|ubuntu|alpine|buildpack-deps|pypy|uv)$/;
const INSTALLS_ITSELF =
  /\bpip3? install\b[^\n]*\s["']?\.{1,2}(?:["'[/\s]|$)|\bpoetry install\b(?![^\n]*--no-root)|\b(?:uv|pdm) (?:sync|install)\b(?![^\n]*--no-(?:install-project|self))|\bsetup\.py (?:install|develop)|\b(?:git clone|wget|curl|unzip|tar)\b/m;

/** Names that projects give their own modules; any other name may be that of an installed package. */
const GENERIC =
  /^(?:app|application|main|wsgi|asgi|server|api|run|manage|src|backend|web|project|core|config|settings|celery|celery_app|celeryapp|tasks|worker)$/;

/** What a process cannot import, and why that is certain. */
export interface Failure {
  readonly why: 'no module' | 'no object';
  /** The file of the module when only the object is missing. */
  readonly path: string | undefined;
  readonly evidence: readonly Evidence[];
}

/** Why a reference cannot be imported; `undefined` when it can be, or when that is not certain. */
export function failureOf(stack: Stack, ref: Reference): Failure | undefined {
  const { view } = ref;
  const found = moduleOf(ref);
  if (found !== undefined) {
    const module = stack.sources.python(found.path);
    if (!module || found.object === undefined || ref.kind === 'settings' || holds(module, found.object))
      return undefined;
    const says = `${found.path} defines no ${found.object}`;
    return { why: 'no object', path: found.path, evidence: [{ at: { path: found.path, start: 0, end: 0 }, says }] };
  }
  if (!isKnown(stack, view) || !view.python.absent(ref.module)) return undefined;
  const [top = ''] = ref.module.split('.');
  if (!GENERIC.test(top) && !hasTrace(stack, ref.module)) return undefined;
  if (view.image && installsPython(stack.repo, view.image, top).is === 'yes') return undefined;
  return { why: 'no module', path: undefined, evidence: whereItLooks(view) };
}

/** A file or folder of the repository has the name of the module or of the package that it is in. */
function hasTrace(stack: Stack, dotted: string): boolean {
  const segments = new Set(dotted.split('.'));
  return stack.repo.paths.some(
    (path) =>
      path.endsWith('.py') &&
      path
        .replace(/\.py$/, '')
        .split('/')
        .some((name) => segments.has(name)),
  );
}

/** The file that a reference leads to. Celery also takes an object after a last dot. */
function moduleOf(ref: Reference): { readonly path: string; readonly object: string | undefined } | undefined {
  const { python } = ref.view;
  const path = python.entry(ref.module);
  if (path !== undefined) return { path, object: ref.object };
  const dot = ref.kind === 'celery' ? ref.module.lastIndexOf('.') : -1;
  const outer = dot > 0 ? python.entry(ref.module.slice(0, dot)) : undefined;
  return outer === undefined ? undefined : { path: outer, object: ref.module.slice(dot + 1) };
}

/** Whether a module may have a top-level name: star imports, `__getattr__` and syntax errors leave it open. */
function holds(module: PythonModule, object: string): boolean {
  const [name = ''] = object.split('.');
  return (
    module.errors.length > 0 ||
    /\bglobals\(\)|\bsetattr\(|\bexec\(/.test(module.text) ||
    module.imports.some((each) => each.name === '*' || (each.scope === '' && each.binds === name)) ||
    module.functions.some(({ qualified }) => qualified === name || qualified === '__getattr__') ||
    module.classes.some(({ qualified }) => qualified === name) ||
    module.assignments.some(({ target, scope }) => scope === '' && target === name) ||
    module.globals.some((each) => each.name === name) ||
    // A package's submodule of that name.
    module.path.endsWith('/__init__.py')
  );
}

/** Everything that the process can import from the repository is seen. */
function isKnown(stack: Stack, view: ServiceView): boolean {
  const { container, image, service } = view;
  const path = container.variable('PYTHONPATH') ?? '';
  const own = service.environment.get('PYTHONPATH');
  if (container.workdir === undefined || path.includes('$') || (own && container.variable('PYTHONPATH') === undefined))
    return false;
  const mount = container.mountOver(container.workdir);
  if (mount && mount.kind !== 'bind') return false;
  if (image) {
    if (image.layers.some(({ instruction }) => instruction.keyword === 'ONBUILD')) return false;
    if (!PLAIN.test(imageFamily(image.base ?? ''))) return false;
    if (
      image.layers.some(({ instruction }) => instruction.keyword === 'RUN' && INSTALLS_ITSELF.test(instruction.script))
    )
      return false;
  } else if (!mount || !PLAIN.test(imageFamily(service.image?.text ?? ''))) return false;
  const config = container.fileAt(joinContainer(container.workdir, 'gunicorn.conf.py'));
  return (
    config.kind === 'absent' || (config.kind === 'repo' && !/chdir|pythonpath/.test(stack.repo.read(config.path) ?? ''))
  );
}

/** The working directory, with what put it there and what lies over it. */
export function whereItLooks({ container, image, service }: ServiceView): readonly Evidence[] {
  const { workdir } = container;
  if (workdir === undefined) return [];
  const layer = image?.layers.findLast(({ instruction }) => instruction.keyword === 'WORKDIR');
  const mount = container.mountOver(workdir);
  const set = service.workingDir?.at ?? layer?.instruction.at;
  const pythonPath = service.environment.get('PYTHONPATH')?.at ?? image?.env.get('PYTHONPATH')?.at;
  return [
    ...(set ? [{ at: set, says: `the process starts in ${workdir}` }] : []),
    ...(mount ? [{ at: mount.at, says: `${mount.source || 'the repository'} is mounted at ${mount.target}` }] : []),
    ...(pythonPath
      ? [{ at: pythonPath, says: `modules are looked for in ${container.variable('PYTHONPATH')} too` }]
      : []),
  ];
}
