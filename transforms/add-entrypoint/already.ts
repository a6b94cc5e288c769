import type { Span } from '../../src/finding.ts';
import { withoutComments } from '../../src/model/migration/by-hand.ts';
import { migrationsOf } from '../../src/model/migration.ts';
import { option } from '../../src/model/program.ts';
import type { ServiceView, Stack } from '../../src/model/stack.ts';
import type { PythonModule } from '../../src/parse/python.ts';

/** Words that scripts, commands and file names use for preparing a database. */
const PREPARES =
  /\bupgrade\b|\bmigrat(?:e|es|ed|ion|ions)\b|create_all|\binit[-_]?(?:db|database|app)\b|\bsetup[-_]?db\b|\bprestart\b|\bseed\b/i;
const TOOL_IMAGE = /(?:^|\/)(?:flyway|liquibase|migrate|atlas|dbmate|goose)(?:[:/@]|$)/;

/** Commands of Django that have nothing to do with the schema. https://docs.djangoproject.com/en/stable/ref/django-admin/ */
const LEAVES_SCHEMA =
  /\bmanage\.py (?:check|clearsessions|collectstatic|compilemessages|compress|createcachetable|wait_for_\w+)\b/;

/**
 * Whether something in a service's project prepares the database already, or may do so where nobody can look:
 * a migration at start, a script with such words, a tool's own image, a lifecycle hook, the application itself.
 */
export function somethingPrepares(stack: Stack, view: ServiceView): boolean {
  return stack
    .neighbours(view.service)
    .map((service) => stack.view(service))
    .some((each) => preparesAtStart(stack, each) || appPrepares(each) || serverPrepares(stack, each));
}

function preparesAtStart(stack: Stack, view: ServiceView): boolean {
  const { service, startup } = view;
  // SQL that the database's own image runs on its first start: https://hub.docker.com/_/postgres (Initialization scripts)
  if (view.store) return service.mounts.some(({ target }) => target.startsWith('/docker-entrypoint-initdb.d'));
  if (migrationsOf(view).length > 0 || TOOL_IMAGE.test(service.image?.text ?? '')) return true;
  if (['post_start', 'pre_start'].some((key) => service.parts.has(key))) return true;
  const words = view.container.argv?.words.map(({ text }) => text).join(' ') ?? '';
  if (PREPARES.test(words)) return true;
  if (startup.scripts.some(({ path }) => PREPARES.test(withoutComments(stack.repo.read(path) ?? '')))) return true;
  if (startup.commands.some(({ argv }) => PREPARES.test(argv.join(' ')))) return true;
  // A command that ends before the server starts: a file of this repository that may do anything.
  const before = startup.commands.filter(
    (command) =>
      command !== startup.main &&
      command.program.name === 'python' &&
      command.program.app &&
      !LEAVES_SCHEMA.test(command.argv.join(' ')),
  );
  if (before.length > 0) return true;
  return (
    !startup.complete &&
    service.build !== undefined &&
    /migrat|init|seed|setup|bootstrap|alembic|schema/i.test(service.name)
  );
}

/** The application brings its own schema up when it starts: a call to its migration tool anywhere in what the server imports. */
function appPrepares({ entry, python }: ServiceView): boolean {
  return entry !== undefined && python.reachable(entry.path, true).some((module) => migratesIn(module));
}

/** A hook such as `on_starting` in gunicorn's settings file. https://docs.gunicorn.org/en/stable/settings.html#config */
function serverPrepares(stack: Stack, { startup, python }: ServiceView): boolean {
  const { main } = startup;
  if (main?.program.name !== 'gunicorn') return false;
  const named = option(main.argv, ['-c', '--config'])?.replace(/^file:/, '');
  const path = python.entry(named ?? 'gunicorn.conf.py');
  const module = path === undefined ? undefined : stack.sources.python(path);
  return module !== undefined && migratesIn(module);
}

function migratesIn(module: PythonModule): boolean {
  return module.calls.some((call) => {
    if (/(?:^|\.)command\.upgrade$/.test(call.callee)) return true;
    const last = call.callee.split('.').at(-1) ?? '';
    if (last === 'upgrade')
      return module.imports.some(
        (each) => each.binds === call.callee.split('.')[0] && /^(?:flask_migrate|alembic)/.test(each.module),
      );
    if (last === 'call_command') return call.args[0]?.string === 'migrate';
    return /^(?:run|call|check_call|check_output|system|Popen|create_subprocess_exec|create_subprocess_shell)$/.test(
      last,
    )
      ? /alembic.*upgrade|db.{1,6}upgrade|manage\.py.*migrate/s.test(call.args.map(({ text }) => text).join(' '))
      : false;
  });
}

/** A call that creates tables without a migration whenever the application is imported or started; CLI commands do not count. */
export function tablesWithoutMigration({ entry, python }: ServiceView): Span | undefined {
  for (const module of entry ? python.reachable(entry.path, true) : [])
    for (const call of module.calls) {
      if (!/(?:^|\.)create_all$/.test(call.callee)) continue;
      const holder = module.functions.find(({ qualified }) => qualified === call.scope);
      const byHand = holder?.decorators.some(({ callee }) => /command$/.test(callee)) ?? false;
      const guarded = module.statements.some(
        ({ kind, head, at, parent }) =>
          kind === 'if' && parent === -1 && /__main__/.test(head) && at.start <= call.at.start && call.at.end <= at.end,
      );
      if (!byHand && !guarded) return call.at;
    }
  return undefined;
}

/** Another service of the project whose process creates tables, or calls one of these functions. */
export function anotherCreates(stack: Stack, view: ServiceView, names: readonly string[]): boolean {
  return stack
    .neighbours(view.service)
    .filter((service) => service !== view.service)
    .map((service) => stack.view(service))
    .filter(({ entry }) => entry !== undefined && entry.path !== view.entry?.path)
    .some(({ entry, python }) =>
      (entry ? python.reachable(entry.path, false) : []).some((module) =>
        module.calls.some(({ callee, scope }) => scope === '' && names.includes(callee.split('.').at(-1) ?? '')),
      ),
    );
}
