import type { ComposeProject } from '../../src/model/compose/project.ts';
import { openVariables, readsDotenv } from '../../src/model/env/dotenv-need.ts';
import { examplePath } from '../../src/model/env/example.ts';
import type { Service } from '../../src/model/service.ts';
import type { Stack } from '../../src/model/stack.ts';
import { nameOf, relativeTo } from '../../src/repo/path.ts';

/** The one stack of a repository that somebody deploys, and what its script has to know. */
export interface Deployment {
  readonly project: ComposeProject;
  /** The service that shows that it is an application. */
  readonly application: Service;
  /** Files to name with `-f`, relative to the project's folder; none where Compose finds them by itself. */
  readonly files: readonly string[];
  /** What `.env` is needed for; `undefined` when the stack does without. */
  readonly env: { readonly example: string | undefined; readonly names: readonly string[] } | undefined;
}

const DEFAULT = /^(?:docker-)?compose\.ya?ml$/;
const NOT_DEPLOYED =
  /(?:^|[._-])(?:tests?|testing|ci|e2e|dev|devel|development|local|debug|override|example|sample)(?:[._-]|$)/i;
const PRODUCTION = /(?:^|[._-])(?:prod|production)(?:[._-]|$)/i;
/** Folders whose stacks are shown, tested or developed in, not deployed. */
const ELSEWHERE = /(?:^|\/)(?:\.[^/]+|examples?|samples?|demos?|docs?|tests?|e2e|fixtures|benchmarks?)(?:\/|$)/i;
/** The deployment of a repository; `undefined` when it has none, or several that have nothing to do with each other. */
export function deploymentOf(stack: Stack): Deployment | undefined {
  const found = stack.projects.flatMap((project) => {
    const application = applicationIn(stack, project);
    return application && isDeployed(project) ? [{ project, application }] : [];
  });
  const [only, ...more] = found;
  if (!only || more.length > 0) return undefined;
  const files = filesOf(only.project);
  return files && { ...only, files, env: envOf(stack, only.project) };
}

const isDeployed = ({ folder, files }: ComposeProject): boolean =>
  !ELSEWHERE.test(folder) && files[0] !== undefined && !NOT_DEPLOYED.test(nameOf(files[0].path));

/** A service that is built here, starts by itself and serves. */
function applicationIn(stack: Stack, project: ComposeProject): Service | undefined {
  return stack.services
    .filter((service) => service.project === project && service.profiles.length === 0)
    .find((service) => {
      const { image, startup } = stack.view(service);
      return (
        (service.build !== undefined || image !== undefined) &&
        (service.ports.length > 0 || startup.main?.program.role === 'web')
      );
    });
}

/** The production overlay goes along; of several none is the one. */
function filesOf({ folder, files, overlays }: ComposeProject): readonly string[] | undefined {
  const [base] = files;
  if (!base) return undefined;
  const production = overlays.filter(({ path }) => PRODUCTION.test(nameOf(path)));
  if (production.length > 1) return undefined;
  const [overlay] = production;
  if (!overlay && DEFAULT.test(nameOf(base.path))) return [];
  return [base, ...(overlay ? [overlay] : [])].map(({ path }) => relativeTo(folder, path));
}

function envOf(stack: Stack, project: ComposeProject): Deployment['env'] {
  const path = [project.folder, '.env'].filter(Boolean).join('/');
  if (stack.repo.has(path)) return undefined;
  const overlays = project.overlays.filter(({ path: overlay }) => PRODUCTION.test(nameOf(overlay)));
  const names = openVariables([...project.files, ...overlays]);
  if (names.length === 0 && !readsDotenv(stack, project)) return undefined;
  const example = examplePath(stack, project.folder);
  return { example: stack.repo.has(example) ? nameOf(example) : undefined, names };
}
