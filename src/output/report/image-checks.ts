import { commandLine } from '../../model/compose/command.ts';
import { envOf } from '../../model/env.ts';
import { loneViews } from '../../model/lone-build.ts';
import { listenersOf } from '../../model/network/listening.ts';
import type { ServiceView, Stack } from '../../model/stack.ts';
import { folderOf, nameOf } from '../../repo/path.ts';
import type { ReportCheck, ReportProblem } from '../report.ts';
import { exposedPorts } from './graph.ts';
import { requestCheck } from './service-checks.ts';

/** Builds and runs images that no Compose file knows: all of them where there is none, else those with a problem. */
export function imageChecks(stack: Stack, problems: readonly ReportProblem[]): readonly ReportCheck[] {
  const views = loneViews(stack).filter(
    (view) =>
      stack.services.length === 0 ||
      problems.some(({ at, left }) => at.path === view.image?.dockerfile.path && left?.reason !== 'no fix'),
  );
  return views.flatMap((view) => checksFor(stack, view));
}

function checksFor(stack: Stack, view: ServiceView): readonly ReportCheck[] {
  const { image } = view;
  if (!image) return [];
  const { path } = image.dockerfile;
  const context = image.build.context || '.';
  const name = imageName(path);
  const inDefault = path === (context === '.' ? 'Dockerfile' : `${context}/Dockerfile`);
  const build = commandLine(['docker', 'build', ...(inDefault ? [] : ['-f', path]), '-t', name, context]);
  const port = portOf(stack, view);
  const names = neededNames(stack, view);
  const run = commandLine([
    'docker',
    'run',
    '--detach',
    '--name',
    name,
    ...(port === undefined ? [] : ['-p', `${port}:${port}`]),
    ...names.flatMap((each) => ['-e', each]),
    name,
  ]);
  const given = names.length > 0 ? `, with the values that ${names.join(', ')} have in this shell` : '';
  return [
    { command: build, expects: 'exit status 0' },
    { command: run, expects: `the id of a container${given}` },
    ...(port === undefined ? [] : [requestCheck(stack, view, `localhost:${port}`, port)]),
    { command: commandLine(['docker', 'logs', name]), expects: 'no traceback' },
    { command: commandLine(['docker', 'rm', '-f', name]), expects: 'the container is gone' },
  ];
}

/** The port on which its server listens, else the first that it exposes. */
function portOf(stack: Stack, view: ServiceView): number | undefined {
  const listening = listenersOf(stack, view)?.find(({ port }) => port !== undefined)?.port;
  const exposed = exposedPorts(view).find((port) => /^\d+$/.test(port));
  return listening ?? (exposed === undefined ? undefined : Number(exposed));
}

/** Variables without which its process stops, and which the image does not set. */
const neededNames = (stack: Stack, view: ServiceView): readonly string[] =>
  [
    ...new Set(
      envOf(stack, view)
        .reads.filter(({ need, name }) => need === 'required' && view.container.variable(name) === undefined)
        .map(({ name }) => name),
    ),
  ].filter((name) => /^\w+$/.test(name));

/** An image's name may hold lower-case letters, digits and single dashes. https://docs.docker.com/reference/cli/docker/image/tag/ */
function imageName(path: string): string {
  const own = nameOf(path).replace(/^(?:Dockerfile|Containerfile)\.?|\.?(?:Dockerfile|Containerfile)$/gi, '');
  const name = [folderOf(path), own]
    .join('-')
    .toLowerCase()
    .replace(/[^a-z\d]+/g, '-')
    .replace(/^-|-$/g, '');
  return `${name === '' ? 'app' : name}-check`;
}
