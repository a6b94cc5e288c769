import { joinContainer } from '../../repo/path.ts';
import type { ServiceView, Stack } from '../stack.ts';

/** The command line `flask …` inside a service's container, told which application to load unless the container says so. */
export function flaskCommand(stack: Stack, view: ServiceView, words: readonly string[]): readonly string[] {
  const plain = ['flask', ...words];
  const env = view.container.fileAt(joinContainer(view.container.workdir ?? '/', '.flaskenv'));
  const declared = env.kind === 'repo' && /^\s*FLASK_APP\s*=/m.test(stack.repo.read(env.path) ?? '');
  return view.container.variable('FLASK_APP') !== undefined || declared
    ? plain
    : servedFlaskCommand(stack, view, words);
}

/** The command line `flask …` for the very application that a service serves, whatever FLASK_APP names. */
export function servedFlaskCommand(stack: Stack, view: ServiceView, words: readonly string[]): readonly string[] {
  const plain = ['flask', ...words];
  const app = view.startup.main?.program.app;
  const named = view.container.variable('FLASK_APP');
  if (!app || (named !== undefined && view.entry && view.python.entry(named.split(':')[0] ?? '') === view.entry.path))
    return plain;
  const module = app.module.replace(/\.py$/, '').replaceAll('/', '.');
  const object =
    app.object === undefined || /^(?:app|application|create_app|make_app)$/.test(app.object) ? undefined : app.object;
  const call = app.call === undefined || app.call === '' ? '' : `(${app.call})`;
  const target = app.call || object !== undefined ? `${module}:${app.object}${call}` : module;
  // `--app` came with Flask 2.2: https://flask.palletsprojects.com/en/stable/changes/#version-2-2-0
  const old = stack.repo.paths.some(
    (path) =>
      /requirements[^/]*\.txt$/.test(path) && /^flask\s*[=~]=\s*(?:0|1|2\.[01])\b/im.test(stack.repo.read(path) ?? ''),
  );
  return old ? ['env', `FLASK_APP=${target}`, ...plain] : ['flask', '--app', target, ...words];
}
