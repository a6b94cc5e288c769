import { lineNumber } from '../lines.ts';
import type { PythonModule } from '../parse/python.ts';
import { nameOf } from '../repo/path.ts';
import type { Repo } from '../repo/repo.ts';
import { type ComposeProject, composeProjects } from './compose/project.ts';
import { type Container, containerOf } from './container.ts';
import { type Image, readImage } from './image.ts';
import { type Startup, startupOf } from './process.ts';
import type { Program } from './program.ts';
import { type PythonPath, pythonPathOf } from './python-app.ts';
import { type Build, readServices, type Service } from './service.ts';
import { type ParseCache, type Sources, sourcesOf } from './sources.ts';
import { storesUsedBy } from './store/use.ts';
import { type Store, type StoreUse, storeOf } from './store.ts';

/** A file that could not be taken into account, and what to do about it. */
export interface Notice {
  readonly path: string;
  /** One-based; absent when the whole file is meant. */
  readonly line?: number;
  readonly message: string;
  readonly hint: string;
}

/** A service with everything that follows from it. Each view is made on first use and kept. */
export interface ServiceView {
  readonly service: Service;
  readonly image: Image | undefined;
  readonly container: Container;
  readonly startup: Startup;
  readonly python: PythonPath;
  /** The module that the main process imports first, when it is in the repository. */
  readonly entry: PythonModule | undefined;
  readonly store: Store | undefined;
  /** Stores of the same project that its environment or its source points at. */
  readonly stores: readonly StoreUse[];
}

/** What a repository runs. */
export interface Stack {
  readonly repo: Repo;
  readonly sources: Sources;
  readonly projects: readonly ComposeProject[];
  /** The services of every project, project by project. */
  readonly services: readonly Service[];
  readonly view: (service: Service) => ServiceView;
  /** The services of a service's own project, itself included. */
  readonly neighbours: (service: Service) => readonly Service[];
  /** Repository paths of Dockerfiles: those that builds name, and those so named. */
  readonly dockerfiles: readonly string[];
  /** Builds by Dockerfile: every service's, and the plain `docker build` of a Dockerfile that no service names. */
  readonly builds: readonly Build[];
  readonly notices: readonly Notice[];
}

const DOCKERFILE = /^(?:.*\.)?(?:Dockerfile|Containerfile)(?:[._-][\w.-]+)?$/i;

/** Reads the stack of a snapshot; `previous` (an earlier snapshot of the same repository) lends its parsed files. */
export function readStack(repo: Repo, previous: Stack | undefined): Stack {
  const cache: ParseCache = previous?.sources.cache ?? new Map();
  const sources = sourcesOf(repo, cache);
  const { projects, broken } = composeProjects(repo, sources);
  const services = projects.flatMap((project) => readServices(project, sources));
  const named = services.flatMap((service) =>
    service.build?.dockerfile !== undefined && repo.has(service.build.dockerfile) ? [service.build.dockerfile] : [],
  );
  const loose = repo.paths.filter((path) => isDockerfilePath(path));
  const dockerfiles = [...new Set([...named, ...loose])];
  const views = new Map<Service, ServiceView>();
  const neighbours = (service: Service): readonly Service[] =>
    services.filter((other) => other.project === service.project);
  const view = (service: Service): ServiceView => {
    let found = views.get(service);
    if (!found) {
      found = viewOf(repo, sources, service, neighbours(service));
      views.set(service, found);
    }
    return found;
  };
  const stack: Stack = {
    repo,
    sources,
    projects,
    services,
    view,
    neighbours,
    dockerfiles: [...dockerfiles].sort(),
    builds: services.flatMap((service) => service.build ?? []),
    notices: noticesOf(broken, sources, dockerfiles),
  };
  return stack;
}

/** True for paths that are Dockerfiles by name. */
export function isDockerfilePath(path: string): boolean {
  const name = nameOf(path);
  return DOCKERFILE.test(name) && !/\.(?:dockerignore|md|txt|ya?ml|json|py|ts|js|sh|j2|jinja2?|tmpl|tpl)$/i.test(name);
}

