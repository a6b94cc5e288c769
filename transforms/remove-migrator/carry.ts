import type { StartStep } from '../../src/model/entrypoint.ts';
import { installsPython } from '../../src/model/image/installed-package.ts';
import { migrationsOfApp } from '../../src/model/migration/app-migrations.ts';
import { migrationsOf } from '../../src/model/migration.ts';
import { nodePackage } from '../../src/model/node-app.ts';
import type { ServiceView, Stack } from '../../src/model/stack.ts';
import { quoteWord } from '../../src/parse/shell.ts';
import { nameOf, relativeTo } from '../../src/repo/path.ts';
import { neededVariables } from './environment.ts';
import type { Migrator, MigratorCommand } from './migrator.ts';
import { placeInWeb } from './place.ts';

/** What the web service has to run in the migrator's place, or why that cannot be told. */
export type Carried = { readonly steps: readonly StartStep[]; readonly file: string } | { readonly manual: string };

/** Commands that prepare or report and leave nothing behind that the migrations' result would miss. */
const FLEETING =
  /^(?:echo|printf|sleep|true|:|exit|set|cd|export|test|\[|\[\[|date|env|printenv|ls|pwd|cat|nc|pg_isready|mysqladmin|wait\S*|dockerize|exec|trap|shift|mkdir)$/;
const REPORTS =
  /\b(?:db|alembic) +(?:current|history|heads|check|show)\b|\bmanage\.py +(?:check|showmigrations|wait_for_db)\b|^(?:python[\d.]* -m )?pip3? install|^(?:npm|yarn|pnpm) (?:ci|install)\b|prisma generate|migrate (?:status|--check|--plan)/;
/** Commands whose repetition changes nothing: they may run at each start of the web service. */
const REPEATABLE = /manage\.py +(?:collectstatic|createcachetable|compilemessages)\b/;

/** True when the web service applies the same migrations by itself at each start. */
export const webMigrates = (migrator: Migrator, web: ServiceView): boolean =>
  migrationsOf(web).some(({ tool, command }) => tool === migrator.run.tool && !command.conditional);

/** The migrator's commands as steps of the web service's entrypoint. */
export function carryOver(stack: Stack, migrator: Migrator, web: ServiceView): Carried {
  const { service } = migrator.view;
  const steps = migrator.commands.filter(({ argv, tool }) => tool !== undefined || !isFleeting(argv));
  const unsure = steps.find(({ conditional }) => conditional);
  if (unsure) return { manual: `${service.name} runs ${unsure.argv.join(' ')} only under a condition` };
  const foreign = steps.find(({ argv, tool }) => tool === undefined && !REPEATABLE.test(argv.join(' ')));
  if (foreign)
    return {
      manual: `${service.name} also runs ${foreign.argv.join(' ')}, and it is not known whether each start of ${web.service.name} may repeat that`,
    };
  const open = steps.find(({ argv, assignments }) =>
    [...argv, ...assignments.map(({ value }) => value)].some((word) => /[$`]/.test(word)),
  );
  if (open) return { manual: `${open.argv.join(' ')} depends on variables that the shell of ${service.name} expands` };
  if (steps.some(({ tool }) => tool === undefined) && !mountsAll(migrator.view, web))
    return { manual: `${service.name} writes to a volume that ${web.service.name} does not mount` };
  const place = placeInWeb(stack, migrator, web);
  if ('manual' in place) return place;
  const missing = notInstalled(stack, migrator, web);
  if (missing !== undefined) return { manual: missing };
  const variables = neededVariables(stack, migrator, web);
  if ('manual' in variables) return variables;
  const folder = web.container.workdir ?? '/';
  const results = steps.map((step) => stepOf(stack, migrator, web, step, variables.needed));
  const refused = results.find((result) => 'manual' in result);
  if (refused && 'manual' in refused) return refused;
  const argvs = results.flatMap((result) => ('argv' in result ? [result.argv] : []));
  const cwd = place.cwd === folder ? undefined : relativeTo(folder.slice(1), place.cwd.slice(1));
  const inFolder = (argv: readonly string[]): readonly string[] =>
    cwd === undefined ? argv : ['sh', '-c', `cd ${quoteWord(cwd)} && exec ${argv.map(quoteWord).join(' ')}`];
  return {
    file: place.file,
    steps: argvs.map(
      (argv, index): StartStep => ({
        kind: steps[index]?.tool === undefined ? 'init' : 'migrate',
        argv: inFolder(argv),
      }),
    ),
  };
}

const isFleeting = (argv: readonly string[]): boolean =>
  FLEETING.test(nameOf(argv[0] ?? '')) || /^wait[-_]for/.test(nameOf(argv[0] ?? '')) || REPORTS.test(argv.join(' '));

const mountsAll = (migrator: ServiceView, web: ServiceView): boolean =>
  migrator.service.mounts
    .filter(({ kind }) => kind === 'volume')
    .every((mount) =>
      web.service.mounts.some((other) => other.source === mount.source && other.target === mount.target),
    );

const NODE_TOOL = /^(?:prisma|knex|sequelize|sequelize-cli|typeorm|typeorm-ts-node-\w+)$/;

/** One command with the variables that it needs in front. */
function stepOf(
  stack: Stack,
  migrator: Migrator,
  web: ServiceView,
  command: MigratorCommand,
  needed: ReadonlyMap<string, string>,
): { readonly argv: readonly string[] } | { readonly manual: string } {
  const own = new Map([...needed, ...command.assignments.map(({ name, value }) => [name, value] as const)]);
  const first = command.argv[0] ?? '';
  const bare = /\/(?:bin|\.bin)\//.test(first) && !isSameImage(migrator.view, web) ? nameOf(first) : first;
  const argv = [...(NODE_TOOL.test(first) ? ['npx'] : []), bare, ...command.argv.slice(1)];
  if (command.tool !== 'flask db upgrade') return { argv: withVariables(own, argv) };
  const app = own.get('FLASK_APP');
  own.delete('FLASK_APP');
  if (argv.some((word) => /^(?:-A|--app)(?:=|$)/.test(word))) return { argv: withVariables(own, argv) };
  if (app !== undefined) return { argv: withVariables(own, withApp(stack, argv, app)) };
  if (web.container.variable('FLASK_APP') !== undefined) return { argv: withVariables(own, argv) };
  const known = migrationsOfApp(stack, web);
  if (!known || 'manual' in known.step)
    return { manual: `nothing tells flask which application ${web.service.name} serves (FLASK_APP)` };
  const words = known.step.argv;
  const at = words.indexOf('--app');
  const env = words.find((word) => word.startsWith('FLASK_APP='));
  const found = at > 0 ? words[at + 1] : env?.slice('FLASK_APP='.length);
  return { argv: withVariables(own, found === undefined ? argv : withApp(stack, argv, found)) };
}

/** `--app` came with Flask 2.2: https://flask.palletsprojects.com/en/stable/changes/#version-2-2-0 */
function withApp(stack: Stack, argv: readonly string[], app: string): readonly string[] {
  const old = stack.repo.paths.some(
    (path) =>
      /requirements[^/]*\.txt$/.test(path) && /^flask\s*[=~]=\s*(?:0|1|2\.[01])\b/im.test(stack.repo.read(path) ?? ''),
  );
  const at = argv.findIndex((word) => nameOf(word) === 'flask') + 1;
  return old ? ['env', `FLASK_APP=${app}`, ...argv] : [...argv.slice(0, at), '--app', app, ...argv.slice(at)];
}

function withVariables(variables: ReadonlyMap<string, string>, argv: readonly string[]): readonly string[] {
  if (variables.size === 0) return argv;
  const set = [...variables].map(([name, value]) => `${name}=${value}`);
  return argv[0] === 'env' ? ['env', ...set, ...argv.slice(1)] : ['env', ...set, ...argv];
}

/** True when both run the same image. */
const isSameImage = (a: ServiceView, b: ServiceView): boolean =>
  a.image !== undefined &&
  b.image !== undefined &&
  a.image.dockerfile.path === b.image.dockerfile.path &&
  a.image.build.context === b.image.build.context &&
  a.image.stage.index === b.image.stage.index;

const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  'flask db upgrade': ['flask-migrate'],
  'alembic upgrade': ['alembic', 'flask-migrate', 'flask-alembic'],
  'manage.py migrate': ['django'],
  'manage.py db upgrade': ['flask-migrate'],
  'aerich upgrade': ['aerich'],
};

/** Why the migration tool may not be in the web service's image; `undefined` when it is. */
function notInstalled(stack: Stack, migrator: Migrator, web: ServiceView): string | undefined {
  const { tool } = migrator.run;
  if (!web.image) return `${web.service.name} runs an image that is not built from this repository`;
  const known = migrationsOfApp(stack, web);
  if (known?.tool === tool && 'manual' in known.step && !isSameImage(migrator.view, web)) return known.step.manual;
  if (isSameImage(migrator.view, web)) return undefined;
  const { image } = web;
  const python = PACKAGES[tool];
  if (python)
    return python.some((name) => installsPython(stack.repo, image, name).is === 'yes')
      ? undefined
      : `${python[0]} is not known to be installed in the image of ${web.service.name}`;
  const manifest = nodePackage(stack.repo, web.container);
  const name = tool.startsWith('sequelize') ? 'sequelize-cli' : (tool.split(' ')[0] ?? '');
  if (manifest?.dependencies.has(name)) return undefined;
  if (manifest?.devDependencies.has(name) && known && !('manual' in known.step)) return undefined;
  return `${name} is not a dependency that the image of ${web.service.name} installs`;
}
