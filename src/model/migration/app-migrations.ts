import type { Evidence, Span } from '../../finding.ts';
import { folderOf, joinContainer, relativeTo, within } from '../../repo/path.ts';
import type { StartStep } from '../entrypoint.ts';
import { installsPython } from '../image/installed-package.ts';
import { nodeMigrations } from '../node/migrations.ts';
import { flaskCommand } from '../python/flask-command.ts';
import type { ServiceView, Stack } from '../stack.ts';
import { isNodeProgram, waiterOf } from '../store/wait.ts';
import { namesOf } from '../store.ts';

/** Migrations of the repository that belong to the application of a service. */
export interface AppMigrations {
  /** Repository folder that identifies them: services with the same one share them. */
  readonly folder: string;
  readonly tool: string;
  readonly evidence: readonly Evidence[];
  /** The command that applies them inside the container, or why it cannot be told. */
  readonly step: StartStep | { readonly manual: string };
}

/** The migrations of the application that a service serves; `undefined` when it has none that its container holds. */
export function migrationsOfApp(stack: Stack, view: ServiceView): AppMigrations | undefined {
  const name = view.startup.main?.program.name;
  if (name === undefined || view.container.workdir === undefined) return undefined;
  if (isNodeProgram(name)) return nodeMigrations(stack, view);
  const found = flaskMigrations(stack, view) ?? djangoMigrations(stack, view) ?? alembicMigrations(stack, view);
  if (!found || 'manual' in found.step) return found;
  return installed(stack, view, found);
}

/** Python files of a versions folder: a folder without any has nothing to apply. */
const revisionsIn = (stack: Stack, folder: string): readonly string[] =>
  stack.repo.paths.filter(
    (path) =>
      within(folder, path) !== undefined &&
      /^[^/]+\.py$/.test(within(folder, path) ?? '') &&
      !path.endsWith('/__init__.py'),
  );

const startOf = (path: string): Span => ({ path, start: 0, end: 0 });

/** The absolute container path at which the process finds a repository file. */
export function containerPathOf(view: ServiceView, path: string): string | undefined {
  const mounted = view.service.mounts.flatMap((mount) => {
    const rest = mount.kind === 'bind' && mount.source !== undefined ? within(mount.source, path) : undefined;
    return rest === undefined ? [] : [joinContainer(mount.target, rest)];
  });
  return [...mounted, ...(view.image?.placesOf(path) ?? [])].find((place) => {
    const there = view.container.fileAt(place);
    return there.kind === 'repo' && there.path === path;
  });
}

/** The command in the folder that it has to stand in. */
export const inFolder = (folder: string | undefined, argv: readonly string[]): readonly string[] =>
  folder === undefined || folder === '.' ? argv : ['sh', '-c', `cd ${folder} && exec ${argv.join(' ')}`];

/** https://flask-migrate.readthedocs.io/en/latest/#command-reference: the folder stands beside the working directory. */
function flaskMigrations(stack: Stack, view: ServiceView): AppMigrations | undefined {
  const { entry, python, container } = view;
  if (!entry) return undefined;
  for (const module of python.reachable(entry.path, true))
    for (const call of module.calls) {
      const origin = /Migrate$/.test(call.callee) ? python.origin(module, call.callee, call.scope) : undefined;
      if (origin?.kind !== 'external' || origin.dotted !== 'flask_migrate.Migrate') continue;
      const named =
        call.args.find(({ name }) => name === 'directory') ?? call.args.filter(({ name }) => name === undefined)[2];
      const directory = named ? named.string : 'migrations';
      const chdir = view.startup.main?.program.chdir;
      const base = joinContainer(container.workdir ?? '/', chdir ?? '.');
      const env = directory === undefined ? undefined : container.fileAt(joinContainer(base, `${directory}/env.py`));
      if (env?.kind !== 'repo') continue;
      const folder = folderOf(env.path);
      const first = revisionsIn(stack, `${folder}/versions`)[0];
      if (first === undefined) continue;
      const evidence = [
        { at: call.at, says: 'the application sets Flask-Migrate up here' },
        { at: startOf(first), says: `${folder} holds its migrations` },
      ];
      return {
        folder,
        tool: 'flask db upgrade',
        evidence,
        step: { kind: 'migrate', argv: inFolder(chdir, flaskCommand(stack, view, ['db', 'upgrade'])) },
      };
    }
  return undefined;
}

/** https://docs.djangoproject.com/en/stable/ref/django-admin/#migrate */
function djangoMigrations(stack: Stack, view: ServiceView): AppMigrations | undefined {
  const { entry, python } = view;
  const served = view.startup.main?.program.name === 'runserver';
  const django =
    served ||
    (entry !== undefined &&
      python
        .reachable(entry.path, true)
        .some(({ calls }) => calls.some(({ callee }) => /(?:^|\.)get_[aw]sgi_application$/.test(callee))));
  if (!django) return undefined;
  for (const path of stack.repo.paths.filter((each) => /(?:^|\/)manage\.py$/.test(each))) {
    const place = containerPathOf(view, path);
    const first = stack.repo.paths.find(
      (each) =>
        within(folderOf(path), each) !== undefined &&
        /\/migrations\/\d{4}_\w+\.py$/.test(`/${each}`) &&
        containerPathOf(view, each) !== undefined,
    );
    if (place === undefined || first === undefined || !/django/.test(stack.repo.read(path) ?? '')) continue;
    const argv = [waiterOf(view) ?? 'python', relativeTo(view.container.workdir ?? '/', place), 'migrate', '--noinput'];
    return {
      folder: folderOf(path),
      tool: 'manage.py migrate',
      evidence: [
        { at: startOf(path), says: 'the Django project of this service' },
        { at: startOf(first), says: 'one of its migrations' },
      ],
      step: { kind: 'migrate', argv },
    };
  }
  return undefined;
}