function viewOf(repo: Repo, sources: Sources, service: Service, neighbours: readonly Service[]): ServiceView {
  const owners = (image: string): Build | undefined =>
    neighbours.find((other) => other.build && other.image?.text === image && other !== service)?.build;
  // A service that only names an image runs what a neighbour builds under that name.
  const build = service.build ?? (service.image ? owners(service.image.text) : undefined);
  const image = build ? readImage(repo, sources, build, owners) : undefined;
  return viewWith(repo, sources, service, image, neighbours);
}

/** What a plain `docker run` of an image does: `service` has no settings of its own. */
export const viewOfImage = (repo: Repo, sources: Sources, service: Service, image: Image): ServiceView =>
  viewWith(repo, sources, service, image, []);

function viewWith(
  repo: Repo,
  sources: Sources,
  service: Service,
  image: Image | undefined,
  neighbours: readonly Service[],
): ServiceView {
  const container = containerOf(repo, service, image);
  const startup = startupOf(repo, sources, container);
  const python = pythonPathOf(repo, sources, container, startup.main?.program);
  const entry = entryOf(sources, container, startup, python);
  let uses: readonly StoreUse[] | undefined;
  return {
    service,
    image,
    container,
    startup,
    python,
    entry,
    store: storeOf(service),
    get stores() {
      uses ??= storesUsedBy(
        service,
        startup,
        entry,
        python,
        neighbours.flatMap((other) => storeOf(other) ?? []),
      );
      return uses;
    },
  };
}

/** `flask run` without `--app` reads FLASK_APP, then looks for wsgi.py and app.py: https://flask.palletsprojects.com/en/stable/cli/ */
function entryOf(
  sources: Sources,
  container: Container,
  startup: Startup,
  python: PythonPath,
): PythonModule | undefined {
  const program = startup.main?.program;
  if (!program) return undefined;
  const named = program.app?.module ?? (isFlask(program) ? container.variable('FLASK_APP')?.split(':')[0] : undefined);
  for (const candidate of named === undefined ? (isFlask(program) ? ['wsgi', 'app'] : []) : [named]) {
    // `celery -A pkg.module.app` names an object after a last dot.
    const path =
      python.entry(candidate) ?? (isCelery(program) ? python.entry(candidate.replace(/\.\w+$/, '')) : undefined);
    if (path?.endsWith('.py')) return isCelery(program) ? celeryModule(sources, python, path) : sources.python(path);
  }
  return undefined;
}

const isFlask = (program: Program): boolean => program.name.startsWith('flask');
const isCelery = (program: Program): boolean => program.name.startsWith('celery');

/** `celery -A proj` looks at `proj`, then at `proj.celery`. https://docs.celeryq.dev/en/stable/userguide/application.html */
function celeryModule(sources: Sources, python: PythonPath, path: string): PythonModule | undefined {
  const module = sources.python(path);
  if (!path.endsWith('/__init__.py') || !module) return module;
  const own = module.calls.some((call) => /(?:^|\.)Celery$/.test(call.callee));
  const name = python.nameOf(path);
  const inner = own || name === undefined ? undefined : python.find(`${name}.celery`);
  return inner === undefined ? module : sources.python(inner);
}

function noticesOf(
  broken: ReturnType<typeof composeProjects>['broken'],
  sources: Sources,
  dockerfiles: readonly string[],
): Notice[] {
  const compose = broken.flatMap((file) =>
    file.problems.slice(0, 1).map((problem) => ({
      path: file.path,
      line: lineNumber(file.text, problem.at.start),
      message: problem.message,
      hint: problem.hint,
    })),
  );
  const docker = dockerfiles.flatMap((path) => {
    const file = sources.dockerfile(path);
    return (file?.problems ?? []).slice(0, 1).map((problem) => ({
      path,
      line: lineNumber(file?.text ?? '', problem.at.start),
      message: problem.message,
      hint: problem.hint,
    }));
  });
  return [...compose, ...docker];
}
