import type { Finding } from '../../src/finding.ts';
import { programsOfBase } from '../../src/model/image/base-image.ts';
import { pythonOfBase } from '../../src/model/image/python-base.ts';
import { type Image, readImage } from '../../src/model/image.ts';
import type { ServiceView, Stack } from '../../src/model/stack.ts';
import type { Dockerfile, DockerStage } from '../../src/parse/dockerfile.ts';
import { folderOf } from '../../src/repo/path.ts';
import { defineTransform } from '../../src/transform.ts';
import { setting } from './setting.ts';

const UNBUFFERED = 'PYTHONUNBUFFERED';
const NO_BYTECODE = 'PYTHONDONTWRITEBYTECODE';
/** https://docs.python.org/3/using/cmdline.html#environment-variables */
const WANTED = [NO_BYTECODE, UNBUFFERED] as const;
const PYTHON =
  /^(?:python[\d.]*|gunicorn|uvicorn|hypercorn|daphne|celery|flask.*|django-admin|fastapi|streamlit|waitress-serve|rq|manage\.py)$/;

/** Lets Python write its output at once, and no bytecode files. */
export default defineTransform({
  id: 'python-env',
  group: 'hygiene',
  summary: 'Set PYTHONUNBUFFERED and PYTHONDONTWRITEBYTECODE in images that run Python',
  *find(stack) {
    for (const path of stack.dockerfiles) {
      const dockerfile = stack.sources.dockerfile(path);
      if (!dockerfile || dockerfile.problems.length > 0 || dockerfile.escape === '`') continue;
      const named = stack.services.filter((service) => service.build?.dockerfile === path);
      if (named.length === 0) yield* forLone(stack, dockerfile);
      else
        yield* forServices(
          dockerfile,
          named.map((service) => stack.view(service)),
        );
    }
  },
});

/** One finding for each stage that a service runs. */
function* forServices(dockerfile: Dockerfile, views: readonly ServiceView[]): Iterable<Finding> {
  const done = new Set<DockerStage>();
  for (const stage of dockerfile.stages) {
    const users = views.filter(({ image }) => image?.dockerfile === dockerfile && image.stage.index === stage.index);
    const image = users[0]?.image;
    if (!image || !users.every((view) => runsPython(view))) continue;
    // Images that are built over another one of the repository get the variables there.
    if (image.layers.some((layer) => layer.dockerfile !== dockerfile)) continue;
    const provided = (name: string): boolean =>
      users.every(({ service, startup }) => service.environment.has(name) || hasOption(startup.main?.argv ?? [], name));
    const hidden = users.some(({ service }) => service.hiddenEnvironment);
    const missing = WANTED.filter((name) => !image.env.has(name) && !provided(name));
    const first = firstStage(dockerfile, stage);
    const finding = hidden || done.has(first) ? undefined : judge(dockerfile, first, image, missing);
    if (finding) yield finding;
    done.add(first);
  }
}

/** The stage of the same file that a stage is built over in the end: what is set there holds for all that share it. */
function firstStage(dockerfile: Dockerfile, stage: DockerStage): DockerStage {
  const base = stage.base.toLowerCase();
  const below = dockerfile.stages.find(({ name, index }) => index < stage.index && name?.toLowerCase() === base);
  return below ? firstStage(dockerfile, below) : stage;
}

const runsPython = ({ startup, image }: ServiceView): boolean =>
  startup.main !== undefined &&
  (PYTHON.test(startup.main.program.name) ||
    (pythonOfBase(image?.base) !== undefined && /^(?:web|worker|beat)$/.test(startup.main.program.role)));

/** `python -u` and `python -B` say the same for one process. */
const hasOption = (argv: readonly string[], name: string): boolean =>
  /(?:^|\/)python[\d.]*$/.test(argv[0] ?? '') &&
  argv
    .slice(1)
    .some(
      (word, index, all) =>
        all.slice(0, index + 1).every((each) => each.startsWith('-')) &&
        /^-[a-zA-Z]+$/.test(word) &&
        word.includes(name === UNBUFFERED ? 'u' : 'B'),
    );

/** Without a service the last stage of a Dockerfile runs, when it has a command of its own over an official Python image. */
function* forLone(stack: Stack, dockerfile: Dockerfile): Iterable<Finding> {
  const plan = { context: folderOf(dockerfile.path), dockerfile: dockerfile.path, target: undefined, args: new Map() };
  const image = readImage(stack.repo, stack.sources, plan, () => undefined);
  if (!image || !pythonOfBase(image.base) || !programsOfBase(image.base).complete) return;
  const argv = [...(image.entrypoint?.words ?? []), ...(image.cmd?.words ?? [])];
  const starts = argv.map((word) => word.split('/').at(-1) ?? '');
  if (
    !starts.some((word) => PYTHON.test(word)) &&
    !/^(?:\S*\/)?(?:python|gunicorn|uvicorn|flask|celery)\b/.test(argv[2] ?? '')
  )
    return;
  const missing = WANTED.filter((name) => !image.env.has(name) && !hasOption(argv, name));
  const finding = judge(dockerfile, firstStage(dockerfile, image.stage), image, missing);
  if (finding) yield finding;
}

function judge(
  dockerfile: Dockerfile,
  stage: DockerStage,
  image: Image,
  missing: readonly string[],
): Finding | undefined {
  if (missing.length === 0) return undefined;
  const what = [
    ...(missing.includes(UNBUFFERED)
      ? ['print() and logs may stay in a buffer and are lost when the container is killed']
      : []),
    ...(missing.includes(NO_BYTECODE)
      ? ['every start writes .pyc files into the container, and into mounted source']
      : []),
  ];
  return {
    message: `The image runs Python without ${missing.join(' and ')}, so ${what.join(', and ')}`,
    at: stage.from.at,
    evidence: [
      { at: stage.from.at, says: 'the stage that runs Python starts here, and nothing sets them' },
      ...(image.cmd ? [{ at: image.cmd.at, says: 'this is what it runs' }] : []),
    ],
    fix: {
      title: `Set ${missing.join(' and ')}`,
      safety: 'safe',
      changes: [setting(dockerfile, stage, missing)],
    },
  };
}