/** https://alembic.sqlalchemy.org/en/latest/tutorial.html#editing-the-ini-file */
function alembicMigrations(stack: Stack, view: ServiceView): AppMigrations | undefined {
  const { entry, python, container } = view;
  if (!entry) return undefined;
  const workdir = container.workdir ?? '/';
  for (const path of stack.repo.paths.filter((each) => /(?:^|\/)alembic\.ini$/.test(each))) {
    const text = stack.repo.read(path) ?? '';
    const place = containerPathOf(view, path);
    const location = /^\s*script_location\s*=\s*(\S+)/m.exec(text);
    if (place === undefined || !location?.[1]) continue;
    const beside = location[1].startsWith('%(here)s');
    const relative = location[1].replace(/^%\(here\)s\/?/, '') || '.';
    const own = folderOf(place) || '/';
    const bases = beside ? [own] : [workdir, own];
    const base = bases.find((folder) => container.fileAt(joinContainer(folder, `${relative}/env.py`)).kind === 'repo');
    const env = base === undefined ? undefined : container.fileAt(joinContainer(base, `${relative}/env.py`));
    if (env?.kind !== 'repo' || base === undefined) continue;
    const folder = folderOf(env.path);
    const first = revisionsIn(stack, `${folder}/versions`)[0];
    const source = stack.repo.read(env.path) ?? '';
    if (first === undefined || /flask_migrate|current_app/.test(source)) continue;
    if (!belongs(stack, view, env.path, own === workdir)) continue;
    const ini = relativeTo(workdir, place);
    const argv =
      own === workdir
        ? ['alembic', 'upgrade', 'head']
        : base === workdir || beside
          ? ['alembic', '-c', ini, 'upgrade', 'head']
          : ['sh', '-c', `cd ${relativeTo(workdir, own)} && exec alembic upgrade head`];
    const evidence = [
      { at: { path, start: location.index, end: location.index + location[0].length }, says: 'Alembic is set up here' },
      { at: startOf(first), says: `${folder} holds the migrations` },
    ];
    const unreachable = readsNoEnvironment(view, text, source);
    return {
      folder,
      tool: 'alembic upgrade',
      evidence,
      step: unreachable === undefined ? { kind: 'migrate', argv } : { manual: unreachable },
    };
  }
  return undefined;

  /** Alembic's env.py imports something that the server imports too; an empty one belongs to the app that it stands beside. */
  function belongs(of: Stack, { python: path }: ServiceView, envPath: string, sameFolder: boolean): boolean {
    const module = of.sources.python(envPath);
    const served = new Set(entry ? python.reachable(entry.path, true).map((each) => each.path) : []);
    const targets = module?.imports.flatMap((each) => path.targets(module, each)) ?? [];
    return targets.length === 0
      ? sameFolder
      : targets.some((target) => path.reachable(target, true).some((each) => served.has(each.path)));
  }
}

/** Why `alembic upgrade` would not reach the database: a fixed URL in the ini file that env.py does not replace. */
function readsNoEnvironment(view: ServiceView, ini: string, env: string): string | undefined {
  if (
    /set_main_option|set_section_option|environ|getenv|settings|get_url|create_(?:async_)?engine|attributes/i.test(env)
  )
    return undefined;
  // What env.py never asks for does not matter: it then takes its connection from the application.
  if (!/engine_from_config|get_main_option|get_section/.test(env)) return undefined;
  const url = /^\s*sqlalchemy\.url\s*=\s*\S*?:\/\/(?:[^@\s]*@)?([\w.-]+)/m.exec(ini);
  const names = view.stores.flatMap(({ store }) => [...namesOf(store.service)]);
  if (url?.[1] !== undefined && names.includes(url[1])) return undefined;
  return 'alembic.ini holds a fixed database URL and env.py does not replace it by the one of the environment';
}

const PACKAGES: Readonly<Record<string, string>> = {
  'flask db upgrade': 'flask-migrate',
  'alembic upgrade': 'alembic',
  'manage.py migrate': 'django',
};

/** A command that the image does not have would keep the server from starting at all. */
function installed(stack: Stack, view: ServiceView, found: AppMigrations): AppMigrations {
  const name = PACKAGES[found.tool];
  if (!view.image || name === undefined || found.tool !== 'alembic upgrade') return found;
  const answer = installsPython(stack.repo, view.image, name);
  if (answer.is === 'yes') return found;
  const brings = ['flask-migrate', 'flask-alembic'].some(
    (each) => view.image && installsPython(stack.repo, view.image, each).is === 'yes',
  );
  if (brings) return found;
  const evidence = answer.at
    ? [...found.evidence, { at: answer.at, says: `${name} is not installed from here` }]
    : found.evidence;
  return {
    ...found,
    evidence,
    step: { manual: `${name} is not known to be installed in the image of ${view.service.name}` },
  };
}
