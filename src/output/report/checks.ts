import { commandLine, composeCommand } from '../../model/compose/command.ts';
import type { ComposeProject } from '../../model/compose/project.ts';
import { openVariables, readsDotenv } from '../../model/env/dotenv-need.ts';
import { examplePath } from '../../model/env/example.ts';
import { migrationsOf } from '../../model/migration.ts';
import type { ServiceView, Stack } from '../../model/stack.ts';
import { healthOf } from '../../model/store/health.ts';
import type { ReportCheck, ReportProblem } from '../report.ts';
import { roleOf } from './graph.ts';
import { imageChecks } from './image-checks.ts';
import { requestChecks, storeCheck, workerCheck } from './service-checks.ts';

/** What checks are derived from. */
export interface CheckSources {
  readonly after: Stack;
  readonly problems: readonly ReportProblem[];
  /** Options that choose transforms. */
  readonly selection: readonly string[];
}

/** How to see that a stack works, as commands for its root folder, in the order in which they are to be typed. */
export function checksOf({ after, problems, selection }: CheckSources): readonly ReportCheck[] {
  const several = after.projects.length > 1;
  return [
    ...after.projects.flatMap((project) => projectChecks(after, project, several)),
    ...imageChecks(after, problems),
    ...ownChecks(problems, selection),
  ];
}

/** What dockfix itself can tell afterwards. */
function ownChecks(problems: readonly ReportProblem[], selection: readonly string[]): readonly ReportCheck[] {
  const open = problems.filter(({ left }) => left && left.reason !== 'no fix').length;
  const left =
    open === 0
      ? 'No problems.'
      : `nothing but the ${open === 1 ? 'problem that is' : `${open} problems that are`} left to a person`;
  const verify = {
    command: commandLine(['dockfix', 'verify', ...selection]),
    expects: 'every service is up, and none is worse than before; it builds and runs the stack in copies of its own',
  };
  return [
    { command: commandLine(['dockfix', 'check', ...selection]), expects: left },
    ...(problems.length > 0 ? [verify] : []),
  ];
}

function projectChecks(stack: Stack, project: ComposeProject, several: boolean): readonly ReportCheck[] {
  const compose = (...argv: string[]): string => composeCommand(project, argv);
  const views = stack.services
    .filter((service) => service.project === project && service.profiles.length === 0)
    .map((service) => stack.view(service));
  const config = { command: compose('config', '--quiet'), expects: 'exit status 0: Compose takes the files' };
  if (views.length === 0) return [...envCheck(stack, project), config];
  const tasks = views.filter((view) => roleOf(stack, view) === 'task');
  const isBuilt = views.some(({ service }) => service.build);
  // `up --wait` fails when a one-shot service has ended, as it should.
  const up = ['up', ...(isBuilt ? ['--build'] : []), '--detach', ...(tasks.length === 0 ? ['--wait'] : [])];
  return [
    ...envCheck(stack, project),
    config,
    {
      command: compose(...up),
      expects:
        tasks.length === 0
          ? 'exit status 0: everything is up, and healthy where there is a healthcheck'
          : 'exit status 0: everything is started',
    },
    { command: compose('ps', '--all'), expects: statesOf(stack, views) },
    ...views.flatMap((view) => storeCheck(view, compose) ?? []),
    ...views.flatMap((view) => migrationCheck(view, compose) ?? []),
    ...views.flatMap((view) => requestChecks(stack, view)),
    ...views.flatMap((view) => workerCheck(view, compose) ?? []),
    ...logCheck(stack, views, compose),
    ...(several ? [{ command: compose('down'), expects: 'the ports are free for the next stack; volumes stay' }] : []),
  ];
}

/** A project with variables that nobody has set yet. */
function envCheck(stack: Stack, project: ComposeProject): readonly ReportCheck[] {
  const path = [project.folder, '.env'].filter(Boolean).join('/');
  const names = openVariables(project.files).filter((name) => !project.variables.get(name));
  const example = examplePath(stack, project.folder);
  if (stack.repo.has(path) || !stack.repo.has(example)) return [];
  if (names.length === 0 && !readsDotenv(stack, project)) return [];
  return [
    {
      command: commandLine(['cp', example, path]),
      expects: `then fill in ${names.length > 0 ? names.join(', ') : 'its values'}`,
    },
  ];
}

function statesOf(stack: Stack, views: readonly ServiceView[]): string {
  const states = views.map((view): readonly [string, string] => {
    if (roleOf(stack, view) === 'task') return ['exited (0)', view.service.name];
    return [healthOf(view) === 'yes' ? 'healthy' : 'running', view.service.name];
  });
  const of = (state: string): readonly string[] => states.filter(([each]) => each === state).map(([, name]) => name);
  return ['healthy', 'running', 'exited (0)']
    .filter((state) => of(state).length > 0)
    .map((state) => `${state}: ${of(state).join(', ')}`)
    .join('; ');
}

/** What tools say for each migration that they apply, on the first start only. */
const APPLIED: readonly (readonly [RegExp, string])[] = [
  [/^(?:flask db|alembic)/, 'Running upgrade'],
  [/manage\.py migrate|^django/, 'Applying'],
  [/^prisma/, 'migrations'],
  [/^knex/, 'migrations'],
];

function migrationCheck(view: ServiceView, compose: (...argv: string[]) => string): ReportCheck | undefined {
  const [migration] = migrationsOf(view);
  const word = migration && APPLIED.find(([tool]) => tool.test(migration.tool))?.[1];
  if (word === undefined) return undefined;
  return {
    command: `${compose('logs', view.service.name)} | ${commandLine(['grep', word])}`,
    expects: 'a line for each migration, after the first start only',
  };
}

/** The logs of what the repository itself builds. */
function logCheck(
  stack: Stack,
  views: readonly ServiceView[],
  compose: (...argv: string[]) => string,
): readonly ReportCheck[] {
  const own = views.filter((view) => view.image && roleOf(stack, view) !== 'store').map(({ service }) => service.name);
  if (own.length === 0) return [];
  return [
    {
      command: `${compose('logs', '--no-color', ...own)} | grep -iE 'error|traceback'`,
      expects: 'nothing',
    },
  ];
}
