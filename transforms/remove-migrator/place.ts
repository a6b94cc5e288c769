import { containerPathOf } from '../../src/model/migration/app-migrations.ts';
import { option } from '../../src/model/program.ts';
import type { ServiceView, Stack } from '../../src/model/stack.ts';
import { joinContainer, nameOf } from '../../src/repo/path.ts';
import type { Migrator, MigratorCommand } from './migrator.ts';

/** Files by which a tool finds its migrations from where it stands, the likeliest first. */
function anchorsOf({ argv, tool, assignments }: MigratorCommand): readonly string[] {
  const given = (...names: string[]): readonly string[] | undefined => {
    const value = option(argv, names);
    return value === undefined ? undefined : [value];
  };
  switch (tool) {
    case 'flask db upgrade':
      return [`${option(argv, ['-d', '--directory']) ?? 'migrations'}/env.py`];
    case 'alembic upgrade': {
      const config = assignments.find(({ name }) => name === 'ALEMBIC_CONFIG')?.value;
      return given('-c', '--config') ?? [config ?? 'alembic.ini'];
    }
    case 'manage.py migrate':
    case 'manage.py db upgrade':
      return argv.filter((word) => nameOf(word) === 'manage.py').slice(0, 1);
    case 'prisma migrate deploy':
      return given('--schema') ?? ['prisma/schema.prisma', 'schema.prisma'];
    case 'knex migrate:latest':
      return given('--knexfile') ?? ['knexfile.js', 'knexfile.ts', 'knexfile.cjs', 'knexfile.mjs'];
    case 'sequelize db:migrate':
      return ['.sequelizerc', 'config/config.json', 'config/config.js', 'config/database.js'];
    case 'typeorm migration:run':
      return ['package.json'];
    default:
      return ['pyproject.toml'];
  }
}

/** Where the migration command has to stand in the web service's container, or why that cannot be told. */
export function placeInWeb(
  stack: Stack,
  migrator: Migrator,
  web: ServiceView,
): { readonly cwd: string; readonly file: string } | { readonly manual: string } {
  const { view, commands, run } = migrator;
  const anchors = anchorsOf(run);
  const workdir = web.container.workdir;
  const lost = {
    manual: `${web.service.name} does not hold ${anchors[0] ?? 'the migrations'} where ${run.tool} looks for it`,
  };
  if (workdir === undefined || anchors.length === 0) return lost;
  const before = commands.slice(0, commands.indexOf(run));
  const moves = before.filter(({ argv }) => argv[0] === 'cd').map(({ argv }) => argv[1] ?? '.');
  const stand = (start: string): string => moves.reduce((folder, move) => joinContainer(folder, move), start);
  const start = view.container.workdir;
  for (const anchor of anchors) {
    if (start !== undefined && view.image) {
      const found = view.container.fileAt(joinContainer(stand(start), anchor));
      if (found.kind !== 'repo') continue;
      const place = anchor.startsWith('/') ? anchor : containerPathOf(web, found.path);
      const there = place === undefined ? undefined : web.container.fileAt(place);
      if (there?.kind !== 'repo' || there.path !== found.path || place === undefined) continue;
      if (anchor.startsWith('/')) return { cwd: workdir, file: found.path };
      const cwd = folderAbove(place, anchor);
      if (cwd !== undefined) return { cwd, file: found.path };
    } else {
      const folders = [...(start === undefined ? [] : [start]), workdir].map(stand);
      for (const cwd of folders) {
        const there = web.container.fileAt(joinContainer(cwd, anchor));
        if (there.kind === 'repo' && stack.repo.has(there.path)) return { cwd, file: there.path };
      }
    }
  }
  // An image that is there but does not hold its own configuration: what the web service holds in the same place is meant.
  for (const anchor of view.image ? anchors : []) {
    const there = web.container.fileAt(joinContainer(stand(workdir), anchor));
    if (there.kind === 'repo' && start === workdir) return { cwd: stand(workdir), file: there.path };
  }
  return lost;
}

/** The folder from which `anchor` names `place`. */
function folderAbove(place: string, anchor: string): string | undefined {
  const plain = anchor.replace(/^(?:\.\/)+/, '');
  if (plain.startsWith('../')) return undefined;
  return place.endsWith(`/${plain}`) ? place.slice(0, -plain.length - 1) || '/' : undefined;
}
